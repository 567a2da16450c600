//! Exchanges: how kombu delivers a message by its routing key.
//!
//! A direct or topic exchange has a table of binding keys and queues in Redis, which whoever
//! publishes reads; a fanout exchange is a channel, and who does not listen hears nothing. What
//! kind an exchange is of is known to those alone who declared it; others take it for a direct one.

use crate::connection::Command;
use crate::keys::Keys;
use keyspace_resp::Value;
use serde::{Deserialize, Serialize};

/// A kind of exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeType {
    /// To the queues whose binding key is the routing key.
    Direct,
    /// To the queues whose binding key matches: `*` is a word, `#` any words.
    Topic,
    /// To all who listen.
    Fanout,
}

/// A message to an exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// The exchange's name.
    pub exchange: String,
    /// The exchange's kind.
    pub kind: ExchangeType,
    /// The message's routing key.
    pub routing_key: String,
    /// The message's body.
    #[serde(with = "crate::json_text")]
    pub body: serde_json::Value,
    /// Queues of a topic exchange that are declared before: binding key and name.
    pub queues: Vec<(String, String)>,
}

/// The exchanges that a process declared and that are not direct ones, as which it takes all others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared(Vec<(String, ExchangeType)>);

impl Declared {
    /// Notes that an exchange was declared.
    pub fn insert(&mut self, exchange: &str, kind: ExchangeType) {
        self.0.retain(|(known, _)| known != exchange);
        if kind != ExchangeType::Direct {
            self.0.push((exchange.to_owned(), kind));
        }
    }

    /// What it takes an exchange for.
    pub fn kind_of(&self, exchange: &str) -> ExchangeType {
        let known = self.0.iter().find(|(known, _)| known == exchange);
        known.map_or(ExchangeType::Direct, |(_, kind)| *kind)
    }
}

/// A message whose queues are found in the table of an exchange.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub keys: Keys,
    pub kind: ExchangeType,
    pub routing_key: String,
    pub priority: u8,
    pub message: Vec<u8>,
}

impl Delivery {
    /// What pushes it to every queue that it is for, by the members of the table.
    pub fn pushes(&self, members: Option<&Value>, push: &str) -> Vec<Command> {
        let members = match members {
            Some(Value::Array(members) | Value::Set(members)) => members.as_slice(),
            _ => &[],
        };
        let command = |member: &Value| {
            let member = String::from_utf8_lossy(member.as_bytes()?);
            let (binding_key, queue) = self.keys.parts_of_member(&member)?;
            let is_for = match self.kind {
                ExchangeType::Direct => binding_key == self.routing_key,
                ExchangeType::Topic => matches(binding_key, &self.routing_key),
                ExchangeType::Fanout => true,
            };
            let list = self.keys.list(queue, self.priority);
            is_for.then(|| Command::new(push).arg(list).arg(&self.message))
        };
        members.iter().filter_map(command).collect()
    }
}

/// The member of a topic exchange's table for a queue.
pub(crate) fn topic_member(keys: &Keys, binding_key: &str, queue: &str) -> String {
    keys.pattern_member(binding_key, &pattern(binding_key), queue)
}

/// The regular expression of a binding key, as kombu writes it.
fn pattern(binding_key: &str) -> String {
    let words = binding_key.split('.').map(|word| match word {
        "*" => r"[^\.]+",
        "#" => ".*?",
        word => word,
    });
    format!("^{}$", words.collect::<Vec<_>>().join(r"\."))
}

/// Whether a binding key matches a routing key, as that regular expression does.
///
/// A `#` takes one word, and one more whenever what follows it does not match; once a later `#` is
/// reached, what the earlier ones took need not be tried again.
pub(crate) fn matches(binding_key: &str, routing_key: &str) -> bool {
    let pattern: Vec<&str> = binding_key.split('.').collect();
    let words: Vec<&str> = routing_key.split('.').collect();
    let (mut at, mut next) = (0, 0);
    // Behind the last `#`, in the pattern and among the words.
    let mut behind: Option<(usize, usize)> = None;
    while next < words.len() {
        let (is_any, is_one) = match pattern.get(at) {
            Some(&"#") => (true, true),
            Some(&"*") => (false, !words[next].is_empty()),
            Some(word) => (false, *word == words[next]),
            None => (false, false),
        };
        if is_one {
            (at, next) = (at + 1, next + 1);
            behind = if is_any { Some((at, next)) } else { behind };
        } else if let Some((after, taken)) = behind {
            (at, next) = (after, taken + 1);
            behind = Some((after, next));
        } else {
            return false;
        }
    }
    at == pattern.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binding_keys_are_written_and_matched_as_kombu_does() {
        assert_eq!(pattern("eu.#"), r"^eu\..*?$");
        assert_eq!(pattern("us.*"), r"^us\.[^\.]+$");
        let cases = [
            ("eu.#", "eu.se", true),
            ("eu.#", "eu.se.north", true),
            ("eu.#", "eu", false),
            ("us.*", "us.ny", true),
            ("us.*", "us.ny.city", false),
            ("*.se", "eu.se", true),
            ("#", "any.thing", true),
            ("#.se", "a.b.se", true),
            ("eu.se", "eu.no", false),
            ("eu.#", "eu.", true),
            ("us.*", "us.", false),
            ("#.b.#.d", "a.b.b.c.d", true),
            ("#.b.*.d", "a.b.b.c.d", true),
            ("#.b.#.d", "a.b.d", false),
            ("#.#", "a", false),
            ("", "", true),
            ("#", "", true),
        ];
        for (binding_key, routing_key, expected) in cases {
            assert_eq!(matches(binding_key, routing_key), expected, "{binding_key} {routing_key}");
        }
    }

    #[test]
    fn a_binding_key_of_many_hashes_is_matched_without_trying_all_ways() {
        let binding_key = format!("{}.end", vec!["#"; 30].join("."));
        let words = vec!["a"; 200].join(".");
        assert!(matches(&binding_key, &format!("{words}.end")));
        assert!(!matches(&binding_key, &words));
    }
}
