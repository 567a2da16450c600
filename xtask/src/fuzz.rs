//! Random input: commands compared with redis-server, or a coverage-guided fuzzer on one target.

use crate::Outcome;
use crate::command::{cargo, run};
use crate::tools;
use std::path::Path;
use std::process::Command;

/// Where the guided fuzzer is, and where it keeps the inputs that it found interesting.
const CRATE: &str = "fuzz";
const CORPUS: &str = "fuzz/corpus";
const BUILD: &str = "target/fuzz";

/// How large an input may become, in bytes.
const INPUT_MAX: usize = 4096;
/// More than this is a leak or an allocation without a bound.
const MEMORY_MAX_MB: usize = 1024;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: usize = 20;

/// How long, and from where.
#[derive(Debug)]
pub struct Options {
    /// In minutes.
    pub minutes: f64,
    /// The first sequence.
    pub seed: u64,
    /// What the guided fuzzer runs; nothing compares with redis-server.
    pub target: Option<String>,
}

/// Runs what the options ask for.
pub fn fuzz(options: &Options) -> Outcome {
    match &options.target {
        None => compare(options),
        Some(target) => guided(target, options.minutes),
    }
}

/// Random commands on the engine and on a real redis-server.
fn compare(options: &Options) -> Outcome {
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

/// A target of the guided fuzzer, from seeds that a program writes.
fn guided(target: &str, minutes: f64) -> Outcome {
    if !Path::new(CRATE).join("fuzz_targets").join(format!("{target}.rs")).is_file() {
        return Err(format!("there is no target {target}; look into {CRATE}/fuzz_targets"));
    }
    tools::ensure_nightly()?;
    let fuzzer = tools::ensure_cargo_fuzz()?;
    run(nightly_cargo(&fuzzer)?
        .args(["run", "--quiet", "--manifest-path", &format!("{CRATE}/Cargo.toml")])
        .args(["--target-dir", BUILD, "--example", "seeds", "--", CORPUS]))?;
    // There is no unsafe code of ours for a sanitizer to watch; without one it is twice as fast.
    run(nightly_cargo(&fuzzer)?
        .args(["fuzz", "run", "--fuzz-dir", CRATE, "--target-dir", BUILD])
        .args(["--sanitizer", "none", target, "--"])
        .arg(format!("-max_total_time={}", (minutes * 60.0).ceil()))
        .arg(format!("-max_len={INPUT_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MAX_MB}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg("-print_final_stats=1"))
}

/// The cargo of the nightly toolchain, which finds the fuzzer in its folder.
fn nightly_cargo(fuzzer: &Path) -> Outcome<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(fuzzer.to_path_buf()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).map_err(|error| format!("PATH: {error}"))?;
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).env("PATH", path).env_remove("CARGO");
    Ok(command)
}
