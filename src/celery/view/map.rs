//! The map: a round trip through the places where a task is, and the wires between them, each
//! labelled with the command that uses it. What moves on a wire moves because that command ran.

use super::broker;
use super::token::{Pen, Touched, counted};
use super::workers;
use crate::backend::{ClockState, KeyKind};
use crate::celery::Action;
use crate::celery::flow::{Flow, MOVE_MS, is_fast};
use crate::celery::picture::{Channel, Hop, Path, Picture, Read, Stored, Token, TokenId};
use crate::design::{Icon, KindGlyph, Remaining, Ring, Shared, Symbol, units};
use crate::host::time::real_now;
use serde_bytes::ByteBuf;
use yew::prelude::*;

/// What the map needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub picture: Shared<Picture>,
    pub flow: Shared<Flow>,
    pub clock: ClockState,
    pub selected: Option<TokenId>,
    pub touched: Option<Touched>,
    pub on: Callback<Action>,
    pub on_key: Callback<(u8, ByteBuf)>,
}

/// The map.
#[function_component]
pub fn Map(props: &Props) -> Html {
    let pen = Pen {
        selected: props.selected,
        touched: props.touched.clone(),
        fast: is_fast(props.clock.rate),
        on: props.on.clone(),
        on_key: props.on_key.clone(),
    };
    // A slow clock moves slowly, as far as that can still be watched.
    let pace = (1.0 / props.clock.rate).clamp(0.5, 3.0);
    let wire = |name, command, says, path| wire(props, MOVE_MS * pace, name, command, says, path);
    html! {
        <div class="map" data-fast={pen.fast.then_some("true")} style={format!("--move:{:.0}ms", MOVE_MS * pace)}>
            { producer(props) }
            { wire("send", "LPUSH", "pushes at the head", Path::Send) }
            { broker::draw(&props.picture, props.clock, &pen) }
            <div class="wires">
                { wire("take", "BRPOP", "pops at the tail", Path::Take) }
                { wire("keep", "HSET", "keeps a copy", Path::Keep) }
                { wire("ack", "HDEL", "acknowledges", Path::Acknowledge) }
                { wire("restore", "RPUSH", "puts it back", Path::Restore) }
            </div>
            { workers::draw(&props.picture, props.clock, &pen) }
            { wire("store", "SETEX", "stores the result", Path::Store) }
            { results(props, &pen) }
            <div class="wires wires-read">
                { wire("notify", "PUBLISH", "tells who waits", Path::Notify) }
                { wire("fetch", "GET", "looks once", Path::Fetch) }
            </div>
            { reads(props, &pen) }
            { channels(&props.picture) }
        </div>
    }
}

/// A wire, what moves on it now, and whether it was the last to be used.
fn wire(
    props: &Props,
    move_ms: f64,
    name: &'static str,
    command: &'static str,
    says: &'static str,
    path: Path,
) -> Html {
    let count = props.picture.flows.get(path as usize).copied().unwrap_or_default();
    if path == Path::Restore && count == 0 {
        return html! {};
    }
    let last = props.picture.hops.last().is_some_and(|hop| hop.path == path);
    html! {
        <div
            key={name} class={classes!("wire", format!("wire-{name}"))}
            data-last={last.then_some("true")}
        >
            <span class="wire-label"><code>{ command }</code><span>{ says }</span></span>
            <span class="wire-line" aria-hidden="true">
                { for travellers(props, path, move_ms * 2.0) }
            </span>
            <span class="wire-count" title={format!("So often: {}", units::count(count.into()))}>
                if count > 0 { { units::count(count.into()) } }
            </span>
        </div>
    }
}

/// What moved on a wire within so many milliseconds of real time. While the clock runs fast it is
/// one thing that goes on moving for as long as anything does.
fn travellers(props: &Props, path: Path, sight_ms: f64) -> Vec<Html> {
    let now = props.clock.at(real_now());
    // While the clock stands still, what moved just before.
    let pace = if props.clock.paused { props.clock.rate.min(1.0) } else { props.clock.rate };
    let is_fast = is_fast(props.clock.rate);
    let in_sight = |hop: &&Hop| hop.path == path && (now - hop.at) / pace < sight_ms;
    let in_sight = props.flow.moves().rev().filter(in_sight);
    let mut drawn: Vec<&Hop> = in_sight.take(if is_fast { 1 } else { usize::MAX }).collect();
    drawn.reverse();
    let draw = |hop: &Hop| {
        let key = if is_fast { 0 } else { hop.number };
        html! { <span {key} class="traveller"><span>{ traveller(hop) }</span></span> }
    };
    drawn.into_iter().map(draw).collect()
}

fn traveller(hop: &Hop) -> String {
    match hop.count {
        1 => task_name(&hop.token).to_owned(),
        count => format!("{}×", units::count(count.into())),
    }
}

fn producer(props: &Props) -> Html {
    let sent = props.picture.flows.first().copied().unwrap_or_default();
    let awaits: u32 = props.picture.producers.iter().map(|producer| producer.awaits).sum();
    html! {
        <section class="place place-producer" aria-label="Producer">
            <h3>{ "Producer" }</h3>
            <p class="place-says">{ "your program: it calls " }<code>{ "add.delay(2, 3)" }</code></p>
            <p class="place-count">{ counted(sent, "message sent", "messages sent") }</p>
            if awaits > 0 {
                <p class="place-count is-live">
                    <span class="pulse"></span>{ " waits for " }{ counted(awaits, "result", "results") }
                </p>
            }
        </section>
    }
}

fn results(props: &Props, pen: &Pen) -> Html {
    let picture = &props.picture;
    let Some(db) = picture.results_db else {
        return html! {
            <section class="place place-results" aria-label="Result backend">
                <h3>{ "No result backend" }</h3>
                <p class="place-says">{ "result_backend is not set: what tasks return is lost." }</p>
            </section>
        };
    };
    let shared = if db == picture.broker_db { ", the broker's too" } else { "" };
    html! {
        <section class="place place-results" aria-label={format!("Result backend, db {db}")}>
            <h3>{ "Redis " }<span>{ format!("db {db}, the result backend{shared}") }</span></h3>
            <div class="key-box key-box-string">
                <p class="key-box-name">
                    <KindGlyph kind={KeyKind::String} /><b>{ "celery-task-meta-…" }</b>
                    <span>{ "one string a result, until it expires" }</span>
                </p>
                <ul class="result-list">
                    if picture.results.is_empty() {
                        <li class="tokens-none">{ "no result yet" }</li>
                    }
                    { for picture.results.iter().enumerate().map(|(at, each)| result(props, pen, at, each)) }
                    if picture.results_hidden > 0 {
                        <li key="hidden" class="tokens-more">
                            { format!("… {} more", units::count(picture.results_hidden.into())) }
                        </li>
                    }
                </ul>
            </div>
        </section>
    }
}

fn result(props: &Props, pen: &Pen, place: usize, stored: &Stored) -> Html {
    let clock = props.clock;
    let class = if stored.ok { "outcome" } else { "outcome outcome-bad" };
    let touched = pen.is_touched(&stored.key).then_some("is-touched");
    html! {
        <li key={pen.element(&stored.token, place)} class={classes!("result", touched)} data-testid="celery-result">
            { pen.token(&stored.token, "is-done") }
            <span {class}>{ &stored.text }</span>
            <span class="result-life">
                if let Some(life) = stored.life {
                    <Ring from={life.since} until={life.until} {clock} />
                    <span title="Until the key expires"><Remaining until={life.until} {clock} /></span>
                }
                { pen.key(&stored.key, Some("key")) }
            </span>
        </li>
    }
}

fn reads(props: &Props, pen: &Pen) -> Html {
    let reads = &props.picture.reads;
    html! {
        <section class="place place-reads" aria-label="The producer reads">
            <h3>{ "Producer " }<span>{ "reads" }</span></h3>
            if reads.is_empty() {
                <p class="place-says"><code>{ "result.get()" }</code>{ " waits for what a worker stores" }</p>
            }
            <ul class="read-list">{ for reads.iter().enumerate().map(|(at, each)| read(pen, at, each)) }</ul>
        </section>
    }
}

fn read(pen: &Pen, place: usize, read: &Read) -> Html {
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
        <li key={pen.element(&read.token, place)} class="read">{ pen.token(&read.token, "is-done") }{ got }</li>
    }
}

/// Pub/sub keeps nothing: a channel is who listens, and what was last said.
fn channels(picture: &Picture) -> Html {
    if picture.channels.is_empty() {
        return html! {};
    }
    html! {
        <section class="place place-channels" aria-label="Pub/sub channels">
            <h3>{ "Channels " }<span>{ "pub/sub: who does not listen, misses it" }</span></h3>
            <ul class="channel-list">{ for picture.channels.iter().map(channel) }</ul>
        </section>
    }
}

fn channel(channel: &Channel) -> Html {
    let unheard = matches!(channel.last, Some((_, 0)));
    let heard = matches!(channel.last, Some((_, 1..)));
    let listeners = match channel.listeners.as_slice() {
        [] if heard => "nobody any more".to_owned(),
        [] => "nobody".to_owned(),
        names => names.join(", "),
    };
    let title = format!(
        "{}; {}",
        counted(channel.subscriptions, "subscription", "subscriptions"),
        counted(channel.published, "message published", "messages published"),
    );
    html! {
        <li key={channel.name.clone()} class={classes!("channel", unheard.then_some("is-unheard"))} {title}>
            <code>{ &channel.name }</code>
            <Icon symbol={Symbol::Forward} />
            <span class="channel-who">{ listeners }</span>
            if channel.published > 0 {
                <span class="channel-count">{ units::count(channel.published.into()) }</span>
            }
        </li>
    }
}

fn task_name(token: &Token) -> &str {
    token.label.split(['(', ':']).next().unwrap_or(&token.label)
}
