//! The engine for JavaScript: compiled, bound, and weighed.

use crate::Outcome;
use crate::bundle::{Profile, bind, compile};
use crate::tools;
use std::path::Path;

const PACKAGE: &str = "keyspace-wasm";
const PROGRAM: &str = "keyspace_wasm";

/// Builds the engine with its JavaScript API into `folder`, as it is published.
pub fn build(features: &[&str], folder: &Path) -> Outcome {
    tools::ensure_wasm_target()?;
    let bindgen = tools::ensure_wasm_bindgen()?.join("wasm-bindgen");
    let features = features.join(",");
    compile(Profile::Published, &["--package", PACKAGE, "--lib", "--features", &features])?;
    bind(Profile::Published, &bindgen, PROGRAM, folder)
}
