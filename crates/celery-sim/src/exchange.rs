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
pub(crate) fn matches(binding_key: &str, routing_key: &str) -> bool {
    let words: Vec<&str> = binding_key.split('.').collect();
    match_words(&words, routing_key)
}

fn match_words(words: &[&str], text: &str) -> bool {
    let Some((word, rest)) = words.split_first() else {
        return false;
    };
    let goes_on = |after: &str| match rest {
        [] => after.is_empty(),
        rest => after.strip_prefix('.').is_some_and(|after| match_words(rest, after)),
    };
    match *word {
        "*" => {
            let end = text.find('.').unwrap_or(text.len());
            end > 0 && goes_on(&text[end..])
        }
        "#" => {
            let ends = text.match_indices('.').map(|(at, _)| at).chain([text.len()]);
            goes_on(text) || ends.into_iter().any(|end| goes_on(&text[end..]))
        }
        word => text.strip_prefix(word).is_some_and(goes_on),
    }
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
        ];
        for (binding_key, routing_key, expected) in cases {
            assert_eq!(matches(binding_key, routing_key), expected, "{binding_key} {routing_key}");
        }
    }
}
