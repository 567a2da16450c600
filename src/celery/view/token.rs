//! What the parts of the map draw with: tokens, keys, and what a command touched.

use crate::celery::Action;
use crate::celery::picture::{Group, Key as RedisKey, Line, Token, TokenId};
use crate::console::{Commands, highlight};
use crate::design::units;
use serde_bytes::ByteBuf;
use web_sys::MouseEvent;
use yew::prelude::*;
use yew::virtual_dom::Key;

/// What a command was about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Touched {
    token: Option<TokenId>,
    keys: Vec<RedisKey>,
}

impl Touched {
    /// The token and the keys of a command.
    pub fn by(line: &Line, commands: &Commands) -> Touched {
        let spans = highlight::command(&line.text, commands.keys(&line.text));
        let keys = spans.iter().filter_map(|span| span.key.as_ref());
        let keys = keys.map(|key| RedisKey { db: line.db, name: ByteBuf::from(key.to_vec()) });
        Touched { token: line.token.as_ref().map(|token| token.id), keys: keys.collect() }
    }
}

/// What the parts of the map have in common.
#[derive(Clone, PartialEq)]
pub(super) struct Pen {
    pub selected: Option<TokenId>,
    pub touched: Option<Touched>,
    /// The clock runs too fast for one token at a time to be watched.
    pub fast: bool,
    pub on: Callback<Action>,
    pub on_key: Callback<(u8, ByteBuf)>,
}

impl Pen {
    /// The element for a token that is at a place of a list. Whoever moves up takes his element
    /// along; what runs too fast for that to be seen is drawn in those that are there.
    pub fn element(&self, token: &Token, place: usize) -> Key {
        match self.fast {
            true => Key::from(place),
            false => Key::from(format!("token {}", token.id)),
        }
    }

    /// A token that stands alone; a click opens its message.
    pub fn token(&self, token: &Token, class: &'static str) -> Html {
        self.token_with(token, 0, class, html! {})
    }

    /// A token at a place of a list, and something inside it.
    pub fn token_with(
        &self,
        token: &Token,
        place: usize,
        class: &'static str,
        inside: Html,
    ) -> Html {
        let id = token.id;
        let is_selected = self.selected == Some(id);
        let is_touched = self.touched.as_ref().is_some_and(|touched| touched.token == Some(id));
        let onclick =
            self.on.reform(move |_: MouseEvent| Action::Select((!is_selected).then_some(id)));
        html! {
            <button
                key={self.element(token, place)} type="button"
                class={classes!("token", class, is_touched.then_some("is-touched"))}
                aria-pressed={is_selected.to_string()} title={format!("Open the message of {}", token.label)}
                {onclick}
            >
                <span class="token-label">{ &token.label }</span>
                if token.redelivered { <span class="token-again" title="Delivered before">{ "again" }</span> }
                { inside }
            </button>
        }
    }

    /// Tokens in one list, so that one that moves up stays the same element.
    pub fn group(&self, group: &Group, class: &'static str) -> Html {
        let draw = |(place, each)| self.token_with(each, place, class, html! {});
        let first = group.first.iter().enumerate().map(draw);
        let more = (group.hidden > 0).then(|| more(group.hidden));
        let last = (group.first.len()..).zip(&group.last).map(draw);
        html! { <>{ for first.chain(more).chain(last) }</> }
    }

    /// The name of a key; a click opens the key.
    pub fn key(&self, key: &RedisKey, text: Option<&str>) -> Html {
        let name = units::text(&key.name);
        let (db, bytes) = (key.db, key.name.clone());
        let onclick = self.on_key.reform(move |_: MouseEvent| (db, bytes.clone()));
        html! {
            <button
                type="button" class={classes!("key-name-link", self.is_touched(key).then_some("is-touched"))}
                title={format!("Show the key {name} of db {db}")} {onclick}
            >{ text.map_or(name.clone(), str::to_owned) }</button>
        }
    }

    /// Whether the command that is open touched a key.
    pub fn is_touched(&self, key: &RedisKey) -> bool {
        self.touched.as_ref().is_some_and(|touched| touched.keys.contains(key))
    }
}

/// That there are more, which are not drawn.
pub(super) fn more(count: u32) -> Html {
    html! {
        <span key="hidden" class="tokens-more" title="Not drawn">
            { format!("{} more", units::count(count.into())) }
        </span>
    }
}

/// A count with its noun.
pub(super) fn counted(count: u32, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        count => format!("{} {many}", units::count(count.into())),
    }
}
