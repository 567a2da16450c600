//! The Web Worker: owns the engine and the simulation.

fn main() {
    keyspace_playground::host::worker::serve();
}
