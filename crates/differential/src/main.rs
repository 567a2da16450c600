//! `keyspace-differential [--minutes N] [--commands N] [--seed S]`: plays random sequences until the
//! time or the number is up, and prints each difference as a transcript.

use keyspace_differential::{Pair, generate, shrink, transcript};
use lexopt::prelude::*;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// So many differences of one command are printed; more rarely say more.
const SHOWN: u32 = 2;

/// After so many different ones it is better to look at them first.
const FOUND_MAX: u32 = 40;

struct Options {
    minutes: f64,
    commands: u64,
    seed: u64,
}

fn main() -> ExitCode {
    match options().map_err(|error| error.to_string()).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, lexopt::Error> {
    let mut options = Options { minutes: 1.0, commands: u64::MAX, seed: 0 };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("minutes") => options.minutes = arguments.value()?.parse()?,
            Long("commands") => options.commands = arguments.value()?.parse()?,
            Long("seed") => options.seed = arguments.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

/// Whether the two did not differ.
fn run(options: &Options) -> Result<bool, String> {
    let message = |error: std::io::Error| error.to_string();
    let mut pair = Pair::start().map_err(message)?;
    let time = Duration::try_from_secs_f64(options.minutes * 60.0)
        .map_err(|_| "--minutes is out of range".to_owned())?;
    let start = Instant::now();
    let mut commands = 0;
    let mut not_again = 0;
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    let mut seed = options.seed;
    while start.elapsed() < time && commands < options.commands {
        let sequence = generate(seed);
        let played = pair.play(&sequence).map_err(|error| format!("seed {seed}: {error}"))?;
        commands += played.commands;
        if let Some(difference) = played.difference {
            let name = difference.command.first().cloned().unwrap_or_default();
            let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
            if found.get(&name).is_none_or(|&times| times < SHOWN) {
                match shrink(&mut pair, &sequence).map_err(message)? {
                    Some(small) => {
                        *found.entry(name).or_default() += 1;
                        let text = transcript(&mut pair, &small).map_err(message)?;
                        text.lines().for_each(|line| println!("{line:.500}"));
                    }
                    None => {
                        not_again += 1;
                        println!("seed {seed} does not differ again:\n{difference}");
                    }
                }
            } else {
                *found.entry(name).or_default() += 1;
            }
        }
        seed = seed.wrapping_add(1);
        if found.values().sum::<u32>() > FOUND_MAX {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let differ: u32 = found.values().sum();
    println!(
        "{commands} commands in sequences {}..{seed}, {:.0} a second; {differ} sequences differ: {found:?}; {not_again} did not differ again",
        options.seed,
        commands as f64 / seconds
    );
    Ok(differ == 0)
}
