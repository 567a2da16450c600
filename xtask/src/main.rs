//! Every task a person runs, one command each.

fn main() {}
