//! What scripts and functions answer.

pub(super) mod eval;
pub(super) mod function;
