//! The pane of Celery: what can be done, what goes on in a sentence, the map and the timeline, and
//! beside them the commands, the tasks, or the message that somebody looks at.

mod broker;
mod config;
mod detail;
mod faults;
mod feed;
mod lab;
mod map;
mod scenario;
mod tasks;
mod timeline;
mod token;
mod workers;

pub use lab::Lab;

use super::{Action, Request, Side, State, Task, story};
use crate::backend::ClockState;
use crate::console::Commands;
use crate::design::{Icon, Shared, Symbol};
use map::Map;
use serde_bytes::ByteBuf;
use std::rc::Rc;
use timeline::TimelineView;
use token::Touched;
use web_sys::MouseEvent;
use yew::prelude::*;

/// What the pane needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub clock: ClockState,
    /// What says which arguments are keys.
    pub commands: Rc<Commands>,
    pub on: Callback<Action>,
    /// Somebody wants to see a key of a database.
    pub on_key: Callback<(u8, ByteBuf)>,
    /// Somebody wants to know what a command does.
    pub on_help: Callback<String>,
}

/// Celery's producer, queue, workers and results.
#[function_component]
pub fn CeleryPane(props: &Props) -> Html {
    let state = &props.state;
    let (on, rate) = (props.on.clone(), props.clock.rate);
    use_effect_with((), {
        let on = on.clone();
        move |()| {
            on.emit(Action::Shown);
            move || on.emit(Action::Hidden)
        }
    });
    use_effect_with(rate, move |rate| on.emit(Action::Pace(*rate)));
    let touched = state.opened().map(|line| Touched::by(line, &props.commands));
    html! {
        <div class="celery" data-testid="celery">
            { tools(props) }
            <p class="story" role="status">{ story::of(&state.picture) }</p>
            <div class="celery-body">
                <div class="celery-main">
                    <Map
                        picture={state.picture.clone()} clock={props.clock}
                        selected={state.selected} {touched}
                        on={props.on.clone()} on_key={props.on_key.clone()}
                    />
                    <TimelineView
                        timeline={state.timeline.clone()} clock={props.clock}
                        span_ms={state.span_ms()} selected={state.selected} on={props.on.clone()}
                    />
                </div>
                <aside class={classes!("celery-side", state.selected.map(|_| "has-message"))}>
                    { side(props) }
                </aside>
            </div>
        </div>
    }
}

fn side(props: &Props) -> Html {
    if props.state.selected.is_some() {
        return detail::draw(props);
    }
    let tab = |side: Side, name: &'static str, id: &'static str| {
        let is_shown = props.state.side == side;
        html! {
            <button
                type="button" role="tab" aria-selected={is_shown.to_string()} data-testid={id}
                onclick={props.on.reform(move |_: MouseEvent| Action::Side(side))}
            >{ name }</button>
        }
    };
    html! {
        <>
            <div class="side-tabs" role="tablist" aria-label="Beside the map">
                { tab(Side::Commands, "Commands", "celery-commands-tab") }
                { tab(Side::Tasks, "Tasks", "celery-tasks-tab") }
            </div>
            { match props.state.side {
                Side::Commands => feed::draw(props),
                Side::Tasks => tasks::draw(props),
            } }
        </>
    }
}

fn tools(props: &Props) -> Html {
    let ask = |request: Request| props.on.reform(move |_: MouseEvent| Action::Ask(request.clone()));
    let send = |task: Task| {
        let (label, title) = described(task);
        html! {
            <button
                type="button" class="call" data-testid="celery-send" data-task={task.name()} {title}
                onclick={ask(Request::Send(task))}
            >{ label }</button>
        }
    };
    html! {
        <div class="tools celery-tools">
            <span class="celery-tools-label" id="celery-send-label">{ "send" }</span>
            <div class="calls" role="group" aria-labelledby="celery-send-label">
                { for Task::ALL.into_iter().map(send) }
            </div>
            <button
                type="button" class="call call-worker" data-testid="celery-start-worker"
                title="Starts a worker: it connects, and waits for messages"
                onclick={ask(Request::StartWorker)}
            ><Icon symbol={Symbol::Add} />{ "worker" }</button>
        </div>
    }
}

fn described(task: Task) -> (&'static str, &'static str) {
    match task {
        Task::Add => ("add(2, 3)", "Takes two seconds and returns 5"),
        Task::Slow => ("slow(10)", "Sleeps for ten seconds: time to kill its worker"),
        Task::Boom => ("boom()", "Raises KeyError('boom')"),
        Task::FireAndForget => ("fire_and_forget(1)", "ignore_result: nothing is stored"),
    }
}
