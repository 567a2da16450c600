//! What the page remembers of Celery: the picture as it was told last, the feed, and what
//! somebody looks at.

use super::picture::{Detail, Line, Picture, TokenId, Weight};
use super::{Request, Update};
use std::collections::VecDeque;

/// How many lines the feed keeps.
const LINES_MAX: usize = 200;

/// What the page remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub picture: Picture,
    /// The latest first.
    lines: VecDeque<Line>,
    /// Whether housekeeping is shown too.
    pub all_commands: bool,
    /// The line whose command is shown in full.
    pub open_line: Option<u32>,
    /// The message that is looked at.
    pub selected: Option<TokenId>,
    pub detail: Option<Detail>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The simulation told something.
    Told(Update),
    /// Somebody asks something of the simulation.
    Ask(Request),
    /// Somebody looks at a message, or at none.
    Select(Option<TokenId>),
    /// Somebody wants a line in full, or no longer.
    OpenLine(u32),
    /// Somebody wants housekeeping shown, or no longer.
    ToggleAll,
}

/// What has to be done then.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send(Request),
}

impl State {
    /// Lets something happen.
    pub fn apply(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Told(update) => self.told(update),
            Action::Ask(request) => return vec![Effect::Send(request)],
            Action::Select(token) => {
                self.selected = token;
                self.detail = None;
                return vec![Effect::Send(Request::Open(token))];
            }
            Action::OpenLine(number) => {
                self.open_line = (self.open_line != Some(number)).then_some(number);
            }
            Action::ToggleAll => self.all_commands = !self.all_commands,
        }
        Vec::new()
    }

    /// The lines to show, the latest first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let shown = |line: &&Line| self.all_commands || line.weight == Weight::Message;
        self.lines.iter().filter(shown)
    }

    /// Forgets the feed: another moment is shown.
    pub fn forget_feed(&mut self) {
        self.lines.clear();
        self.open_line = None;
    }

    fn told(&mut self, update: Update) {
        match update {
            Update::Picture(picture) => self.picture = *picture,
            Update::Lines(lines) => {
                for line in lines {
                    match self.lines.iter_mut().find(|known| known.number == line.number) {
                        Some(known) => *known = line,
                        None => self.lines.push_front(line),
                    }
                }
                self.forget_lines();
            }
            Update::Detail(detail) => {
                let wanted = detail.filter(|detail| Some(detail.token.id) == self.selected);
                self.detail = wanted.map(|detail| *detail);
            }
        }
    }

    /// Forgets the oldest lines, those of housekeeping first: they come in floods.
    fn forget_lines(&mut self) {
        for weight in [Weight::Housekeeping, Weight::Message] {
            let kept = |line: &&Line| line.weight == weight;
            let surplus = self.lines.iter().filter(kept).count().saturating_sub(LINES_MAX);
            for _ in 0..surplus {
                if let Some(oldest) = self.lines.iter().rposition(|line| line.weight == weight) {
                    self.lines.remove(oldest);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::celery::picture::Token;

    fn line(number: u32, weight: Weight) -> Line {
        Line {
            number,
            at: 0.0,
            who: "w1".to_owned(),
            role: "channel".to_owned(),
            db: 0,
            text: format!("ECHO {number}"),
            token: None,
            weight,
            in_multi: false,
            times: 1,
        }
    }

    #[test]
    fn the_latest_line_is_first_and_one_that_repeats_is_replaced() {
        let mut state = State::default();
        let told = vec![line(1, Weight::Message), line(2, Weight::Message)];
        state.apply(Action::Told(Update::Lines(told)));
        let again = Line { times: 7, ..line(1, Weight::Message) };
        state.apply(Action::Told(Update::Lines(vec![again])));
        let shown: Vec<_> = state.lines().map(|line| (line.number, line.times)).collect();
        assert_eq!(shown, [(2, 1), (1, 7)]);
    }

    #[test]
    fn housekeeping_is_shown_on_request_and_pushes_no_message_out() {
        let mut state = State::default();
        state.apply(Action::Told(Update::Lines(vec![line(1, Weight::Message)])));
        let flood = (2..1_000).map(|number| line(number, Weight::Housekeeping)).collect();
        state.apply(Action::Told(Update::Lines(flood)));
        assert_eq!(state.lines().count(), 1);
        state.apply(Action::ToggleAll);
        assert_eq!(state.lines().count(), LINES_MAX + 1);
        assert_eq!(state.lines().next().map(|line| line.number), Some(999));
    }

    #[test]
    fn a_message_is_shown_only_while_it_is_looked_at() {
        let mut state = State::default();
        let effects = state.apply(Action::Select(Some(3)));
        assert_eq!(effects, [Effect::Send(Request::Open(Some(3)))]);
        let token = Token { id: 3, label: "add(2, 3)".to_owned(), redelivered: false };
        let detail = Detail {
            token,
            task_id: String::new(),
            headers: Vec::new(),
            properties: Vec::new(),
            body: Vec::new(),
            raw: String::new(),
            result: None,
        };
        let told = Action::Told(Update::Detail(Some(Box::new(detail))));
        state.apply(told.clone());
        assert!(state.detail.is_some());
        state.apply(Action::Select(None));
        state.apply(told);
        assert_eq!(state.detail, None);
    }
}
