//! Reading a file of transcripts into data. The Markdown used is two kinds of headings and fenced
//! blocks, so lines are scanned as they come, and every error can name its line.

use crate::expect::Expected;
use keyspace_resp::split_args;
use std::fmt;

/// A file of transcripts.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it was read from.
    pub path: String,
    /// Its `#` heading, or empty.
    pub title: String,
    /// Its `##` headings, in order.
    pub transcripts: Vec<Transcript>,
}

/// One heading: a test.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// The heading: a sentence that states the behaviour.
    pub name: String,
    /// The prose under it: why.
    pub why: String,
    /// The line of the heading, from 1.
    pub line: usize,
    /// Its `redis` blocks.
    pub blocks: Vec<Block>,
}

/// A fenced block of language `redis`.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// The first version of Redis that does this, where the block names one.
    pub since: Option<Version>,
    /// Holds for the engine alone.
    pub engine: bool,
    /// Holds where nothing but the transcript moves the clock, and nothing but it reads.
    pub still: bool,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

impl Block {
    /// How far the block moves the clock, in milliseconds.
    pub fn advances_ms(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| match step.action {
            Action::Advance(millis) => sum.saturating_add(millis),
            _ => sum,
        })
    }
}

/// One thing done, and what the current client is to receive then.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its line, from 1.
    pub line: usize,
    /// The line as it stands in the file.
    pub source: String,
    /// What is done.
    pub action: Action,
    /// What is received.
    pub expected: Expected,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sends a command.
    Command(Vec<Vec<u8>>),
    /// Sends bytes as they are.
    Raw(Vec<u8>),
    /// Makes this client the current one.
    Client(String),
    /// Moves the clock by so many milliseconds.
    Advance(u64),
    /// Says HELLO 3 and passes over the reply.
    Resp3,
}

/// A version of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl std::str::FromStr for Version {
    type Err = String;

    /// Reads `8.4.0`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<u16> = text.split('.').map_while(|part| part.parse().ok()).collect();
        match parts[..] {
            [major, minor, patch] if text.split('.').count() == 3 => {
                Ok(Version(major, minor, patch))
            }
            _ => Err(format!("'{text}' is no version such as 8.4.0")),
        }
    }
}

/// A line that is no transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

impl File {
    /// Reads a file. `path` is what errors and failures name.
    ///
    /// # Errors
    /// The first line that breaks the grammar.
    pub fn parse(path: &str, text: &str) -> Result<File, ParseError> {
        let mut file =
            File { path: path.to_owned(), title: String::new(), transcripts: Vec::new() };
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let number = index + 1;
            let parsed = if let Some(words) = line.strip_prefix("```") {
                file.fence(number, words, &mut lines)
            } else if let Some(name) = line.strip_prefix("## ") {
                file.heading(number, name)
            } else {
                file.prose(line);
                Ok(())
            };
            parsed.map_err(|(line, message)| ParseError {
                path: path.to_owned(),
                line,
                message,
            })?;
        }
        match file.transcripts.iter().find(|t| t.why.is_empty() || t.blocks.is_empty()) {
            None => Ok(file),
            Some(lacking) => Err(ParseError {
                path: path.to_owned(),
                line: lacking.line,
                message: "a heading needs a line of prose and a block of language redis".into(),
            }),
        }
    }

    fn heading(&mut self, line: usize, name: &str) -> Result<(), (usize, String)> {
        let name = name.trim().to_owned();
        if let Some(other) = self.transcripts.iter().find(|other| other.name == name) {
            return Err((line, format!("line {} has the same heading", other.line)));
        }
        self.transcripts.push(Transcript { name, why: String::new(), line, blocks: Vec::new() });
        Ok(())
    }

    fn prose(&mut self, line: &str) {
        match self.transcripts.last_mut() {
            None => {
                if let Some(title) = line.strip_prefix("# ") {
                    self.title = title.trim().to_owned();
                }
            }
            Some(transcript) if !line.trim().is_empty() => {
                if !transcript.why.is_empty() {
                    transcript.why.push(' ');
                }
                transcript.why.push_str(line.trim());
            }
            Some(_) => {}
        }
    }

    /// Reads a fenced block to its end. A block of another language is passed over.
    fn fence<'a>(
        &mut self,
        line: usize,
        words: &str,
        lines: &mut impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<(), (usize, String)> {
        let mut words = words.split_whitespace();
        let is_redis = words.next() == Some("redis");
        let mut block = Block { line, ..Block::default() };
        for word in words.filter(|_| is_redis) {
            match word.split_once('=') {
                Some(("since", version)) => {
                    block.since = Some(version.parse().map_err(|message| (line, message))?);
                }
                None if word == "engine" => block.engine = true,
                None if word == "still" => block.still = true,
                _ => return Err((line, format!("unknown word '{word}' on the fence"))),
            }
        }
        let mut unordered = false;
        for (index, text) in lines {
            if text.starts_with("```") {
                if is_redis {
                    let transcript = self
                        .transcripts
                        .last_mut()
                        .ok_or((line, "a block before any heading".into()))?;
                    transcript.blocks.push(block);
                }
                return Ok(());
            }
            if is_redis {
                block.line_of(index + 1, text.trim_end(), &mut unordered)?;
            }
        }
        Err((line, "a block without an end".into()))
    }
}

impl Block {
    /// Reads one line of a block.
    fn line_of(
        &mut self,
        line: usize,
        text: &str,
        unordered: &mut bool,
    ) -> Result<(), (usize, String)> {
        if text.is_empty() {
            return Ok(());
        }
        if text == "unordered" {
            *unordered = true;
            return Ok(());
        }
        match action(text).map_err(|message| (line, message))? {
            Some(action) => {
                let expected = Expected::nothing(std::mem::take(unordered));
                self.steps.push(Step { line, source: text.to_owned(), action, expected });
                Ok(())
            }
            None => match self.steps.last_mut() {
                Some(step) => step.expected.add(text).map_err(|message| (line, message)),
                None => Err((line, "a reply before any command".into())),
            },
        }
    }
}

/// The action that a line states, or `None` where it is a reply line.
fn action(text: &str) -> Result<Option<Action>, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(Some(match word {
        ">" => {
            let args = split_args(rest.as_bytes()).map_err(|error| error.to_string())?;
            if args.is_empty() {
                return Err("no command after '>'".into());
            }
            Action::Command(args)
        }
        "raw" => Action::Raw(quoted(rest)?),
        "client" if is_client_name(rest) => Action::Client(rest.to_owned()),
        "advance" => Action::Advance(duration_ms(rest)?),
        "resp3" if rest.is_empty() => Action::Resp3,
        _ => return Ok(None),
    }))
}

fn is_client_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|other| other.is_ascii_alphanumeric())
}

/// The bytes of exactly one quoted string.
pub(crate) fn quoted(text: &str) -> Result<Vec<u8>, String> {
    match <[Vec<u8>; 1]>::try_from(split_args(text.as_bytes()).map_err(|error| error.to_string())?)
    {
        Ok([bytes]) => Ok(bytes),
        Err(_) => Err(format!("{text} is not one quoted string")),
    }
}

/// Reads `500ms`, `10s`, `5m`, `2h` or `1d`.
fn duration_ms(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let unit_ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("'{text}' is no duration such as 500ms")),
    };
    text[..digits]
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(unit_ms))
        .ok_or_else(|| format!("'{text}' is no duration such as 500ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# Lists

About the file.

## BRPOP waits
A queue's consumer
does not poll.

```redis
> BRPOP \"a b\" 0
client B
> LPUSH q x
(integer) 1

advance 2m
```

```text
> not a transcript
```

```redis engine since=8.4.0
resp3
unordered
raw \"PING\\r\\n\"
PONG
```
";

    #[test]
    fn headings_prose_and_blocks_become_data() {
        let file = File::parse("list.md", FILE).expect("valid");
        assert_eq!((file.title.as_str(), file.transcripts.len()), ("Lists", 1));
        let transcript = &file.transcripts[0];
        assert_eq!(transcript.name, "BRPOP waits");
        assert_eq!(transcript.why, "A queue's consumer does not poll.");
        assert_eq!(transcript.line, 5);
        let [plain, marked] = &transcript.blocks[..] else { panic!("two blocks") };
        assert_eq!((plain.since, plain.engine, plain.advances_ms()), (None, false, 120_000));
        assert_eq!((marked.since, marked.engine), (Some(Version(8, 4, 0)), true));
        let actions: Vec<_> = plain.steps.iter().map(|step| step.action.clone()).collect();
        let words = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
        assert_eq!(
            actions,
            [
                Action::Command(words(&["BRPOP", "a b", "0"])),
                Action::Client("B".into()),
                Action::Command(words(&["LPUSH", "q", "x"])),
                Action::Advance(120_000),
            ]
        );
        assert_eq!(plain.steps[2].line, 12);
        assert_eq!(marked.steps[1].action, Action::Raw(b"PING\r\n".to_vec()));
    }

    #[test]
    fn what_breaks_the_grammar_is_named_with_its_line() {
        for (text, line, message) in [
            ("```redis\n```", 1, "a block before any heading"),
            ("## a\nwhy\n```redis", 3, "a block without an end"),
            ("## a\nwhy\n```redis\nOK\n```", 4, "a reply before any command"),
            ("## a\nwhy\n```redis\n> GET \"k\n```", 4, "unbalanced quotes in request"),
            ("## a\nwhy\n```redis\nadvance 3\n```", 4, "'3' is no duration such as 500ms"),
            ("## a\nwhy\n```redis\n>\n```", 4, "no command after '>'"),
            ("## a\nwhy\n```redis\n> PING\n~ (\n```", 5, "'(' is no regular expression"),
            ("## a\nwhy\n```redis soon\n```", 3, "unknown word 'soon' on the fence"),
            ("## a\nwhy\n```redis since=8\n```", 3, "'8' is no version such as 8.4.0"),
            ("## a\nwhy\n## a\n", 3, "line 1 has the same heading"),
            ("## a\n```redis\n```", 1, "a heading needs a line of prose and a block"),
        ] {
            let error = File::parse("f.md", text).expect_err(text);
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.starts_with(message), "{error}");
        }
    }
}
