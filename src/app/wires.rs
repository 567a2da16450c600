//! Where parts of the page say what somebody wants. Each is made once: a part that is given the
//! same is not drawn again.

use super::layout::Border;
use super::{App, Msg, engine_time};
use crate::backend::{ClockAction, ClockState, TimeRequest};
use crate::celery::{self, lab};
use crate::{console, keyspace, lessons};
use serde_bytes::ByteBuf;
use std::cell::Cell;
use std::rc::Rc;
use yew::{Callback, html::Scope};

/// Where parts of the page say what somebody wants.
pub(super) struct Wires {
    pub console: Callback<console::Action>,
    pub keys: Callback<keyspace::Action>,
    pub clock: Callback<ClockAction>,
    pub celery: Callback<celery::Action>,
    pub lab: Callback<lab::Action>,
    pub time: Callback<TimeRequest>,
    pub lessons: Callback<lessons::Action>,
    pub open_key: Callback<(u8, ByteBuf)>,
    pub help: Callback<String>,
    pub suggest: Callback<String>,
    pub attempt: Callback<(usize, String)>,
    pub skip: Callback<u64>,
    pub example: Callback<()>,
    pub resize: Callback<(Border, f64)>,
    /// Engine time now, or real time before there is an engine.
    pub now: Callback<(), f64>,
    clock_shown: Rc<Cell<Option<ClockState>>>,
}

impl Wires {
    pub fn new(link: &Scope<App>) -> Wires {
        let clock_shown = Rc::new(Cell::new(None));
        Wires {
            console: link.callback(Msg::Console),
            keys: link.callback(Msg::Keys),
            clock: link.callback(Msg::Clock),
            celery: link.callback(Msg::Celery),
            lab: link.callback(Msg::Lab),
            time: link.callback(Msg::Time),
            lessons: link.callback(Msg::Lessons),
            open_key: link.callback(|(db, name)| Msg::OpenKey(db, name)),
            help: link.callback(|name| Msg::Suggest(format!("help {name}"))),
            suggest: link.callback(Msg::Suggest),
            attempt: link.callback(|(nth, line)| Msg::Try(nth, line)),
            skip: link.callback(|millis: u64| Msg::Clock(ClockAction::Skip(millis as f64))),
            example: link.callback(|()| Msg::Example),
            resize: link.callback(|(border, share)| Msg::Resize(border, share)),
            now: {
                let clock = clock_shown.clone();
                Callback::from(move |()| engine_time(clock.get()))
            },
            clock_shown,
        }
    }

    /// The clock by which it is now.
    pub fn set_clock(&self, clock: ClockState) {
        self.clock_shown.set(Some(clock));
    }
}
