//! Installing what is missing, and saying what and why.
//!
//! Rust tools go to `target/tools`, in exactly the version that the project needs; one of that
//! version on PATH is used as it is. A browser, redis-server, Python and Node.js come from the
//! system's package manager where this process may use it; otherwise the error says what to type.

use crate::Outcome;
use crate::command::{cargo, find_on_path, output, run};
use std::path::{Path, PathBuf};
use std::process::Command;

const TOOLS: &str = "target/tools";

/// What the clients for Node.js need.
const NODE_MAJOR: u32 = 20;

/// The target that browsers run.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Adds the wasm target to the toolchain where it is missing.
pub fn ensure_wasm_target() -> Outcome {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).is_dir() {
        return Ok(());
    }
    println!("Installing Rust's {WASM} target: browsers run it. A few seconds.");
    run(Command::new("rustup").args(["target", "add", WASM])).map_err(|error| {
        format!(
            "{error}\nThe Rust target {WASM} is needed. With rustup (https://rustup.rs), run\n    \
             rustup target add {WASM}\nor install your system's package for it."
        )
    })
}

/// The folder of `wasm-bindgen` and `wasm-bindgen-test-runner`, of exactly the version that
/// Cargo.lock has: the two write and read a format that differs from version to version.
pub fn ensure_wasm_bindgen() -> Outcome<PathBuf> {
    let version = locked_version("wasm-bindgen")?;
    let why = "it turns compiled wasm into what a browser loads, and runs tests in browsers";
    ensure_cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &version, why)
}

/// The folder of `wasm-pack`.
pub fn ensure_wasm_pack() -> Outcome<PathBuf> {
    ensure_cargo_tool("wasm-pack", "wasm-pack", "0.15.1", "it runs the tests in a headless browser")
}

/// The folder of `cargo-fuzz`.
pub fn ensure_cargo_fuzz() -> Outcome<PathBuf> {
    ensure_cargo_tool("cargo-fuzz", "cargo-fuzz", "0.13.2", "it runs the guided fuzzer")
}

/// The folder of `mdbook`.
pub fn ensure_mdbook() -> Outcome<PathBuf> {
    ensure_cargo_tool("mdbook", "mdbook", "0.5.4", "the elements are tested in its pages")
}

/// `llvm-profdata`, of exactly the compiler's LLVM.
pub fn ensure_llvm_profdata() -> Outcome<PathBuf> {
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]))?;
    let program = format!("../bin/llvm-profdata{}", std::env::consts::EXE_SUFFIX);
    let program = Path::new(&libraries).join(program);
    if !program.is_file() {
        println!("Installing Rust's llvm-tools: one of them reads what counters say.");
        run(Command::new("rustup").args(["component", "add", "llvm-tools"])).map_err(|error| {
            format!(
                "{error}\nRust's llvm-tools are needed. With rustup (https://rustup.rs), run\n    \
                 rustup component add llvm-tools"
            )
        })?;
    }
    Ok(program)
}

/// Adds a nightly toolchain where there is none.
pub fn ensure_nightly() -> Outcome {
    let by_hand = "A nightly compiler is needed: it alone records coverage for a fuzzer. Install \
                   rustup (https://rustup.rs), then run\n    rustup toolchain install nightly";
    let toolchains = output(Command::new("rustup").args(["toolchain", "list"]))
        .map_err(|error| format!("{error}\n{by_hand}"))?;
    if toolchains.lines().any(|line| line.starts_with("nightly")) {
        return Ok(());
    }
    println!("Installing a nightly Rust toolchain: it alone records coverage for a fuzzer.");
    run(Command::new("rustup").args(["toolchain", "install", "nightly", "--profile", "minimal"]))
        .map_err(|error| format!("{error}\n{by_hand}"))
}

/// Installs programs by the system's package manager where they are missing.
///
/// `wanted` pairs a program with the Debian packages that bring it, separated by spaces.
pub fn ensure_system(wanted: &[(&str, &str)], why: &str) -> Outcome {
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(program, _)| find_on_path(program).is_none())
        .flat_map(|(_, packages)| packages.split(' '))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let by_hand = format!(
        "{packages}: needed, because {why}. Install it and run this again; on Debian or Ubuntu:\n    \
         sudo apt-get install {packages}"
    );
    if find_on_path("apt-get").is_none() || !is_root() {
        return Err(by_hand);
    }
    println!("Installing {packages}: {why}.");
    run(Command::new("apt-get").args(["update", "-qq"]))
        .map_err(|error| format!("{error}\n{by_hand}"))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
    .map_err(|error| format!("{error}\n{by_hand}"))
}

/// The Python of the virtual environment `venv` with what a list of packages names, which the interop
/// tests need.
pub fn ensure_python(requirements: &str, venv: &str) -> Outcome<PathBuf> {
    let (requirements, venv) = (Path::new(requirements), Path::new(venv));
    let wanted = read(requirements)?;
    let python = venv.join("bin/python");
    let done = venv.join("requirements.txt");
    if read(&done).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    if find_on_path("python3").is_none() {
        ensure_system(
            &[("python3", "python3 python3-venv")],
            "real redis-py, Celery and others are tested against the engine",
        )?;
    }
    println!(
        "Installing redis-py, Celery and others into {}: real clients are tested against the engine.",
        venv.display()
    );
    run(Command::new("python3").args(["-m", "venv"]).arg(venv)).map_err(|error| {
        format!("{error}\nPython's venv module is needed; on Debian: apt-get install python3-venv")
    })?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(requirements))?;
    std::fs::write(&done, wanted)
        .map_err(|error| format!("cannot write {}: {error}", done.display()))?;
    Ok(python)
}

/// A folder with the modules of Node.js that the interop tests need.
pub fn ensure_node_modules() -> Outcome<PathBuf> {
    let why = "real node-redis, ioredis and BullMQ are tested against the engine";
    modules("tests/interop/node", "target/node", why)
}

/// A folder with the modules of Node.js that build the documentation site.
pub fn ensure_vitepress() -> Outcome<PathBuf> {
    modules("www/site", "target/docs", "VitePress builds the documentation site")
}

/// The `node_modules` in `folder`, with what the `package-lock.json` in `source` names.
fn modules(source: &str, folder: &str, why: &str) -> Outcome<PathBuf> {
    let (source, folder) = (Path::new(source), Path::new(folder));
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(file), folder.join(file))
            .map_err(|error| format!("cannot copy {file}: {error}"))?;
    }
    npm_ci(folder, why)?;
    std::path::absolute(folder.join("node_modules")).map_err(|error| error.to_string())
}

/// Installs the modules that a folder's `package-lock.json` names, where they are not there yet.
pub fn npm_ci(folder: &Path, why: &str) -> Outcome {
    ensure_node(why)?;
    let done = folder.join("node_modules/.installed");
    let wanted = read(&folder.join("package-lock.json"))?;
    if read(&done).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    println!("Installing modules of Node.js into {}: {why}.", folder.display());
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder))?;
    std::fs::write(&done, wanted)
        .map_err(|error| format!("cannot write {}: {error}", done.display()))
}

/// Installs Node.js where it is missing.
pub fn ensure_node(why: &str) -> Outcome {
    ensure_system(&[("node", "nodejs"), ("npm", "npm")], why)?;
    let node = output(Command::new("node").arg("--version"))?;
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR) {
        return Err(format!(
            "node is {node}, and {NODE_MAJOR} or later is needed: {why}.\n\
             Install one from https://nodejs.org, or by your version manager."
        ));
    }
    Ok(())
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Outcome<String> {
    let lock = std::fs::read_to_string("Cargo.lock").map_err(|error| {
        format!(
            "cannot read Cargo.lock: {error}\nIt is part of the project: git checkout Cargo.lock"
        )
    })?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \""));
    let version = version.and_then(|line| line.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| format!("Cargo.lock has no package {package}"))
}

/// The folder of a Rust tool of exactly that version: on PATH, or in `target/tools`.
fn ensure_cargo_tool(package: &str, program: &str, version: &str, why: &str) -> Outcome<PathBuf> {
    let own =
        Path::new(TOOLS).join("bin").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    for candidate in find_on_path(program).into_iter().chain([own.clone()]) {
        if has_version(&candidate, version) {
            return folder_of(&candidate);
        }
    }
    println!("Installing {package} {version} into {TOOLS}: {why}. About 3 minutes.");
    let install = |locked: Option<&str>| {
        let mut install = cargo();
        install
            .args(["install", package, "--version", version, "--root", TOOLS, "--quiet", "--force"])
            .args(locked)
            .env("CARGO_TARGET_DIR", Path::new(TOOLS).join("build"))
            .env_remove("RUSTFLAGS");
        install
    };
    // A release that its lock file names may be gone; the tool builds with a later one too.
    if !install(Some("--locked")).output().is_ok_and(|output| output.status.success()) {
        run(&mut install(None)).map_err(|error| {
            format!(
                "{error}\n{package} {version} could not be built. Is there a network, and a C \
                 linker (gcc or clang)?"
            )
        })?;
    }
    let built = Path::new(TOOLS).join("build");
    std::fs::remove_dir_all(&built)
        .map_err(|error| format!("cannot remove {}: {error}", built.display()))?;
    folder_of(&own)
}

fn has_version(program: &Path, version: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout);
        said.split_whitespace().any(|word| word.trim_start_matches('v') == version)
    })
}

fn folder_of(program: &Path) -> Outcome<PathBuf> {
    let program = std::path::absolute(program).map_err(|error| error.to_string())?;
    program
        .parent()
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("{} has no folder", program.display()))
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
