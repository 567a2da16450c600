//! The layers of ARCHITECTURE.md, checked: which crate may use which, and which module.

use crate::Outcome;
use crate::command::{cargo, output};
use std::path::{Path, PathBuf};

/// Each crate of the product, and the crates of this project that it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("keyspace-decimal", &[]),
    ("keyspace-resp", &["keyspace-decimal"]),
    ("lua51", &["keyspace-decimal"]),
    ("keyspace", &["keyspace-decimal", "keyspace-resp", "lua51"]),
    ("celery-sim", &["keyspace", "keyspace-resp"]),
    ("keyspace-wasm", &["keyspace", "keyspace-resp"]),
    ("keyspace-client", &["keyspace", "keyspace-resp"]),
    ("keyspace-lessons", &["keyspace", "keyspace-resp", "keyspace-transcript"]),
    ("keyspace-server", &["keyspace", "keyspace-resp"]),
    ("keyspace-docs", &["keyspace", "keyspace-lessons", "keyspace-transcript"]),
    ("keyspace-transcript", &["keyspace", "keyspace-resp"]),
    ("keyspace-differential", &["keyspace", "keyspace-resp"]),
    ("keyspace-bench", &["keyspace", "keyspace-resp", "keyspace-differential"]),
    ("keyspace-playground", &["keyspace", "keyspace-resp", "keyspace-lessons", "celery-sim"]),
];

/// Text that must not stand in files below a folder, other than the excepted ones, and why.
const TEXTS: &[Rule] = &[
    Rule {
        below: "crates/keyspace/src/value",
        except: &[],
        forbidden: &[
            "crate::command",
            "crate::engine",
            "crate::context",
            "crate::client",
            "crate::db",
        ],
        why: "data structures know nothing of commands, clients or databases",
    },
    Rule {
        below: "crates/keyspace/src/db.rs",
        except: &[],
        forbidden: &["crate::command", "crate::engine", "crate::context", "crate::client"],
        why: "a database knows nothing of commands or clients",
    },
    Rule {
        below: "src",
        except: &["src/host", "src/bin"],
        forbidden: &[
            "web_sys::window",
            "web_sys::Storage",
            "js_sys::Date",
            "set_timeout",
            "local_storage",
        ],
        why: "only src/host/ touches the browser's clock, timers, storage and windows",
    },
    Rule {
        below: "src",
        except: &["src/bin", "src/worker"],
        forbidden: &["Engine::new", "Simulation::new"],
        why: "only the worker owns an engine or a simulation",
    },
];

struct Rule {
    below: &'static str,
    except: &'static [&'static str],
    forbidden: &'static [&'static str],
    why: &'static str,
}

/// Checks every rule and reports all that is broken.
pub fn check() -> Outcome {
    let mut broken = broken_dependencies()?;
    for rule in TEXTS {
        for file in rust_files(Path::new(rule.below))? {
            if rule.except.iter().any(|except| file.starts_with(except)) {
                continue;
            }
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            let found = rule.forbidden.iter().filter(|forbidden| text.contains(**forbidden));
            broken.extend(
                found.map(|found| format!("{} uses {found}: {}", file.display(), rule.why)),
            );
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("layers are broken:\n  {}", broken.join("\n  ")))
    }
}

fn broken_dependencies() -> Outcome<Vec<String>> {
    let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)
        .map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let mut broken = Vec::new();
    for (name, allowed) in CRATES {
        let package = packages.iter().find(|package| package["name"] == *name);
        let package = package
            .ok_or_else(|| format!("there is no package {name}; correct xtask/src/layers.rs"))?;
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let ours = CRATES.iter().any(|(ours, _)| *ours == used);
            if ours && dependency["kind"].is_null() && !allowed.contains(&used) {
                broken.push(format!("{name} must not depend on {used}"));
            }
        }
    }
    Ok(broken)
}

/// The Rust files below a folder, or the file itself.
fn rust_files(path: &Path) -> Outcome<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.into()]);
    }
    let entries = std::fs::read_dir(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut files = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            files.extend(rust_files(&path)?);
        }
    }
    files.sort();
    Ok(files)
}
