//! The pane of Celery: what can be done, what goes on in a sentence, the map, and beside it the
//! feed or the message that somebody looks at.

mod config;
mod detail;
mod faults;
mod feed;
mod lab;
mod map;
mod scenario;

pub use lab::Lab;

use super::{Action, Request, State, Task, story};
use crate::backend::ClockState;
use crate::design::{Icon, Shared, Symbol};
use web_sys::MouseEvent;
use yew::prelude::*;

/// What the pane needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub clock: ClockState,
    pub on: Callback<Action>,
}

impl Props {
    /// What a button does.
    fn ask(&self, request: Request) -> Callback<MouseEvent> {
        self.on.reform(move |_: MouseEvent| Action::Ask(request.clone()))
    }
}

/// Celery's producer, queue, workers and results.
#[function_component]
pub fn CeleryPane(props: &Props) -> Html {
    let selected = props.state.selected.is_some();
    html! {
        <div class="celery" data-testid="celery">
            { tools(props) }
            <p class="story" role="status">{ story::of(&props.state.picture) }</p>
            <div class="celery-body">
                { map::draw(props) }
                <aside class={classes!("celery-side", selected.then_some("has-message"))}>
                    if selected {
                        { detail::draw(props) }
                    } else {
                        { feed::draw(props) }
                    }
                </aside>
            </div>
        </div>
    }
}

fn tools(props: &Props) -> Html {
    let send = |task: Task| {
        let (label, title) = described(task);
        html! {
            <button
                type="button" class="call" data-testid="celery-send" data-task={task.name()} {title}
                onclick={props.ask(Request::Send(task))}
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
                onclick={props.ask(Request::StartWorker)}
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
