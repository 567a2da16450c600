//! Lessons as pages: the same text, with examples that run.

use crate::example;
use crate::markdown::{front, prose};
use keyspace_lessons::{Lesson, Part};

/// The page of a lesson, from its Markdown.
pub fn page(lesson: &Lesson, source: &str) -> String {
    let mut page = front(&lesson.title, &lesson.summary);
    page += &format!(
        "# {}\n\n{} <PlaygroundLink to=\"/learn/{}\">Do this lesson in the playground</PlaygroundLink>, which notices \
         when you are there.\n\n",
        lesson.title, lesson.summary, lesson.id,
    );
    let mut codes =
        lesson.steps.iter().flat_map(|step| &step.parts).filter_map(|part| match part {
            Part::Code { sent, .. } => Some(!sent.is_empty()),
            Part::Text(_) | Part::Try(_) => None,
        });
    let body = source.splitn(3, "---\n").nth(2).unwrap_or(source);
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        match line.strip_prefix("```") {
            Some(fence) => {
                let block: Vec<&str> =
                    lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
                let is_code = !["redis", "sent", "check"].contains(&language(fence));
                // What it sends, if that is known, stands beside it.
                if is_code && codes.next() == Some(true) {
                    page += "<div class=\"beside\">\n\n";
                }
                page += &fenced(fence, &block, &lesson.id);
            }
            None => {
                page += &linked(line);
                page.push('\n');
            }
        }
    }
    page
}

fn fenced(fence: &str, lines: &[&str], lesson: &str) -> String {
    let rest = fence[language(fence).len()..].trim();
    match language(fence) {
        "redis" if can_be_typed(lines) => example::live(lines, Some(lesson)),
        "redis" => example::text(lines),
        "check" => format!("::: tip Goal\n{}\n:::\n", prose(rest)),
        "sent" => format!("```redis [what arrives]\n{}\n```\n\n</div>\n", lines.join("\n")),
        other => format!("```{other}\n{}\n```\n", lines.join("\n")),
    }
}

/// The first word of a fence.
fn language(fence: &str) -> &str {
    fence.split(' ').next().unwrap_or(fence)
}

/// Whether one client does it all, and each of its commands is answered at once.
fn can_be_typed(lines: &[&str]) -> bool {
    let is_reply = |line: &str| !["> ", "advance "].iter().any(|word| line.starts_with(word));
    let mut pairs = lines.iter().zip(lines.iter().skip(1).map(Some).chain([None]));
    pairs.all(|(line, next)| {
        !line.starts_with("client ")
            && (!line.starts_with("> ") || next.is_some_and(|next| is_reply(next)))
    })
}

/// A line whose links into the page lead to the playground.
fn linked(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("](#") {
        let (address, after) = link.split_once(')').unwrap_or((link, ""));
        let (before, text) = before.rsplit_once('[').unwrap_or((before, ""));
        out += &format!("{before}<PlaygroundLink to=\"{address}\">{text}</PlaygroundLink>");
        rest = after;
    }
    out + rest
}

/// The page that lists the lessons.
pub fn index(lessons: &[Lesson]) -> String {
    let mut page = front("Lessons", "Guided lessons, from PING to why a Celery task ran twice.");
    page += "# Lessons\n\nRead them here, where every example runs, or do them in the playground, which checks each step.\n\n";
    for lesson in lessons {
        page += &format!(
            "- [{}](/lessons/{}) ({} min): {}\n",
            lesson.title, lesson.id, lesson.minutes, lesson.summary
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{can_be_typed, linked};

    #[test]
    fn what_waits_or_takes_two_is_not_typed_by_one() {
        assert!(can_be_typed(&["> SET k v", "OK", "advance 1s", "> GET k", "(nil)"]));
        assert!(!can_be_typed(&["> BRPOP q 5", "advance 5s", "(nil)"]));
        assert!(!can_be_typed(&["> BRPOP q 0"]));
        assert!(!can_be_typed(&["client B", "> PING", "PONG"]));
    }

    #[test]
    fn links_into_the_page_lead_to_the_playground() {
        assert_eq!(
            linked("Go to [Celery](#/celery), then [on](/x)."),
            "Go to <PlaygroundLink to=\"/celery\">Celery</PlaygroundLink>, then [on](/x)."
        );
    }
}
