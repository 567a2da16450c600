//! What holds for every line: formatting, lints on both targets, layers, documentation, and what
//! the engine weighs.

use crate::Outcome;
use crate::command::{cargo, run};
use crate::tools::{self, WASM};
use crate::{js, layers};

/// Runs all checks.
pub fn check() -> Outcome {
    println!("Formatting");
    run(cargo().args(["fmt", "--all", "--check"]))
        .map_err(|error| format!("{error}\nRun: cargo fmt --all"))?;
    println!("Layers");
    layers::check()?;
    println!("Lints, native");
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    println!("Lints, wasm32");
    tools::ensure_wasm_target()?;
    for (packages, targets) in WASM_PACKAGES {
        run(cargo()
            .args(["clippy", "--target", WASM, targets])
            .args(packages.iter().flat_map(|package| ["--package", package]))
            .args(["--", "-D", "warnings"]))?;
    }
    println!("Lints, wasm32, without scripting");
    run(cargo().args(["clippy", "--target", WASM, "--lib", "--no-default-features"]).args([
        "--package",
        "keyspace",
        "--package",
        "keyspace-wasm",
        "--",
        "-D",
        "warnings",
    ]))?;
    println!("Documentation");
    run(cargo()
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings"))?;
    println!("Size");
    js::check_size()
}

/// What is compiled for browsers, and how much of it: the engine's own tests are native.
const WASM_PACKAGES: [(&[&str], &str); 2] = [
    (&["keyspace", "keyspace-resp", "celery-sim"], "--lib"),
    (&["keyspace-playground", "keyspace-wasm"], "--all-targets"),
];
