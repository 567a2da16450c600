//! Every command of the table, and every option of its syntax, is in some transcript.
#![cfg(not(target_arch = "wasm32"))]

#[path = "native/files.rs"]
mod files;

use keyspace::command::{self, CommandSpec};
use keyspace_transcript::Action;

#[test]
fn every_command_and_option_has_a_transcript() {
    let sent = commands_sent();
    let mut lacking = Vec::new();
    for spec in command::all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands())) {
        if spec.subcommands().is_empty() {
            lacking.extend(lacks(spec, &sent));
        }
    }
    lacking.dedup();
    assert!(lacking.is_empty(), "no transcript sends\n{}", lacking.join("\n"));
}

/// Every command that a transcript sends, in upper case.
fn commands_sent() -> Vec<Vec<String>> {
    let upper = |arg: &Vec<u8>| String::from_utf8_lossy(arg).to_uppercase();
    let mut sent = Vec::new();
    for path in files::paths() {
        let file = files::read(&path).expect("a file of transcripts");
        for step in file.transcripts.iter().flat_map(|t| &t.blocks).flat_map(|block| &block.steps) {
            if let Action::Command(args) = &step.action {
                sent.push(args.iter().map(upper).collect());
            }
        }
    }
    sent
}

/// What transcripts do not show of a command: itself, or words of its syntax.
fn lacks(spec: &CommandSpec, sent: &[Vec<String>]) -> Vec<String> {
    let name: Vec<String> = spec.name.split('|').map(str::to_uppercase).collect();
    let uses: Vec<&Vec<String>> = sent.iter().filter(|args| args.starts_with(&name)).collect();
    if uses.is_empty() {
        return vec![name.join(" ")];
    }
    let words = spec.syntax.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let options = words.skip(name.len()).filter(|word| {
        word.chars().any(|c| c.is_ascii_uppercase())
            && !word.chars().any(|c| c.is_ascii_lowercase())
    });
    options
        .filter(|option| {
            !uses.iter().any(|args| args[name.len()..].iter().any(|arg| arg == option))
        })
        .map(|option| format!("{} ... {option}", name.join(" ")))
        .collect()
}
