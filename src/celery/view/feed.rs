//! The feed: every command that actors and consoles ran, the latest first.

use super::Props;
use crate::celery::Action;
use crate::celery::picture::{Line, TokenId, short};
use crate::celery::state::LINES_MAX;
use crate::console::{Commands, Span, Tone, highlight};
use crate::design::{Shared, Slots, units};
use crate::host::time::local_offset_minutes;
use serde_bytes::ByteBuf;
use web_sys::{Event, HtmlSelectElement, MouseEvent};
use yew::prelude::*;

/// How much of a command is shown in its line.
const LINE_CHARS: usize = 160;

pub(super) fn draw(props: &Props) -> Html {
    let state = &props.state;
    let all = state.all_commands;
    let onchange = props.on.reform(|event: Event| {
        let name = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Follow((!name.is_empty()).then_some(name))
    });
    html! {
        <section class="feed" data-testid="celery-feed" aria-label="Commands">
            <header class="feed-head">
                <select class="field" aria-label="Whose commands" data-testid="celery-feed-actor" {onchange}>
                    <option value="" selected={state.actor.is_none()}>{ "everybody" }</option>
                    { for state.actors().into_iter().map(|name| html! {
                        <option
                            key={name} value={name.to_owned()}
                            selected={state.actor.as_deref() == Some(name)}
                        >{ short(name) }</option>
                    }) }
                </select>
                <button
                    type="button" class="chip" aria-pressed={all.to_string()}
                    data-testid="celery-feed-all"
                    title="Show what connects and declares, too"
                    onclick={props.on.reform(|_: MouseEvent| Action::ToggleAll)}
                >{ if all { "all commands" } else { "those with messages" } }</button>
            </header>
            <Lines ..props.clone() />
        </section>
    }
}

/// The lines, each in an element that it keeps for as long as it is drawn.
#[function_component]
fn Lines(props: &Props) -> Html {
    let slots = use_mut_ref(Slots::default);
    let state = &props.state;
    let (lines, more) = state.drawn_lines();
    let numbers: Vec<u32> = lines.iter().map(|line| line.number).collect();
    let slots = slots.borrow_mut().assign(&numbers);
    let is_none = lines.is_empty();
    html! {
        <>
            <ol class="feed-lines">
                { for lines.into_iter().zip(slots).map(|(line, slot)| html! {
                    <FeedLine
                        key={slot} line={line.clone()}
                        open={state.open_line == Some(line.number)}
                        commands={props.commands.clone()} on={props.on.clone()}
                        on_key={props.on_key.clone()} on_help={props.on_help.clone()}
                    />
                }) }
            </ol>
            <p class="feed-none">
                if is_none {
                    { "What the producer and the workers send to Redis appears here, word for word." }
                } else {
                    if more > 0 {
                        <button
                            type="button" class="chip" data-testid="celery-feed-more"
                            onclick={props.on.reform(|_: MouseEvent| Action::MoreLines)}
                        >{ format!("{} more", units::count(more as u64)) }</button>
                        { " " }
                    }
                    { format!("The last {LINES_MAX} are kept.") }
                }
            </p>
        </>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct LineProps {
    line: Shared<Line>,
    open: bool,
    commands: Shared<Commands>,
    on: Callback<Action>,
    on_key: Callback<(u8, ByteBuf)>,
    on_help: Callback<String>,
}

#[function_component]
fn FeedLine(props: &LineProps) -> Html {
    let line = &props.line;
    let number = line.number;
    let class = classes!(
        "feed-line",
        props.open.then_some("is-open"),
        line.in_multi.then_some("is-in-multi"),
    );
    let cut: String = line.text.chars().take(LINE_CHARS).collect();
    let (name, rest) = cut.split_once(' ').unwrap_or((&cut, ""));
    let at = units::time_of_day(line.at, local_offset_minutes(line.at));
    let role = if line.role.is_empty() { String::new() } else { format!("{}, ", line.role) };
    let title = format!("{}: {role}db {}, {at}", line.who, line.db);
    html! {
        <li {class}>
            <button
                type="button" class="feed-command" aria-expanded={props.open.to_string()}
                title={title.clone()}
                onclick={props.on.reform(move |_: MouseEvent| Action::OpenLine(number))}
            >
                <span class="feed-who" data-who={if line.who.contains('@') { "worker" } else { "other" }}>
                    { short(&line.who) }
                </span>
                <code><b>{ name }</b>{ " " }{ if props.open { "" } else { rest } }</code>
                if let Some(token) = &line.token {
                    <span class="feed-label">{ &token.label }</span>
                }
                if line.times > 1 {
                    <span class="feed-times" title="So many times in a row">{ format!("×{}", units::count(line.times.into())) }</span>
                }
            </button>
            if props.open { { opened(props, &title) } }
        </li>
    }
}

/// The command in full: its keys lead to the keys, its name to what it does.
fn opened(props: &LineProps, title: &str) -> Html {
    let line = &props.line;
    let spans = highlight::command(&line.text, props.commands.keys(&line.text));
    let token: Option<TokenId> = line.token.as_ref().map(|token| token.id);
    let name = line.text.split(' ').next().unwrap_or_default().to_owned();
    let help = name.clone();
    html! {
        <div class="feed-full">
            <p class="feed-from">{ title }</p>
            <code>{ for spans.iter().map(|span| piece(props, span)) }</code>
            <p class="feed-actions">
                if let Some(id) = token {
                    <button
                        type="button" class="chip" data-testid="celery-open-message"
                        onclick={props.on.reform(move |_: MouseEvent| Action::Select(Some(id)))}
                    >{ "open the message" }</button>
                }
                <button
                    type="button" class="chip"
                    onclick={props.on_help.reform(move |_: MouseEvent| help.clone())}
                >{ format!("what {name} does") }</button>
            </p>
        </div>
    }
}

fn piece(props: &LineProps, span: &Span) -> Html {
    match (&span.key, span.tone) {
        (Some(key), _) => {
            let (db, name) = (props.line.db, ByteBuf::from(key.to_vec()));
            let onclick = props.on_key.reform(move |_: MouseEvent| (db, name.clone()));
            html! {
                <button type="button" class="key-link" title="Show this key" {onclick}>{ &span.text }</button>
            }
        }
        (None, Tone::Command) => html! { <b>{ &span.text }</b> },
        (None, _) => html! { { &span.text } },
    }
}
