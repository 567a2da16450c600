//! Bytes as a script: it does not compile, or it runs, wherever it is suspended, within its memory and
//! its instructions.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (pieces, source) = input;
    keyspace_fuzz::run(source, source, &pieces);
});
