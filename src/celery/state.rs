//! What the page remembers of Celery: the picture as it was told last, the feed, and what
//! somebody looks at.

use super::flow::Flow;
use super::picture::{Detail, Line, Picture, TokenId, Weight};
use super::tasks::{TaskQuery, TaskState, TaskWindow};
use super::timeline::{Timeline, TimelineQuery};
use super::{Look, Request, Update};
use crate::design::Shared;
use std::collections::VecDeque;

/// How many lines of each weight the feed keeps.
pub const LINES_MAX: usize = 200;
/// How many of them are drawn at first, and how many more on demand.
const LINES: usize = 40;
/// How many rows of the table are told at first, and how many more on demand.
const ROWS: u32 = 50;
/// The stretch of time at first, while the clock runs as real time does, and how often it can be
/// halved and doubled.
const SPAN_MS: f64 = 30_000.0;
/// A stretch of time that is as long as what is played is passed so many times as fast at most.
const HURRY: f64 = 25.0;
const ZOOM: std::ops::RangeInclusive<i32> = -4..=12;

/// What is shown beside the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    #[default]
    Commands,
    Tasks,
}

/// What the page remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub picture: Shared<Picture>,
    pub flow: Shared<Flow>,
    pub timeline: Shared<Timeline>,
    /// The same of the other side of a scenario, while one is played.
    pub other_picture: Shared<Picture>,
    pub other_flow: Shared<Flow>,
    pub other_timeline: Shared<Timeline>,
    /// Whether only one side of a scenario is drawn.
    pub alone: bool,
    pub tasks: Shared<TaskWindow>,
    pub side: Side,
    /// The latest first.
    lines: VecDeque<Shared<Line>>,
    /// How many more are drawn than at first.
    more_lines: usize,
    /// Whether housekeeping is shown too.
    pub all_commands: bool,
    /// Whose commands are shown, if not everybody's.
    pub actor: Option<String>,
    /// The line whose command is shown in full.
    pub open_line: Option<u32>,
    /// The message that is looked at.
    pub selected: Option<TokenId>,
    pub detail: Option<Shared<Detail>>,
    query: TaskQuery,
    /// How far the stretch of time is from what it is at first, in doublings.
    zoom: i32,
    /// How many times as fast as real time the clock runs.
    rate: f64,
    /// The same, as far as the stretch of time follows it.
    pace: f64,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The pane is shown.
    Shown,
    /// The pane is not shown any more.
    Hidden,
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
    /// Somebody wants one actor's commands, or everybody's.
    Follow(Option<String>),
    /// Somebody wants something else beside the map.
    Side(Side),
    /// Somebody wants other tasks.
    Filter(String),
    State(Option<TaskState>),
    /// Somebody wants more rows.
    More,
    /// Somebody wants more lines.
    MoreLines,
    /// Somebody wants a stretch of time that is so many times twice as long.
    Zoom(i32),
    /// Somebody wants one side of a scenario drawn, or both.
    Alone(bool),
    /// The clock runs so many times as fast as real time. So many milliseconds are to be seen at
    /// once, if that does not follow from it, and if somebody does not zoom.
    Pace {
        rate: f64,
        length_ms: Option<f64>,
    },
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
            Action::Shown => return vec![self.look_at_timeline(), self.look_at_tasks()],
            Action::Hidden => {
                return vec![look(Look::Tasks(None)), look(Look::Timeline(None))];
            }
            Action::Told(update) => self.told(update),
            Action::Ask(request) => return vec![Effect::Send(request)],
            Action::Select(token) => {
                self.selected = token;
                self.detail = None;
                return vec![look(Look::Message(token))];
            }
            Action::OpenLine(number) => {
                self.open_line = (self.open_line != Some(number)).then_some(number);
            }
            Action::ToggleAll => self.all_commands = !self.all_commands,
            Action::Follow(actor) => self.actor = actor,
            Action::Side(side) => {
                self.side = side;
                let closed = self.selected.take().map(|_| look(Look::Message(None)));
                return closed.into_iter().chain([self.look_at_tasks()]).collect();
            }
            Action::Filter(filter) => return self.ask_tasks(|query| query.filter = filter),
            Action::State(state) => return self.ask_tasks(|query| query.state = state),
            Action::More => {
                self.query.count = self.query.count.saturating_add(ROWS);
                return vec![self.look_at_tasks()];
            }
            Action::MoreLines => self.more_lines += LINES,
            Action::Zoom(by) => {
                self.zoom = self.zoom.saturating_add(by).clamp(*ZOOM.start(), *ZOOM.end());
                return vec![self.look_at_timeline()];
            }
            Action::Alone(alone) => self.alone = alone,
            Action::Pace { rate, length_ms } => {
                self.rate = rate;
                let fits = length_ms.map(|millis| millis / SPAN_MS);
                return self.follow_pace(fits.map_or(rate, |fits| fits.max(rate / HURRY)));
            }
        }
        Vec::new()
    }

    /// The lines to show, the latest first.
    pub fn lines(&self) -> impl Iterator<Item = &Shared<Line>> {
        let shown = |line: &&Shared<Line>| {
            (self.all_commands || line.weight == Weight::Message)
                && self.actor.as_ref().is_none_or(|actor| *actor == line.who)
        };
        self.lines.iter().filter(shown)
    }

    /// The lines that are drawn, and how many more there are.
    pub fn drawn_lines(&self) -> (Vec<&Shared<Line>>, usize) {
        let mut lines = self.lines();
        let drawn = lines.by_ref().take(LINES + self.more_lines).collect();
        (drawn, lines.count())
    }

    /// The line that is open, if it is still there.
    pub fn opened(&self) -> Option<&Line> {
        let number = self.open_line?;
        self.lines.iter().find(|line| line.number == number).map(|line| &**line)
    }

    /// Everybody whose commands there are, in order.
    pub fn actors(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.lines.iter().map(|line| line.who.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Which tasks are asked for.
    pub fn query(&self) -> &TaskQuery {
        &self.query
    }

    /// How long the stretch of time is.
    pub fn span_ms(&self) -> f64 {
        SPAN_MS * self.pace.max(1.0) * 2_f64.powi(self.zoom)
    }

    fn follow_pace(&mut self, pace: f64) -> Vec<Effect> {
        if self.pace == pace {
            return Vec::new();
        }
        self.pace = pace;
        vec![self.look_at_timeline()]
    }

    fn ask_tasks(&mut self, change: impl FnOnce(&mut TaskQuery)) -> Vec<Effect> {
        change(&mut self.query);
        self.query.count = ROWS;
        vec![self.look_at_tasks()]
    }

    fn look_at_tasks(&mut self) -> Effect {
        self.query.count = self.query.count.max(ROWS);
        look(Look::Tasks((self.side == Side::Tasks).then(|| self.query.clone())))
    }

    fn look_at_timeline(&self) -> Effect {
        look(Look::Timeline(Some(TimelineQuery { span_ms: self.span_ms(), until: None })))
    }

    fn told(&mut self, update: Update) {
        match update {
            Update::Picture(picture) => {
                self.flow.make_mut().follow(&picture.hops, self.rate);
                self.picture = Shared::new(*picture);
            }
            Update::Feed { anew, lines } => {
                if anew {
                    self.lines.clear();
                }
                lines.into_iter().for_each(|line| self.add_line(line));
                self.forget_lines();
            }
            Update::Message(detail) => {
                let wanted = detail.filter(|detail| Some(detail.token.id) == self.selected);
                self.detail = wanted.map(|detail| Shared::new(*detail));
            }
            Update::Tasks(tasks) => self.tasks = Shared::new(tasks),
            Update::Timeline(timeline) => self.timeline = Shared::new(timeline),
            Update::OtherPicture(picture) => {
                self.other_flow.make_mut().follow(&picture.hops, self.rate);
                self.other_picture = Shared::new(*picture);
            }
            Update::OtherTimeline(timeline) => self.other_timeline = Shared::new(timeline),
        }
    }

    fn add_line(&mut self, line: Line) {
        let line = Shared::new(line);
        match self.lines.binary_search_by(|known| line.number.cmp(&known.number)) {
            Ok(at) => self.lines[at] = line,
            Err(at) => self.lines.insert(at, line),
        }
    }

    /// Forgets the oldest lines, those of housekeeping first: they come in floods.
    fn forget_lines(&mut self) {
        for weight in [Weight::Housekeeping, Weight::Message] {
            let count = self.lines.iter().filter(|line| line.weight == weight).count();
            let mut kept = LINES_MAX;
            if count > kept {
                self.lines.retain(|line| {
                    let is_kept = line.weight != weight || kept > 0;
                    kept -= usize::from(line.weight == weight && is_kept);
                    is_kept
                });
            }
        }
    }
}

fn look(look: Look) -> Effect {
    Effect::Send(Request::Look(look))
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

    fn told(lines: Vec<Line>) -> Action {
        Action::Told(Update::Feed { anew: false, lines })
    }

    #[test]
    fn the_latest_line_is_first_and_one_that_repeats_is_replaced() {
        let mut state = State::default();
        state.apply(told(vec![line(1, Weight::Message), line(2, Weight::Message)]));
        state.apply(told(vec![Line { times: 7, ..line(1, Weight::Message) }]));
        let shown: Vec<_> = state.lines().map(|line| (line.number, line.times)).collect();
        assert_eq!(shown, [(2, 1), (1, 7)]);
    }

    #[test]
    fn another_moment_has_other_lines() {
        let mut state = State::default();
        state.apply(told(vec![line(1, Weight::Message), line(2, Weight::Message)]));
        let lines = vec![line(1, Weight::Message)];
        state.apply(Action::Told(Update::Feed { anew: true, lines }));
        assert_eq!(state.lines().count(), 1);
    }

    #[test]
    fn housekeeping_is_shown_on_request_and_pushes_no_message_out() {
        let mut state = State::default();
        state.apply(told(vec![line(1, Weight::Message)]));
        state.apply(told((2..1_000).map(|number| line(number, Weight::Housekeeping)).collect()));
        assert_eq!(state.lines().count(), 1);
        state.apply(Action::ToggleAll);
        assert_eq!(state.lines().count(), LINES_MAX + 1);
        assert_eq!(state.lines().next().map(|line| line.number), Some(999));
    }

    #[test]
    fn one_actor_can_be_followed() {
        let mut state = State::default();
        let other = Line { who: "producer".to_owned(), ..line(2, Weight::Message) };
        state.apply(told(vec![line(1, Weight::Message), other]));
        assert_eq!(state.actors(), ["producer", "w1"]);
        state.apply(Action::Follow(Some("w1".to_owned())));
        assert_eq!(state.lines().map(|line| line.number).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_message_is_shown_only_while_it_is_looked_at() {
        let mut state = State::default();
        let effects = state.apply(Action::Select(Some(3)));
        assert_eq!(effects, [look(Look::Message(Some(3)))]);
        let token = Token { id: 3, label: "add(2, 3)".to_owned(), redelivered: false };
        let detail = Detail {
            token,
            task_id: String::new(),
            headers: Vec::new(),
            properties: Vec::new(),
            body: Vec::new(),
            raw: String::new(),
            result: None,
            attempts: Vec::new(),
            history: Vec::new(),
            history_lost: 0,
        };
        let told = Action::Told(Update::Message(Some(Box::new(detail))));
        state.apply(told.clone());
        assert!(state.detail.is_some());
        state.apply(Action::Select(None));
        state.apply(told);
        assert_eq!(state.detail, None);
    }

    #[test]
    fn a_stretch_of_time_follows_a_clock_that_runs_fast() {
        let mut state = State::default();
        let pace = Action::Pace { rate: 100.0, length_ms: None };
        state.apply(pace.clone());
        assert_eq!(state.span_ms(), 100.0 * SPAN_MS);
        state.apply(Action::Zoom(-1));
        assert_eq!(state.span_ms(), 50.0 * SPAN_MS);
        assert_eq!(state.apply(pace), []);
    }

    #[test]
    fn another_filter_begins_at_the_first_rows() {
        let mut state = State::default();
        state.apply(Action::Side(Side::Tasks));
        state.apply(Action::More);
        assert_eq!(state.query().count, 2 * ROWS);
        let effects = state.apply(Action::Filter("boom".to_owned()));
        let query = TaskQuery { filter: "boom".to_owned(), count: ROWS, ..TaskQuery::default() };
        assert_eq!(effects, [look(Look::Tasks(Some(query)))]);
    }
}
