//! The second table: bytes that an entry takes, of each type.

use crate::growth::DATASETS;
use crate::options::Options;
use crate::subject::{Slot, Subject, Subjects};
use crate::table::{ratio, row, thousands};
use crate::workload::Workload;
use std::error::Error;

/// Measures and prints.
pub fn measure(options: &Options, subjects: &mut Subjects) -> Result<(), Box<dyn Error>> {
    println!(
        "\nBytes for each of {} entries; names and values of 16 bytes\n\
         wasm: heap in use, with what the allocator adds; tab: all of the wasm memory, holes too",
        thousands(options.entries as f64)
    );
    let headings = ["wasm", "tab", "redis", "wasm/redis"].map(str::to_owned);
    row("", &headings);
    let entries = options.entries as f64;
    for (name, template) in DATASETS.iter().filter(|(name, _)| options.wants(name)) {
        let workload = Workload::of(name, template, options.entries, options.entries);
        let tab = match &mut subjects.browser {
            Some(browser) => Some(browser.memory_of(&workload)?),
            None => None,
        };
        let redis = match &mut subjects.redis {
            Some(redis) => {
                redis.empty(Slot::Scratch)?;
                let before = redis.used_memory()?;
                redis.feed(Slot::Scratch, &workload, options.entries)?;
                let after = redis.used_memory()?;
                redis.empty(Slot::Scratch)?;
                Some(after.saturating_sub(before) as f64)
            }
            None => None,
        };
        let each = |bytes: Option<f64>| {
            bytes.map_or("-".to_owned(), |bytes| format!("{:.1}", bytes / entries))
        };
        let heap = tab.map(|tab| tab.heap);
        let of_redis =
            heap.zip(redis).map_or("-".to_owned(), |(ours, theirs)| ratio(ours / theirs));
        row(name, &[each(heap), each(tab.map(|tab| tab.linear)), each(redis), of_redis]);
    }
    Ok(())
}
