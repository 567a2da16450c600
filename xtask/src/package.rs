//! The npm package `keyspace-wasm`: built, weighed, packed, and tested as others install it.

use crate::Outcome;
use crate::browser::ensure_chromium;
use crate::bundle::{Profile, gzip_len};
use crate::command::run;
use crate::{js, tools};
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = "packages/keyspace-wasm";
/// Where it is put together, so that the sources stay as they are.
const FOLDER: &str = "target/package";
const WHY: &str = "TypeScript and esbuild make the npm package, and real clients test it";

/// What is written anew each time.
const MADE: [&str; 5] = ["src", "scripts", "test", "dist", "wasm"];

/// What a page or a program loads, for the table of sizes.
const LOADED: [&str; 3] =
    ["dist/keyspace_wasm_bg.wasm", "dist/keyspace_wasm.js", "dist/elements.js"];

/// Builds the package, makes its tarball, and checks that npm would publish it.
pub fn package(profile: Profile) -> Outcome {
    build(profile)?;
    let folder = Path::new(FOLDER);
    run(Command::new("npm").args(["pack", "--loglevel=warn"]).current_dir(folder))?;
    publish_dry_run(folder)?;
    println!("{:>10} {:>10}  file", "bytes", "gzip");
    for file in LOADED {
        let bytes = std::fs::read(folder.join(file))
            .map_err(|error| format!("cannot read {file}: {error}"))?;
        println!("{:>10} {:>10}  {file}", bytes.len(), gzip_len(&bytes)?);
    }
    println!("The package and its tarball are in {FOLDER}/.");
    Ok(())
}

/// Measures what JavaScript gets out of the published package, beside ioredis-mock.
pub fn bench() -> Outcome {
    package(Profile::Engine)?;
    let folder = Path::new(FOLDER).join("bench");
    tools::npm_ci(&folder, "the package is measured beside ioredis-mock")?;
    run(Command::new("node").arg("call.js").current_dir(folder))
}

/// Builds the published package and runs its tests.
pub fn test() -> Outcome {
    ensure_chromium("the elements are tested in a headless browser")?;
    package(Profile::Engine)?;
    tools::ensure_system(
        &[("python3", "python3 python3-venv")],
        "the elements are tested in pages of Sphinx, too",
    )?;
    let own = run(Command::new("node").args(["--test", "test/"]).current_dir(FOLDER));
    own.and(run(Command::new("node").args(["--test", "examples/pages.test.js"])))
}

/// Tests the package in pages of the tools that take minutes to install.
pub fn test_large_tools() -> Outcome {
    ensure_chromium("the elements are tested in a headless browser")?;
    let mdbook = tools::ensure_mdbook()?;
    package(Profile::Engine)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([mdbook].into_iter().chain(std::env::split_paths(&path)))
        .map_err(|error| format!("PATH cannot be extended: {error}"))?;
    run(Command::new("node").args(["--test", "examples/large_tools.test.js"]).env("PATH", path))
}

/// Builds the package into its folder.
pub fn build(profile: Profile) -> Outcome {
    let folder = Path::new(FOLDER);
    for made in MADE.map(|made| folder.join(made)) {
        if made.exists() {
            std::fs::remove_dir_all(&made)
                .map_err(|error| format!("cannot empty {}: {error}", made.display()))?;
        }
    }
    copy_tree(Path::new(SOURCE), folder)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(Path::new(licence), &folder.join(licence))?;
    }
    js::build_for_package(profile, &folder.join("wasm"))?;
    tools::npm_ci(folder, WHY)?;
    run(Command::new("npm").args(["run", "--silent", "build"]).current_dir(folder))
}

/// npm says what it would correct by itself as a warning.
fn publish_dry_run(folder: &Path) -> Outcome {
    let output = Command::new("npm")
        .args(["publish", "--dry-run", "--loglevel=warn", "--offline"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("cannot start npm: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let complaint = said.lines().find(|line| {
        // What needs a registry is not asked of a dry run.
        line.starts_with("npm warn") && !line.contains("This command requires you to be logged in")
    });
    match complaint {
        None if output.status.success() => Ok(()),
        _ => Err(format!("npm would not publish the package as it is:\n{said}")),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Outcome {
    std::fs::create_dir_all(to)
        .map_err(|error| format!("cannot create {}: {error}", to.display()))?;
    let entries = std::fs::read_dir(from)
        .map_err(|error| format!("cannot read {}: {error}", from.display()))?;
    let files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    for file in files {
        let name = file.file_name().ok_or_else(|| format!("{} has no name", file.display()))?;
        if file.is_dir() {
            copy_tree(&file, &to.join(name))?;
        } else {
            copy(&file, &to.join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("cannot copy {}: {error}", from.display()))
}
