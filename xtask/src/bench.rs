//! Measuring: brings a browser, redis-server and the pages, and starts `crates/bench`.

use crate::Outcome;
use crate::browser::ensure_chromium;
use crate::bundle::{Profile, bundle, empty};
use crate::command::{cargo, run};
use crate::host::host;
use crate::{js, tools};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The page's files that are not built.
const PAGE: [&str; 2] = ["index.html", "bench.js"];

/// Measures what the arguments name; `crates/bench` reads them. What cannot be brought is said,
/// and its column left out.
pub fn bench(arguments: Vec<OsString>) -> Outcome {
    let given =
        |wanted: &[&str]| arguments.iter().any(|argument| wanted.iter().any(|w| argument == w));
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--profile", "bench", "--package", "keyspace-bench", "--"]);
    bench.args(&arguments);
    if given(&["--help", "-h"]) {
        return run(&mut bench);
    }
    let wants = |table: &str| given(&[table]) || !given(&["--table"]);
    let commands = ["rates", "memory", "growth", "scripts"].into_iter().any(wants);
    if commands
        && !given(&["--no-redis"])
        && let Err(message) = ensure_redis()
    {
        println!("{message}\nThe column of redis-server is left out.");
        bench.arg("--no-redis");
    }
    if !given(&["--no-wasm"]) {
        match build_pages(commands, wants("frames")) {
            Ok(folder) => {
                let url = host(folder.clone())?;
                bench.arg("--page").arg(url).arg("--folder").arg(folder);
            }
            Err(message) => println!("{message}\nThe column of wasm is left out."),
        }
    }
    run(&mut bench)
}

fn ensure_redis() -> Outcome {
    tools::ensure_system(
        &[("redis-server", "redis-server"), ("redis-benchmark", "redis-tools")],
        "the engine is measured beside it",
    )
}

/// A folder with the pages that are measured. Where commands are, the engine as it is published, and
/// the engine that counts its heap; where frames are, the playground as it is published.
fn build_pages(commands: bool, frames: bool) -> Outcome<PathBuf> {
    ensure_chromium("engine and page are measured in a headless browser")?;
    let folder = PathBuf::from("target/bench");
    empty(&folder)?;
    for file in PAGE {
        std::fs::copy(Path::new("crates/bench/page").join(file), folder.join(file))
            .map_err(|error| format!("cannot copy {file}: {error}"))?;
    }
    if commands {
        js::build(&[], &folder.join("published"))?;
        js::build(&["count-heap"], &folder.join("counted"))?;
    }
    if frames {
        bundle(Profile::Page, &folder.join("playground"))?;
    }
    Ok(folder)
}
