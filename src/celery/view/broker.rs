//! The broker's database: the lists of queues, what is unacknowledged and for how long still, and
//! what binds queues to exchanges.

use super::token::{Pen, counted, more};
use crate::backend::{ClockState, KeyKind};
use crate::celery::picture::{Binding, Picture, Queue, Taken, Unacked};
use crate::design::{KindGlyph, Remaining, Ring};
use yew::prelude::*;

pub(super) fn draw(picture: &Picture, clock: ClockState, pen: &Pen) -> Html {
    html! {
        <section class="place place-broker" aria-label={format!("Broker, db {}", picture.broker_db)}>
            <h3>{ "Redis " }<span>{ format!("db {}, the broker", picture.broker_db) }</span></h3>
            { for picture.queues.iter().map(|each| queue(pen, each)) }
            { unacked(clock, pen, &picture.unacked) }
            { bindings(pen, &picture.bindings) }
        </section>
    }
}

fn queue(pen: &Pen, queue: &Queue) -> Html {
    let touched = pen.is_touched(&queue.key).then_some("is-touched");
    let name = (queue.priority > 0).then(|| format!("{} {}", queue.queue, queue.priority));
    let says = counted(queue.tokens.len() as u32, "message waits", "messages wait");
    html! {
        <div
            key={format!("{:?}", queue.key.name)} class={classes!("key-box", "key-box-list", touched)}
            data-testid="celery-queue"
        >
            <p class="key-box-name">
                <KindGlyph kind={KeyKind::List} />{ pen.key(&queue.key, name.as_deref()) }
                if queue.priority > 0 {
                    <span class="badge" title="0 is served first">{ format!("priority {}", queue.priority) }</span>
                }
                <span>{ format!("list: {says}") }</span>
            </p>
            <div class="tokens tokens-list">
                if queue.tokens.is_empty() {
                    <span class="tokens-none">{ "empty" }</span>
                } else {
                    { pen.group(&queue.tokens, "is-queued") }
                }
            </div>
            <p class="list-ends">
                <span><b>{ "head" }</b>{ ": new ones" }</span>
                <span><b>{ "tail" }</b>{ ": taken next" }</span>
            </p>
        </div>
    }
}

fn unacked(clock: ClockState, pen: &Pen, unacked: &Unacked) -> Html {
    let is_touched = pen.is_touched(&unacked.hash) || pen.is_touched(&unacked.index);
    html! {
        <div
            class={classes!("key-box", "key-box-hash", is_touched.then_some("is-touched"))}
            data-testid="celery-unacked"
        >
            <p class="key-box-name">
                <KindGlyph kind={KeyKind::Hash} />{ pen.key(&unacked.hash, None) }
                <span>{ "taken, and not yet done" }</span>
                <span class="key-box-beside">
                    <KindGlyph kind={KeyKind::SortedSet} />{ pen.key(&unacked.index, None) }
                    <span>{ "since when" }</span>
                </span>
            </p>
            <div class="tokens tokens-taken">
                if unacked.is_empty() {
                    <span class="tokens-none">{ "empty" }</span>
                } else {
                    { for unacked.entries.iter().enumerate().map(|(at, each)| taken(clock, pen, at, each)) }
                    if unacked.hidden > 0 { { more(unacked.hidden) } }
                }
            </div>
        </div>
    }
}

fn taken(clock: ClockState, pen: &Pen, place: usize, taken: &Taken) -> Html {
    let by = match (taken.by.as_str(), taken.orphan) {
        ("", _) => "nobody's".to_owned(),
        (name, true) => format!("{name} is gone"),
        (name, false) => name.to_owned(),
    };
    html! {
        <span key={pen.element(&taken.token, place)} class={classes!("taken", taken.orphan.then_some("is-orphan"))}>
            { pen.token(&taken.token, "is-copy") }
            <span class="taken-by">{ by }</span>
            if let Some(life) = taken.life {
                <span class="taken-life" title="Until visibility_timeout: then it is put back into its list">
                    <Ring from={life.since} until={life.until} {clock} />
                    <Remaining until={life.until} {clock} />
                </span>
            }
        </span>
    }
}

fn bindings(pen: &Pen, bindings: &[Binding]) -> Html {
    if bindings.is_empty() {
        return html! {};
    }
    html! {
        <p class="bindings" data-testid="celery-bindings">
            <KindGlyph kind={KeyKind::Set} />
            <span title="An exchange sends a message to every queue that is bound to it">{ "bound" }</span>
            { for bindings.iter().map(|each| binding(pen, each)) }
        </p>
    }
}

fn binding(pen: &Pen, binding: &Binding) -> Html {
    let queues = match binding.queues.as_slice() {
        [queue] if *queue == binding.exchange => String::new(),
        [queue] => format!(" → {queue}"),
        queues => format!(" → {} queues", queues.len()),
    };
    html! {
        <span key={binding.exchange.clone()} class="binding" title={binding.queues.join(", ")}>
            { pen.key(&binding.key, Some(&binding.exchange)) }{ queues }
        </span>
    }
}
