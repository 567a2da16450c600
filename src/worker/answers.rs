//! What workers answered to remote control, as the page is told.

use crate::celery::lab::{Answer, Reply, Update};
use celery_sim::{ActorId, Simulation, python};
use serde_json::Value;

/// How many calls are told.
const TOLD_MAX: usize = 8;
/// How many characters of Python stand in a line.
const WIDTH: usize = 72;
/// How many characters of a call and of a reply are told.
const CALL_MAX: usize = 200;
const REPLY_MAX: usize = 20_000;

/// How much was told: of each call, how many replies there were and whether it was over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known(Vec<(ActorId, usize, bool)>);

impl Known {
    /// What there is to tell that was not told.
    pub fn take_news(&mut self, simulation: &Simulation) -> Option<Update> {
        let answers = || simulation.answers().rev().take(TOLD_MAX);
        let known: Vec<_> =
            answers().map(|(id, answer)| (id, answer.replies.len(), answer.waits)).collect();
        if known == self.0 {
            return None;
        }
        self.0 = known;
        let answer = |(id, answer): (ActorId, celery_sim::Answer<'_>)| Answer {
            number: id.0,
            call: cut(answer.call.title(), CALL_MAX),
            wants: answer.call.reply,
            waits: answer.waits,
            error: answer.error.map(str::to_owned),
            replies: answer.replies.iter().map(reply).collect(),
        };
        Some(Update::Answers(answers().map(answer).collect()))
    }
}

fn cut(mut text: String, max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn reply((worker, says): (&String, &Value)) -> Reply {
    let text = cut(python::pretty(says, WIDTH), REPLY_MAX);
    let is_error =
        says.as_object().is_some_and(|says| says.len() == 1 && says.contains_key("error"));
    Reply { worker: worker.clone(), says: text, is_error }
}
