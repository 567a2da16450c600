//! Panics of a wasm file that nobody can hear become bare traps.
//!
//! A panic makes a text, hands it to a hook, and traps. Where no hook is set there is nowhere to
//! write it to, and all that is ever seen is the trap. Here the call that would panic is that trap:
//! what it would say, where in the sources it stands, and the functions that nothing calls any
//! more, are not downloaded.

use crate::Outcome;
use crate::names::function_names;
use std::collections::HashSet;
use std::convert::Infallible;
use wasm_encoder::reencode::{self, Error, Reencode};
use wasm_encoder::{CodeSection, DataSection, FunctionSection, Instruction, Module};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, CustomSectionReader, Data, ElementItems, ExternalKind,
    FunctionBody, FunctionSectionReader, Operator, Parser, Payload, TypeRef,
};

/// How the names end of functions that do nothing but panic.
const PANICS: [&str; 17] = [
    "::alloc::handle_alloc_error",
    "::assert_failed",
    "::cell::panic_already_borrowed",
    "::cell::panic_already_mutably_borrowed",
    "::copy_from_slice_impl::len_mismatch_fail",
    "::option::expect_failed",
    "::option::unwrap_failed",
    "::panic_const::panic_const_div_by_zero",
    "::panic_const::panic_const_rem_by_zero",
    "::panicking::panic",
    "::panicking::panic_bounds_check",
    "::panicking::panic_fmt",
    "::raw_vec::capacity_overflow",
    "::raw_vec::handle_error",
    "::result::unwrap_failed",
    "::slice::index::slice_index_fail",
    "::str::slice_error_fail",
];

/// How many bytes a place in the sources takes, as a panic is given it.
const LOCATION: usize = 16;

/// The same module, with a trap for each panic and without what only panics need.
pub fn silence(wasm: &[u8]) -> Outcome<Vec<u8>> {
    let read =
        Contents::read(wasm).map_err(|error| format!("cannot read the compiled wasm: {error}"))?;
    let kept = read.reached().map_err(|error| format!("cannot follow its calls: {error}"))?;
    let mut numbers = vec![0; read.types.len()];
    for (number, &function) in (0..).zip(&kept) {
        numbers[function as usize] = number;
    }
    let mut module = Module::new();
    Silence { read, kept, numbers, unsaid: Vec::new() }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| format!("cannot write the wasm: {error}"))?;
    Ok(module.finish())
}

/// What must be known of a module beforehand.
#[derive(Default)]
struct Contents<'w> {
    /// By type, how many parameters it has.
    parameters: Vec<usize>,
    /// By function, imported ones first, its type.
    types: Vec<u32>,
    imported: u32,
    bodies: Vec<FunctionBody<'w>>,
    /// What is called from outside, or by its place in a table.
    roots: Vec<u32>,
    panics: HashSet<u32>,
}

impl<'w> Contents<'w> {
    fn read(wasm: &'w [u8]) -> Result<Contents<'w>, BinaryReaderError> {
        let mut read = Contents::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(types) => {
                    for ty in types.into_iter_err_on_gc_types() {
                        read.parameters.push(ty?.params().len());
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        if let TypeRef::Func(ty) = import?.ty {
                            read.types.push(ty);
                            read.imported += 1;
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    for ty in functions {
                        read.types.push(ty?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        read.roots
                            .extend((export.kind == ExternalKind::Func).then_some(export.index));
                    }
                }
                Payload::StartSection { func, .. } => read.roots.push(func),
                Payload::ElementSection(elements) => {
                    for element in elements {
                        if let ElementItems::Functions(functions) = element?.items {
                            for function in functions {
                                read.roots.push(function?);
                            }
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => read.bodies.push(body),
                Payload::CustomSection(section) => read.find_panics(&section)?,
                _ => {}
            }
        }
        Ok(read)
    }

    fn find_panics(&mut self, section: &CustomSectionReader<'w>) -> Result<(), BinaryReaderError> {
        for (index, name) in function_names(section)? {
            let name = without_hash(name);
            if PANICS.iter().any(|panic| name.ends_with(panic)) {
                self.panics.insert(index);
            }
        }
        Ok(())
    }

    /// The functions that can still be called, in order; imported ones all.
    fn reached(&self) -> Result<Vec<u32>, BinaryReaderError> {
        let mut reached: HashSet<u32> = (0..self.imported).collect();
        let mut waiting = self.roots.clone();
        while let Some(function) = waiting.pop() {
            if !reached.insert(function) {
                continue;
            }
            for operator in
                self.bodies[(function - self.imported) as usize].get_operators_reader()?
            {
                match operator? {
                    Operator::Call { function_index: callee }
                    | Operator::ReturnCall { function_index: callee }
                    | Operator::RefFunc { function_index: callee }
                        if !self.panics.contains(&callee) =>
                    {
                        waiting.push(callee);
                    }
                    _ => {}
                }
            }
        }
        let mut reached: Vec<u32> = reached.into_iter().collect();
        reached.sort_unstable();
        Ok(reached)
    }
}

/// Clears places in the sources, and the names of files that they point to, in data that lies from the
/// address `start` on. They compress to nothing.
fn unsay(bytes: &mut [u8], start: i32, locations: &[i32]) {
    let range = |address: i32, length: usize| {
        let from = usize::try_from(address.checked_sub(start)?).ok()?;
        Some(from..from.checked_add(length)?)
    };
    for &location in locations {
        let place = range(location, LOCATION).and_then(|range| bytes.get_mut(range));
        let Some(place) = place else { continue };
        let [address, length, ..] = place.as_chunks().0 else { continue };
        let name = range(i32::from_le_bytes(*address), u32::from_le_bytes(*length) as usize);
        place.fill(0);
        let name = name.and_then(|range| bytes.get_mut(range));
        if let Some(name) = name.filter(|name| name.ends_with(b".rs")) {
            name.fill(0);
        }
    }
}

/// A function's name without the hash that tells instances apart.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 => path,
        _ => name.split_once("::<").map_or(name, |(path, _)| path),
    }
}

/// Writes a module without its panics.
struct Silence<'w> {
    read: Contents<'w>,
    kept: Vec<u32>,
    /// By function, its new number.
    numbers: Vec<u32>,
    /// Where the places in the sources lie that no panic names any more.
    unsaid: Vec<i32>,
}

impl Silence<'_> {
    /// Puts a trap in place of a call, and of as many arguments of it as lie ready in `ready`.
    fn trap(&mut self, panic: u32, ready: &mut Vec<Instruction<'_>>) {
        let parameters = self.read.parameters[self.read.types[panic as usize] as usize];
        if let Some(Instruction::I32Const(location)) = ready.last() {
            self.unsaid.push(*location);
        }
        ready.truncate(ready.len().saturating_sub(parameters));
        ready.push(Instruction::Unreachable);
    }
}

impl Reencode for Silence<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.numbers[function as usize])
    }

    fn parse_function_section(
        &mut self,
        written: &mut FunctionSection,
        _: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for &function in &self.kept[self.read.imported as usize..] {
            written.function(self.read.types[function as usize]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        written: &mut CodeSection,
        _: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for at in self.read.imported as usize..self.kept.len() {
            let body = self.read.bodies[(self.kept[at] - self.read.imported) as usize].clone();
            self.parse_function_body(written, body)?;
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        written: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        // Instructions that do nothing but give a value, not written yet.
        let mut ready = Vec::new();
        // How many blocks have begun behind a trap, where nothing is ever reached.
        let mut dead = None;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Some(depth) = &mut dead {
                match operator {
                    Operator::Block { .. }
                    | Operator::Loop { .. }
                    | Operator::If { .. }
                    | Operator::TryTable { .. } => *depth += 1,
                    Operator::End if *depth > 0 => *depth -= 1,
                    Operator::End | Operator::Else if *depth == 0 => dead = None,
                    _ => {}
                }
                if dead.is_some() {
                    continue;
                }
            }
            match operator {
                Operator::Call { function_index } if self.read.panics.contains(&function_index) => {
                    self.trap(function_index, &mut ready);
                    dead = Some(0);
                }
                Operator::I32Const { .. }
                | Operator::I64Const { .. }
                | Operator::LocalGet { .. } => {
                    ready.push(self.instruction(operator)?);
                    continue;
                }
                _ => ready.push(self.instruction(operator)?),
            }
            for instruction in ready.drain(..) {
                function.instruction(&instruction);
            }
        }
        written.function(&function);
        Ok(())
    }

    fn parse_data(
        &mut self,
        written: &mut DataSection,
        datum: Data<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut bytes = datum.data.to_vec();
        if let wasmparser::DataKind::Active { offset_expr, .. } = &datum.kind
            && let Operator::I32Const { value: start } =
                offset_expr.get_operators_reader().read()?
        {
            unsay(&mut bytes, start, &self.unsaid);
        }
        reencode::utils::parse_data(self, written, Data { data: &bytes, ..datum })
    }

    /// Names are of no use behind this, and neither are their old numbers.
    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        BlockType, ConstExpr, ExportKind, ExportSection, Function, MemorySection, MemoryType,
        NameMap, NameSection, TypeSection, ValType,
    };

    const DATA_AT: i32 = 60;
    const LOCATION_AT: i32 = DATA_AT + 8;

    /// The name of a file between others, and a place in it.
    fn said() -> Vec<u8> {
        let mut said = b"k/a.rs.k".to_vec();
        for word in [DATA_AT + 2, 4, 17, 5] {
            said.extend(word.to_le_bytes());
        }
        said.extend(b"kept");
        said
    }

    /// A module of three functions: one that says what panics say, one that panics by it, and one
    /// that calls the second where its argument is 0, and answers a number otherwise.
    fn module(panics: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([ValType::I32; 3], []);
        types.ty().function([ValType::I32], [ValType::I32]);
        let mut functions = FunctionSection::new();
        functions.function(0).function(1).function(2);
        let mut memories = MemorySection::new();
        let memory64 = false;
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64,
            shared: false,
            page_size_log2: None,
        });
        let mut exports = ExportSection::new();
        exports.export("answer", ExportKind::Func, 2);
        let mut code = CodeSection::new();
        let mut says = Function::new([]);
        says.instructions().nop().end();
        let mut panic = Function::new([]);
        panic.instructions().call(0).unreachable().end();
        let mut answer = Function::new([]);
        answer
            .instructions()
            .block(BlockType::Empty)
            .local_get(0)
            .br_if(0)
            .i32_const(1)
            .local_get(0)
            .i32_const(LOCATION_AT)
            .call(1)
            .unreachable()
            .end()
            .i32_const(42)
            .end();
        code.function(&says).function(&panic).function(&answer);
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(DATA_AT), said());
        let mut names = NameMap::new();
        names.append(0, "says");
        names.append(1, panics);
        names.append(2, "answer");
        let mut section = NameSection::new();
        section.functions(&names);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&functions)
            .section(&memories)
            .section(&exports)
            .section(&code)
            .section(&data)
            .section(&section);
        module.finish()
    }

    fn bodies(wasm: &[u8]) -> Vec<Vec<u8>> {
        let read = Contents::read(wasm).expect("the module can be read");
        read.bodies.iter().map(|body| body.as_bytes().to_vec()).collect()
    }

    fn data(wasm: &[u8]) -> Vec<u8> {
        let sections = Parser::new(0).parse_all(wasm);
        let found = sections.filter_map(|payload| match payload {
            Ok(Payload::DataSection(data)) => data.into_iter().next(),
            _ => None,
        });
        found.last().expect("there is data").expect("it can be read").data.to_vec()
    }

    #[test]
    fn a_panic_is_a_trap_and_what_only_panics_need_is_gone() {
        let silent = silence(&module("core[0123456789abcdef]::panicking::panic_bounds_check"));
        let silent = silent.expect("it is a module");
        let mut answer = Function::new([]);
        let mut written = answer.instructions();
        written.block(BlockType::Empty).local_get(0).br_if(0).unreachable().end();
        written.i32_const(42).end();
        assert_eq!(bodies(&silent), [answer.into_raw_body()]);
        let mut unsaid = b"k/\0\0\0\0.k".to_vec();
        unsaid.extend([0; LOCATION]);
        unsaid.extend(b"kept");
        assert_eq!(data(&silent), unsaid);
    }

    #[test]
    fn what_does_not_panic_stays() {
        let module = module("answers::in::another::way");
        let silent = silence(&module).expect("it is a module");
        assert_eq!(bodies(&silent), bodies(&module));
        assert_eq!(data(&silent), data(&module));
    }

    #[test]
    fn names_are_compared_without_their_hashes() {
        assert_eq!(
            without_hash("core::panicking::assert_failed::h0123456789abcdef"),
            "core::panicking::assert_failed"
        );
        assert_eq!(
            without_hash("core[0]::panicking::assert_failed::<u32, u32>"),
            "core[0]::panicking::assert_failed"
        );
        assert_eq!(without_hash("a::h1"), "a::h1");
    }
}
