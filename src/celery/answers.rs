//! What the checks of a scenario answered, in a word or a number. What the server said, as
//! `redis-cli` shows it, is for whoever looks closer.

use super::lab::ScenarioState;
use celery_sim::scenario::{Check, Outcome};

/// A question that the two sides answer differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The number of its step, from one.
    pub step: usize,
    pub says: &'static str,
    pub one: String,
    pub other: String,
}

/// The latest one, where a step has made a difference.
pub fn latest_difference(state: &ScenarioState) -> Option<Difference> {
    let steps = state.scenario()?.steps;
    let over = steps.iter().zip(&state.outcomes).enumerate();
    over.rev().find_map(|(at, (step, (one, other)))| {
        let checks = step.checks.iter().zip(one.iter().zip(other));
        checks.rev().find_map(|(check, (one, other))| {
            let (one, other) = (answer(check, one), answer(check, other));
            (one != other).then_some(Difference { step: at + 1, says: check.says, one, other })
        })
    })
}

/// The answer to a check: yes or no where that was asked, or the number, or what was replied.
pub fn answer(check: &Check, outcome: &Outcome) -> String {
    let asks = check.says.ends_with('?');
    match number(&outcome.reply) {
        Some(number) if asks && !check.says.starts_with("How ") => {
            if number == 0 { "no" } else { "yes" }.to_owned()
        }
        Some(number) => number.to_string(),
        None => outcome.reply.clone(),
    }
}

/// The number in an integer reply, or in a line of `INFO`; a line that is missing counts nothing.
fn number(reply: &str) -> Option<i64> {
    if let Some(number) = reply.strip_prefix("(integer) ") {
        return number.parse().ok();
    }
    if reply.starts_with("(no ") {
        return Some(0);
    }
    let (_, value) = reply.split_once(':')?;
    let value = value.strip_prefix("calls=").unwrap_or(value);
    value.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use celery_sim::scenario::Expect;

    fn answered(says: &'static str, reply: &str) -> String {
        let check = Check { says, db: 0, command: &[], one: Expect::Is(0), other: Expect::Is(0) };
        let (command, reply) = (String::new(), reply.to_owned());
        answer(&check, &Outcome { holds: true, command, reply })
    }

    #[test]
    fn an_answer_is_a_word_or_a_number() {
        assert_eq!(answered("Is there a result?", "(integer) 1"), "yes");
        assert_eq!(answered("Was a message put back?", "(no cmdstat_rpush)"), "no");
        assert_eq!(answered("How often was it delivered?", "cmdstat_hset:calls=2,usec=0"), "2");
        assert_eq!(answered("It waits in BRPOP", "blocked_clients:1"), "1");
        assert_eq!(answered("The list is empty", "(integer) 0"), "0");
        assert_eq!(answered("The sum is there", "…\"result\": 20…"), "…\"result\": 20…");
    }

    #[test]
    fn the_latest_difference_is_what_both_sides_answered_last_and_not_alike() {
        let outcome = |number| Outcome {
            holds: true,
            command: String::new(),
            reply: format!("(integer) {number}"),
        };
        let mut state = ScenarioState {
            name: "killed".to_owned(),
            begun: 2,
            due: None,
            outcomes: vec![(vec![outcome(1)], vec![outcome(1)])],
        };
        assert_eq!(latest_difference(&state), None);
        let (one, other) = (vec![outcome(0), outcome(0)], vec![outcome(1), outcome(0)]);
        state.outcomes.push((one, other));
        let difference = latest_difference(&state);
        let told = difference.map(|it| (it.step, it.one, it.other));
        assert_eq!(told, Some((2, "no".to_owned(), "yes".to_owned())));
    }
}
