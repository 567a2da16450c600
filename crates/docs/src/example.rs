//! Blocks of a transcript as examples: live where a reader could type them, otherwise as text.

use crate::markdown;
use keyspace_transcript::{Action, Block};

/// How the time begins that the clock of transcripts tells; a reader's clock tells another.
const TRANSCRIPT_TIME: &str = "170000000";

/// The blocks of a transcript, live if each of them is; the second goes on where the first ended.
pub fn blocks(blocks: &[(&Block, Vec<String>)]) -> String {
    let are_live = blocks.iter().all(|(block, lines)| is_live(block, lines));
    let shared = blocks.first().map(|(block, _)| format!("transcript-{}", block.line));
    let shared = shared.filter(|_| blocks.len() > 1);
    let shown = blocks.iter().map(|(_, lines)| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        match are_live {
            true => live(&lines, shared.as_deref()),
            false => text(&lines),
        }
    });
    shown.collect()
}

/// Whether a block is played by one client that only sends commands and waits, and its replies can
/// be shown as they are.
pub fn is_live<L: AsRef<str>>(block: &Block, lines: &[L]) -> bool {
    let can_be_typed = block.steps.iter().all(|step| match &step.action {
        // One that waits would hold up what comes behind it.
        Action::Command(_) => !step.source.contains("id(") && !step.expected.is_nothing(),
        Action::Advance(_) => true,
        Action::Raw(_) | Action::Client(_) | Action::Resp3 => false,
    });
    let is_exact = |line: &str| {
        !["= ", "~ "].iter().any(|mark| line.starts_with(mark))
            && !["...", "unordered", "(closed)"].contains(&line)
            && !line.contains(TRANSCRIPT_TIME)
    };
    can_be_typed && !block.still && lines.iter().all(|line| is_exact(line.as_ref()))
}

/// An example that runs; what is inside is for readers without JavaScript.
/// Those that are `shared` go on where the one before ended.
pub fn live(lines: &[&str], shared: Option<&str>) -> String {
    let shown = lines.iter().filter(|line| !line.trim().is_empty());
    let shown: Vec<String> = shown
        .map(|line| match line.starts_with("advance ") {
            true => format!("&gt; {}", markdown::html(line)),
            false => markdown::html(line),
        })
        .collect();
    let shared = shared.map(|name| format!(" shared=\"{name}\"")).unwrap_or_default();
    format!(
        "<keyspace-example clock=\"paused\"{shared}><pre v-pre>{}</pre></keyspace-example>\n\n",
        shown.join("\n")
    )
}

/// A transcript to read.
pub fn text(lines: &[&str]) -> String {
    let shown = lines.iter().filter(|line| !line.trim().is_empty());
    let shown: Vec<&str> = shown.copied().collect();
    format!("```redis\n{}\n```\n\n", shown.join("\n"))
}
