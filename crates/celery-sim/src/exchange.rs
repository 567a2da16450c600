//! Exchanges of the user's: how kombu delivers a message that is no task by its routing key.
//!
//! A topic exchange has a table of binding keys and queues in Redis, which whoever publishes reads;
//! a fanout exchange is a channel, and who does not listen hears nothing.

use crate::keys::Keys;
use serde::{Deserialize, Serialize};

/// A kind of exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeType {
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
