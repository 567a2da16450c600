//! What ends a computation before its time.

use crate::value::Value;

/// Why a function did not return.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Error {
    /// A Lua error: the value that `error` was given, or a message. `pcall` catches it.
    Lua(Value),
    /// The limit of memory is reached. `pcall` catches it as `not enough memory`.
    Memory,
}

/// How a source names itself in messages, as Lua 5.1 abbreviates it: a name after `@` or `=` as it
/// is, program text by its first line, in fewer than `longest` bytes.
pub(crate) fn chunk_id(source: &[u8], longest: usize) -> Vec<u8> {
    match source.split_first() {
        Some((b'=', name)) => name[..name.len().min(longest - 1)].to_vec(),
        Some((b'@', name)) => {
            let room = longest - 8;
            if name.len() > room {
                [b"...", &name[name.len() - room..]].concat()
            } else {
                name.to_vec()
            }
        }
        _ => {
            let room = longest - 17;
            let line = source
                .iter()
                .position(|byte| matches!(byte, b'\n' | b'\r' | 0))
                .unwrap_or(source.len());
            let shown = line.min(room);
            let dots: &[u8] = if shown < source.len() { b"..." } else { b"" };
            [b"[string \"", &source[..shown], dots, b"\"]"].concat()
        }
    }
}
