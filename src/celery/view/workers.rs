//! The workers: who waits in BRPOP and who is next, what runs, and what each has taken ahead.

use super::token::{Pen, more};
use crate::backend::ClockState;
use crate::celery::picture::{Doing, Held, Picture, Slot, Worker};
use crate::celery::{Action, Request};
use crate::design::{Elapsed, Remaining, Ring, units};
use web_sys::MouseEvent;
use yew::prelude::*;

/// From so many workers on, each is drawn smaller.
const MANY: usize = 4;

pub(super) fn draw(picture: &Picture, clock: ClockState, pen: &Pen) -> Html {
    let workers = &picture.workers;
    let many = (workers.len() >= MANY).then_some("is-many");
    html! {
        <section class="place place-workers" aria-label="Workers">
            <h3>{ "Workers" }</h3>
            if workers.is_empty() {
                <p class="place-says">{ "A worker takes messages from the list and runs them." }</p>
                <button type="button" class="suggestion" onclick={ask(pen, Request::StartWorker)}>
                    { "start a worker" }
                </button>
            } else {
                <ul class={classes!("worker-list", many)}>
                    { for workers.iter().map(|each| worker(clock, pen, each)) }
                    if picture.workers_hidden > 0 {
                        <li key="hidden">{ more(picture.workers_hidden) }</li>
                    }
                </ul>
            }
        </section>
    }
}

fn ask(pen: &Pen, request: Request) -> Callback<MouseEvent> {
    pen.on.reform(move |_: MouseEvent| Action::Ask(request.clone()))
}

fn worker(clock: ClockState, pen: &Pen, worker: &Worker) -> Html {
    let over = worker.doing.is_over();
    html! {
        <li
            key={worker.id} class="worker" data-testid="celery-worker"
            data-doing={word(worker)}
        >
            <p class="worker-name">
                <b title={worker.name.clone()}>{ worker.short() }</b>
                if worker.place == Some(1) {
                    <span class="badge badge-live" title="It waits longest: the next message is its">{ "next" }</span>
                } else if let Some(place) = worker.place {
                    <span class="badge" title="Its place among those that wait for the list">{ nth(place) }</span>
                }
                if worker.done > 0 {
                    <span class="worker-done" title="Messages acknowledged">
                        { format!("{} done", units::count(worker.done.into())) }
                    </span>
                }
                if !over { { actions(pen, worker) } }
            </p>
            <p class="worker-doing">{ doing(clock, worker) }</p>
            if !over {
                { slots(clock, pen, worker) }
                { ahead(clock, pen, worker) }
            }
        </li>
    }
}

fn actions(pen: &Pen, worker: &Worker) -> Html {
    html! {
        <span class="worker-actions">
            <button
                type="button" class="chip" data-testid="celery-stop-worker"
                disabled={worker.stopping}
                title="SIGTERM: it finishes its task, then leaves"
                onclick={ask(pen, Request::StopWorker(worker.id))}
            >{ "stop" }</button>
            <button
                type="button" class="chip chip-bad" data-testid="celery-kill-worker"
                title="SIGKILL: it is gone at once, with what it was doing"
                onclick={ask(pen, Request::KillWorker(worker.id))}
            >{ "kill" }</button>
        </span>
    }
}

fn word(worker: &Worker) -> &'static str {
    match worker.doing {
        Doing::Connecting => "connecting",
        Doing::Disconnected => "disconnected",
        Doing::Stopped => "stopped",
        Doing::Killed => "killed",
        Doing::Crashed(_) => "crashed",
        Doing::Busy | Doing::Running => "busy",
        Doing::Parked(_) if worker.slots.is_empty() => "parked",
        Doing::Parked(_) => "busy",
    }
}

fn nth(place: u32) -> String {
    match place {
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        place => format!("{place}th"),
    }
}

fn doing(clock: ClockState, worker: &Worker) -> Html {
    match &worker.doing {
        Doing::Connecting => html! { { "connects, declares its queues" } },
        Doing::Parked(span) => {
            let names: Vec<String> = worker.keys.iter().map(|key| units::text(&key.name)).collect();
            let first = names.first().map_or("", String::as_str);
            let others = match names.len() {
                0 | 1 => String::new(),
                count => format!(" +{}", count - 1),
            };
            html! {
                <>
                    if let Some(span) = span { <Ring from={span.since} until={span.until} {clock} /> }
                    <code title={format!("BRPOP {} waits until one of these lists has a message", names.join(" "))}>
                        { format!("BRPOP {first}{others}") }
                    </code>
                    if let Some(span) = span { <Remaining until={span.until} {clock} /> }
                </>
            }
        }
        Doing::Busy => html! { { "talks to Redis" } },
        Doing::Running => html! { { "runs the task" } },
        Doing::Disconnected => {
            html! { <span class="worker-error">{ "lost its connections, tries again" }</span> }
        }
        Doing::Stopped => html! { { "stopped: it finished first" } },
        Doing::Killed => html! { { "killed: its connections dropped" } },
        Doing::Crashed(error) => html! { <span class="worker-error">{ error }</span> },
    }
}

/// The places in which tasks run, busy or free.
fn slots(clock: ClockState, pen: &Pen, worker: &Worker) -> Html {
    let free = (worker.concurrency as usize).saturating_sub(worker.slots.len()).min(8);
    html! {
        <div class="worker-slots">
            { for worker.slots.iter().enumerate().map(|(at, each)| slot(clock, pen, at, each)) }
            { for (0..free).map(|at| html! { <span key={format!("free {at}")} class="slot-free" title="Free to run a task"></span> }) }
        </div>
    }
}

fn slot(clock: ClockState, pen: &Pen, place: usize, slot: &Slot) -> Html {
    let inside = slot.span.map(|span| {
        html! {
            <><Ring from={span.since} until={span.until} {clock} /><Elapsed since={span.since} until={span.until} {clock} /></>
        }
    });
    pen.token_with(&slot.token, place, "is-held", inside.unwrap_or_default())
}

/// What it has taken and does not run yet.
fn ahead(clock: ClockState, pen: &Pen, worker: &Worker) -> Html {
    html! {
        <>
            if !worker.prefetched.is_empty() {
                <div class="worker-ahead" title="Taken from the list, and not begun: nobody else can have them">
                    <span class="worker-ahead-name">{ format!("prefetched {}", worker.prefetched.len()) }</span>
                    { pen.group(&worker.prefetched, "is-ahead") }
                </div>
            }
            if !worker.held.is_empty() {
                <div class="worker-ahead" title="Their time has not come: the worker holds them in memory">
                    <span class="worker-ahead-name">{ "held until due" }</span>
                    { for worker.held.iter().enumerate().map(|(at, each)| held(clock, pen, at, each)) }
                    if worker.held_hidden > 0 { { more(worker.held_hidden) } }
                </div>
            }
        </>
    }
}

fn held(clock: ClockState, pen: &Pen, place: usize, held: &Held) -> Html {
    let span = held.span;
    let inside = html! {
        <><Ring from={span.since} until={span.until} {clock} /><Remaining until={span.until} {clock} /></>
    };
    pen.token_with(&held.token, place, "is-ahead", inside)
}
