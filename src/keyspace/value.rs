//! A value, by its type: text, bytes or JSON; rows with indices, fields or scores.

use crate::backend::{ClockState, HashField, KeyValue, StreamGroup};
use crate::design::{Remaining, units};
use serde_bytes::ByteBuf;
use std::fmt::Write;
use web_sys::MouseEvent;
use yew::prelude::*;

/// What a value needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub value: KeyValue,
    /// How long it is, shown or not.
    pub size: u64,
    pub clock: ClockState,
    pub on_more: Callback<()>,
}

/// A value.
#[function_component]
pub fn Value(props: &Props) -> Html {
    let (shown, body) = match &props.value {
        KeyValue::String(bytes) => (
            bytes.len(),
            html! { <Text bytes={bytes.clone()} whole={bytes.len() as u64 == props.size} /> },
        ),
        KeyValue::List(items) => (items.len(), list(items, props.size)),
        KeyValue::Set(members) => {
            let rows = members.iter().map(|member| row(&[], member));
            (members.len(), table(&["member"], rows))
        }
        KeyValue::Hash(fields) => {
            let rows = fields.iter().map(|field| hash_field(field, props.clock));
            (fields.len(), table(&["field", "value"], rows))
        }
        KeyValue::SortedSet(members) => {
            let ranked = members.iter().enumerate();
            let rows = ranked
                .map(|(rank, (member, score))| row(&[rank.to_string(), score.clone()], member));
            (members.len(), table(&["rank", "score", "member"], rows))
        }
        KeyValue::Stream { entries, groups } => {
            let rows = entries.iter().map(|(id, fields)| stream_entry(id, fields));
            let entries_table = table(&["id", "fields"], rows);
            (entries.len(), html! { <>{ stream_groups(groups) }{ entries_table }</> })
        }
        KeyValue::Array(elements) => {
            let rows =
                elements.iter().map(|(index, element)| row(std::slice::from_ref(index), element));
            (elements.len(), table(&["index", "element"], rows))
        }
        KeyValue::Unreadable(text) => {
            (props.size as usize, html! { <p class="stage-note">{ text }</p> })
        }
    };
    let hidden = props.size.saturating_sub(shown as u64);
    html! {
        <section class="value" aria-label="Value">
            { body }
            if hidden > 0 {
                <button
                    type="button" class="more"
                    onclick={props.on_more.reform(|_: MouseEvent| ())}
                >
                    { format!("{} more", units::count(hidden)) }
                </button>
            }
        </section>
    }
}

fn list(items: &[ByteBuf], size: u64) -> Html {
    let rows = items.iter().enumerate().map(|(index, item)| {
        let from_tail = index as i64 - size as i64;
        row(&[index.to_string(), from_tail.to_string()], item)
    });
    table(&["head", "tail", "element"], rows)
}

fn table(names: &[&'static str], rows: impl Iterator<Item = Html>) -> Html {
    html! {
        <table class="elements">
            <thead><tr>{ for names.iter().map(|name| html! { <th scope="col">{ *name }</th> }) }</tr></thead>
            <tbody>{ for rows }</tbody>
        </table>
    }
}

fn row(before: &[String], value: &[u8]) -> Html {
    html! {
        <tr>
            { for before.iter().map(|cell| html! { <td class="elements-index">{ cell }</td> }) }
            <td>{ units::text(value) }</td>
        </tr>
    }
}

fn hash_field(field: &HashField, clock: ClockState) -> Html {
    html! {
        <tr>
            <td class="elements-index">{ units::text(&field.name) }</td>
            <td>
                { units::text(&field.value) }
                if let Some(until) = field.until {
                    <span class="row-life" title="This field expires"><Remaining {until} {clock} /></span>
                }
            </td>
        </tr>
    }
}

fn stream_groups(groups: &[StreamGroup]) -> Html {
    if groups.is_empty() {
        return html! {};
    }
    let rows = groups.iter().map(|group| {
        let name = units::text(&group.name);
        let figures = [&name, &group.consumers, &group.pending, &group.lag].map(String::clone);
        row(&figures, group.last_delivered_id.as_bytes())
    });
    table(&["group", "consumers", "pending", "lag", "last delivered"], rows)
}

fn stream_entry(id: &str, fields: &[(ByteBuf, ByteBuf)]) -> Html {
    html! {
        <tr>
            <td class="elements-index">{ id }</td>
            <td>
                { for fields.iter().map(|(name, value)| html! {
                    <div><span class="entry-field">{ units::text(name) }{ " " }</span>{ units::text(value) }</div>
                }) }
            </td>
        </tr>
    }
}

/// A way to look at a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Text,
    Json,
    Hex,
}

#[derive(PartialEq, Properties)]
struct TextProps {
    bytes: ByteBuf,
    /// Whether nothing is cut off.
    whole: bool,
}

#[function_component]
fn Text(props: &TextProps) -> Html {
    let chosen = use_state(|| None);
    let text = std::str::from_utf8(&props.bytes).ok();
    let json = text.filter(|_| props.whole).and_then(indent_json);
    let natural = match (&json, text) {
        (Some(_), _) => Look::Json,
        (None, Some(_)) => Look::Text,
        // A cut may go through a character; what is no text at all is shown in bytes.
        (None, None) if props.whole => Look::Hex,
        (None, None) => Look::Text,
    };
    let look = (*chosen).filter(|look| *look != Look::Json || json.is_some()).unwrap_or(natural);
    let looks = [(Look::Text, "text"), (Look::Json, "JSON"), (Look::Hex, "hex")];
    let looks = looks.into_iter().filter(|(look, _)| *look != Look::Json || json.is_some());
    let shown = match look {
        Look::Text => String::from_utf8_lossy(&props.bytes).into_owned(),
        Look::Json => json.clone().unwrap_or_default(),
        Look::Hex => hex(&props.bytes),
    };
    html! {
        <>
            <div class="looks" role="group" aria-label="Show as">
                { for looks.map(|(other, name)| {
                    let chosen = chosen.clone();
                    html! {
                        <button
                            type="button" class="look" aria-pressed={(look == other).to_string()}
                            onclick={move |_: MouseEvent| chosen.set(Some(other))}
                        >{ name }</button>
                    }
                }) }
            </div>
            <pre class={classes!("text", (look == Look::Hex).then_some("text-hex"))}>{ shown }</pre>
        </>
    }
}

/// Bytes in rows of sixteen: where they are, what they are, and what they read as.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let mut digits = String::new();
        for (index, byte) in chunk.iter().enumerate() {
            let gap = if index == 8 { "  " } else { " " };
            write!(digits, "{gap}{byte:02x}").expect("writing to a String cannot fail");
        }
        let plain = chunk.iter().map(|&byte| {
            if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '·' }
        });
        let plain: String = plain.collect();
        writeln!(text, "{:08x} {digits:<49}  {plain}", row * 16)
            .expect("writing to a String cannot fail");
    }
    text
}

/// Indents an object or array; `None` where the text is neither. Every token stays as it is.
fn indent_json(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut open = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => copy_string(&mut chars, &mut out)?,
            '{' | '[' => {
                out.push(char);
                let close = if char == '{' { '}' } else { ']' };
                while chars.next_if(|char| char.is_whitespace()).is_some() {}
                if chars.next_if_eq(&close).is_some() {
                    out.push(close);
                } else {
                    open.push(close);
                    new_line(&mut out, open.len());
                }
            }
            '}' | ']' => {
                if open.pop() != Some(char) {
                    return None;
                }
                new_line(&mut out, open.len());
                out.push(char);
            }
            ',' if open.is_empty() => return None,
            ',' => {
                out.push(',');
                new_line(&mut out, open.len());
            }
            ':' => out.push_str(": "),
            _ if char.is_whitespace() => {}
            _ if char.is_ascii_alphanumeric() || "+-.".contains(char) => out.push(char),
            _ => return None,
        }
    }
    open.is_empty().then_some(out)
}

fn copy_string(chars: &mut impl Iterator<Item = char>, out: &mut String) -> Option<()> {
    out.push('"');
    loop {
        let char = chars.next()?;
        out.push(char);
        match char {
            '"' => return Some(()),
            '\\' => out.push(chars.next()?),
            _ => {}
        }
    }
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::{hex, indent_json};

    #[test]
    fn json_is_indented_and_otherwise_untouched() {
        assert_eq!(
            indent_json(r#"{"a":[1, 12345678901234567890],"b":{},"c":"x,{\""}"#).as_deref(),
            Some(
                "{\n  \"a\": [\n    1,\n    12345678901234567890\n  ],\n  \"b\": {},\n  \"c\": \"x,{\\\"\"\n}"
            )
        );
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        for text in ["hello", "{\"a\":1", "[1}", "{\"open", "[a b!]", "{}}", "12"] {
            assert_eq!(indent_json(text), None, "{text}");
        }
    }

    #[test]
    fn hex_shows_where_what_and_text() {
        assert_eq!(
            hex(b"Hello, world!\x00\xff more"),
            "00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 00 ff 20  Hello, world!·· \n\
             00000010  6d 6f 72 65                                       more\n"
        );
    }
}
