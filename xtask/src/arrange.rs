//! The functions of a wasm file in an order in which gzip finds more that it has seen.
//!
//! gzip looks back 32 KB, and wasm-bindgen writes functions by their size: what a generic function
//! became for one type lies far from what it became for another. Here each function stands behind
//! the ones that it shares most with. Apart from the order, and from sections that only tools read,
//! which go, nothing changes: what is called is called by its new number.

use crate::Outcome;
use std::collections::VecDeque;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef,
};

/// How many bytes back a function is still near: gzip's window, less a function of usual length.
const NEAR: usize = 30_000;

/// How many bytes in a row must be the same to count as shared.
const PIECE: usize = 8;

/// The same module with like functions side by side.
pub fn arrange(wasm: &[u8]) -> Outcome<Vec<u8>> {
    let (imported, bodies) =
        functions(wasm).map_err(|error| format!("cannot read the compiled wasm: {error}"))?;
    let bodies: Vec<&[u8]> = bodies.iter().map(FunctionBody::as_bytes).collect();
    let order = by_likeness(&bodies);
    let mut numbers: Vec<u32> = (0..imported).collect();
    numbers.resize(imported as usize + order.len(), 0);
    for (number, &function) in (imported..).zip(&order) {
        numbers[imported as usize + function] = number;
    }
    let mut module = Module::new();
    Arrangement { order, numbers }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| format!("cannot arrange the compiled wasm: {error}"))?;
    Ok(module.finish())
}

/// How many functions a module imports, and the bodies of its own.
fn functions(wasm: &[u8]) -> Result<(u32, Vec<FunctionBody<'_>>), wasmparser::BinaryReaderError> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    Ok((imported, bodies))
}

/// Writes a module with its functions in `order`.
struct Arrangement {
    order: Vec<usize>,
    /// By a function's number, imported ones included, its new number.
    numbers: Vec<u32>,
}

impl Reencode for Arrangement {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.numbers[function as usize])
    }

    fn parse_function_section(
        &mut self,
        written: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &function in &self.order {
            written.function(types[function]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        written: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(written, bodies[function].clone())?;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

/// The places of `bodies`, each behind those that it is most like. It begins with the shortest.
fn by_likeness(bodies: &[&[u8]]) -> Vec<usize> {
    let Some(mut next) = (0..bodies.len()).min_by_key(|&body| bodies[body].len()) else {
        return Vec::new();
    };
    let mut near = Near::new(bodies);
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::with_capacity(bodies.len());
    loop {
        left.retain(|&body| body != next);
        order.push(next);
        near.push(next);
        // A long body shares more with any; for its share alone, short ones would win.
        let likeness =
            |body: usize| f64::from(near.shared[body]) / (bodies[body].len() as f64).sqrt();
        match left.iter().copied().max_by(|&a, &b| likeness(a).total_cmp(&likeness(b))) {
            Some(body) => next = body,
            None => return order,
        }
    }
}

/// What lies near the end of what has been written, and how much of it each body shares.
struct Near {
    /// By body, its length and its pieces, each once.
    bodies: Vec<(usize, Vec<usize>)>,
    /// By piece, the bodies that have it.
    holders: Vec<Vec<usize>>,
    /// By piece, how many near bodies have it.
    count: Vec<u32>,
    /// By body, how many of its pieces are near.
    shared: Vec<u32>,
    /// The near bodies, the last written last, and their length in all.
    window: VecDeque<usize>,
    length: usize,
}

impl Near {
    fn new(bodies: &[&[u8]]) -> Near {
        let mut held: Vec<(&[u8], usize)> = bodies
            .iter()
            .enumerate()
            .flat_map(|(body, bytes)| bytes.windows(PIECE).map(move |piece| (piece, body)))
            .collect();
        held.sort_unstable();
        held.dedup();
        let mut near = Near {
            bodies: bodies.iter().map(|bytes| (bytes.len(), Vec::new())).collect(),
            holders: Vec::new(),
            count: Vec::new(),
            shared: vec![0; bodies.len()],
            window: VecDeque::new(),
            length: 0,
        };
        // What one body alone has likens it to none.
        for same in held.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            for &(_, body) in same {
                near.bodies[body].1.push(near.holders.len());
            }
            near.holders.push(same.iter().map(|&(_, body)| body).collect());
            near.count.push(0);
        }
        near
    }

    /// Puts a body behind the others; those that are then too far back are near no more.
    fn push(&mut self, body: usize) {
        self.window.push_back(body);
        let (length, pieces) = &self.bodies[body];
        self.length += length;
        for &piece in pieces {
            self.count[piece] += 1;
            if self.count[piece] == 1 {
                self.holders[piece].iter().for_each(|&holder| self.shared[holder] += 1);
            }
        }
        while self.length > NEAR && self.window.len() > 1 {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        let Some(body) = self.window.pop_front() else { return };
        let (length, pieces) = &self.bodies[body];
        self.length -= length;
        for &piece in pieces {
            self.count[piece] -= 1;
            if self.count[piece] == 0 {
                self.holders[piece].iter().for_each(|&holder| self.shared[holder] -= 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{ExportKind, ExportSection, Function, TypeSection, ValType};

    /// A module of functions without parameters that answer a number, the last two by a call of the
    /// first two; each is exported by its place.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], [ValType::I64]);
        let (mut functions, mut exports, mut code) =
            (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        let body = |write: &dyn Fn(&mut Function)| {
            let mut function = Function::new([]);
            write(&mut function);
            function.instructions().end();
            function
        };
        let bodies = [
            body(&|function| {
                function.instructions().i64_const(i64::MAX).i64_const(7).i64_add();
            }),
            body(&|function| {
                function.instructions().f64_const(0.1.into()).i64_trunc_sat_f64_s();
            }),
            body(&|function| {
                function.instructions().i64_const(i64::MAX).i64_const(8).i64_add();
            }),
            body(&|function| {
                function.instructions().call(0);
            }),
            body(&|function| {
                function.instructions().call(1);
            }),
        ];
        for (place, body) in (0..).zip(&bodies) {
            functions.function(0);
            exports.export(&place.to_string(), ExportKind::Func, place);
            code.function(body);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    /// By its name, an exported function's instructions; a call is what it calls.
    fn exported(wasm: &[u8]) -> Vec<(String, Vec<u8>)> {
        let (_, bodies) = functions(wasm).expect("the module can be read");
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::ExportSection(exports) = payload.expect("a section") {
                for export in exports {
                    let export = export.expect("an export");
                    let bytes = bodies[export.index as usize].as_bytes();
                    let bytes = match bytes {
                        [_, 0x10, callee, ..] => bodies[usize::from(*callee)].as_bytes(),
                        _ => bytes,
                    };
                    found.push((export.name.to_owned(), bytes.to_vec()));
                }
            }
        }
        found
    }

    #[test]
    fn functions_keep_what_they_do_and_what_they_call() {
        let before = module();
        let after = arrange(&before).expect("it is a module");
        assert_ne!(before, after);
        assert_eq!(exported(&before), exported(&after));
    }

    #[test]
    fn what_is_alike_lies_side_by_side() {
        let bodies: [&[u8]; 5] =
            [b"one piece of code", b"something else", b"one piece of node", b"else", b"some thing"];
        let order = by_likeness(&bodies);
        let place = |body| order.iter().position(|&other| other == body).expect("all are there");
        assert_eq!(place(0).abs_diff(place(2)), 1, "{order:?}");
        assert_eq!(
            {
                let mut all = order.clone();
                all.sort_unstable();
                all
            },
            [0, 1, 2, 3, 4]
        );
    }

    #[test]
    fn a_module_without_functions_stays_as_it_is() {
        let empty = Module::new().finish();
        assert_eq!(arrange(&empty), Ok(empty));
    }
}
