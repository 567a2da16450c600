//! The console as it is drawn: tabs, output, and the prompt.

use super::client::{Body, Client, Entry};
use super::highlight::{Span, Tone, words};
use super::state::{Action, State};
use crate::backend::{ClockState, ConsoleId};
use crate::design::{Elapsed, Icon, Ring, Shared, Symbol};
use crate::host::page;
use serde_bytes::ByteBuf;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlInputElement, InputEvent, KeyboardEvent, MouseEvent};
use yew::prelude::*;

/// The prompt's id, for whoever wants to give it the focus.
pub const INPUT_ID: &str = "console-input";

/// What the console needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub clock: ClockState,
    pub on: Callback<Action>,
    /// Somebody wants to see a key of a database.
    pub on_key: Callback<(u8, ByteBuf)>,
    /// Engine time, for what is sent now.
    pub now: Callback<(), f64>,
}

/// The console.
#[function_component]
pub fn Console(props: &Props) -> Html {
    let state = &props.state;
    let active = state.active();
    html! {
        <>
            <div class="console-bar">
                <div class="console-tabs" role="tablist" aria-label="Clients">
                    { for state.clients.iter().map(|client| tab(props, client)) }
                </div>
                <button
                    type="button" class="tool" data-testid="console-new"
                    title="New client (Alt-N)" aria-label="New client"
                    onclick={props.on.reform(|_: MouseEvent| Action::Open)}
                >
                    <Icon symbol={Symbol::Add} />
                </button>
            </div>
            <Output
                state={props.state.clone()} clock={props.clock} on={props.on.clone()}
                on_key={props.on_key.clone()} now={props.now.clone()}
                key={active.id.0}
            />
        </>
    }
}

fn tab(props: &Props, client: &Client) -> Html {
    let id = client.id;
    let selected = props.state.active == id;
    let name = format!("client {}", id.0);
    let class = classes!(
        "console-tab",
        client.unseen.then_some("is-unseen"),
        (client.wait.is_some() || client.is_streaming()).then_some("is-live"),
    );
    let close = (props.state.clients.len() > 1).then(|| {
        html! {
            <button
                type="button" class="console-tab-close" title="Close (Alt-W)"
                aria-label={format!("Close {name}")}
                onclick={props.on.reform(move |_: MouseEvent| Action::Close(id))}
            >
                <Icon symbol={Symbol::Close} />
            </button>
        }
    });
    html! {
        <div {class} key={id.0} data-selected={selected.then_some("true")}>
            <button
                type="button" role="tab" class="console-tab-name" data-testid="console-tab"
                aria-selected={selected.to_string()}
                onclick={props.on.reform(move |_: MouseEvent| Action::Select(id))}
            >
                { name }
                { waiting(client, props.clock) }
            </button>
            { close }
        </div>
    }
}

/// Whether an entry was there at the moment that is looked at.
fn is_shown(state: &State, entry: &Entry) -> bool {
    state.past.is_none_or(|past| entry.at <= past)
}

/// What a client waits in, and for how long.
fn waiting(client: &Client, clock: ClockState) -> Option<Html> {
    let wait = client.wait?;
    let running = client.running()?;
    let words: Vec<&str> = running.split(' ').take(2).collect();
    Some(html! {
        <span class="console-tab-wait">
            { wait.until.map(|until| html! { <Ring from={wait.since} {until} {clock} /> }) }
            { words.join(" ") }{ " " }<Elapsed since={wait.since} {clock} />
        </span>
    })
}

/// What a client shows, with the prompt behind it. The style sheet lets the view stand at the end,
/// however high it is, until somebody scrolls away.
#[function_component]
fn Output(props: &Props) -> Html {
    let client = props.state.active();
    let onclick = |_: MouseEvent| {
        if !page::has_selection() {
            page::focus(INPUT_ID);
        }
    };
    let db = client.db();
    let on_key = props.on_key.reform(move |name| (db, name));
    html! {
        <div class="console-scroll" {onclick}>
            <div>
                <div
                    class="console-output" role="log" aria-live="polite" aria-label="Replies"
                    data-testid="console-output"
                >
                    { for client.entries.iter().filter(|entry| is_shown(&props.state, entry)).map(|entry| html! {
                        <EntryView key={entry.id} entry={entry.clone()} on_key={on_key.clone()} />
                    }) }
                </div>
                { prompt(props, client) }
            </div>
        </div>
    }
}

/// What an entry needs.
#[derive(PartialEq, Properties)]
struct EntryProps {
    entry: Shared<Entry>,
    on_key: Callback<ByteBuf>,
}

#[function_component]
fn EntryView(props: &EntryProps) -> Html {
    match &props.entry.body {
        Body::Command { prompt, line } => html! {
            <div class="entry entry-command">
                <span class="prompt">{ prompt }</span>
                { for line.iter().map(|span| piece(span, &props.on_key)) }
            </div>
        },
        Body::Reply(spans) => html! {
            <div class="entry entry-reply">
                { for spans.iter().map(|span| piece(span, &props.on_key)) }
            </div>
        },
        Body::Notice(text) => html! { <div class="entry entry-notice">{ text }</div> },
    }
}

fn piece(span: &Span, on_key: &Callback<ByteBuf>) -> Html {
    let class = match span.tone {
        Tone::Plain => "",
        Tone::Muted => "t-muted",
        Tone::Number => "t-number",
        Tone::Text => "t-text",
        Tone::Nil => "t-nil",
        Tone::Error => "t-error",
        Tone::Status => "t-status",
        Tone::Heading => "t-heading",
        Tone::Command => "t-command",
    };
    match &span.key {
        Some(name) => {
            let name = ByteBuf::from(&**name);
            html! {
                <button
                    type="button" class={classes!("key-link", class)} tabindex="-1"
                    title="Show this key"
                    onclick={on_key.reform(move |event: MouseEvent| {
                        event.stop_propagation();
                        name.clone()
                    })}
                >
                    { &span.text }
                </button>
            }
        }
        None if class.is_empty() => html! { { &span.text } },
        None => html! { <span {class}>{ &span.text }</span> },
    }
}

fn prompt(props: &Props, client: &Client) -> Html {
    let state = &props.state;
    let (label, value) = match &state.search {
        Some(search) => {
            let found = state.found().unwrap_or("nothing found");
            let found = if search.query.is_empty() { "type to search" } else { found };
            (
                html! { <span class="prompt">{ "search " }<span class="t-text">{ found }</span>{ " ‹ " }</span> },
                &search.query,
            )
        }
        None => (prompt_label(client, props.clock), &state.input),
    };
    let placeholder = match client.lines_left() {
        0 if state.past.is_some() => "an earlier moment: go on from here, or return".to_owned(),
        0 => String::new(),
        queued => format!("{queued} more to run"),
    };
    // A phone has no Ctrl-C.
    let stops = client.is_waiting() || client.is_streaming();
    html! {
        <div class="console-prompt">
            { label }
            <div class="console-line">
                if let Some(hint) = state.hint() {
                    <div class="console-hint" aria-hidden="true">
                        <span class="console-hint-typed">{ &state.input }</span>{ hint }
                    </div>
                }
                <input
                    id={INPUT_ID} data-testid="console-input" type="text"
                    aria-label={format!("Command for client {}", client.id.0)}
                    autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false"
                    enterkeyhint="send"
                    value={value.clone()} {placeholder} readonly={state.past.is_some()}
                    oninput={oninput(&props.on)} onkeydown={onkeydown(props)}
                    onpaste={onpaste(props)}
                />
            </div>
            if stops {
                <button
                    type="button" class="chip" data-testid="console-stop" title="Connect anew (Ctrl-C)"
                    onclick={props.on.reform(|_: MouseEvent| Action::Interrupt)}
                >
                    { "Ctrl-C" }
                </button>
            }
            { candidates(props) }
        </div>
    }
}

fn prompt_label(client: &Client, clock: ClockState) -> Html {
    match client.wait {
        Some(wait) => html! {
            <span class="prompt prompt-wait">
                { match wait.until {
                    Some(until) => html! { <Ring from={wait.since} {until} {clock} /> },
                    None => html! { <span class="pulse" aria-hidden="true"></span> },
                } }
                { if wait.runs { "running " } else { "waiting " } }<Elapsed since={wait.since} {clock} />{ " " }
            </span>
        },
        None => html! { <span class="prompt">{ client.prompt() }</span> },
    }
}

fn candidates(props: &Props) -> Html {
    let Some(completion) = &props.state.completion else {
        return html! {};
    };
    let items = completion.candidates.iter().enumerate().map(|(index, name)| {
        let chosen = (completion.chosen == Some(index)).then_some("is-chosen");
        let text = format!("{name} ");
        let onclick = props.on.reform(move |_: MouseEvent| Action::Suggest(text.clone()));
        html! {
            <button type="button" tabindex="-1" class={classes!("candidate", chosen)} {onclick}>
                { last_word(name) }
            </button>
        }
    });
    html! { <div class="candidates" aria-label="Completions">{ for items }</div> }
}

/// What a candidate adds: a name of a command, or a key behind one.
fn last_word(candidate: &str) -> &str {
    words(candidate).last().map_or(candidate, |word| &candidate[word.clone()])
}

fn oninput(on: &Callback<Action>) -> Callback<InputEvent> {
    on.reform(|event: InputEvent| {
        Action::Edit(event.target_unchecked_into::<HtmlInputElement>().value())
    })
}

fn onpaste(props: &Props) -> Callback<Event> {
    let (on, now) = (props.on.clone(), props.now.clone());
    Callback::from(move |event: Event| {
        let data = event.unchecked_ref::<ClipboardEvent>().clipboard_data();
        let text = data.and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
        if text.contains('\n') {
            event.prevent_default();
            on.emit(Action::Paste { text, now: now.emit(()) });
        }
    })
}

fn onkeydown(props: &Props) -> Callback<KeyboardEvent> {
    let (on, now) = (props.on.clone(), props.now.clone());
    let state = props.state.clone();
    Callback::from(move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        let action = if event.alt_key() {
            alt_key(&state, &event)
        } else if event.ctrl_key() {
            ctrl_key(&event)
        } else {
            plain_key(&state, &event, || now.emit(()))
        };
        if let Some(action) = action {
            event.prevent_default();
            on.emit(action);
        }
    })
}

fn plain_key(state: &State, event: &KeyboardEvent, now: impl Fn() -> f64) -> Option<Action> {
    let offers = state.completion.is_some() || state.search.is_some();
    Some(match event.key().as_str() {
        "Enter" => Action::Submit { now: now() },
        "ArrowUp" => Action::Older,
        "ArrowDown" => Action::Newer,
        // The way to the prompt from everywhere else; no command begins so.
        "/" if state.input.is_empty() && !offers => Action::Edit(String::new()),
        // Tab leaves an empty prompt, as everywhere else on the page.
        "Tab" if !state.input.is_empty() || offers => Action::Complete { back: event.shift_key() },
        "Escape" if offers => Action::Settle,
        _ => return None,
    })
}

fn ctrl_key(event: &KeyboardEvent) -> Option<Action> {
    Some(match event.key().as_str() {
        "c" if !page::has_selection() && !selects_input(event) => Action::Interrupt,
        "r" => Action::Search,
        "l" => Action::Clear,
        "u" => Action::Edit(String::new()),
        "p" => Action::Older,
        "n" => Action::Newer,
        _ => return None,
    })
}

fn alt_key(state: &State, event: &KeyboardEvent) -> Option<Action> {
    Some(match event.code().as_str() {
        "KeyN" => Action::Open,
        "KeyW" => Action::Close(state.active),
        "BracketLeft" => Action::Neighbour { back: true },
        "BracketRight" => Action::Neighbour { back: false },
        code => {
            let place: usize = code.strip_prefix("Digit")?.parse().ok()?;
            Action::Select(client_at(state, place)?)
        }
    })
}

fn client_at(state: &State, place: usize) -> Option<ConsoleId> {
    state.clients.get(place.checked_sub(1)?).map(|client| client.id)
}

/// Whether a part of the prompt's text is selected.
fn selects_input(event: &KeyboardEvent) -> bool {
    let input = event.target_unchecked_into::<HtmlInputElement>();
    let start = input.selection_start().ok().flatten();
    let end = input.selection_end().ok().flatten();
    start != end
}
