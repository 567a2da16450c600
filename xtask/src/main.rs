//! Every task a person runs, one command each. Start with `cargo xtask --help`.

mod arrange;
mod bench;
mod browser;
mod bundle;
mod check;
mod command;
mod docs;
mod entry;
mod fuzz;
mod host;
mod imports;
mod js;
mod layers;
mod names;
mod package;
mod profile;
mod serve;
mod test;
mod tools;
mod traps;

use lexopt::prelude::*;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
Keyspace: a Redis-compatible engine in a browser tab.

Usage: cargo xtask <command>

  serve   Build the playground and serve it; start here.
            --port N     the port, 8080 unless told
            --release    the optimised build, as it is published
            --no-open    do not open a browser
  test    Run every test: formatting, lints, engine, browser, real clients.
            NAME ...     only the stages of these names (see --list)
            --list       say what the stages are
  build   Build the playground into dist/, which any file server can host.
  package Build the npm package into target/package, and say what it weighs.
            --fast       quick to compile, for trying things out
            --bench      then measure it, beside ioredis-mock
  check   What `test` checks first: formatting, lints, layers, documentation,
          and what the engine weighs.
  size    Say what the engine with its JavaScript API weighs, beside its budget.
  profile Record what the engine does most, by which its published build is compiled:
          after another compiler, other dependencies, or much work on a hot path.
  docs    Write the generated documentation anew, and build the documentation
          site into target/docs/html/.
  bench   Measure the engine, natively and in a browser, beside redis-server, and
          how often the page draws while much happens in it.
            --help       say what can be chosen
  fuzz    Compare the engine with redis-server, by random commands.
            --minutes N  how long, 1 unless told
            --seed S     the sequence to start with, 0 unless told
            --target T   run a coverage-guided fuzzer instead: resp_parser, restore, commands,
                         lua_source, lua_libraries, lua_decoders

serve and test install what they need and say what and why. Everything they
install lives in target/, except for a browser, Redis, Python and Node.js, which
come from the system's package manager.";

/// The result of a task. The error is for the person at the terminal: what went wrong, and what
/// to do.
type Outcome<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    if let Some(ended) = profile::wrapped_compiler() {
        return ended;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nxtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let mut arguments = lexopt::Parser::from_env();
    let usage = |error: lexopt::Error| format!("{error}\nTry: cargo xtask --help");
    let task = match arguments.next().map_err(usage)? {
        Some(Value(task)) => task.string().map_err(usage)?,
        None | Some(Short('h') | Long("help")) => {
            println!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(usage(other.unexpected())),
    };
    if task == "bench" {
        enter_root()?;
        return bench::bench(arguments.raw_args().map_err(usage)?.collect());
    }
    let mut serve_options = serve::Options { port: 8080, release: false, open: true };
    let mut fuzz_options = fuzz::Options { minutes: 1.0, seed: 0, target: None };
    let mut profile = bundle::Profile::Engine;
    let mut measures_package = false;
    let mut stages = Vec::new();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match (task.as_str(), argument) {
            ("serve", Long("port")) => {
                serve_options.port =
                    arguments.value().and_then(|port| port.parse()).map_err(usage)?;
            }
            ("serve", Long("release")) => serve_options.release = true,
            ("serve", Long("no-open")) => serve_options.open = false,
            ("fuzz", Long("minutes")) => {
                fuzz_options.minutes =
                    arguments.value().and_then(|minutes| minutes.parse()).map_err(usage)?;
            }
            ("fuzz", Long("seed")) => {
                fuzz_options.seed =
                    arguments.value().and_then(|seed| seed.parse()).map_err(usage)?;
            }
            ("fuzz", Long("target")) => {
                let target = arguments.value().and_then(|target| target.string()).map_err(usage)?;
                fuzz_options.target = Some(target);
            }
            ("package", Long("bench")) => measures_package = true,
            ("package", Long("fast")) => profile = bundle::Profile::Fast,
            ("test", Long("list")) => {
                test::list();
                return Ok(());
            }
            ("test", Value(name)) => stages.push(name.string().map_err(usage)?),
            (_, Short('h') | Long("help")) => {
                println!("{HELP}");
                return Ok(());
            }
            (_, other) => return Err(usage(other.unexpected())),
        }
    }
    enter_root()?;
    match task.as_str() {
        "serve" => serve::serve(&serve_options),
        "test" => test::test(&stages),
        "build" => bundle::build_dist().map(|_| ()),
        "package" if measures_package => package::bench(),
        "package" => package::package(profile),
        "check" => check::check(),
        "size" => js::check_size(),
        "profile" => profile::record(),
        "docs" => docs::docs(),
        "fuzz" => fuzz::fuzz(&fuzz_options),
        other => Err(format!("there is no task '{other}'.\nTry: cargo xtask --help")),
    }
}

/// Makes the project's root the current folder, for which all paths here are written.
fn enter_root() -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lives in the project");
    std::env::set_current_dir(root).map_err(|error| format!("cannot enter the project: {error}"))
}
