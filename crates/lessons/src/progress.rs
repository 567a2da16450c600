//! Whether a goal is reached: what has happened since the step began, and what is true now.

use crate::Condition;
use keyspace::Event;
use keyspace_resp::{Value, cli};

/// How far a step is. What happened is remembered; what must be true is asked.
#[derive(Debug, Clone)]
pub struct Progress {
    conditions: Vec<Condition>,
    /// Which of them have been seen to happen.
    seen: Vec<bool>,
}

impl Progress {
    /// A step that begins now.
    pub fn new(conditions: Vec<Condition>) -> Progress {
        Progress { seen: vec![false; conditions.len()], conditions }
    }

    /// Takes note of what happened.
    pub fn see(&mut self, event: &Event) {
        for (condition, seen) in self.conditions.iter().zip(&mut self.seen) {
            *seen |= happens_by(condition, event);
        }
    }

    /// Whether the goal is reached. `ask` sends a command as an observer, in a database.
    pub fn is_reached(&self, mut ask: impl FnMut(u8, &[&[u8]]) -> Value) -> bool {
        self.conditions.iter().zip(&self.seen).all(|(condition, &seen)| match condition {
            Condition::Answers { db, args, reply } => {
                let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
                lines(&cli::format_answer(&args, &ask(*db, &args))).eq(lines(reply))
            }
            _ => seen,
        })
    }
}

/// Lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty())
}

/// Whether an event is what a condition waits for.
fn happens_by(condition: &Condition, event: &Event) -> bool {
    match (condition, event) {
        (Condition::Ran(words), Event::Command { args, .. }) => begins_with(args, words),
        (
            Condition::Happened { event, key },
            Event::KeyChanged { event: name, key: changed, .. },
        ) => event == name && key.as_bytes() == changed,
        (Condition::Happened { event, key }, Event::KeyExpired { key: expired, .. }) => {
            event == "expired" && key.as_bytes() == expired
        }
        (Condition::Waits(key), Event::Blocked { keys, .. }) => {
            keys.iter().any(|other| key.as_bytes() == other)
        }
        (Condition::Served(key), Event::Woken { key: served, .. }) => key.as_bytes() == served,
        (Condition::TimedOut, Event::Unblocked { .. }) => true,
        (Condition::Published(channel), Event::Published { channel: other, .. }) => {
            channel.as_bytes() == other
        }
        _ => false,
    }
}

/// Whether a command begins with these words. The name counts in any case, and so does a second word
/// in capitals, which names a subcommand.
fn begins_with(args: &[Vec<u8>], words: &[String]) -> bool {
    let is_name = |at: usize, word: &str| {
        at == 0 || (at == 1 && word.chars().all(|letter| letter.is_ascii_uppercase()))
    };
    args.len() >= words.len()
        && args.iter().zip(words).enumerate().all(|(at, (arg, word))| {
            if is_name(at, word) {
                arg.eq_ignore_ascii_case(word.as_bytes())
            } else {
                arg == word.as_bytes()
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyspace::{ClientId, DbIndex, UnixMillis};

    fn command(words: &[&str]) -> Event {
        let args = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        Event::Command { at: UnixMillis(0), client: ClientId(1), db: DbIndex(0), args }
    }

    fn ran(words: &[&str]) -> Progress {
        Progress::new(vec![Condition::Ran(words.iter().map(|&word| word.to_owned()).collect())])
    }

    #[test]
    fn a_command_counts_if_it_begins_so() {
        for (words, typed, counts) in [
            (&["SET", "k"][..], &["set", "k", "v"][..], true),
            (&["SET", "k"], &["SET", "K", "v"], false),
            (&["SET", "k"], &["SET"], false),
            (&["CLIENT", "SETNAME"], &["client", "setname", "x"], true),
        ] {
            let mut progress = ran(words);
            progress.see(&command(typed));
            assert_eq!(progress.is_reached(|_, _| Value::Null), counts, "{typed:?}");
        }
    }

    #[test]
    fn all_conditions_must_hold_and_what_happened_stays() {
        let answers = Condition::Answers {
            db: 0,
            args: vec!["GET".into(), "k".into()],
            reply: "\"v\"".into(),
        };
        let mut progress = Progress::new(vec![answers, Condition::Ran(vec!["PING".into()])]);
        let value = |_: u8, _: &[&[u8]]| Value::Bulk(b"v".to_vec());
        assert!(!progress.is_reached(value));
        progress.see(&command(&["PING"]));
        progress.see(&command(&["GET", "k"]));
        assert!(progress.is_reached(value));
        assert!(!progress.is_reached(|_, _| Value::Null));
    }
}
