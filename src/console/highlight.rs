//! Colour for what is typed and answered: text cut into spans, without a character changed.

use keyspace_resp::split_args;
use std::ops::Range;
use std::rc::Rc;

/// How much of a typed line is shown again.
const LINE_BYTES_MAX: usize = 4_000;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Numbering, and words that only name a type.
    Muted,
    Number,
    Text,
    Nil,
    Error,
    Status,
    Heading,
    Command,
}

/// A piece of text, and the key that it names if it names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub tone: Tone,
    pub text: String,
    pub key: Option<Rc<[u8]>>,
}

impl Span {
    pub fn new(tone: Tone, text: impl Into<String>) -> Span {
        Span { tone, text: text.into(), key: None }
    }
}

/// Colours what [`keyspace_resp::cli::format`] printed. Where `names_keys`, strings name keys.
pub fn reply(text: &str, names_keys: bool) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (tone, len) = next_token(rest);
        let (token, tail) = rest.split_at(len);
        let mut span = Span::new(tone, token);
        if tone == Tone::Text && names_keys {
            span.key = split_args(token.as_bytes()).ok().and_then(|args| {
                let [name] = args.as_slice() else { return None };
                Some(Rc::from(name.as_slice()))
            });
        }
        spans.push(span);
        rest = tail;
    }
    spans
}

/// Colours text for a person, such as INFO: lines that begin with `#` are headings.
pub fn prose(text: &str) -> Vec<Span> {
    let lines = text.split_inclusive('\n').map(|line| {
        let tone = if line.starts_with('#') { Tone::Heading } else { Tone::Plain };
        Span::new(tone, line.replace('\r', ""))
    });
    lines.collect()
}

/// Colours a typed line: the command, and the arguments that are keys. A very long line is cut.
pub fn command(line: &str, keys: impl Fn(usize) -> bool) -> Vec<Span> {
    if line.len() > LINE_BYTES_MAX {
        let shown = first_bytes(line, LINE_BYTES_MAX);
        let more = format!(" … {} bytes more", line.len() - shown.len());
        return vec![Span::new(Tone::Plain, shown), Span::new(Tone::Muted, more)];
    }
    let words = words(line);
    let args = split_args(line.as_bytes()).unwrap_or_default();
    let mut spans = Vec::new();
    let mut end = 0;
    for (index, word) in words.iter().enumerate() {
        spans.push(Span::new(Tone::Plain, &line[end..word.start]));
        let tone = if index == 0 { Tone::Command } else { Tone::Plain };
        let mut span = Span::new(tone, &line[word.clone()]);
        if args.len() == words.len() && keys(index) {
            span.key = Some(Rc::from(args[index].as_slice()));
        }
        spans.push(span);
        end = word.end;
    }
    spans.push(Span::new(Tone::Plain, &line[end..]));
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// So many bytes of text, or a few less where that would cut a character.
pub fn first_bytes(text: &str, count: usize) -> &str {
    let mut end = text.len().min(count);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Where the words of a line are, quotes included.
pub fn words(line: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (at, char) in line.char_indices() {
        match (quote, char) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                quote = Some(char);
                start.get_or_insert(at);
            }
            (None, _) if char.is_ascii_whitespace() => {
                words.extend(start.take().map(|start| start..at));
            }
            (None, _) => {
                start.get_or_insert(at);
            }
        }
    }
    words.extend(start.map(|start| start..line.len()));
    words
}

/// The tone and length of the first token of printed replies.
fn next_token(text: &str) -> (Tone, usize) {
    let until = |end: char| text.find(end).unwrap_or(text.len());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.starts_with([' ', '\n']) {
        (Tone::Plain, text.len() - text.trim_start_matches([' ', '\n']).len())
    } else if text.starts_with('"') {
        (Tone::Text, quoted_len(text))
    } else if text.starts_with("(error)") {
        (Tone::Error, until('\n'))
    } else if ["(integer) ", "(double) "].iter().any(|word| text.starts_with(word)) {
        (Tone::Muted, until(')') + 1)
    } else if text.starts_with("(nil)") || text.starts_with("(empty ") {
        (Tone::Nil, until(')') + 1)
    } else if text.starts_with("(true)") || text.starts_with("(false)") {
        (Tone::Number, until(')') + 1)
    } else if digits > 0
        && matches!(text.as_bytes().get(digits..digits + 2), Some([b')' | b'~' | b'#', b' ']))
    {
        (Tone::Muted, digits + 1)
    } else if text.starts_with("=> ") {
        (Tone::Muted, 2)
    } else if digits > 0 || text.starts_with('-') {
        (Tone::Number, until('\n'))
    } else {
        (Tone::Status, until('\n'))
    }
}

/// The length of a quoted string at the start of text.
fn quoted_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES_MAX, Tone, command, prose, reply, words};

    fn tones(text: &str) -> Vec<(Tone, &str)> {
        let spans = reply(text, false);
        assert_eq!(spans.iter().map(|span| span.text.as_str()).collect::<String>(), text);
        let mut at = 0;
        let cut = spans.iter().map(|span| {
            at += span.text.len();
            (span.tone, &text[at - span.text.len()..at])
        });
        cut.filter(|(_, text)| !text.trim().is_empty()).collect()
    }

    #[test]
    fn replies_are_coloured_by_type() {
        assert_eq!(
            tones("1) \"a \\\" 1) b\"\n2) 1) (integer) -7\n   2) (nil)\n3) OK"),
            [
                (Tone::Muted, "1)"),
                (Tone::Text, "\"a \\\" 1) b\""),
                (Tone::Muted, "2)"),
                (Tone::Muted, "1)"),
                (Tone::Muted, "(integer)"),
                (Tone::Number, "-7"),
                (Tone::Muted, "2)"),
                (Tone::Nil, "(nil)"),
                (Tone::Muted, "3)"),
                (Tone::Status, "OK"),
            ]
        );
        assert_eq!(tones("(error) ERR no 1) here"), [(Tone::Error, "(error) ERR no 1) here")]);
        assert_eq!(tones("1# \"k\" => (double) 1.5")[2], (Tone::Muted, "=>"));
    }

    #[test]
    fn strings_may_name_keys() {
        let spans = reply(r#"1) "a\x00b""#, true);
        let key = spans.iter().find_map(|span| span.key.as_deref());
        assert_eq!(key, Some(&b"a\0b"[..]));
    }

    #[test]
    fn keys_of_a_typed_line_are_its_arguments() {
        let spans = command(r#"SET "my key" 1"#, |index| index == 1);
        assert_eq!(spans[0].tone, Tone::Command);
        assert_eq!(spans[2].key.as_deref(), Some(&b"my key"[..]));
        assert_eq!(spans.iter().filter(|span| span.key.is_some()).count(), 1);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "é".repeat(LINE_BYTES_MAX);
        let spans = command(&format!("x{line}"), |_| false);
        assert_eq!(spans[0].text.len(), LINE_BYTES_MAX - 1);
        assert_eq!(spans[1].text, format!(" … {} bytes more", LINE_BYTES_MAX + 2));
    }

    #[test]
    fn words_keep_their_quotes() {
        let line = r#"  a "b \" c" 'd'  "#;
        let found: Vec<&str> = words(line).into_iter().map(|word| &line[word]).collect();
        assert_eq!(found, ["a", r#""b \" c""#, "'d'"]);
    }

    #[test]
    fn prose_has_headings() {
        let spans = prose("# Server\r\nport:1\r\n");
        assert_eq!((spans[0].tone, spans[1].text.as_str()), (Tone::Heading, "port:1\n"));
    }
}
