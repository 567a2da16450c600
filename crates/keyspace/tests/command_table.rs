//! The command table says what Redis's own says. `facts/commands.json` has Redis's facts.

use keyspace::command::syntax::{self, Argument, Kind};
use keyspace::command::{self, Begin, CommandSpec, Find, KeySpec};
use serde_json::{Value, json};
use std::fmt::Debug;

const FACTS: &str = include_str!("facts/commands.json");

/// Every row, those of subcommands included, with Redis's facts of it.
fn rows() -> Vec<(&'static CommandSpec, Value)> {
    let facts = facts();
    let all = command::all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands()));
    all.map(|spec| {
        let name = spec.name.replace('|', " ").to_ascii_uppercase();
        let fact = facts.iter().find(|fact| fact["name"] == name.as_str());
        (spec, fact.unwrap_or_else(|| panic!("Redis has no {name}")).clone())
    })
    .collect()
}

#[test]
fn every_row_has_the_facts_of_redis() {
    for (spec, fact) in rows() {
        let name = spec.name;
        assert_eq!(spec.since, fact["since"], "since of {name}");
        assert_eq!(spec.arity, fact["arity"], "arity of {name}");
        assert_eq!(spec.deprecated_since, fact["deprecated_since"].as_str().unwrap_or_default());
        assert_eq!(squeeze(&debug(spec.group)), squeeze(text(&fact["group"])), "group of {name}");
        assert_eq!(words(spec.flags), facts_of(&fact["flags"]), "flags of {name}");
        assert_eq!(words(spec.acl), facts_of(&fact["acl_categories"]), "categories of {name}");
        let keys: Vec<Value> = spec.keys.iter().map(key_spec).collect();
        let wanted = fact["key_specs"].as_array().cloned().unwrap_or_default();
        assert_eq!(keys, wanted, "keys of {name}");
    }
}

#[test]
fn the_table_has_every_command_of_redis() {
    let has: Vec<String> = rows().iter().map(|(_, fact)| text(&fact["name"]).to_owned()).collect();
    let facts = facts();
    let lacking = facts
        .iter()
        .map(|fact| text(&fact["name"]))
        .filter(|name| !has.iter().any(|one| one == name));
    assert_eq!(lacking.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn every_row_describes_itself() {
    for (spec, _) in rows() {
        let name = spec.name.replace('|', " ").to_ascii_uppercase();
        assert!(spec.summary.ends_with('.'), "summary of {name}");
        assert!(spec.syntax.starts_with(&name), "syntax of {name}");
        assert!(spec.subcommands().is_empty() || spec.keys.is_empty(), "keys of {name}");
    }
}

#[test]
fn every_syntax_has_the_arguments_of_redis() {
    let mut differences = Vec::new();
    for (spec, fact) in rows() {
        let ours: Vec<String> = syntax::arguments(spec).iter().map(write_ours).collect();
        let wanted = fact["arguments"].as_array().map(Vec::as_slice).unwrap_or_default();
        let wanted: Vec<String> = wanted.iter().map(write_fact).collect();
        let (ours, wanted) = (ours.join(" "), wanted.join(" "));
        if ours != wanted {
            differences.push(format!("{}\n   ours: {ours}\n  Redis: {wanted}", spec.name));
        }
    }
    assert!(differences.is_empty(), "arguments differ:\n{}", differences.join("\n"));
}

fn facts() -> Vec<Value> {
    serde_json::from_str(FACTS).expect("the facts are JSON")
}

fn debug(value: impl Debug) -> String {
    format!("{value:?}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A name without what our spelling and Redis's differ in.
fn squeeze(name: &str) -> String {
    name.replace(['-', '_'], "").to_ascii_lowercase()
}

fn words(names: &[impl Debug]) -> Vec<String> {
    let mut words: Vec<String> = names.iter().map(|name| squeeze(&debug(name))).collect();
    words.sort();
    words
}

fn facts_of(names: &Value) -> Vec<String> {
    let names = names.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut words: Vec<String> = names.iter().map(|name| squeeze(text(name))).collect();
    words.sort();
    words
}

/// A key specification as the facts have it.
fn key_spec(spec: &KeySpec) -> Value {
    let begin = match spec.begin {
        Begin::Index(position) => json!({"index": {"pos": position}}),
        Begin::Keyword { keyword, start_from } => {
            json!({"keyword": {"keyword": keyword, "startfrom": start_from}})
        }
        Begin::Unknown => json!({"unknown": null}),
    };
    let find = match spec.find {
        Find::Range { last, step, limit } => {
            json!({"range": {"lastkey": last, "step": step, "limit": limit}})
        }
        Find::KeyNum { index, first, step } => {
            json!({"keynum": {"keynumidx": index, "firstkey": first, "step": step}})
        }
        Find::Unknown => json!({"unknown": null}),
    };
    let flags: Vec<&str> = spec.flags.iter().map(|flag| flag.name()).collect();
    let flags: Vec<String> = flags.iter().map(|flag| flag.to_ascii_uppercase()).collect();
    json!({"flags": flags, "begin_search": begin, "find_keys": find})
}

/// Writes an argument so that trees that mean the same are the same text: a block that is neither
/// optional nor repeated is its elements, and names of groups and of tokens do not count.
fn write_ours(argument: &Argument) -> String {
    let inner = match &argument.kind {
        Kind::Token => String::new(),
        Kind::Value(kind) => {
            format!("{}:{}", argument.name, kind.name())
        }
        Kind::OneOf(all) => {
            format!("<{}>", all.iter().map(write_ours).collect::<Vec<_>>().join("|"))
        }
        Kind::Block(all) => all.iter().map(write_ours).collect::<Vec<_>>().join(" "),
    };
    let token = argument.token.as_deref().unwrap_or_default();
    decorate(token, &inner, argument.optional, argument.multiple, argument.multiple_token)
}

fn write_fact(argument: &Value) -> String {
    let all = || argument["arguments"].as_array().into_iter().flatten().map(write_fact);
    let inner = match text(&argument["type"]) {
        "pure-token" => String::new(),
        "oneof" => format!("<{}>", all().collect::<Vec<_>>().join("|")),
        "block" => all().collect::<Vec<_>>().join(" "),
        // Redis calls it `old-format`, which tells nothing.
        kind => format!("{}:{kind}", text(&argument["name"]).replace("old-format", "ip:port")),
    };
    let holds = |name: &str| argument[name] == true;
    let token = text(&argument["token"]);
    decorate(token, &inner, holds("optional"), holds("multiple"), holds("multiple_token"))
}

fn decorate(
    token: &str,
    inner: &str,
    optional: bool,
    multiple: bool,
    multiple_token: bool,
) -> String {
    let token = token.to_ascii_uppercase();
    let written = match (multiple, multiple_token) {
        (true, true) => format!("{{{token} {inner}}}"),
        (true, false) => format!("{token} {{{inner}}}"),
        (false, _) => format!("{token} {inner}"),
    };
    let written = written.trim();
    if optional { format!("[{written}]") } else { written.to_owned() }
}
