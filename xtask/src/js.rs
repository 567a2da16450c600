//! The engine for JavaScript: compiled, bound, and weighed.

use crate::Outcome;
use crate::arrange::arrange;
use crate::bundle::{Profile, bind, compile, compiled, empty, gzip_len, rewrite};
use crate::profile;
use crate::tools;
use crate::traps::silence;
use std::path::Path;

/// The most that the engine with its JavaScript API may weigh, wasm and glue, gzipped, in bytes: what
/// a page that embeds it loads. On a line of 10 Mbit/s that takes half a second.
const BUDGET_GZIP: usize = 547_000;

/// The same for one without scripting, which is compiled for size alone.
const BUDGET_WITHOUT_SCRIPTING_GZIP: usize = 401_000;

const PACKAGE: &str = "keyspace-wasm";
const PROGRAM: &str = "keyspace_wasm";

/// Builds the engine with its raw calls into `folder`, as it is published.
pub fn build(features: &[&str], folder: &Path) -> Outcome {
    let features = features.join(",");
    build_as(Profile::Engine, &["--features", &features], folder, &["--no-typescript"])
}

/// Builds what the npm package stands on into `folder`: with types, and without an opinion of where
/// the wasm is.
pub fn build_for_package(profile: Profile, folder: &Path) -> Outcome {
    build_as(profile, &[], folder, &["--omit-default-module-path"])
}

/// Compiles with cargo's options `features`, and binds with wasm-bindgen's `options`.
fn build_as(profile: Profile, features: &[&str], folder: &Path, options: &[&str]) -> Outcome {
    tools::ensure_wasm_target()?;
    let bindgen = tools::ensure_wasm_bindgen()?.join("wasm-bindgen");
    compile(profile, &[&["--package", PACKAGE, "--lib"], features].concat())?;
    bind(profile, &bindgen, PROGRAM, folder, options)?;
    if matches!(profile, Profile::Engine | Profile::SmallEngine) {
        // It sets no hook for panics.
        rewrite(PROGRAM, folder, |wasm| arrange(&silence(wasm)?))?;
    }
    Ok(())
}

/// Fails where the engine with its JavaScript API is over its budget, with scripting or without.
pub fn check_size() -> Outcome {
    weigh("engine and JavaScript API", Profile::Engine, &[], BUDGET_GZIP)?;
    let compiled = compiled(Profile::Engine, PROGRAM)?;
    let wasm = std::fs::read(&compiled)
        .map_err(|error| format!("cannot read {}: {error}", compiled.display()))?;
    profile::check(&wasm)?;
    let small = weigh("the same for size alone", Profile::SmallEngine, &[], BUDGET_GZIP)?;
    let without = weigh(
        "the same for size alone, without scripting",
        Profile::SmallEngine,
        &["--no-default-features"],
        BUDGET_WITHOUT_SCRIPTING_GZIP,
    )?;
    println!("scripting adds {} bytes (gzip) for size alone", small.saturating_sub(without));
    Ok(())
}

/// Builds with cargo's options `features`, and returns what a page would load.
fn weigh(what: &str, profile: Profile, features: &[&str], budget: usize) -> Outcome<usize> {
    let folder = Path::new("target/engine");
    empty(folder)?;
    build_as(profile, features, folder, &["--no-typescript"])?;
    let mut sum = 0;
    for file in [format!("{PROGRAM}_bg.wasm"), format!("{PROGRAM}.js")] {
        let bytes = std::fs::read(folder.join(&file))
            .map_err(|error| format!("cannot read {file}: {error}"))?;
        let gzip = gzip_len(&bytes)?;
        println!("{:>10} {gzip:>10}  {file}", bytes.len());
        sum += gzip;
    }
    println!("{what}: {sum} of {budget} bytes (gzip)");
    if sum > budget {
        return Err(format!(
            "{what}: {sum} bytes gzipped, of a budget of {budget}.\n\
             Find what grew it, or argue for another budget in xtask/src/js.rs."
        ));
    }
    Ok(sum)
}
