//! Random scripts on a machine and on a redis-server, which must give the same. A script follows from
//! its seed; `LUA51_SCRIPTS=100000` runs more of them, `LUA51_SEED=7` begins with another.

mod support;

use lua51::{Limits, Vm};
use support::generate::script;
use support::{Mode, Redis, machine_with, run_within};

/// A script may take so much. Redis bounds none, so one that takes more is never sent there.
const LIMITS: Limits = Limits { memory: 8 << 20, calls: 16_383 };
const MOST_INSTRUCTIONS: u64 = 20_000_000;

/// A script in so many reaches a limit at most, or too little would be compared.
const SKIPPED_AT_MOST: u64 = 500;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a script gives; nothing, if it reaches a limit.
fn ours(vm: &mut Vm, script: &str, seed: u64) -> Option<String> {
    // Every tenth script is suspended and cloned on the way.
    let mode = Mode { stress: false, slice: if seed.is_multiple_of(10) { 61 } else { 0 } };
    let refused = vm.refused();
    let given = run_within(vm, script.as_bytes(), mode, MOST_INSTRUCTIONS);
    given.filter(|_| vm.refused() == refused)
}

/// Whether a difference is of those that the documentation of the crate lists.
fn is_documented(ours: &str, theirs: &str) -> bool {
    // How deep calls may be depends on what ran before in Redis, and so does what it says of those
    // that are deeper.
    let is_depth = ours.contains("stack overflow")
        && (theirs.contains("stack overflow") || theirs.contains("error in error handling"));
    is_depth
        || has_objects_as_keys(ours) && sorted(ours) == sorted(theirs)
        || is_close(ours, theirs)
}

/// A table is walked in an order that depends on the addresses of such keys.
fn has_objects_as_keys(shown: &str) -> bool {
    ["}=", "function=", "thread="].iter().any(|key| shown.contains(key))
}

fn sorted(shown: &str) -> Vec<u8> {
    let mut bytes = shown.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes
}

/// Whether all that differs is the last digits of numbers, as those of powers may.
fn is_close(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (ours.split(' '), theirs.split(' '));
    ours.clone().count() == theirs.clone().count()
        && ours.zip(theirs).all(|(ours, theirs)| {
            let close = |(ours, theirs): (f64, f64)| (ours - theirs).abs() <= ours.abs() * 1e-14;
            ours == theirs || ours.parse().ok().zip(theirs.parse().ok()).is_some_and(close)
        })
}

#[test]
fn random_scripts_give_what_redis_gives() {
    let Some(mut redis) = Redis::start().unwrap() else {
        eprintln!("skipped: there is no redis-server on PATH");
        return;
    };
    let (first, count) = (number("LUA51_SEED", 1), number("LUA51_SCRIPTS", 1_000));
    let mut vm = machine_with(LIMITS);
    let mut wrong = Vec::new();
    let mut skipped = Vec::new();
    let mut documented = Vec::new();
    for seed in first..first + count {
        let script = script(seed);
        let Some(ours) = ours(&mut vm, &script, seed) else {
            skipped.push(seed);
            vm = machine_with(LIMITS);
            continue;
        };
        match redis.run(script.as_bytes()) {
            Ok(theirs) if theirs == ours => {}
            Ok(theirs) if is_documented(&ours, &theirs) => documented.push(seed),
            Ok(theirs) => {
                wrong.push(format!("seed {seed}:\n{script}\n  gives {ours}\n  Redis {theirs}\n"));
            }
            Err(error) => {
                wrong.push(format!("seed {seed}:\n{script}\n  gives {ours}\n  {error}\n"));
                redis = Redis::start().unwrap().expect("it was there");
            }
        }
        if wrong.len() == 10 {
            break;
        }
    }
    println!("{} scripts reach a limit and are skipped: {skipped:?}", skipped.len());
    println!("{} scripts differ as documented: {documented:?}", documented.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(skipped.len() as u64 <= count / SKIPPED_AT_MOST, "too many are skipped: {skipped:?}");
}
