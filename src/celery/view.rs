//! The pane of Celery: what can be done, what goes on in a sentence, the map and the timeline, and
//! beside them the commands, the tasks, or the message that somebody looks at.

mod broker;
mod config;
mod detail;
mod faults;
mod feed;
mod figures;
mod lab;
mod map;
mod replies;
mod scenario;
mod send;
mod tasks;
mod timeline;
mod token;
mod workers;

pub use lab::Lab;

use super::lab::ScenarioState;
use super::picture::{Picture, TokenId};
use super::{Action, Request, Side, State, Task, answers, story};
use crate::backend::ClockState;
use crate::console::Commands;
use crate::design::{Icon, Shared, Symbol};
use celery_sim::scenario as played;
use map::Map;
use serde_bytes::ByteBuf;
use timeline::TimelineView;
use token::Touched;
use web_sys::MouseEvent;
use yew::prelude::*;

/// What the pane needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    /// What is played on two sides, where a scenario is.
    pub scenario: Option<ScenarioState>,
    pub clock: ClockState,
    /// What says which arguments are keys.
    pub commands: Shared<Commands>,
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
    let length = props.scenario.as_ref().map(ScenarioState::length_ms);
    use_effect_with((), {
        let on = on.clone();
        move |()| {
            on.emit(Action::Shown);
            move || on.emit(Action::Hidden)
        }
    });
    use_effect_with((rate, length), move |&(rate, length)| {
        on.emit(Action::Pace { rate, length_ms: length });
    });
    let both = props.scenario.as_ref().filter(|_| !state.alone);
    let both = both.and_then(ScenarioState::scenario);
    html! {
        <div class="celery" data-testid="celery">
            <h2 class="sr">{ "Celery" }</h2>
            if both.is_none() { { tools(props) } }
            if both.is_none() {
                <p class="story" role="status">
                    { story::of(&state.picture) }
                    if let Some(invitation) = story::invitation(&state.picture) { { " " }{ invitation } }
                </p>
            }
            <div class={classes!("celery-body", both.map(|_| "is-pair"))}>
                { match both {
                    None => html! { <div class="celery-main">{ drawn(props) }</div> },
                    Some(scenario) => html! {
                        <>
                            { half(props, "A", &scenario.one, &state.picture, drawn(props)) }
                            { half(props, "B", &scenario.other, &state.other_picture, beside(props)) }
                        </>
                    },
                } }
                <aside class={classes!("celery-side", state.selected.map(|_| "has-message"))}>
                    { side(props) }
                </aside>
            </div>
        </div>
    }
}

/// The map and the timeline.
fn drawn(props: &Props) -> Html {
    let state = &props.state;
    html! {
        <>
            <Map
                picture={state.picture.clone()} flow={state.flow.clone()}
                clock={props.clock} selected={state.selected}
                touched={state.opened().map(|line| Touched::by(line, &props.commands))}
                on={props.on.clone()} on_key={props.on_key.clone()}
            />
            <TimelineView
                timeline={state.timeline.clone()} clock={props.clock}
                span_ms={state.span_ms()} selected={state.selected} on={props.on.clone()}
            />
        </>
    }
}

/// The map and the timeline of the scenario's other side: to look at only.
fn beside(props: &Props) -> Html {
    let state = &props.state;
    html! {
        <div class="half-drawn" inert=true>
            <Map
                picture={state.other_picture.clone()} flow={state.other_flow.clone()}
                clock={props.clock} selected={None::<TokenId>}
                touched={None::<Touched>} on={Callback::noop()} on_key={Callback::noop()}
            />
            <TimelineView
                timeline={state.other_timeline.clone()} clock={props.clock}
                span_ms={state.span_ms()} selected={None::<TokenId>} on={Callback::noop()}
            />
        </div>
    }
}

/// One side of a scenario.
fn half(
    props: &Props,
    letter: &'static str,
    side: &played::Side,
    picture: &Picture,
    drawn: Html,
) -> Html {
    let what_it_is = format!("{letter}: {}", side.title);
    html! {
        <section
            class="celery-main half" data-testid={format!("celery-half-{letter}")}
            aria-label={what_it_is} key={letter}
        >
            <header class="half-head">
                <h3><b class="scenario-letter">{ letter }</b>{ " " }{ side.title }</h3>
                if letter == "A" {
                    <button
                        type="button" class="chip" data-testid="celery-alone"
                        title="Draws this side alone, with its messages, commands and tasks"
                        onclick={props.on.reform(|_: MouseEvent| Action::Alone(true))}
                    >{ "alone" }</button>
                }
            </header>
            <p class="story">{ story::of(picture) }</p>
            { verdict(props, letter) }
            { drawn }
        </section>
    }
}

/// What has come out differently on this side, from the latest step that made a difference.
fn verdict(props: &Props, letter: &str) -> Html {
    let difference = props.scenario.as_ref().and_then(answers::latest_difference);
    html! {
        <p class="verdict" data-testid="verdict">
            if let Some(difference) = difference {
                <span class="verdict-step">{ format!("step {}", difference.step) }</span>
                <span>{ difference.says }</span>
                <b>{ if letter == "A" { difference.one } else { difference.other } }</b>
            }
        </p>
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
            if props.scenario.is_some() && props.state.alone {
                <button
                    type="button" class="call call-worker" data-testid="celery-both"
                    title="Draws the scenario's two sides beside each other"
                    onclick={props.on.reform(|_: MouseEvent| Action::Alone(false))}
                >{ "A beside B" }</button>
            }
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
