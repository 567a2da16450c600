//! The list of what happens, the latest on top.

use super::state::{Item, State};
use crate::backend::{ChangedBy, FeedItem, Happening};
use crate::console::{Commands, Span, Tone, highlight};
use crate::design::{Shared, units};
use crate::host::time;
use serde_bytes::ByteBuf;
use web_sys::MouseEvent;
use yew::prelude::*;

/// What the list needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    /// What says which arguments are keys.
    pub commands: Shared<Commands>,
    /// Somebody wants to see a key of a database.
    pub on_key: Callback<(u8, ByteBuf)>,
    /// Somebody wants to know what a command does.
    pub on_help: Callback<String>,
}

/// What happens.
#[function_component]
pub fn Activity(props: &Props) -> Html {
    html! {
        <section class="activity" aria-label="Activity" data-testid="activity">
            <h2>{ "activity" }</h2>
            <ol>
                { for props.state.items.iter().map(|item| match item {
                    Item::Happened(item) => html! {
                        <Row
                            key={item.number} item={item.clone()} commands={props.commands.clone()}
                            on_key={props.on_key.clone()} on_help={props.on_help.clone()}
                        />
                    },
                    Item::Gap { before, count } => html! {
                        <li key={format!("gap {before}")} class="activity-gap">
                            { format!("{} more", units::count(*count)) }
                        </li>
                    },
                }) }
            </ol>
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct RowProps {
    item: Shared<FeedItem>,
    commands: Shared<Commands>,
    on_key: Callback<(u8, ByteBuf)>,
    on_help: Callback<String>,
}

#[function_component]
fn Row(props: &RowProps) -> Html {
    let item = &props.item;
    let by = match item.by {
        Some(ChangedBy::Console(console)) => format!("client {}", console.0),
        Some(ChangedBy::Client(id)) => format!("connection {id}"),
        None => "the clock".to_owned(),
    };
    let at = units::time_of_day(item.at, time::local_offset_minutes(item.at));
    html! {
        <li>
            <time>{ at }</time>
            <span class="activity-by">{ by }</span>
            <span class="activity-what">{ what(props) }</span>
        </li>
    }
}

fn what(props: &RowProps) -> Html {
    match &props.item.what {
        Happening::Command { db, args } => {
            let words: Vec<String> = args.iter().map(|arg| units::argument(arg)).collect();
            let line = words.join(" ");
            let spans = highlight::command(&line, props.commands.keys(&line));
            html! { { for spans.iter().map(|span| piece(props, *db, span)) } }
        }
        Happening::Expired { db, key } => html! {
            <>{ key_link(props, *db, key, units::argument(key)) }{ " expired" }</>
        },
        Happening::Waits { db, keys } => html! {
            <span class="is-live">
                { "waits for " }
                { for keys.iter().map(|key| html! {
                    <>{ key_link(props, *db, key, units::argument(key)) }{ " " }</>
                }) }
            </span>
        },
        Happening::Served { db, key } => html! {
            <span class="is-live">{ "is served by " }{ key_link(props, *db, key, units::argument(key)) }</span>
        },
        Happening::TimedOut => html! { <span class="is-live">{ "waits no longer" }</span> },
    }
}

fn piece(props: &RowProps, db: u8, span: &Span) -> Html {
    match (&span.key, span.tone) {
        (Some(key), _) => key_link(props, db, key, span.text.clone()),
        (None, Tone::Command) => {
            let name = span.text.clone();
            let onclick = props.on_help.reform(move |_: MouseEvent| name.clone());
            html! {
                <button type="button" class="key-link t-command" tabindex="-1" title="What this command does" {onclick}>
                    { &span.text }
                </button>
            }
        }
        (None, _) => html! { { &span.text } },
    }
}

fn key_link(props: &RowProps, db: u8, key: &[u8], text: String) -> Html {
    let name = ByteBuf::from(key);
    let onclick = props.on_key.reform(move |_: MouseEvent| (db, name.clone()));
    html! {
        <button type="button" class="key-link" tabindex="-1" title="Show this key" {onclick}>{ text }</button>
    }
}
