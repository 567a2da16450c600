//! The fourth table: how long scripts take, each as one EVAL.

use crate::options::Options;
use crate::subject::{Slot, Subjects};
use crate::table::{median, ratio, row};
use crate::workload::Workload;
use std::error::Error;

/// Scripts that do one thing many times.
const SCRIPTS: &[(&str, &str)] = &[
    ("10M additions", "local s = 0 for i = 1, 10000000 do s = s + i end return s"),
    (
        "fib(27)",
        "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end \
         return fib(27)",
    ),
    ("100k concats", "local s for i = 1, 100000 do s = 'key:' .. i .. ':' .. i * 2 end return #s"),
    (
        "1M inserts, sum",
        "local t = {} for i = 1, 1000000 do t[#t + 1] = i end \
         local s = 0 for i = 1, #t do s = s + t[i] end return s",
    ),
    ("200k redis.call", "for i = 1, 200000 do redis.call('INCR', 'counter') end return 1"),
];

/// Measures and prints.
pub fn measure(options: &Options, subjects: &mut Subjects) -> Result<(), Box<dyn Error>> {
    let names = subjects.names();
    let scripts: Vec<(&str, Workload)> = SCRIPTS
        .iter()
        .filter(|(name, _)| options.wants(name))
        .map(|(name, script)| (*name, Workload::one(name, &["EVAL", script, "0"])))
        .collect();
    let mut times = vec![vec![Vec::new(); names.len()]; scripts.len()];
    // The first round is not counted: compilers and caches warm up.
    for round in 0..=options.rounds {
        eprintln!("scripts: round {round} of {}", options.rounds);
        for ((_, workload), times) in scripts.iter().zip(&mut times) {
            for (subject, times) in subjects.iter().zip(times) {
                subject.empty(Slot::Scratch)?;
                let seconds = subject.time(Slot::Scratch, workload)?;
                if round > 0 {
                    times.push(seconds);
                }
            }
        }
    }
    println!("\nMilliseconds that a script takes; medians of {}", options.rounds);
    let redis = names.iter().position(|name| *name == "redis");
    let others = || (0..names.len()).filter(|place| redis.is_some() && Some(*place) != redis);
    let ratios = others().map(|place| format!("{}/redis", names[place]));
    let headings: Vec<String> = names.iter().map(|name| (*name).to_owned()).chain(ratios).collect();
    row("", &headings);
    for ((name, _), times) in scripts.iter().zip(&mut times) {
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        let cells = medians.iter().map(|seconds| format!("{:.1}", seconds * 1000.0));
        let redis = redis.map_or(f64::NAN, |redis| medians[redis]);
        let ratios = others().map(|place| ratio(medians[place] / redis));
        row(name, &cells.chain(ratios).collect::<Vec<_>>());
    }
    Ok(())
}
