//! What `help` answers.

use super::complete::Commands;
use super::highlight::{Span, Tone};

/// The answer to `help` with these words behind it.
pub fn answer(commands: &Commands, words: &str) -> Vec<Span> {
    let words = words.trim();
    if words.is_empty() {
        return overview(commands);
    }
    if let Some(group) = words.strip_prefix('@') {
        return group_list(commands, group);
    }
    match commands.get(words) {
        Some(doc) => {
            let mut spans = vec![Span::new(Tone::Command, format!("  {}\n", doc.syntax))];
            let mut row = |name: &str, text: &str| {
                if !text.is_empty() {
                    spans.push(Span::new(Tone::Muted, format!("  {name:<11}")));
                    spans.push(Span::new(Tone::Plain, format!("{text}\n")));
                }
            };
            row("summary", &doc.summary);
            row("since", &doc.since);
            row("group", &doc.group);
            row("complexity", &doc.complexity);
            row("differs", &doc.differs);
            spans
        }
        None => vec![Span::new(
            Tone::Error,
            format!("No command is called {words}. Type help @ and Tab, or help alone."),
        )],
    }
}

fn overview(commands: &Commands) -> Vec<Span> {
    let groups: Vec<String> =
        commands.groups().into_iter().map(|group| format!("@{group}")).collect();
    let row = |name: &str, text: &str| {
        [
            Span::new(Tone::Command, format!("  {name:<16}")),
            Span::new(Tone::Plain, format!("{text}\n")),
        ]
    };
    [
        row("help SET", "what a command does; Tab completes its name"),
        row("help @list", &format!("the commands of a group: {}", groups.join(" "))),
        row("clear", "an empty console; Ctrl-L does the same"),
        row("5 INCR n", "a number in front repeats a command"),
        row("Ctrl-R", "search what was typed before"),
        row("Ctrl-C", "stop waiting, listening or monitoring"),
    ]
    .concat()
}

fn group_list(commands: &Commands, group: &str) -> Vec<Span> {
    let docs = commands.group(group.trim());
    if docs.is_empty() {
        let text =
            format!("No group is called {group}. They are: {}", commands.groups().join(", "));
        return vec![Span::new(Tone::Error, text)];
    }
    let rows = docs.into_iter().flat_map(|doc| {
        [
            Span::new(Tone::Command, format!("  {:<20} ", doc.name.to_uppercase())),
            Span::new(Tone::Plain, format!("{}\n", doc.summary)),
        ]
    });
    rows.collect()
}
