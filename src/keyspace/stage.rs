//! One key in full: what it is, its value, and what changed it.

use super::list::size;
use super::state::{Action, Presence, Selected, State};
use super::value::Value;
use crate::backend::{ChangedBy, ClockState, KeyChange, KeyDetail, KeyKind};
use crate::design::{Icon, KindGlyph, Remaining, Ring, Shared, Symbol, units};
use crate::host::{page, time};
use web_sys::MouseEvent;
use yew::prelude::*;

/// The stage's id, for whoever wants to give it the focus.
pub const STAGE_ID: &str = "stage";

/// What the stage needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub clock: ClockState,
    pub on: Callback<Action>,
    /// Somebody wants a command in the prompt.
    pub on_suggest: Callback<String>,
}

/// The key that is selected, or what the stage is for.
#[function_component]
pub fn Stage(props: &Props) -> Html {
    let Some(selected) = &props.state.selected else {
        return nothing();
    };
    html! {
        <article
            class={classes!("key", (selected.presence == Presence::Gone).then_some("is-gone"))}
            data-testid="key-value" key={format!("{} {}", selected.db, units::text(&selected.name))}
        >
            { head(props, selected) }
            { match (&selected.detail, selected.presence) {
                (Some(detail), _) => body(props, selected, detail),
                (None, Presence::Gone) => html! { <p class="stage-note">{ "This key does not exist." }</p> },
                (None, _) => html! {},
            } }
        </article>
    }
}

fn nothing() -> Html {
    let kinds = [
        (KeyKind::String, "text, numbers, bytes"),
        (KeyKind::List, "a queue or a stack"),
        (KeyKind::Hash, "fields with values"),
        (KeyKind::Set, "members, each once"),
        (KeyKind::SortedSet, "members by score"),
        (KeyKind::Stream, "entries in order, read by groups"),
        (KeyKind::Array, "values at indices, most of them empty"),
    ];
    html! {
        <div class="stage-empty">
            <p>{ "Select a key to see its value, its life and what changed it." }</p>
            <ul class="legend">
                { for kinds.into_iter().map(|(kind, text)| html! {
                    <li><KindGlyph {kind} /><b>{ kind.name() }</b><span>{ text }</span></li>
                }) }
            </ul>
            <p class="stage-keys">
                <kbd>{ "/" }</kbd>{ " console " }<kbd>{ "k" }</kbd>{ " keys " }
                <kbd>{ "space" }</kbd>{ " clock " }<kbd>{ "?" }</kbd>{ " all shortcuts" }
            </p>
        </div>
    }
}

fn head(props: &Props, selected: &Selected) -> Html {
    let name = units::text(&selected.name);
    let argument = units::argument(&selected.name);
    let suggest = |label: &'static str, command: String| {
        let title = format!("Put {command} in the prompt");
        let onclick = props.on_suggest.reform(move |_: MouseEvent| command.clone());
        html! { <button type="button" class="chip" {title} {onclick}>{ label }</button> }
    };
    let life = selected.detail.as_ref().and_then(|detail| detail.life);
    let copied = argument.clone();
    html! {
        <header class="key-head">
            <button
                type="button" class="tool" title="Back (Esc)" aria-label="Back"
                onclick={props.on.reform(|_: MouseEvent| Action::Deselect)}
            >
                <Icon symbol={Symbol::Back} />
            </button>
            { selected.detail.as_ref().map(|detail| html! { <KindGlyph kind={detail.kind} /> }) }
            <h2 class="key-name" title={name.clone()}>{ name }</h2>
            <button
                type="button" class="tool" title="Copy the name" aria-label="Copy the name"
                onclick={move |_: MouseEvent| page::copy(&copied)}
            >
                <Icon symbol={Symbol::Copy} />
            </button>
            if selected.presence != Presence::Gone {
                <span class="key-actions">
                    { match life {
                        Some(_) => suggest("PERSIST", format!("PERSIST {argument}")),
                        None => suggest("EXPIRE", format!("EXPIRE {argument} 60")),
                    } }
                    { suggest("DEL", format!("DEL {argument}")) }
                </span>
            }
        </header>
    }
}

fn body(props: &Props, selected: &Selected, detail: &KeyDetail) -> Html {
    html! {
        <>
            if selected.presence == Presence::Gone {
                <p class="stage-note" role="status">{ "This key is gone. This is what it last held." }</p>
            }
            { facts(props.clock, selected, detail) }
            <Value
                value={detail.value.clone()} size={detail.size} clock={props.clock}
                on_more={props.on.reform(|()| Action::More)}
            />
            { history(&detail.changes) }
        </>
    }
}

fn facts(clock: ClockState, selected: &Selected, detail: &KeyDetail) -> Html {
    let fact = |name: &'static str, value: Html| {
        html! { <div class="fact"><dt>{ name }</dt><dd>{ value }</dd></div> }
    };
    let life = match detail.life.filter(|_| selected.presence == Presence::Here) {
        Some((from, until)) => html! {
            <span class="row-life"><Ring {from} {until} {clock} /><Remaining {until} {clock} /></span>
        },
        None => html! { "no expiry" },
    };
    let noun = if detail.kind == KeyKind::String { "length" } else { "elements" };
    html! {
        <dl class="facts">
            { fact("type", html! { { detail.kind.name() } }) }
            { fact(noun, html! { { size(detail.kind, detail.size) } }) }
            if !detail.encoding.is_empty() {
                { fact("encoding", html! { { &detail.encoding } }) }
            }
            if let Some(memory) = detail.memory {
                { fact("memory", html! { { units::bytes(memory) } }) }
            }
            { fact("expires", life) }
        </dl>
    }
}

fn history(changes: &[KeyChange]) -> Html {
    if changes.is_empty() {
        return html! {};
    }
    html! {
        <section class="history" aria-label="What changed this key">
            <h3>{ "changes" }</h3>
            <ol>{ for changes.iter().map(change) }</ol>
        </section>
    }
}

fn change(change: &KeyChange) -> Html {
    let command: Vec<String> = change.command.iter().map(|arg| units::argument(arg)).collect();
    let by = match change.by {
        Some(ChangedBy::Console(console)) => format!("client {}", console.0),
        Some(ChangedBy::Client(id)) => format!("connection {id}"),
        None => "the clock".to_owned(),
    };
    let at = units::time_of_day(change.at, time::local_offset_minutes(change.at));
    html! {
        <li>
            <time>{ at }</time>
            <span class="history-event">{ &change.event }</span>
            <code>{ command.join(" ") }</code>
            <span class="history-by">{ by }</span>
        </li>
    }
}
