//! The Web Worker: owns the engine and the simulation.

fn main() {}
