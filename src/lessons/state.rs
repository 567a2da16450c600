//! Where somebody is in the lessons, and what has been done.

use super::{Place, all};
use crate::backend::Request;
use std::collections::BTreeSet;

/// The step that is open, and every step whose goal was ever reached.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub place: Option<Place>,
    done: BTreeSet<Place>,
}

/// Something that happens to the lessons.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A step is looked at, or the list of lessons.
    Open(Option<Place>),
    /// An engine is there, which knows of no goal yet.
    Ready,
    /// The engine has seen the goal of the open step reached.
    Reached,
    /// Everything is to be learned anew.
    Forget,
}

/// What the lessons want done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send(Request),
    /// Remember what is done.
    Save(String),
}

impl State {
    /// As it was left: the address of a step in each line.
    pub fn from_text(text: &str) -> State {
        // A step that is no more is forgotten.
        State { place: None, done: text.lines().filter_map(Place::from_address).collect() }
    }

    fn to_text(&self) -> String {
        self.done.iter().map(|place| place.address() + "\n").collect()
    }

    /// Whether a step's goal was ever reached.
    pub fn is_done(&self, place: Place) -> bool {
        self.done.contains(&place)
    }

    /// How many steps of a lesson are done.
    pub fn count_done(&self, lesson: usize) -> usize {
        self.done.iter().filter(|place| place.lesson == lesson).count()
    }

    /// The first step of a lesson that is not done; the first of all where every one is.
    pub fn resume(&self, lesson: usize) -> Place {
        let steps = 0..all()[lesson].steps.len();
        let mut places = steps.map(|step| Place { lesson, step });
        places.find(|&place| !self.is_done(place)).unwrap_or(Place { lesson, step: 0 })
    }

    /// Lets something happen, and says what is to be done.
    pub fn apply(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Open(place) if place == self.place => vec![],
            Action::Open(place) => {
                self.place = place;
                vec![self.ask()]
            }
            Action::Ready => self.place.map(|_| self.ask()).into_iter().collect(),
            Action::Reached => match self.place {
                Some(place) if self.done.insert(place) => vec![Effect::Save(self.to_text())],
                _ => vec![],
            },
            Action::Forget => {
                self.done.clear();
                vec![Effect::Save(String::new())]
            }
        }
    }

    /// Asks the engine to look out for the goal of the open step.
    fn ask(&self) -> Effect {
        let step = |place: Place| &all()[place.lesson].steps[place.step];
        Effect::Send(Request::Goal(self.place.map(|place| step(place).goal.conditions.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_steps_that_exist() {
        let place = Place { lesson: 1, step: 2 };
        assert_eq!(place.address(), "strings/3");
        assert_eq!(Place::from_address("strings/3"), Some(place));
        assert_eq!(Place::from_address("ping"), Some(Place { lesson: 0, step: 0 }));
        for address in ["strings/0", "strings/99", "nonsense", "strings/x", ""] {
            assert_eq!(Place::from_address(address), None, "{address}");
        }
    }

    #[test]
    fn behind_the_last_step_comes_the_next_lesson() {
        let last = all()[0].steps.len() - 1;
        let next = Place { lesson: 0, step: last }.next();
        assert_eq!(next, Some(Place { lesson: 1, step: 0 }));
        let lesson = all().len() - 1;
        assert_eq!(Place { lesson, step: all()[lesson].steps.len() - 1 }.next(), None);
    }

    #[test]
    fn what_is_done_is_kept_and_taken_up_again() {
        let mut state = State::default();
        let place = Place { lesson: 1, step: 0 };
        let asked = state.apply(Action::Open(Some(place)));
        assert!(matches!(&asked[..], [Effect::Send(Request::Goal(Some(_)))]));
        let saved = state.apply(Action::Reached);
        assert_eq!(saved, [Effect::Save("strings/1\n".to_owned())]);
        assert_eq!(state.apply(Action::Reached), []);
        let state = State::from_text("strings/1\ngone/7\n");
        assert!(state.is_done(place));
        assert_eq!((state.count_done(1), state.resume(1).step), (1, 1));
    }

    #[test]
    fn a_new_engine_is_told_of_the_goal() {
        let mut state = State::default();
        assert_eq!(state.apply(Action::Ready), []);
        state.apply(Action::Open(Some(Place { lesson: 0, step: 0 })));
        assert_eq!(state.apply(Action::Ready).len(), 1);
        assert_eq!(state.apply(Action::Open(None)), [Effect::Send(Request::Goal(None))]);
    }
}
