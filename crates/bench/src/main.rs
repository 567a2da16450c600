//! How fast, how large: the engine in this process, the same engine as wasm in a browser, and
//! redis-server, measured in one run. `cargo xtask bench` builds and brings what this needs.
//!
//! All are given the same bytes. Rounds are interleaved, so that what else the machine does hits
//! all of them, and the middle round counts. What is compared is a ratio: absolute numbers belong
//! to the machine.

mod frames;
mod growth;
mod memory;
mod operation;
mod options;
mod rates;
mod scripts;
mod subject;
mod table;
mod workload;

use options::{Options, Table};
use std::process::ExitCode;
use subject::Subjects;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = Options::parse(lexopt::Parser::from_env())? else {
        println!("{}", options::HELP);
        return Ok(());
    };
    let mut subjects = match options.runs_commands() {
        true => Subjects::start(&options)?,
        false => Subjects::none(),
    };
    println!("{}", subjects.describe());
    for table in &options.tables {
        match table {
            Table::Rates => rates::measure(&options, &mut subjects)?,
            Table::Memory => memory::measure(&options, &mut subjects)?,
            Table::Growth => growth::measure(&options, &mut subjects)?,
            Table::Scripts => scripts::measure(&options, &mut subjects)?,
            Table::Frames => frames::measure(&options)?,
        }
    }
    Ok(())
}
