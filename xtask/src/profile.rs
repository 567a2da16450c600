//! What the engine does most, recorded: by it the compiler knows which few functions to make quick,
//! and leaves all others small.
//!
//! `cargo xtask profile` builds the engine with counters in it, gives it the everyday commands of
//! `crates/js/profile/workload.mjs`, and keeps what the counters of the busiest functions say. LLVM
//! knows functions by their mangled names, which differ from one compiler to the next: with another
//! than it was recorded with, the engine is built for size alone.

use crate::Outcome;
use crate::bundle::{COMPACT, Profile, empty, target_folder};
use crate::command::{cargo, output, run};
use crate::names::function_names;
use crate::tools::{self, WASM};
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use wasmparser::{BinaryReaderError, Parser, Payload};

/// Commands for the engine with counters.
const WORKLOAD: &str = "crates/js/profile/workload.mjs";
/// What the counters said, in LLVM's indexed format.
const COUNTS: &str = "crates/js/profile/engine.profdata";
/// The compiler that it is for, and the mangled names of the functions that are made quick.
const QUICK: &str = "crates/js/profile/quick.txt";

/// What is built and kept while recording.
const RECORDING: &str = "target/profile";

/// Set for the compiler's wrapper, which this program is then.
const WRAPS: &str = "KEYSPACE_COUNTS";

/// The crates that are counted. wasm-bindgen runs parts of its own to learn what they describe,
/// and takes none with counters.
const COUNTED: [&str; 14] = [
    "fastrand",
    "foldhash",
    "hashbrown",
    "indexmap",
    "keyspace",
    "keyspace_decimal",
    "keyspace_resp",
    "libm",
    "lua51",
    "regex_lite",
    "sha1",
    "smallvec",
    "xxhash_rust",
    "crc",
];

/// A function is made quick if some place in it was passed as often.
const OFTEN: u64 = 20_000;

/// Every function is counted as it is written, and found again as such; what is called indirectly,
/// and how many bytes are copied, is not counted.
const PLAINLY: [&str; 2] = ["-Cllvm-args=-disable-preinline", "-Cllvm-args=-disable-vp"];

/// How much of what commands run through most is copied to where it is called: LLVM weighs the cycles
/// that a copy saves against its size. By its own measures, 8 and 4, the engine is a tenth larger and
/// a quarter faster.
const COPIES: [&str; 3] = [
    "-inline-savings-multiplier=2",
    "-inline-savings-profitable-multiplier=1",
    "-inline-cold-callsite-threshold=0",
];

/// The options by which the compiler uses what was recorded; none for another compiler.
pub fn flags() -> Outcome<Vec<String>> {
    let quick = recorded()?;
    let compiler = compiler()?;
    if quick.compiler != compiler {
        println!(
            "{COUNTS} was recorded with {}, and this is {compiler}: the engine is built for size \
             alone. `cargo xtask profile` records it anew.",
            quick.compiler
        );
        return Ok(Vec::new());
    }
    let mut arguments = String::new();
    for name in quick.names() {
        for attribute in ["minsize", "optsize"] {
            arguments += &format!("-Cllvm-args=-force-remove-attribute={name}:{attribute}\n");
        }
    }
    let file = absolute(&target_folder()?.join("quick.args"))?;
    std::fs::write(&file, arguments)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let mut flags = vec![
        "-Csymbol-mangling-version=v0".to_owned(),
        format!("-Cprofile-use={}", absolute(Path::new(COUNTS))?.display()),
        format!("@{}", file.display()),
    ];
    flags.extend(PLAINLY.map(str::to_owned));
    flags.extend(COPIES.iter().map(|copies| format!("-Cllvm-args={copies}")));
    Ok(flags)
}

/// Says whether a compiled engine has the functions that were recorded: with other dependencies or
/// features all functions of a crate have other names, and are small.
///
/// # Errors
/// Where the wasm cannot be read.
pub fn check(wasm: &[u8]) -> Outcome {
    let quick = recorded()?;
    if quick.compiler != compiler()? {
        // That was said when it was compiled.
        return Ok(());
    }
    let names = names(wasm).map_err(|error| format!("cannot read the compiled wasm: {error}"))?;
    let wanted = quick.names().count();
    let found = quick.names().filter(|name| names.contains(name)).count();
    println!("of {wanted} functions that are made quick {found} were found by name");
    // Most were copied to where they are called.
    if found * 10 < wanted {
        println!(
            "That is hardly any: the engine was built for size alone. After a change of \
             dependencies `cargo xtask profile` records its functions anew."
        );
    }
    Ok(())
}

/// The names of the functions of a wasm.
fn names(wasm: &[u8]) -> Result<HashSet<&str>, BinaryReaderError> {
    let mut found = HashSet::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload? else { continue };
        found.extend(function_names(&section)?.into_iter().map(|(_, name)| name));
    }
    Ok(found)
}

/// Records what the engine does with the workload.
pub fn record() -> Outcome {
    tools::ensure_wasm_target()?;
    tools::ensure_node("it runs the engine with counters")?;
    let bindgen = tools::ensure_wasm_bindgen()?.join("wasm-bindgen");
    let profdata = tools::ensure_llvm_profdata()?;
    let folder = PathBuf::from(RECORDING);
    empty(&folder)?;
    build_with_counters(&folder)?;
    let compiled = folder.join(WASM).join(Profile::Engine.name()).join("keyspace_wasm.wasm");
    let bound = folder.join("bound");
    run(Command::new(bindgen)
        .args(["--target", "web", "--no-typescript", "--out-dir"])
        .args([&bound, &compiled]))?;
    let raw = folder.join("engine.profraw");
    run(Command::new("node").args([Path::new(WORKLOAD), &bound, &raw]))?;
    let text = folder.join("engine.proftext");
    let merge = |from: &Path, to: &Path, options: &[&str]| {
        run(Command::new(&profdata).arg("merge").args(options).arg("-o").args([to, from]))
    };
    merge(&raw, &text, &["--text"])?;
    let counts = std::fs::read_to_string(&text)
        .map_err(|error| format!("cannot read {}: {error}", text.display()))?;
    let (busiest, names) = busiest(&counts);
    std::fs::write(&text, busiest)
        .map_err(|error| format!("cannot write {}: {error}", text.display()))?;
    merge(&text, Path::new(COUNTS), &[])?;
    let quick = format!("{}\n{}\n", compiler()?, names.join("\n"));
    std::fs::write(QUICK, quick).map_err(|error| format!("cannot write {QUICK}: {error}"))?;
    println!("{} functions are made quick: {COUNTS}, {QUICK}", names.len());
    Ok(())
}

/// The functions that are made quick.
struct Quick {
    /// That they were recorded with.
    compiler: String,
    /// One a line.
    mangled: String,
}

impl Quick {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.mangled.lines()
    }
}

fn recorded() -> Outcome<Quick> {
    let text = std::fs::read_to_string(QUICK)
        .map_err(|error| format!("cannot read {QUICK}: {error}\nRun `cargo xtask profile`."))?;
    let (compiler, mangled) = text.split_once('\n').unwrap_or_default();
    Ok(Quick { compiler: compiler.to_owned(), mangled: mangled.to_owned() })
}

/// The compiler at hand.
fn compiler() -> Outcome<String> {
    output(Command::new("rustc").arg("--version"))
}

fn build_with_counters(folder: &Path) -> Outcome {
    let program = std::env::current_exe()
        .map_err(|error| format!("cannot tell where this program is: {error}"))?;
    println!("Building the engine with a counter at every branch. Two minutes.");
    run(cargo()
        .args(["build", "--quiet", "--target", WASM, "--profile", Profile::Engine.name()])
        .args(["--package", "keyspace-wasm", "--lib", "--target-dir"])
        .arg(folder)
        .args(["--config", &format!("target.{WASM}.rustflags=[{COMPACT}]")])
        .env("RUSTC_WRAPPER", program)
        .env(WRAPS, "1")
        // The counters are read from outside: no runtime of LLVM's writes them to a file. To leave it
        // out is an option of stable compilers that they do not offer.
        .env("RUSTC_BOOTSTRAP", "1"))
}

/// Whether this program runs as the wrapper of a compiler, and how that ended.
pub fn wrapped_compiler() -> Option<ExitCode> {
    std::env::var_os(WRAPS)?;
    let mut arguments = std::env::args_os().skip(1);
    let compiler = arguments.next()?;
    let arguments: Vec<OsString> = arguments.collect();
    let after = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        arguments.get(at + 1)?.to_str()
    };
    let mut command = Command::new(compiler);
    command.args(&arguments);
    if after("--target") == Some(WASM) {
        match after("--crate-name") {
            Some(name) if COUNTED.contains(&name) => {
                command.args(["-Cprofile-generate", "-Zno-profiler-runtime"]).args(PLAINLY);
            }
            Some("keyspace_wasm") => {
                command.arg("-Clink-arg=--unresolved-symbols=ignore-all");
                for section in ["cnts", "data", "names"] {
                    for end in ["start", "stop"] {
                        command.arg(format!("-Clink-arg=--export=__{end}___llvm_prf_{section}"));
                    }
                }
                command.arg("-Clink-arg=--export=__llvm_profile_raw_version");
            }
            _ => {}
        }
    }
    match command.status() {
        Ok(status) if status.success() => Some(ExitCode::SUCCESS),
        Ok(_) => Some(ExitCode::FAILURE),
        Err(error) => {
            eprintln!("cannot start the compiler: {error}");
            Some(ExitCode::FAILURE)
        }
    }
}

/// Of a profile as text, what it says of functions that are passed often, and their mangled names.
fn busiest(text: &str) -> (String, Vec<&str>) {
    let mut kept = String::new();
    let mut names = Vec::new();
    for block in text.split("\n\n") {
        // What the profile is, and each function: a name, comments and numbers, one a line.
        let mut lines = block.lines().skip_while(|line| line.starts_with([':', '#']));
        let Some(name) = lines.next() else { continue };
        let counters = lines.skip_while(|line| *line != "# Counter Values:").skip(1);
        let most = counters.filter_map(|line| line.parse().ok()).max().unwrap_or(0_u64);
        if most >= OFTEN {
            // A function of its crate alone is named with the crate's file before it.
            names.push(name.rsplit(';').next().unwrap_or(name));
            kept.push_str(block);
            kept.push_str("\n\n");
        } else {
            let header = block.lines().take_while(|line| line.starts_with([':', '#']));
            header.for_each(|line| kept.extend([line, "\n"]));
        }
    }
    names.sort_unstable();
    names.dedup();
    (kept, names)
}

fn absolute(path: &Path) -> Outcome<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| format!("cannot tell where {} is: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_often_is_kept() {
        let text = "# IR level Instrumentation Flag\n:ir\n_RNvOften\n# Func Hash:\n7\n\
                    # Num Counters:\n2\n# Counter Values:\n1\n20000\n\n\
                    crate.rs;_RNvLocal\n# Func Hash:\n100000000\n# Num Counters:\n1\n\
                    # Counter Values:\n2000000\n\n\
                    _RNvSeldom\n# Func Hash:\n100000000\n# Num Counters:\n1\n# Counter Values:\n19999\n\n";
        let (kept, names) = busiest(text);
        assert_eq!(names, ["_RNvLocal", "_RNvOften"]);
        assert!(kept.starts_with("# IR level Instrumentation Flag\n:ir\n"), "{kept}");
        assert!(kept.contains("crate.rs;_RNvLocal") && !kept.contains("Seldom"), "{kept}");
    }
}
