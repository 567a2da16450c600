//! Every test, in stages. A stage that fails does not stop the others; the last lines say which.

use crate::Outcome;
use crate::browser::ensure_chromium;
use crate::bundle::{build_dist, target_folder};
use crate::check;
use crate::command::{cargo, run};
use crate::docs::build_site;
use crate::host::{SUB_PATH, host};
use crate::{package, tools};
use std::process::Command;
use std::time::Instant;

/// A part of the test run.
struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn() -> Outcome,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "check",
        what: "formatting, layers, lints, documentation, size",
        run: check::check,
    },
    Stage {
        name: "native",
        what: "unit tests, with scripting and without; transcripts on the engine, over TCP and on redis-server",
        run: native,
    },
    Stage {
        name: "browser",
        what: "transcripts and components in headless Chromium (wasm-pack test)",
        run: wasm_pack,
    },
    Stage {
        name: "interop",
        what: "real redis-py, Celery, node-redis and ioredis against the server",
        run: interop,
    },
    Stage {
        name: "package",
        what: "the npm package in Node.js and a browser, under real clients, in other people's tools",
        run: package::test,
    },
    Stage {
        name: "docs",
        what: "the documentation site: its links, examples and search in a real browser",
        run: documentation,
    },
    Stage { name: "e2e", what: "the built page in a real browser", run: end_to_end },
];

/// What takes minutes to install and says little that another stage does not: it runs where it is
/// named.
const STAGES_BY_NAME: &[Stage] = &[Stage {
    name: "large-tools",
    what: "the package in pages of mdBook and Docusaurus; installs both, only when named",
    run: package::test_large_tools,
}];

/// Prints the stages.
pub fn list() {
    for stage in STAGES.iter().chain(STAGES_BY_NAME) {
        println!("{:<11} {}", stage.name, stage.what);
    }
}

/// Runs the stages of these names, or all.
pub fn test(names: &[String]) -> Outcome {
    let all = STAGES.iter().chain(STAGES_BY_NAME);
    if let Some(unknown) = names.iter().find(|name| !all.clone().any(|stage| stage.name == **name))
    {
        return Err(format!("there is no stage '{unknown}'.\nTry: cargo xtask test --list"));
    }
    let mut lines = Vec::new();
    let mut failed = 0;
    let is_named = |stage: &&Stage| names.iter().any(|name| name == stage.name);
    let chosen: Vec<&Stage> = match names {
        [] => STAGES.iter().collect(),
        _ => all.filter(is_named).collect(),
    };
    for stage in chosen {
        println!("\n=== {}: {}", stage.name, stage.what);
        let start = Instant::now();
        let outcome = (stage.run)();
        let seconds = start.elapsed().as_secs();
        match outcome {
            Ok(()) => lines.push(format!("passed  {:<11} {seconds:>5} s", stage.name)),
            Err(message) => {
                eprintln!("\n{message}");
                failed += 1;
                lines.push(format!("FAILED  {:<11} {seconds:>5} s", stage.name));
            }
        }
    }
    println!("\n{}", lines.join("\n"));
    println!("{} passed, {failed} failed", lines.len() - failed);
    if failed == 0 { Ok(()) } else { Err("some stages failed; their messages are above.".into()) }
}

fn native() -> Outcome {
    tools::ensure_system(
        &[("redis-server", "redis-server")],
        "it is the oracle that the transcripts are checked against",
    )?;
    run(cargo().args(["test", "--workspace"]))?;
    run(cargo().args(["test", "--package", "keyspace", "--no-default-features"]))
}

fn wasm_pack() -> Outcome {
    ensure_chromium("the tests run in a headless browser")?;
    tools::ensure_wasm_target()?;
    let bindgen = tools::ensure_wasm_bindgen()?;
    let pack = tools::ensure_wasm_pack()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [bindgen, pack.clone()].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders)
        .map_err(|error| format!("PATH cannot be extended: {error}"))?;
    for folder in [".", "examples/wasm-pack-test"] {
        run(Command::new(pack.join("wasm-pack"))
            .args(["test", "--headless", "--chrome"])
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", target_folder()?)
            .env("PATH", &path))?;
    }
    Ok(())
}

fn interop() -> Outcome {
    let python = tools::ensure_python("tests/interop/requirements.txt", "target/venv")?;
    let older = "tests/interop/requirements-celery-5.4.txt";
    let older = tools::ensure_python(older, "target/venv-celery-5.4")?;
    let modules = tools::ensure_node_modules()?;
    run(cargo().args([
        "build",
        "--package",
        "keyspace-server",
        "--package",
        "celery-sim",
        "--bins",
        "--examples",
    ]))?;
    let built = target_folder()?.join("debug");
    let in_python = run(Command::new(python)
        .args(["-m", "unittest", "discover", "--verbose", "--start-directory", "tests/interop"])
        .env("KEYSPACE_SERVER", built.join("keyspace-server"))
        .env("CELERY_SIM_ACTOR", built.join("examples/actor")));
    let in_older = run(Command::new(older)
        .args(["-m", "unittest", "discover", "--start-directory", "tests/interop"])
        .args(["--pattern", "test_celery*.py"])
        .env("KEYSPACE_SERVER", built.join("keyspace-server"))
        .env("CELERY_SIM_ACTOR", built.join("examples/actor")));
    let in_node = run(Command::new("node")
        .args(["--test", "tests/interop/node/"])
        .env("KEYSPACE_SERVER", built.join("keyspace-server"))
        .env("NODE_PATH", modules));
    in_python.and(in_older).and(in_node)
}

fn end_to_end() -> Outcome {
    ensure_chromium("the tests run in a headless browser")?;
    let url = host(build_dist()?)?;
    run(cargo()
        .args(["test", "--package", "keyspace-e2e", "--features", "browser"])
        .env("KEYSPACE_URL", url))
}

fn documentation() -> Outcome {
    ensure_chromium("the examples of the documentation run in a headless browser")?;
    let url = host(build_site(&format!("/{SUB_PATH}"))?)?;
    run(cargo()
        .args(["test", "--package", "keyspace-e2e", "--features", "docs", "--test", "docs"])
        .env("KEYSPACE_DOCS_URL", url))
}
