//! The third table: whether what takes constant or logarithmic time does so, by its rates on
//! small and on large collections.

use crate::options::Options;
use crate::subject::{Run, Slot, Subjects};
use crate::table::{median, ratio, row, thousands};
use crate::workload::Workload;
use std::error::Error;

/// Collections, each with the command that adds one entry.
pub const DATASETS: &[(&str, &str)] = &[
    ("string", "SET key:__seq__ data__seq__"),
    ("string with TTL", "SET key:__seq__ data__seq__ EX 100000"),
    ("hash", "HSET hash item__seq__ data__seq__"),
    ("list", "RPUSH list elem__seq__"),
    ("set", "SADD set memb__seq__"),
    ("sorted set", "ZADD zset __seq__ memb__seq__"),
    ("stream", "XADD stream * field data__seq__"),
];

/// Commands that leave the number of entries as it is; `{entries}` stands for it, `{middle}` for half of
/// it: redis-benchmark fills up random numbers with zeros, and an index with zeros in front is none.
const COMMANDS: &[(&str, &str)] = &[
    ("GET", "GET key:__rand_int__"),
    ("SET", "SET key:__rand_int__ data"),
    ("EXPIRE", "EXPIRE key:__rand_int__ 1000"),
    ("RANDOMKEY", "RANDOMKEY"),
    ("SCAN", "SCAN __rand_int__"),
    ("HGET", "HGET hash item__rand_int__"),
    ("HSET", "HSET hash item__rand_int__ data"),
    ("HRANDFIELD", "HRANDFIELD hash"),
    ("HSCAN", "HSCAN hash __rand_int__"),
    ("LINDEX", "LINDEX list {middle}"),
    ("LSET", "LSET list {middle} data"),
    ("LMOVE", "LMOVE list list LEFT RIGHT"),
    ("SISMEMBER", "SISMEMBER set memb__rand_int__"),
    ("SADD", "SADD set memb__rand_int__"),
    ("SRANDMEMBER", "SRANDMEMBER set"),
    ("ZSCORE", "ZSCORE zset memb__rand_int__"),
    ("ZRANK", "ZRANK zset memb__rand_int__"),
    ("ZADD", "ZADD zset __rand_int__ memb__rand_int__"),
    ("ZINCRBY", "ZINCRBY zset 1000 memb__rand_int__"),
    ("ZRANDMEMBER", "ZRANDMEMBER zset"),
    ("ZRANGE BYSCORE", "ZRANGE zset __rand_int__ +inf BYSCORE LIMIT 0 10"),
    ("XADD", "XADD stream MAXLEN = {entries} * field data"),
    ("XRANGE", "XRANGE stream - + COUNT 10"),
    ("XREVRANGE", "XREVRANGE stream + - COUNT 10"),
];

/// Entries of a small collection.
const SMALL: usize = 1_000;
/// Commands that arrive together.
const DEPTH: usize = 16;
/// Different commands that are made of a template.
const CYCLE: usize = 1 << 16;

/// A command on a slot, with its bytes.
struct Prepared {
    slot: Slot,
    entries: usize,
    command: String,
    workload: Workload,
}

/// Measures and prints.
pub fn measure(options: &Options, subjects: &mut Subjects) -> Result<(), Box<dyn Error>> {
    let sizes = [(Slot::Small, SMALL), (Slot::Large, options.entries)];
    fill(&sizes, subjects)?;
    let wanted: Vec<_> = COMMANDS.iter().filter(|(name, _)| options.wants(name)).collect();
    let rows: Vec<Prepared> = wanted
        .iter()
        .flat_map(|(name, template)| sizes.map(|size| Prepared::new(name, template, size)))
        .collect();
    let names = subjects.names();
    let mut rates = vec![vec![Vec::new(); names.len()]; rows.len()];
    for round in 0..=options.rounds {
        eprintln!("growth: round {round} of {}", options.rounds);
        for (row, rates) in rows.iter().zip(&mut rates) {
            for (subject, rates) in subjects.iter().zip(rates) {
                let commands = subject.commands(DEPTH) / options.shorter / 2;
                let measured = subject.measure(row.slot, &row.run(commands))?;
                // The first round is not counted: compilers and caches warm up.
                if round > 0 {
                    rates.push(measured.rate);
                }
            }
        }
    }
    print(options, &names, &wanted, rates);
    for (slot, _) in sizes {
        subjects.iter().try_for_each(|subject| subject.empty(slot))?;
    }
    Ok(())
}

impl Prepared {
    fn new(name: &str, template: &str, (slot, entries): (Slot, usize)) -> Prepared {
        let command = template
            .replace("{entries}", &entries.to_string())
            .replace("{middle}", &(entries / 2).to_string());
        let name = format!("{name} of {entries}");
        let workload = Workload::of(&name, &command, CYCLE, entries);
        Prepared { slot, entries, command, workload }
    }

    fn run(&self, commands: usize) -> Run<'_> {
        let Prepared { entries, command, workload, .. } = self;
        let commands = commands.next_multiple_of(DEPTH);
        Run { command, workload, below: *entries, depth: DEPTH, commands }
    }
}

/// Makes the collections of each size.
fn fill(sizes: &[(Slot, usize)], subjects: &mut Subjects) -> Result<(), Box<dyn Error>> {
    for &(slot, entries) in sizes {
        subjects.iter().try_for_each(|subject| subject.empty(slot))?;
        for (name, template) in DATASETS {
            eprintln!("growth: {name}, {} entries", thousands(entries as f64));
            let workload = Workload::of(&format!("{name} {entries}"), template, entries, entries);
            subjects.iter().try_for_each(|subject| subject.feed(slot, &workload, entries))?;
        }
    }
    Ok(())
}

fn print(options: &Options, names: &[&str], rows: &[&(&str, &str)], rates: Vec<Vec<Vec<f64>>>) {
    let (small, large) = (thousands(SMALL as f64), thousands(options.entries as f64));
    println!(
        "\nCommands a second at {small} and {large} elements, in pipelines of {DEPTH}; medians of {}",
        options.rounds
    );
    let headings: Vec<String> = names
        .iter()
        .flat_map(|name| [format!("{name}, small"), format!("{name}, large"), "ratio".to_owned()])
        .collect();
    row("", &headings);
    let mut rates = rates;
    for ((name, _), pair) in rows.iter().zip(rates.chunks_exact_mut(2)) {
        let mut cells = Vec::new();
        let (small, large) = pair.split_at_mut(1);
        for (small, large) in small[0].iter_mut().zip(&mut large[0]) {
            let (small, large) = (median(small), median(large));
            cells.extend([thousands(small), thousands(large), ratio(large / small)]);
        }
        row(name, &cells);
    }
}
