//! Random commands on the engine and on a real redis-server, compared.

use crate::Outcome;
use crate::command::{cargo, run};
use crate::tools;

/// How long, and from which sequence on.
#[derive(Debug)]
pub struct Options {
    /// In minutes.
    pub minutes: f64,
    /// The first sequence.
    pub seed: u64,
}

/// Runs the comparison.
pub fn fuzz(options: &Options) -> Outcome {
    tools::ensure_system(
        &[("redis-server", "redis-server")],
        "it is what the engine is compared with",
    )?;
    run(cargo().args(["run", "--quiet", "--package", "keyspace-differential", "--"]).args([
        "--minutes",
        &options.minutes.to_string(),
        "--seed",
        &options.seed.to_string(),
    ]))
}
