//! What holds for every line: formatting, lints on both targets, layers, documentation.

use crate::Outcome;
use crate::command::{cargo, run};
use crate::layers;
use crate::tools::{self, WASM};

/// Runs all checks.
pub fn check() -> Outcome {
    println!("Formatting");
    run(cargo().args(["fmt", "--all", "--check"]))
        .map_err(|error| format!("{error}\nRun: cargo fmt --all"))?;
    println!("Layers");
    layers::check()?;
    println!("Lints, native");
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    println!("Lints, wasm32");
    tools::ensure_wasm_target()?;
    run(cargo()
        .args(["clippy", "--target", WASM, "--all-targets"])
        .args(WASM_PACKAGES)
        .args(["--", "-D", "warnings"]))?;
    println!("Documentation");
    run(cargo()
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

/// What is compiled for browsers.
const WASM_PACKAGES: [&str; 10] = [
    "--package",
    "keyspace-playground",
    "--package",
    "keyspace",
    "--package",
    "keyspace-resp",
    "--package",
    "celery-sim",
    "--package",
    "keyspace-wasm",
];
