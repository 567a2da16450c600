//! What to measure, from the command line.

use lexopt::prelude::*;
use std::path::PathBuf;

/// For `--help`.
pub const HELP: &str = "\
Measures the engine natively, as wasm in a headless browser, and redis-server
beside them; and the page, while much happens in it.

Usage: cargo xtask bench [options] [ROW ...]

  ROW ...          only the rows whose names contain one of these words
  --table NAME     rates: commands a second, in pipelines (the default: all)
                   memory: bytes an entry takes
                   growth: rates at 1,000 and at --entries elements
                   scripts: how long scripts take
                   frames: how often the page draws, and what a frame costs it
  --pipeline N     only pipelines of N commands; 1, 16 and 256 unless told
  --rounds N       of which the middle one counts, 5 unless told
  --entries N      entries of a large collection, 1,000,000 unless told
  --quick          one short round: to see that it works, not to quote
  --no-native, --no-wasm, --no-redis
                   leave out a column
";

/// A table that is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Commands a second.
    Rates,
    /// Bytes for each entry.
    Memory,
    /// Rates of small and of large collections.
    Growth,
    /// Times of scripts.
    Scripts,
    /// Frames of the page.
    Frames,
}

/// What to measure.
#[derive(Debug)]
pub struct Options {
    /// The tables, in order.
    pub tables: Vec<Table>,
    /// Words, one of which a row's name must contain; all rows where there are none.
    words: Vec<String>,
    /// Commands that arrive together.
    pub pipelines: Vec<usize>,
    /// Times that everything is measured.
    pub rounds: usize,
    /// Entries of a large collection.
    pub entries: usize,
    /// Commands of a measurement are divided by this.
    pub shorter: usize,
    /// Measure the engine in this process.
    pub native: bool,
    /// Measure redis-server.
    pub redis: bool,
    /// Where the page with the engine is, and the folder it is served from.
    pub page: Option<Page>,
}

/// The page that runs the engine in a browser. Beside it, in the folder `playground`, is the page
/// that is published.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its URL.
    pub url: String,
    /// The folder from which it is served: what is written there, the page can load.
    pub folder: PathBuf,
}

impl Options {
    /// Reads the command line; `None` where it asks for help.
    pub fn parse(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
        let mut options = Options {
            tables: Vec::new(),
            words: Vec::new(),
            pipelines: Vec::new(),
            rounds: 5,
            entries: 1_000_000,
            shorter: 1,
            native: true,
            redis: true,
            page: None,
        };
        let (mut url, mut folder, mut wasm) = (None, None, true);
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(word) => options.words.push(word.string()?.to_uppercase()),
                Long("table") => options.tables.push(table(&arguments.value()?.string()?)?),
                Long("pipeline") => options.pipelines.push(positive(&mut arguments)?),
                Long("rounds") => options.rounds = positive(&mut arguments)?,
                Long("entries") => options.entries = positive(&mut arguments)?,
                Long("quick") => (options.rounds, options.shorter) = (1, 8),
                Long("no-native") => options.native = false,
                Long("no-redis") => options.redis = false,
                Long("no-wasm") => wasm = false,
                Long("page") => url = Some(arguments.value()?.string()?),
                Long("folder") => folder = Some(PathBuf::from(arguments.value()?)),
                Short('h') | Long("help") => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        if options.tables.is_empty() {
            options.tables =
                vec![Table::Rates, Table::Scripts, Table::Memory, Table::Growth, Table::Frames];
        }
        if options.pipelines.is_empty() {
            options.pipelines = vec![1, 16, 256];
        }
        options.page = match (url, folder) {
            (Some(url), Some(folder)) if wasm => Some(Page { url, folder }),
            _ => None,
        };
        Ok(Some(options))
    }

    /// Whether anything is measured that runs commands.
    pub fn runs_commands(&self) -> bool {
        self.tables.iter().any(|table| *table != Table::Frames)
    }

    /// Whether a row of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_uppercase();
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word))
    }
}

fn table(name: &str) -> Result<Table, lexopt::Error> {
    match name {
        "rates" => Ok(Table::Rates),
        "memory" => Ok(Table::Memory),
        "growth" => Ok(Table::Growth),
        "scripts" => Ok(Table::Scripts),
        "frames" => Ok(Table::Frames),
        _ => {
            Err(format!("there is no table '{name}': rates, memory, growth, scripts, frames")
                .into())
        }
    }
}

fn positive(arguments: &mut lexopt::Parser) -> Result<usize, lexopt::Error> {
    let number: usize = arguments.value()?.parse()?;
    if number == 0 { Err("a number above 0 is needed".into()) } else { Ok(number) }
}
