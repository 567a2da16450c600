//! The feed as it grows: each command a line, those that repeat counted.

use super::tokens::shown;
use crate::celery::picture::Line;
use crate::design::units;
use celery_sim::Role;

/// How much of a command's text goes to the feed.
const TEXT_MAX: usize = 2_000;

/// The feed as it grows.
#[derive(Debug, Default)]
pub(super) struct Feed {
    fresh: Vec<Line>,
    last: Option<(u64, Line)>,
    count: u32,
    /// The client whose EXEC ran last, and when: what follows from it at once ran in it, as its
    /// next command waits for the reply.
    executing: Option<(u64, f64)>,
}

impl Feed {
    pub fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Takes the lines that are new or have changed.
    pub fn take(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.fresh)
    }

    pub fn add(&mut self, client: u64, mut line: Line) {
        line.in_multi = self.executing == Some((client, line.at));
        if line.text == "EXEC" {
            self.executing = Some((client, line.at));
        } else if !line.in_multi {
            self.executing = None;
        }
        match &mut self.last {
            Some((last_client, last)) if *last_client == client && last.text == line.text => {
                last.times += 1;
                last.at = line.at;
                let again = last.clone();
                self.fresh.retain(|line| line.number != again.number);
                self.fresh.push(again);
                return;
            }
            _ => {}
        }
        self.count += 1;
        line.number = self.count;
        self.fresh.push(line.clone());
        self.last = Some((client, line));
    }
}

/// A command as one would type it, cut where it is long.
pub(super) fn typed(args: &[Vec<u8>]) -> String {
    let words: Vec<String> = args.iter().map(|arg| units::argument(arg)).collect();
    shown(words.join(" ").as_bytes(), TEXT_MAX)
}

/// What a connection is for, in words.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Broker => "broker",
        Role::Channel => "channel",
        Role::Consumer => "consumer",
        Role::Pidbox => "remote control",
        Role::PidboxChannel => "remote control queue",
        Role::Shutdown => "shutdown",
        Role::Results => "results",
        Role::ResultListener => "result listener",
    }
}
