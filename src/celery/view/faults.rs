//! What can go wrong, as buttons.

use super::lab::Props;
use crate::celery::lab::Action;
use celery_sim::{Fault, Role};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// How long a server is down that restarts, and a machine sleeps.
const DOWN_MS: i64 = 3_000;
const SLEEP_MS: i64 = 3_600_000;

/// A fault, what it is called, and what it does.
type Offer = (Fault, &'static str, &'static str);

/// The buttons.
pub fn draw(props: &Props) -> Html {
    let worker = props.state.worker();
    let onchange = props.on.reform(|event: Event| {
        Action::Worker(event.target_unchecked_into::<HtmlSelectElement>().value())
    });
    html! {
        <div class="lab-drawer faults" data-testid="faults">
            <section class="fault-group">
                <h4>
                    <label for="fault-worker">{ "Worker" }</label>
                    { " " }
                    <select
                        id="fault-worker" class="field" data-testid="fault-worker" {onchange}
                        disabled={worker.is_none()}
                    >
                        { for props.state.workers.iter().map(|name| html! {
                            <option
                                key={name.clone()} value={name.clone()}
                                selected={Some(name) == worker}
                            >{ name }</option>
                        }) }
                    </select>
                </h4>
                if let Some(worker) = worker {
                    { for of_worker(worker).into_iter().map(|offer| button(props, offer)) }
                } else {
                    <p class="fault-none">{ "No worker runs." }</p>
                }
            </section>
            <section class="fault-group">
                <h4>{ "Redis" }</h4>
                { for of_server().into_iter().map(|offer| button(props, offer)) }
            </section>
        </div>
    }
}

fn button(props: &Props, (fault, name, title): Offer) -> Html {
    html! {
        <button
            type="button" class="call" key={name} data-testid="fault" data-fault={name} {title}
            disabled={props.past} onclick={props.act(Action::Fault(fault))}
        >{ name }</button>
    }
}

fn of_worker(worker: &str) -> Vec<Offer> {
    let name = || worker.to_owned();
    let cut = |role| Fault::CutConnection { worker: name(), role };
    vec![
        (Fault::Kill(name()), "kill -9", "The process is gone at once; its connections drop"),
        (
            Fault::KillBeforeUnacked(name()),
            "kill between BRPOP and unacked",
            "It dies with the next message, before it notes it: the message is lost",
        ),
        (Fault::Pause(name()), "pause", "SIGSTOP: the process does nothing, its connections stay"),
        (Fault::Resume(name()), "resume", "SIGCONT: it goes on where it was"),
        (cut(Role::Consumer), "cut BRPOP", "The server closes the connection that waits"),
        (cut(Role::Channel), "cut channel", "The server closes the connection that acknowledges"),
        (
            Fault::DropSubscriber(name()),
            "drop subscriber",
            "Remote control is published, and the worker does not hear it",
        ),
    ]
}

fn of_server() -> Vec<Offer> {
    let restart = |keep_data| Fault::RestartBroker { keep_data, down_ms: DOWN_MS };
    vec![
        (restart(true), "restart", "Every connection closes; the keys are there again"),
        (restart(false), "restart empty", "Every connection closes, and the keys are gone"),
        (
            Fault::EvictBinding("celery".to_owned()),
            "evict binding",
            "_kombu.binding.celery is evicted, as by maxmemory-policy",
        ),
        (Fault::FillMemory, "fill memory", "maxmemory is reached, with noeviction: writes fail"),
        (Fault::FreeMemory, "free memory", "There is room again"),
        (
            Fault::JumpClock { ms: SLEEP_MS },
            "sleep an hour",
            "The machine sleeps: nothing runs, and then it is an hour later",
        ),
    ]
}
