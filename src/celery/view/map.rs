//! The map: a round trip through five places, and the wires between them, each labelled with the
//! command that uses it. What moves on a wire moves because that command ran.

use super::Props;
use crate::backend::KeyKind;
use crate::celery::picture::{Doing, Group, Hop, Path, Queue, Read, Stored, Token, Worker};
use crate::celery::{Action, Request};
use crate::design::{Elapsed, Icon, KindGlyph, Remaining, Ring, Symbol};
use crate::host::time::real_now;
use web_sys::MouseEvent;
use yew::prelude::*;

/// How long a move is in sight, in real time, as the style sheet has it.
const MOVE_MS: f64 = 400.0;

pub(super) fn draw(props: &Props) -> Html {
    html! {
        <div class="map">
            { producer(props) }
            { wire(props, "send", "LPUSH", "pushes at the head", &[Path::Send]) }
            { broker(props) }
            <div class="wires">
                { wire(props, "take", "BRPOP", "pops at the tail", &[Path::Take]) }
                { wire(props, "keep", "HSET", "keeps a copy", &[Path::Keep]) }
                { wire(props, "ack", "HDEL", "acknowledges", &[Path::Acknowledge]) }
            </div>
            { workers(props) }
            { wire(props, "store", "SETEX", "stores the result", &[Path::Store]) }
            { results(props) }
            <div class="wires wires-read">
                { wire(props, "notify", "PUBLISH", "tells who waits", &[Path::Notify]) }
                { wire(props, "fetch", "GET", "looks once", &[Path::Fetch]) }
            </div>
            { reads(props) }
        </div>
    }
}

/// A wire, what moves on it now, and whether it was the last to be used.
fn wire(
    props: &Props,
    name: &'static str,
    command: &'static str,
    says: &'static str,
    paths: &[Path],
) -> Html {
    let hops = &props.state.picture.hops;
    let now = props.clock.at(real_now());
    let in_sight =
        |hop: &&Hop| paths.contains(&hop.path) && (now - hop.at) / props.clock.rate < MOVE_MS * 2.0;
    let last = hops.last().is_some_and(|hop| paths.contains(&hop.path));
    html! {
        <div class={classes!("wire", format!("wire-{name}"))} data-last={last.then_some("true")}>
            <span class="wire-label"><code>{ command }</code><span>{ says }</span></span>
            <span class="wire-line" aria-hidden="true">
                { for hops.iter().filter(in_sight).map(|hop| html! {
                    <span key={hop.number} class="traveller">{ task_name(&hop.token) }</span>
                }) }
            </span>
        </div>
    }
}

fn producer(props: &Props) -> Html {
    let sent = props.state.picture.sent;
    html! {
        <section class="place place-producer" aria-label="Producer">
            <h3>{ "Producer" }</h3>
            <p class="place-says">{ "your program: it calls " }<code>{ "add.delay(2, 3)" }</code></p>
            <p class="place-count">{ count(sent, "message sent", "messages sent") }</p>
        </section>
    }
}

fn broker(props: &Props) -> Html {
    let picture = &props.state.picture;
    html! {
        <section class="place place-broker" aria-label="Broker, db 0">
            <h3>{ "Redis " }<span>{ "db 0, the broker" }</span></h3>
            if picture.queues.is_empty() {
                { queue(props, &Queue { name: "celery".to_owned(), tokens: Group::default() }) }
            } else {
                { for picture.queues.iter().map(|each| queue(props, each)) }
            }
            <div class="key-box key-box-hash" data-testid="celery-unacked">
                <p class="key-box-name">
                    <KindGlyph kind={KeyKind::Hash} /><b>{ "unacked" }</b>
                    <span>{ "hash: taken, and not yet done" }</span>
                </p>
                <div class="tokens">
                    if picture.unacked.is_empty() {
                        <span class="tokens-none">{ "empty" }</span>
                    } else {
                        { group(props, &picture.unacked, "is-copy") }
                    }
                </div>
            </div>
        </section>
    }
}

fn queue(props: &Props, queue: &Queue) -> Html {
    html! {
        <div key={queue.name.clone()} class="key-box key-box-list" data-testid="celery-queue">
            <p class="key-box-name">
                <KindGlyph kind={KeyKind::List} /><b>{ &queue.name }</b>
                <span>{ format!("list: {}", count(queue.tokens.len() as u32, "message waits", "messages wait")) }</span>
            </p>
            <div class="tokens tokens-list">
                if queue.tokens.is_empty() {
                    <span class="tokens-none">{ "empty" }</span>
                } else {
                    { group(props, &queue.tokens, "is-queued") }
                }
            </div>
            <p class="list-ends">
                <span><b>{ "head" }</b>{ ": new ones" }</span>
                <span><b>{ "tail" }</b>{ ": taken next" }</span>
            </p>
        </div>
    }
}

/// Tokens in one list, so that one that moves up stays the same element.
fn group(props: &Props, group: &Group, class: &'static str) -> Html {
    let first = group.first.iter().map(|each| token(props, each, class));
    let more = (group.hidden > 0).then(|| {
        html! {
            <span key="hidden" class="tokens-more" title="More messages, not drawn">
                { format!("… {} more …", group.hidden) }
            </span>
        }
    });
    let last = group.last.iter().map(|each| token(props, each, class));
    html! { <>{ for first.chain(more).chain(last) }</> }
}

fn token(props: &Props, token: &Token, class: &'static str) -> Html {
    let selected = props.state.selected == Some(token.id);
    let id = token.id;
    let onclick = props.on.reform(move |_: MouseEvent| Action::Select((!selected).then_some(id)));
    html! {
        <button
            key={id} type="button" class={classes!("token", class)}
            aria-pressed={selected.to_string()} title="Open the message" {onclick}
        >
            { &token.label }
            if token.redelivered { <span class="token-again" title="Delivered before">{ "again" }</span> }
        </button>
    }
}

fn workers(props: &Props) -> Html {
    let workers = &props.state.picture.workers;
    html! {
        <section class="place place-workers" aria-label="Workers">
            <h3>{ "Workers" }</h3>
            if workers.is_empty() {
                <p class="place-says">{ "A worker takes messages from the list and runs them." }</p>
                <button type="button" class="suggestion" onclick={props.ask(Request::StartWorker)}>
                    { "start a worker" }
                </button>
            } else {
                <ul class="worker-list">{ for workers.iter().map(|each| worker(props, each)) }</ul>
            }
        </section>
    }
}

fn worker(props: &Props, worker: &Worker) -> Html {
    let name = worker.name.split('@').next().unwrap_or(&worker.name);
    let over = worker.doing.is_over();
    html! {
        <li
            key={worker.id} class="worker" data-testid="celery-worker"
            data-doing={word(&worker.doing)}
        >
            <p class="worker-name">
                <b title={worker.name.clone()}>{ name }</b>
                if !over {
                    <span class="worker-actions">
                        <button
                            type="button" class="chip" data-testid="celery-stop-worker"
                            disabled={worker.stopping}
                            title="SIGTERM: it finishes its task, then leaves"
                            onclick={props.ask(Request::StopWorker(worker.id))}
                        >{ "stop" }</button>
                        <button
                            type="button" class="chip chip-bad" data-testid="celery-kill-worker"
                            title="SIGKILL: it is gone at once, with what it was doing"
                            onclick={props.ask(Request::KillWorker(worker.id))}
                        >{ "kill" }</button>
                    </span>
                }
            </p>
            <p class="worker-doing">{ doing(props, &worker.doing) }</p>
            <div class="worker-slot">
                if let Some(held) = &worker.token {
                    { token(props, held, if over { "is-lost" } else { "is-held" }) }
                }
            </div>
        </li>
    }
}

fn word(doing: &Doing) -> &'static str {
    match doing {
        Doing::Connecting => "connecting",
        Doing::Parked(_) => "parked",
        Doing::Busy | Doing::Running(_) => "busy",
        Doing::Stopped => "stopped",
        Doing::Killed => "killed",
        Doing::Crashed(_) => "crashed",
    }
}

fn doing(props: &Props, doing: &Doing) -> Html {
    let clock = props.clock;
    match doing {
        Doing::Connecting => html! { { "connects, declares its queues" } },
        Doing::Parked(None) => html! { <>{ "waits in " }<code>{ "BRPOP celery" }</code></> },
        Doing::Parked(Some(span)) => html! {
            <>
                <Ring from={span.since} until={span.until} {clock} />
                { "waits in " }<code>{ "BRPOP celery … 1" }</code>
                <Remaining until={span.until} {clock} />
            </>
        },
        Doing::Busy => html! { { "talks to Redis" } },
        Doing::Running(span) => html! {
            <>
                <Ring from={span.since} until={span.until} {clock} />
                { "runs the task" }<Elapsed since={span.since} {clock} />
            </>
        },
        Doing::Stopped => html! { { "stopped: it finished first" } },
        Doing::Killed => html! { { "killed: its connections dropped" } },
        Doing::Crashed(error) => html! { <span class="worker-error">{ error }</span> },
    }
}

fn results(props: &Props) -> Html {
    let picture = &props.state.picture;
    html! {
        <section class="place place-results" aria-label="Result backend, db 1">
            <h3>{ "Redis " }<span>{ "db 1, the result backend" }</span></h3>
            <div class="key-box key-box-string">
                <p class="key-box-name">
                    <KindGlyph kind={KeyKind::String} /><b>{ "celery-task-meta-…" }</b>
                    <span>{ "one string a result, for a day" }</span>
                </p>
                <ul class="result-list">
                    if picture.results.is_empty() {
                        <li class="tokens-none">{ "no result yet" }</li>
                    }
                    { for picture.results.iter().map(|each| result(props, each)) }
                    if picture.results_hidden > 0 {
                        <li key="hidden" class="tokens-more">
                            { format!("… {} more", picture.results_hidden) }
                        </li>
                    }
                </ul>
            </div>
        </section>
    }
}

fn result(props: &Props, stored: &Stored) -> Html {
    let clock = props.clock;
    let class = if stored.ok { "outcome" } else { "outcome outcome-bad" };
    html! {
        <li key={stored.token.id} class="result" data-testid="celery-result">
            { token(props, &stored.token, "is-done") }
            <span {class}>{ &stored.text }</span>
            if let Some(life) = stored.life {
                <span class="result-life" title="Until the key expires">
                    <Ring from={life.since} until={life.until} {clock} />
                    <Remaining until={life.until} {clock} />
                </span>
            }
        </li>
    }
}

fn reads(props: &Props) -> Html {
    let reads = &props.state.picture.reads;
    html! {
        <section class="place place-reads" aria-label="The producer reads">
            <h3>{ "Producer " }<span>{ "reads" }</span></h3>
            if reads.is_empty() {
                <p class="place-says"><code>{ "result.get()" }</code>{ " waits for what a worker stores" }</p>
            }
            <ul class="read-list">{ for reads.iter().map(|each| read(props, each)) }</ul>
        </section>
    }
}

fn read(props: &Props, read: &Read) -> Html {
    let got = match &read.got {
        None => html! { <span class="read-waits"><span class="pulse"></span>{ "waits" }</span> },
        Some(got) => {
            let class = if got.ok { "outcome" } else { "outcome outcome-bad" };
            html! {
                <span {class} title={format!("It came by {}", got.by)}>
                    <Icon symbol={Symbol::Back} />{ &got.text }
                </span>
            }
        }
    };
    html! {
        <li key={read.token.id} class="read">{ token(props, &read.token, "is-done") }{ got }</li>
    }
}

fn task_name(token: &Token) -> &str {
    token.label.split('(').next().unwrap_or(&token.label)
}

fn count(count: u32, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}
