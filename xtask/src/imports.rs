//! Short names for what a wasm file imports from its JavaScript.
//!
//! wasm-bindgen ends each of these names with a hash, of which gzip can save nothing, and nobody but
//! the two files reads them.

use crate::Outcome;
use std::collections::BTreeMap;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ImportSection, Module};
use wasmparser::{Import, Imports, Parser, Payload};

/// The same wasm and JavaScript, which know each other by short names.
pub fn shorten(wasm: &[u8], script: &str) -> Outcome<(Vec<u8>, String)> {
    let mut names =
        Names::read(wasm).map_err(|error| format!("cannot read the compiled wasm: {error}"))?;
    let mut module = Module::new();
    names
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| format!("cannot name the imports of the compiled wasm: {error}"))?;
    let rename = |script: String, (long, short): (&String, &String)| script.replace(long, short);
    Ok((module.finish(), names.0.iter().fold(script.to_owned(), rename)))
}

/// The short name of each long one.
struct Names(BTreeMap<String, String>);

impl Names {
    fn read(wasm: &[u8]) -> Result<Names, wasmparser::BinaryReaderError> {
        let mut names = BTreeMap::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::ImportSection(imports) = payload? {
                for import in imports.into_imports() {
                    let name = import?.name;
                    if has_hash(name) {
                        let short = format!("_{}", names.len());
                        names.entry(name.to_owned()).or_insert(short);
                    }
                }
            }
        }
        Ok(Names(names))
    }
}

impl Reencode for Names {
    type Error = Infallible;

    fn parse_imports(
        &mut self,
        written: &mut ImportSection,
        imports: Imports<'_>,
    ) -> Result<(), Error<Infallible>> {
        match imports {
            Imports::Single(at, import) => {
                let short = self.0.get(import.name).cloned();
                let name = short.as_deref().unwrap_or(import.name);
                let import = Import { name, ..import };
                utils::parse_imports(self, written, Imports::Single(at, import))
            }
            several => utils::parse_imports(self, written, several),
        }
    }
}

/// Whether a name ends with a hash, and so stands nowhere else in the script.
fn has_hash(name: &str) -> bool {
    name.rsplit_once('_').is_some_and(|(_, hash)| {
        hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::shorten;
    use wasm_encoder::{EntityType, ImportSection, Module, TypeSection};
    use wasmparser::{Parser, Payload};

    #[test]
    fn wasm_and_script_get_the_same_names() {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        for name in ["__wbg_log_0123456789abcdef", "plain", "__wbg_log_fedcba9876543210"] {
            imports.import("./page.js", name, EntityType::Function(0));
        }
        let mut module = Module::new();
        module.section(&types).section(&imports);
        let wasm = module.finish();
        let script = "{ __wbg_log_fedcba9876543210: b, plain: c, __wbg_log_0123456789abcdef: a }";
        let (wasm, script) = shorten(&wasm, script).expect("the module is sound");
        assert_eq!(script, "{ _1: b, plain: c, _0: a }");
        let mut named = Vec::new();
        for payload in Parser::new(0).parse_all(&wasm) {
            if let Payload::ImportSection(imports) = payload.expect("the module is sound") {
                let names = imports.into_imports().map(|it| it.expect("it is sound").name);
                named.extend(names);
            }
        }
        assert_eq!(named, ["_0", "plain", "_1"]);
    }
}
