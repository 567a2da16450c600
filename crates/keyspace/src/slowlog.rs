//! The slow log: the latest calls that took long.
//!
//! Arguments are kept as far as they tell something: few of them, and the beginning of each.

use crate::args::Args;
use std::collections::VecDeque;

/// The most arguments of a call that are kept; the last place says how many are not.
const ARGUMENTS_MAX: usize = 32;
/// The most bytes of an argument that are kept.
const ARGUMENT_MAX_BYTES: usize = 128;

/// A call that took long.
#[derive(Debug, Clone)]
pub(crate) struct SlowCall {
    /// Counts from 0, and on through SLOWLOG RESET.
    pub id: u64,
    pub at_secs: i64,
    pub micros: u64,
    pub args: Vec<Vec<u8>>,
    pub addr: String,
    pub client_name: Vec<u8>,
}

/// Slow calls, the latest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlowLog {
    calls: VecDeque<SlowCall>,
    next_id: u64,
}

impl SlowLog {
    /// Adds a call, whose id it gives, and forgets the oldest beyond `max_len`.
    pub fn push(&mut self, call: SlowCall, max_len: usize) {
        self.calls.push_front(SlowCall { id: self.next_id, ..call });
        self.next_id += 1;
        self.calls.truncate(max_len);
    }

    pub fn len(&self) -> usize {
        self.calls.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &SlowCall> {
        self.calls.iter()
    }

    pub fn clear(&mut self) {
        self.calls.clear();
    }
}

/// What is kept of a call's arguments; those at `secrets` are not shown.
pub(crate) fn shorten(args: &Args<'_>, secrets: &[usize]) -> Vec<Vec<u8>> {
    let kept = if args.len() > ARGUMENTS_MAX { ARGUMENTS_MAX - 1 } else { args.len() };
    let mut short: Vec<Vec<u8>> = Vec::with_capacity(kept + 1);
    for (index, arg) in args[..kept].iter().enumerate() {
        short.push(match arg.split_at_checked(ARGUMENT_MAX_BYTES) {
            _ if secrets.contains(&index) => b"(redacted)".to_vec(),
            Some((head, tail)) if !tail.is_empty() => {
                [head, format!("... ({} more bytes)", tail.len()).as_bytes()].concat()
            }
            _ => arg.to_vec(),
        });
    }
    if kept < args.len() {
        short.push(format!("... ({} more arguments)", args.len() - kept).into_bytes());
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_calls_are_shortened() {
        let long = [b'x'; 130];
        assert_eq!(shorten(&[b"SET", b"k"], &[1]), [b"SET".to_vec(), b"(redacted)".to_vec()]);
        assert!(shorten(&[&long[..128]], &[])[0].ends_with(b"xx"));
        assert!(shorten(&[&long], &[])[0].ends_with(b"xx... (2 more bytes)"));
        assert_eq!(shorten(&[b"a" as &[u8]; 32], &[])[31], b"a");
        let many = shorten(&[b"a" as &[u8]; 33], &[]);
        assert_eq!((many.len(), &many[31][..]), (32, &b"... (2 more arguments)"[..]));
    }
}
