//! A page for each command: what its row says, and transcripts in which it is used.

use crate::markdown::{cell, code_cell, front, html, prose};
use crate::{Spec, callable, example, group};
use keyspace::command::{CommandSpec, Group};
use keyspace_transcript::{Action, Block, Transcript};
use std::fmt::Write;

/// How many transcripts a page shows.
const EXAMPLES_MAX: usize = 5;
/// How long a transcript may be to be an example.
const STEPS_MAX: usize = 24;

/// `CLIENT SETNAME`.
pub fn name(spec: &CommandSpec) -> String {
    spec.name.to_ascii_uppercase().replace('|', " ")
}

/// The file of its page, below the folder of commands.
pub fn file(spec: &CommandSpec) -> String {
    format!("{}.md", path(spec))
}

/// The address of its page.
pub fn link(spec: &CommandSpec) -> String {
    format!("/commands/{}", path(spec))
}

/// `sorted-sets/zadd`: by family, so that a page's menu is that of its family.
fn path(spec: &CommandSpec) -> String {
    format!("{}/{}", group::folder(spec.group), spec.name.replace('|', "-"))
}

/// The page of a command.
pub fn page(spec: &CommandSpec, family: &str, specs: &[Spec]) -> String {
    let mut page = front(&name(spec), spec.summary);
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "# {}\n\n{}\n\n<div class=\"syntax\"><code v-pre>{}</code></div>\n\n",
        name(spec),
        prose(spec.summary),
        html(spec.syntax),
    );
    let _ = write!(page, "<dl class=\"facts\">\n{}</dl>\n\n", facts(spec, family));
    if !spec.deprecated_since.is_empty() {
        let _ = write!(
            page,
            "::: warning Deprecated since {}\nUse {} instead.\n:::\n\n",
            spec.deprecated_since,
            prose(spec.replaced_by)
        );
    }
    if !spec.differs.is_empty() {
        let _ = write!(page, "::: info Different from Redis\n{}\n:::\n\n", prose(spec.differs));
    }
    page + &examples(spec, specs)
}

fn facts(spec: &CommandSpec, family: &str) -> String {
    let fact = |name: &str, value: &str| match value.is_empty() {
        true => String::new(),
        false => format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", html(value)),
    };
    fact("family", family) + &fact("since Redis", spec.since) + &fact("cost", spec.complexity)
}

/// The transcripts in which the command is the subject: first those that run, and that show how it
/// works before those that show what it refuses.
fn examples(spec: &CommandSpec, specs: &[Spec]) -> String {
    let wanted: Vec<String> = spec.name.split('|').map(str::to_uppercase).collect();
    let mut found: Vec<_> = specs
        .iter()
        .flat_map(|spec| spec.file.transcripts.iter().map(move |it| (spec, it)))
        .filter_map(|(spec, it)| Some((share(it, &wanted)?, blocks(spec, it), it)))
        .collect();
    found.sort_by_key(|(share, blocks, _)| {
        let is_live = blocks.iter().all(|(block, lines)| example::is_live(block, lines));
        let errors = || blocks.iter().flat_map(|(_, lines)| lines);
        let errors = errors().filter(|line| line.starts_with("(error)")).count();
        (!is_live, errors, std::cmp::Reverse(*share))
    });
    let mut text = String::new();
    for (_, blocks, transcript) in found.into_iter().take(EXAMPLES_MAX) {
        let (name, why) = (prose(&transcript.name), prose(&transcript.why));
        let _ = write!(text, "### {name}\n\n{why}\n\n");
        text += &example::blocks(&blocks);
    }
    match text.is_empty() {
        true => text,
        false => format!(
            "## Examples\n\nEach of these is a test, which runs on this engine and on Redis.\n\n{text}"
        ),
    }
}

/// The blocks of a transcript, each with its lines.
fn blocks<'a>(spec: &Spec, transcript: &'a Transcript) -> Vec<(&'a Block, Vec<String>)> {
    let lines = |block: &Block| {
        let lines = spec.lines[block.line..].iter().take_while(|line| !line.starts_with("```"));
        lines.cloned().collect()
    };
    transcript.blocks.iter().map(|block| (block, lines(block))).collect()
}

/// How much of a transcript's commands are this one, in thousandths; `None` where it is none, or
/// the transcript is long.
fn share(transcript: &Transcript, wanted: &[String]) -> Option<usize> {
    let steps = || transcript.blocks.iter().flat_map(|block| &block.steps);
    let commands = steps().filter(|step| matches!(step.action, Action::Command(_))).count();
    let is_it = |args: &[Vec<u8>]| {
        args.len() >= wanted.len()
            && args.iter().zip(wanted).all(|(arg, word)| arg.eq_ignore_ascii_case(word.as_bytes()))
    };
    let uses =
        steps().filter(|it| matches!(&it.action, Action::Command(args) if is_it(args))).count();
    (uses > 0 && steps().count() <= STEPS_MAX).then(|| uses * 1_000 / commands)
}

/// The page that lists every command.
pub fn index() -> String {
    let mut page = front("Commands", "Every command of the engine, by family.");
    page += "# Commands\n\nEvery command that the engine knows. A command that is not listed answers \
             `ERR unknown command`; what differs from Redis is on [one page](/compatibility).\n";
    for (group, title) in Group::TITLES {
        let rows: Vec<_> = callable().filter(|spec| spec.group == *group).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {title}\n\n| command | what it does | cost |\n|---|---|---|\n");
        for spec in rows {
            let _ = writeln!(
                page,
                "| [{}]({}) | {} | {} |",
                code_cell(&name(spec)),
                link(spec),
                cell(spec.summary),
                cell(spec.complexity)
            );
        }
    }
    page
}
