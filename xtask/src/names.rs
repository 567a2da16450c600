//! The names of a wasm file's functions, as its name section has them.

use wasmparser::{BinaryReaderError, CustomSectionReader, KnownCustom, Name};

/// The numbers and names of functions in a section; none where it is another one.
pub fn function_names<'w>(
    section: &CustomSectionReader<'w>,
) -> Result<Vec<(u32, &'w str)>, BinaryReaderError> {
    let mut found = Vec::new();
    let KnownCustom::Name(names) = section.as_known() else { return Ok(found) };
    for name in names {
        if let Name::Function(functions) = name? {
            for function in functions {
                let function = function?;
                found.push((function.index, function.name));
            }
        }
    }
    Ok(found)
}
