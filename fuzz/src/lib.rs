//! A small Lua machine under test: with every library and a function of the host, run in pieces beside
//! its clone, its memory measured at the allocator.

use lua51::{Library, Limits, Outcome, Value, Vm};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What scripts may allocate by the machine's own account.
const MEMORY: usize = 2 << 20;
/// What that may come to at the allocator: collections grow by doubling, and while one does, the old
/// one is there, too; source becomes a tree on the way; a clone is there beside the machine.
const MEMORY_REALLY: usize = 8 * MEMORY;
/// A script that takes more instructions is given up.
const MOST_INSTRUCTIONS: u64 = 200_000;
/// What one run may take beyond what it is given: a step of a library function, over all there is, or
/// one match of a pattern.
const OVERRUN: u64 = MEMORY as u64 + 50_000_000;

const LIBRARIES: &[Library] = &[
    Library::Base,
    Library::Coroutine,
    Library::Math,
    Library::Os,
    Library::String,
    Library::Table,
    Library::Bit,
    Library::Cjson,
    Library::Cmsgpack,
    Library::Struct,
];

/// Runs a chunk with an argument; `pieces` says where it is suspended, and what the host answers.
/// What it returns or fails with, unless it was given up.
pub fn run(source: &[u8], argument: &[u8], pieces: &[u8]) -> Option<Vec<u8>> {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut vm = machine();
    let result = match vm.load(source, b"@fuzz") {
        Err(_) => None,
        Ok(function) => {
            let argument = vm.string(argument).expect("there is memory");
            vm.start(function, &[argument]).expect("there is memory");
            drive(vm, pieces)
        }
    };
    let peak = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(peak <= MEMORY_REALLY, "{peak} bytes were taken");
    result
}

fn machine() -> Vm {
    let mut vm = Vm::new(Limits { memory: MEMORY, calls: 1_000 });
    for library in LIBRARIES {
        vm.open(*library).expect("there is memory for the libraries");
    }
    let globals = vm.globals();
    let host = vm.host_function(1).expect("there is memory");
    vm.set_field(globals, "host", Value::Function(host)).expect("there is memory");
    vm
}

/// Runs to the end, and from the middle on once more as a clone, in one piece.
fn drive(mut vm: Vm, pieces: &[u8]) -> Option<Vec<u8>> {
    let mut clone = None;
    for (at, piece) in pieces.iter().enumerate() {
        if at == pieces.len() / 2 {
            clone = Some(vm.clone());
        }
        if let Some(result) = step(&mut vm, u64::from(*piece)) {
            compare(clone, &result);
            return Some(result);
        }
    }
    let result = finish(&mut vm)?;
    compare(clone, &result);
    Some(result)
}

fn compare(clone: Option<Vm>, result: &[u8]) {
    if let Some(again) = clone.and_then(|mut clone| finish(&mut clone)) {
        // As text only where they differ: text takes memory that is measured.
        assert!(
            again == result,
            "a clone returns {} in place of {}",
            String::from_utf8_lossy(&again),
            String::from_utf8_lossy(result)
        );
    }
}

fn finish(vm: &mut Vm) -> Option<Vec<u8>> {
    let given = vm.instructions() + MOST_INSTRUCTIONS;
    while vm.instructions() < given {
        if let Some(result) = step(vm, MOST_INSTRUCTIONS) {
            return Some(result);
        }
    }
    vm.abort();
    None
}

/// One run; what came of all of them, if it was the last.
fn step(vm: &mut Vm, instructions: u64) -> Option<Vec<u8>> {
    let before = vm.instructions();
    let outcome = vm.run(instructions);
    let taken = vm.instructions() - before;
    assert!(taken <= instructions + OVERRUN, "{taken} instructions in place of {instructions}");
    assert!(vm.memory() <= MEMORY, "{} bytes are accounted for", vm.memory());
    match outcome {
        Outcome::Suspended => None,
        Outcome::Host(_) => {
            // The host echoes, or raises what is no string.
            let arguments = vm.host_arguments().to_vec();
            match arguments.first() {
                None | Some(Value::String(_)) => {
                    if let Err(error) = vm.respond(&arguments) {
                        vm.raise(vm.error_value(error));
                    }
                }
                Some(value) => vm.raise(*value),
            }
            None
        }
        Outcome::Done(values) => Some(values.iter().flat_map(|value| shown(vm, *value)).collect()),
        Outcome::Error(error) => Some([b"error: ".to_vec(), shown(vm, error)].concat()),
    }
}

fn shown(vm: &Vm, value: Value) -> Vec<u8> {
    vm.to_bytes(value).unwrap_or_else(|| format!("{value:?}").into_bytes())
}
