//! Leaving of a sequence only what still makes a difference.

use crate::pair::{Pair, Played};
use crate::sequence::Sequence;
use std::io;

/// Removes commands, then arguments, as long as the two still differ. `None` where the sequence
/// makes no difference when it is played again.
///
/// # Errors
/// Where the server cannot be reached.
pub fn shrink(pair: &mut Pair, sequence: &Sequence) -> io::Result<Option<Sequence>> {
    if !differs(pair, sequence)? {
        return Ok(None);
    }
    let mut sequence = sequence.clone();
    let mut size = sequence.steps.len() / 2;
    while size > 0 {
        let mut start = sequence.steps.len().saturating_sub(size);
        loop {
            let mut smaller = sequence.clone();
            let end = (start + size).min(smaller.steps.len());
            smaller.steps.drain(start..end);
            if start < end && differs(pair, &smaller)? {
                sequence = smaller;
            }
            if start == 0 {
                break;
            }
            start = start.saturating_sub(size);
        }
        size /= 2;
    }
    for step in 0..sequence.steps.len() {
        for arg in (1..sequence.steps[step].args.len()).rev() {
            let mut smaller = sequence.clone();
            smaller.steps[step].args.remove(arg);
            if differs(pair, &smaller)? {
                sequence = smaller;
            }
        }
    }
    Ok(Some(sequence))
}

fn differs(pair: &mut Pair, sequence: &Sequence) -> io::Result<bool> {
    let Played { difference, .. } = pair.play(sequence)?;
    Ok(difference.is_some())
}
