//! The first table: commands a second, in pipelines of several lengths.

use crate::operation::{KEYS, OPERATIONS, Operation};
use crate::options::Options;
use crate::subject::{Native, Run, Slot, Subject, Subjects};
use crate::table::{median, ratio, row, thousands};
use crate::workload::Workload;
use keyspace_resp::Value;
use std::error::Error;

/// Rates by operation, pipeline and subject, each of every round.
type Rates = Vec<Vec<Vec<Vec<f64>>>>;

/// An operation with its bytes.
struct Prepared {
    operation: &'static Operation,
    workload: Workload,
    before: Workload,
}

/// Measures and prints.
pub fn measure(options: &Options, subjects: &mut Subjects) -> Result<(), Box<dyn Error>> {
    let names = subjects.names();
    let most = subjects.iter().map(|subject| subject.commands(usize::MAX)).max().unwrap_or(0);
    let rows: Vec<Prepared> = OPERATIONS
        .iter()
        .filter(|operation| options.wants(operation.name))
        .map(|operation| Prepared {
            operation,
            workload: operation.workload(),
            before: operation.before(most),
        })
        .collect();
    for row in &rows {
        no_errors(row)?;
    }
    let mut rates: Rates =
        vec![vec![vec![Vec::new(); names.len()]; options.pipelines.len()]; rows.len()];
    // The first round is not counted: compilers and caches warm up.
    for round in 0..=options.rounds {
        eprintln!("rates: round {round} of {}", options.rounds);
        for (row, rates) in rows.iter().zip(&mut rates) {
            for (&depth, rates) in options.pipelines.iter().zip(rates) {
                let measured = one_round(row, depth, options, subjects)?;
                if round > 0 {
                    rates.iter_mut().zip(measured).for_each(|(rates, rate)| rates.push(rate));
                }
            }
        }
    }
    print(options, &names, &rows, rates);
    Ok(())
}

/// The rate of each subject.
fn one_round(
    row: &Prepared,
    depth: usize,
    options: &Options,
    subjects: &mut Subjects,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let Prepared { operation, workload, before } = row;
    let mut rates = Vec::new();
    let mut replies: Option<(u64, usize)> = None;
    for subject in subjects.iter() {
        let commands = subject.commands(depth) / options.shorter / operation.weight;
        let commands = commands.next_multiple_of(256).next_multiple_of(depth);
        subject.empty(Slot::Scratch)?;
        subject.feed(Slot::Scratch, before, operation.needs(commands))?;
        let run = Run { command: operation.command, workload, below: KEYS, depth, commands };
        let measured = subject.measure(Slot::Scratch, &run)?;
        rates.push(measured.rate);
        if let Some(bytes) = measured.reply_bytes {
            let expected = *replies.get_or_insert((bytes, commands));
            if expected != (bytes, commands) {
                let name = operation.name;
                return Err(format!("{name}: {} answers in other bytes", subject.name()).into());
            }
        }
    }
    Ok(rates)
}

/// Makes sure that what is measured is the work, and not its refusal.
fn no_errors(row: &Prepared) -> Result<(), Box<dyn Error>> {
    let commands = row.workload.ends.len();
    let mut native = Native::default();
    native.feed(Slot::Scratch, &row.before, row.operation.needs(commands))?;
    for pipeline in row.workload.pipelines(256) {
        let replies = native.answers(Slot::Scratch, pipeline);
        let mut rest = replies.as_slice();
        while let Some((reply, len)) = Value::decode(rest)? {
            if matches!(reply, Value::Error(_) | Value::Null | Value::NullArray) {
                return Err(format!("{} answers {reply:?}", row.operation.name).into());
            }
            rest = &rest[len..];
        }
    }
    Ok(())
}

fn print(options: &Options, names: &[&str], rows: &[Prepared], rates: Rates) {
    let redis = names.iter().position(|name| *name == "redis");
    let ratios = |cells: &[f64]| -> Vec<f64> {
        let others = cells.iter().enumerate().filter(|(index, _)| Some(*index) != redis);
        redis.map_or(Vec::new(), |redis| others.map(|(_, cell)| cell / cells[redis]).collect())
    };
    let headings: Vec<String> = names
        .iter()
        .map(|name| (*name).to_owned())
        .chain(
            names
                .iter()
                .filter(|_| redis.is_some())
                .filter(|name| **name != "redis")
                .map(|name| format!("{name}/redis")),
        )
        .collect();
    let mut medians = rates;
    for (index, depth) in options.pipelines.iter().enumerate() {
        println!("\nCommands a second, in pipelines of {depth}; medians of {}", options.rounds);
        row("", &headings);
        let mut lowest = vec![f64::INFINITY; headings.len() - names.len()];
        for (prepared, rates) in rows.iter().zip(&mut medians) {
            let cells: Vec<f64> = rates[index].iter_mut().map(|rates| median(rates)).collect();
            let ratios = ratios(&cells);
            lowest.iter_mut().zip(&ratios).for_each(|(lowest, ratio)| *lowest = lowest.min(*ratio));
            let texts = cells.iter().map(|cell| thousands(*cell));
            let texts: Vec<_> = texts.chain(ratios.iter().map(|number| ratio(*number))).collect();
            row(prepared.operation.name, &texts);
        }
        if !lowest.is_empty() {
            let empty = names.iter().map(|_| String::new());
            let texts: Vec<_> = empty.chain(lowest.iter().map(|number| ratio(*number))).collect();
            row("lowest", &texts);
        }
    }
}
