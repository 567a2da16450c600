//! The engine behind a TCP port.

fn main() {}
