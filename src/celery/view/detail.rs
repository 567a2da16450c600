//! A message in full: what it asks for, its deliveries, the commands that were about it, its
//! headers and properties, and as it is stored.

use super::Props;
use crate::celery::picture::{Attempt, Deed, Detail};
use crate::celery::timeline::Cause;
use crate::celery::{Action, Request};
use crate::design::{Icon, Symbol, units};
use crate::host::time::local_offset_minutes;
use celery_sim::python;
use web_sys::MouseEvent;
use yew::prelude::*;

pub(super) fn draw(props: &Props) -> Html {
    let detail = props.state.detail.as_ref();
    html! {
        <section class="message" data-testid="celery-message" aria-label="Message">
            <header class="feed-head">
                <button
                    type="button" class="tool" title="Back (Esc)" aria-label="Back"
                    onclick={props.on.reform(|_: MouseEvent| Action::Select(None))}
                ><Icon symbol={Symbol::Back} /></button>
                <h3>{ detail.map_or("…", |detail| detail.token.label.as_str()) }</h3>
            </header>
            if let Some(detail) = detail {
                <div class="message-body">{ message(props, detail) }</div>
            }
        </section>
    }
}

fn message(props: &Props, detail: &Detail) -> Html {
    html! {
        <>
            if !detail.task_id.is_empty() {
                <p class="message-id">{ "task " }<code>{ &detail.task_id }</code></p>
                { revoke(props, &detail.task_id) }
            }
            { attempts(&detail.attempts) }
            { history(props, detail) }
            if let Some((key, value)) = &detail.result {
                <h4>{ "result " }{ result_key(props, key.db, &key.name) }</h4>
                <pre>{ value }</pre>
            }
            { table("body", "decoded from base64: the arguments", &detail.body) }
            { table("headers", "what a worker reads before it decodes the body", &detail.headers) }
            { table("properties", "what kombu routes and acknowledges by", &detail.properties) }
            <h4>{ "as it is stored in the list" }</h4>
            <pre>{ &detail.raw }</pre>
        </>
    }
}

/// Remote control of this task.
fn revoke(props: &Props, task_id: &str) -> Html {
    let call = |options: &str| {
        let task_id = python::string_repr(task_id);
        let text = format!("app.control.revoke({task_id}{options})");
        props.on.reform(move |_: MouseEvent| Action::Ask(Request::Program(text.clone())))
    };
    html! {
        <p class="message-control">
            <button
                type="button" class="chip" data-testid="message-revoke"
                title="app.control.revoke(id): workers will not run it; one that runs it goes on"
                onclick={call("")}
            >{ "revoke" }</button>
            <button
                type="button" class="chip chip-bad" data-testid="message-terminate"
                title="app.control.revoke(id, terminate=True): also ends the pool's process that runs it"
                onclick={call(", terminate=True")}
            >{ "terminate" }</button>
        </p>
    }
}

fn result_key(props: &Props, db: u8, name: &serde_bytes::ByteBuf) -> Html {
    let name = name.clone();
    html! {
        <button
            type="button" class="chip" title="Show the key of the result"
            onclick={props.on_key.reform(move |_: MouseEvent| (db, name.clone()))}
        >{ format!("open in db {db}") }</button>
    }
}

/// Each delivery to a worker, and why there was another.
fn attempts(attempts: &[Attempt]) -> Html {
    if attempts.is_empty() {
        return html! { <p class="message-note">{ "No worker has taken it yet." }</p> };
    }
    html! {
        <ol class="attempts" aria-label="Deliveries">{ for attempts.iter().map(attempt) }</ol>
    }
}

fn attempt(attempt: &Attempt) -> Html {
    let why = match attempt.cause {
        Cause::Sent => "",
        Cause::Retried => "again, as it raised Retry",
        Cause::Restored => "again, as it came back from unacked",
        Cause::SentAgain => "again, as it was sent again",
    };
    let ran = match (attempt.started, attempt.ended) {
        (Some(started), Some(ended)) => format!("ran {}", units::span(ended - started)),
        (Some(_), None) => "runs".to_owned(),
        (None, _) => "did not begin".to_owned(),
    };
    let acked = match (attempt.acked, attempt.ended) {
        (Some(acked), Some(ended)) if acked < ended => "acknowledged before it ended",
        (Some(_), _) => "acknowledged",
        (None, _) => "not acknowledged",
    };
    html! {
        <li key={attempt.number}>
            <time>{ clock(attempt.taken) }</time>
            <b>{ format!("{} {}", attempt.number, attempt.worker) }</b>
            <span class="state" data-state={attempt.outcome.word()}>{ attempt.outcome.word() }</span>
            <span>{ format!("{ran}, {acked}") }</span>
            if !why.is_empty() { <em>{ why }</em> }
        </li>
    }
}

fn history(props: &Props, detail: &Detail) -> Html {
    if detail.history.is_empty() && detail.history_lost == 0 {
        return html! {};
    }
    html! {
        <>
            <h4>{ "commands " }<span>{ "that were about it" }</span></h4>
            if detail.history_lost > 0 {
                <p class="message-note">{ format!("{} earlier ones are forgotten.", detail.history_lost) }</p>
            }
            <ol class="deeds">{ for detail.history.iter().map(|each| deed(props, each)) }</ol>
        </>
    }
}

fn deed(props: &Props, deed: &Deed) -> Html {
    let number = deed.line;
    let is_open = props.state.open_line == Some(number);
    let (name, rest) = deed.text.split_once(' ').unwrap_or((&deed.text, ""));
    html! {
        <li key={number}>
            <button
                type="button" class="deed" aria-pressed={is_open.to_string()}
                title="Mark what it touched on the map"
                onclick={props.on.reform(move |_: MouseEvent| Action::OpenLine(number))}
            >
                <time>{ clock(deed.at) }</time>
                <span>{ &deed.who }</span>
                <code><b>{ name }</b>{ " " }{ rest }</code>
            </button>
        </li>
    }
}

fn clock(at: f64) -> String {
    units::time_of_day(at, local_offset_minutes(at))
}

fn table(name: &str, says: &str, rows: &[(String, String)]) -> Html {
    if rows.is_empty() {
        return html! {};
    }
    html! {
        <>
            <h4>{ name }{ " " }<span>{ says }</span></h4>
            <dl class="message-fields">
                { for rows.iter().map(|(name, value)| html! {
                    <div key={name.clone()}><dt>{ name }</dt><dd><code>{ value }</code></dd></div>
                }) }
            </dl>
        </>
    }
}
