//! From sources to a folder that a file server can host: compile, bind, assemble.

use crate::Outcome;
use crate::arrange::arrange;
use crate::command::{cargo, output, run};
use crate::entry::{Asset, Part, parse};
use crate::imports::shorten;
use crate::profile;
use crate::tools::{self, WASM};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most that all wasm of the page may weigh, gzipped, in bytes: every command of Redis, scripting
/// and Celery with its past, its settings and its scenarios in the worker, and the page. A tab
/// should be live within a second or two on an ordinary line.
const WASM_BUDGET_GZIP: usize = 1_300_000;

/// SHA-256, for passwords alone, is a loop.
pub const COMPACT: &str = r#""--cfg=sha2_backend_soft=\"compact\"""#;

/// How the page is compiled beyond its profile: `-inline-threshold` is how much of a function may be
/// copied to where it is called, in LLVM's measure. The profile's `opt-level = "z"` alone copies next
/// to nothing, and commands take half as long again.
const PAGE_FLAGS: &[&str] = &["-Cllvm-args=-inline-threshold=50"];

/// How something for the browser is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to compile.
    Fast,
    /// The page as it is published: small, then quick to run.
    Page,
    /// The engine with its JavaScript API as it is published: small, but for what it does most.
    Engine,
    /// The same, small in everything.
    SmallEngine,
}

impl Profile {
    /// As cargo knows it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Fast => "wasm-fast",
            Profile::Page => "wasm",
            Profile::Engine | Profile::SmallEngine => "wasm-engine",
        }
    }

    /// What the compiler is told beside.
    fn flags(self) -> Outcome<Vec<String>> {
        match self {
            Profile::Fast | Profile::SmallEngine => Ok(Vec::new()),
            Profile::Page => Ok(PAGE_FLAGS.iter().map(|&flag| flag.to_owned()).collect()),
            Profile::Engine => profile::flags(),
        }
    }
}

/// Builds the published page into `dist/`, and says what it weighs.
pub fn build_dist() -> Outcome<PathBuf> {
    let dist = PathBuf::from("dist");
    bundle(Profile::Page, &dist)?;
    report_sizes(&dist)?;
    println!("Built {}/: host it at any path, by any file server.", dist.display());
    Ok(dist)
}

/// Builds the page into `folder`, which is emptied first.
pub fn bundle(profile: Profile, folder: &Path) -> Outcome {
    tools::ensure_wasm_target()?;
    let bindgen = tools::ensure_wasm_bindgen()?.join("wasm-bindgen");
    let html = read("index.html")?;
    let parts = parse(&html)?;
    let bins: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Asset(Asset::App { bin } | Asset::Worker { bin }) => Some(bin.as_str()),
            _ => None,
        })
        .collect();
    let targets: Vec<&str> = bins.iter().flat_map(|bin| ["--bin", bin]).collect();
    compile(profile, &targets)?;
    empty(folder)?;
    for bin in &bins {
        bind(profile, &bindgen, bin, folder, &["--no-typescript"])?;
        if profile == Profile::Page {
            rewrite(bin, folder, arrange)?;
            name_imports(bin, folder)?;
        }
    }
    let mut page = String::new();
    for part in &parts {
        match part {
            Part::Text(text) => page.push_str(text),
            Part::Asset(asset) => page.push_str(&emit(asset, folder)?),
        }
    }
    write(&folder.join("index.html"), page.as_bytes())
}

/// Compiles what `targets` names, by cargo's options.
pub fn compile(profile: Profile, targets: &[&str]) -> Outcome {
    let mut command = cargo();
    command.args(["build", "--target", WASM, "--profile", profile.name()]).args(targets);
    if profile != Profile::Fast {
        let mut flags: Vec<String> =
            profile.flags()?.iter().map(|flag| format!("\"{flag}\"")).collect();
        flags.push(COMPACT.to_owned());
        let flags = flags.join(", ");
        command.args(["--config", &format!("target.{WASM}.rustflags=[{flags}]")]);
    }
    run(&mut command)
}

/// Makes of a compiled program the wasm and the JavaScript that a browser loads; `options` are
/// wasm-bindgen's.
pub fn bind(
    profile: Profile,
    bindgen: &Path,
    program: &str,
    folder: &Path,
    options: &[&str],
) -> Outcome {
    let mut command = Command::new(bindgen);
    command.args(["--target", "web"]).args(options).arg("--out-dir").arg(folder);
    run(command.arg(compiled(profile, program)?))
}

/// Where what was compiled is.
pub fn compiled(profile: Profile, program: &str) -> Outcome<PathBuf> {
    Ok(target_folder()?.join(WASM).join(profile.name()).join(format!("{program}.wasm")))
}

/// Changes the wasm of a program in `folder`.
pub fn rewrite(
    program: &str,
    folder: &Path,
    change: impl Fn(&[u8]) -> Outcome<Vec<u8>>,
) -> Outcome {
    let wasm = folder.join(format!("{program}_bg.wasm"));
    let bytes =
        std::fs::read(&wasm).map_err(|error| format!("cannot read {}: {error}", wasm.display()))?;
    write(&wasm, &change(&bytes)?)
}

/// Gives what a program in `folder` imports short names, in its wasm and in its JavaScript.
fn name_imports(program: &str, folder: &Path) -> Outcome {
    let script = folder.join(format!("{program}.js"));
    let text = std::fs::read_to_string(&script)
        .map_err(|error| format!("cannot read {}: {error}", script.display()))?;
    rewrite(program, folder, |wasm| {
        let (wasm, text) = shorten(wasm, &text)?;
        write(&script, text.as_bytes())?;
        Ok(wasm)
    })
}

/// Writes what an asset needs into `folder` and returns the HTML that loads it.
fn emit(asset: &Asset, folder: &Path) -> Outcome<String> {
    match asset {
        Asset::Css { href } => {
            let name = Path::new(href).file_name().ok_or_else(|| format!("{href} is no file"))?;
            let name = name.to_string_lossy();
            write(&folder.join(&*name), read(href)?.as_bytes())?;
            Ok(format!("<link rel=\"stylesheet\" href=\"./{name}\">"))
        }
        Asset::Worker { bin } => {
            let loader = format!("import init from \"./{bin}.js\";\nawait init();\n");
            write(&folder.join(format!("{bin}_loader.js")), loader.as_bytes())?;
            Ok(prefetch(bin))
        }
        Asset::App { bin } => {
            let start = format!(
                "<script type=\"module\">import init from \"./{bin}.js\"; await init();</script>"
            );
            Ok(preload(bin) + &start)
        }
    }
}

fn preload(bin: &str) -> String {
    format!(
        "<link rel=\"modulepreload\" href=\"./{bin}.js\">\
         <link rel=\"preload\" href=\"./{bin}_bg.wasm\" as=\"fetch\" type=\"application/wasm\" crossorigin>"
    )
}

/// What a worker will ask for. A preload serves the page alone, and browsers warn of one that the
/// page itself does not use.
fn prefetch(bin: &str) -> String {
    format!(
        "<link rel=\"prefetch\" href=\"./{bin}.js\">\
         <link rel=\"prefetch\" href=\"./{bin}_bg.wasm\">"
    )
}

/// Prints what each file weighs; fails where the wasm is over its budget.
fn report_sizes(folder: &Path) -> Outcome {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut wasm_gzip = 0;
    println!("{:>10} {:>10}  file", "bytes", "gzip");
    for file in files.iter().filter(|file| file.is_file()) {
        let bytes = std::fs::read(file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let gzip = gzip_len(&bytes)?;
        println!("{:>10} {gzip:>10}  {}", bytes.len(), file.display());
        if file.extension().is_some_and(|extension| extension == "wasm") {
            wasm_gzip += gzip;
        }
    }
    if wasm_gzip > WASM_BUDGET_GZIP {
        return Err(format!(
            "the page's wasm weighs {wasm_gzip} bytes gzipped; its budget is {WASM_BUDGET_GZIP}.\n\
             Find what grew it, or argue for another budget in xtask/src/bundle.rs."
        ));
    }
    println!("wasm: {wasm_gzip} of {WASM_BUDGET_GZIP} bytes (gzip)");
    Ok(())
}

/// What bytes weigh as they travel.
pub fn gzip_len(bytes: &[u8]) -> Outcome<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map(|packed| packed.len()).map_err(|error| format!("cannot compress: {error}"))
}

/// Where cargo puts what it builds.
pub fn target_folder() -> Outcome<PathBuf> {
    let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)
        .map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| "cargo metadata names no target folder".into())
}

/// Makes a folder, or makes it empty.
pub fn empty(folder: &Path) -> Outcome {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))
}

fn read(path: &str) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    std::fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
