//! Reading a lesson from Markdown. What the page could not show is an error with its line.

use crate::{Condition, Goal, Lesson, Move, Part, Span, Step};
use keyspace_resp::split_args;
use keyspace_transcript::{Action, Block, File, Transcript};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::fmt;
use std::path::Path;

/// A lesson, and its commands as a transcript.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the page shows.
    pub lesson: Lesson,
    /// The commands of each step and their replies. A step goes on where the one before ended.
    pub transcripts: Vec<Transcript>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for LessonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl std::error::Error for LessonError {}

/// Reads every lesson of a folder, in the order of the files' names.
///
/// # Errors
/// A file that cannot be read, or is no lesson.
pub fn folder(folder: &Path) -> Result<Vec<Source>, LessonError> {
    let unread = |path: &Path, error: std::io::Error| LessonError {
        path: path.display().to_string(),
        line: 0,
        message: error.to_string(),
    };
    let entries = std::fs::read_dir(folder).map_err(|error| unread(folder, error))?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let lessons = files.iter().map(|file| {
        let text = std::fs::read_to_string(file).map_err(|error| unread(file, error))?;
        lesson(&file.display().to_string(), &text)
    });
    lessons.collect()
}

/// Reads a lesson. Its id is the file's name without number and extension.
///
/// # Errors
/// The first line that is no part of a lesson.
pub fn lesson(path: &str, text: &str) -> Result<Source, LessonError> {
    let fail = |line: usize, message: String| LessonError { path: path.to_owned(), line, message };
    let file = File::parse(path, text).map_err(|error| fail(error.line, error.message))?;
    let mut reader = Reader::default();
    for (event, range) in
        Parser::new_ext(text, Options::ENABLE_YAML_STYLE_METADATA_BLOCKS).into_offset_iter()
    {
        let line = text[..range.start].lines().count().max(1);
        reader.event(event).map_err(|message| fail(line, message))?;
    }
    let lesson = reader.finish(id_of(path)).map_err(|message| fail(1, message))?;
    Ok(Source { lesson, transcripts: file.transcripts })
}

/// `strings` of `www/lessons/02-strings.md`.
fn id_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".md");
    name.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').to_owned()
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    front: String,
    steps: Vec<Draft>,
    /// The text that is being read, if any is.
    spans: Vec<Span>,
    /// What the next text is part of.
    inside: Inside,
    /// The client that commands go to, from 1; each step begins with the first.
    client: u8,
}

/// A step that may still lack its goal.
struct Draft {
    title: String,
    parts: Vec<Part>,
    goal: Option<Goal>,
}

#[derive(Default, PartialEq)]
enum Inside {
    #[default]
    Text,
    Front,
    Heading,
    Stress,
    Link(String),
    Code(String, String),
}

impl Reader {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => self.inside = Inside::Front,
            Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => {
                self.inside = Inside::Heading;
                self.client = 1;
                let title = String::new();
                self.steps.push(Draft { title, parts: Vec::new(), goal: None });
            }
            Event::Start(Tag::Paragraph) => self.spans.clear(),
            Event::Start(Tag::Emphasis | Tag::Strong) => self.inside = Inside::Stress,
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.inside = Inside::Link(dest_url.into_string());
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))) => {
                self.inside = Inside::Code(words.into_string(), String::new());
            }
            Event::End(TagEnd::Paragraph) => {
                let spans = std::mem::take(&mut self.spans);
                self.step()?.parts.push(Part::Text(spans));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Inside::Code(words, text) = std::mem::take(&mut self.inside) {
                    self.code(&words, &text)?;
                }
            }
            Event::End(
                TagEnd::MetadataBlock(_)
                | TagEnd::Heading(_)
                | TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Link,
            ) => self.inside = Inside::Text,
            Event::Text(text) => self.text(&text)?,
            Event::SoftBreak => self.text(" ")?,
            Event::Code(code) if self.inside == Inside::Heading => self.text(&code)?,
            Event::Code(code) => self.spans.push(Span::Code(code.into_string())),
            other => return Err(format!("a lesson has no such Markdown: {other:?}")),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match &mut self.inside {
            Inside::Front => self.front.push_str(text),
            Inside::Heading => self.step()?.title.push_str(text),
            Inside::Code(_, code) => code.push_str(text),
            Inside::Stress => self.spans.push(Span::Stressed(text.to_owned())),
            Inside::Link(href) => {
                self.spans.push(Span::Link { text: text.to_owned(), href: href.clone() });
            }
            Inside::Text => match self.spans.last_mut() {
                Some(Span::Text(last)) => last.push_str(text),
                _ => self.spans.push(Span::Text(text.to_owned())),
            },
        }
        Ok(())
    }

    fn step(&mut self) -> Result<&mut Draft, String> {
        self.steps.last_mut().ok_or_else(|| "a lesson begins with the heading of a step".into())
    }

    fn code(&mut self, fence: &str, text: &str) -> Result<(), String> {
        let (language, rest) = fence.split_once(' ').unwrap_or((fence, ""));
        match language {
            "redis" => {
                let moves = self.moves(text)?;
                self.step()?.parts.push(Part::Try(moves));
            }
            "check" if rest.is_empty() => return Err("a check says its goal on the fence".into()),
            "check" => {
                let goal = Goal { text: rest.to_owned(), conditions: conditions(text)? };
                if self.step()?.goal.replace(goal).is_some() {
                    return Err("a step has one goal".into());
                }
            }
            "sent" => match self.step()?.parts.last_mut() {
                Some(Part::Code { sent, .. }) => *sent = text.lines().map(str::to_owned).collect(),
                _ => return Err("what is sent stands behind the code that sends it".into()),
            },
            _ => {
                let (language, text) = (language.to_owned(), text.trim_end().to_owned());
                self.step()?.parts.push(Part::Code { language, text, sent: Vec::new() });
            }
        }
        Ok(())
    }

    /// What a block of a transcript asks the learner to do.
    fn moves(&mut self, text: &str) -> Result<Vec<Move>, String> {
        let mut moves = Vec::new();
        for step in block(text)?.steps {
            match step.action {
                Action::Command(_) => {
                    let line = step.source.trim_start_matches("> ").to_owned();
                    moves.push(Move::Type { client: self.client, line });
                }
                Action::Client(name) => {
                    let letter = name.bytes().next().unwrap_or(b'A');
                    self.client = letter.saturating_sub(b'A') + 1;
                }
                Action::Advance(millis) => moves.push(Move::Wait(millis)),
                Action::Raw(_) | Action::Resp3 => {
                    return Err("a learner types commands, and nothing else".into());
                }
            }
        }
        Ok(moves)
    }

    fn finish(self, id: String) -> Result<Lesson, String> {
        let field = |name: &str| {
            let line = self.front.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
            line.map(|text| text.trim().to_owned()).ok_or(format!("the front says no {name}"))
        };
        let (title, summary) = (field("title")?, field("summary")?);
        let minutes = field("minutes")?.parse().map_err(|_| "minutes are a number".to_owned())?;
        let steps = self.steps.into_iter().map(|draft| {
            let Some(goal) = draft.goal else {
                return Err(format!("the step '{}' has no check", draft.title));
            };
            Ok(Step { title: draft.title, parts: draft.parts, goal })
        });
        Ok(Lesson { id, title, summary, minutes, steps: steps.collect::<Result<_, _>>()? })
    }
}

/// Reads the lines of a block as a transcript.
fn block(text: &str) -> Result<Block, String> {
    let file = format!("## block\nof a lesson\n```redis\n{text}```\n");
    let file = File::parse("block", &file).map_err(|error| error.message)?;
    let block = file.transcripts.into_iter().next().and_then(|it| it.blocks.into_iter().next());
    block.ok_or_else(|| "an empty block".into())
}

/// Reads the lines of a check.
fn conditions(text: &str) -> Result<Vec<Condition>, String> {
    let mut conditions: Vec<Condition> = Vec::new();
    let mut db = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let condition = match (word, &words(rest)[..]) {
            (">", [_, ..]) => Condition::Answers { db, args: words(rest), reply: String::new() },
            ("db", [number]) => {
                db = number.parse().map_err(|_| format!("'{number}' is no database"))?;
                continue;
            }
            ("ran", [_, ..]) => Condition::Ran(words(rest)),
            ("event", [event, key]) => {
                Condition::Happened { event: event.clone(), key: key.clone() }
            }
            ("waits", [key]) => Condition::Waits(key.clone()),
            ("served", [key]) => Condition::Served(key.clone()),
            ("timeout", []) => Condition::TimedOut,
            ("published", [channel]) => Condition::Published(channel.clone()),
            _ => match conditions.last_mut() {
                Some(Condition::Answers { reply, .. }) => {
                    reply.push_str(line);
                    reply.push('\n');
                    continue;
                }
                _ => return Err(format!("'{line}' is no line of a check")),
            },
        };
        conditions.push(condition);
    }
    let silent = |condition: &Condition| matches!(condition, Condition::Answers { reply, .. } if reply.is_empty());
    match conditions.iter().any(silent) || conditions.is_empty() {
        true => Err("a check says what is answered".into()),
        false => Ok(conditions),
    }
}

/// The arguments of a line of a check; none where quotes are left open.
fn words(text: &str) -> Vec<String> {
    let args = split_args(text.as_bytes()).unwrap_or_default();
    args.iter().map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "---\ntitle: T\nsummary: S.\nminutes: 2\n---\n\n";
    const STEP: &str = "## One\n\nSay `PING`, *now*,\nor [later](#/x).\n\n```redis\n> PING\nPONG\nclient B\n> GET k\n(nil)\nadvance 2s\n```\n\n";
    const CHECK: &str = "```check You did\nran PING\n> GET k\n(nil)\n```\n";

    #[test]
    fn a_lesson_becomes_data() {
        let text = format!("{FRONT}{STEP}{CHECK}");
        let source = lesson("www/lessons/03-some-thing.md", &text).unwrap();
        let lesson = source.lesson;
        assert_eq!((&*lesson.id, &*lesson.title, lesson.minutes), ("some-thing", "T", 2));
        let step = &lesson.steps[0];
        let text = |text: &str| Span::Text(text.to_owned());
        let spans = vec![
            text("Say "),
            Span::Code("PING".into()),
            text(", "),
            Span::Stressed("now".into()),
            text(", or "),
            Span::Link { text: "later".into(), href: "#/x".into() },
            text("."),
        ];
        assert_eq!(step.parts[0], Part::Text(spans));
        let moves = vec![
            Move::Type { client: 1, line: "PING".into() },
            Move::Type { client: 2, line: "GET k".into() },
            Move::Wait(2_000),
        ];
        assert_eq!(step.parts[1], Part::Try(moves));
        assert_eq!(step.goal.text, "You did");
        let args = vec!["GET".into(), "k".into()];
        let answers = Condition::Answers { db: 0, args, reply: "(nil)\n".into() };
        assert_eq!(step.goal.conditions, [Condition::Ran(vec!["PING".into()]), answers]);
        assert_eq!(source.transcripts.len(), 1);
    }

    #[test]
    fn what_the_page_could_not_show_is_an_error() {
        for (body, message) in [
            (STEP.to_owned(), "the step 'One' has no check"),
            (format!("{STEP}{CHECK}{CHECK}"), "a step has one goal"),
            (format!("{STEP}```check You did\nlooks well\n```\n"), "'looks well' is no line"),
            (format!("{STEP}```check You did\n> GET k\n```\n"), "a check says what is answered"),
            (format!("{STEP}```check\nran PING\n```\n"), "a check says its goal"),
            (format!("{STEP}<b>bold</b>\n\n{CHECK}"), "a lesson has no such Markdown"),
            (format!("{STEP}```sent\nPING\n```\n{CHECK}"), "what is sent stands behind"),
        ] {
            let error = lesson("01-x.md", &format!("{FRONT}{body}")).unwrap_err();
            assert!(error.message.starts_with(message), "{error}");
        }
        let error = lesson("01-x.md", &format!("---\ntitle: T\n---\n\n{STEP}{CHECK}")).unwrap_err();
        assert_eq!(error.message, "the front says no summary");
    }
}
