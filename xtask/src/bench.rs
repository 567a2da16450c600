//! Measuring, as ratios within one run.

use crate::Outcome;
use crate::command::{cargo, run};

/// Runs the benchmarks.
pub fn bench() -> Outcome {
    run(cargo().args(["bench", "--bench", "throughput"]))
}
