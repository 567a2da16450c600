//! The feed: every command that actors and consoles ran, the latest first.

use super::Props;
use crate::celery::Action;
use crate::celery::picture::Line;
use crate::design::units;
use crate::host::time::local_offset_minutes;
use web_sys::MouseEvent;
use yew::prelude::*;

pub(super) fn draw(props: &Props) -> Html {
    let all = props.state.all_commands;
    html! {
        <section class="feed" data-testid="celery-feed" aria-label="Commands">
            <header class="feed-head">
                <h3>{ "Commands" }</h3>
                <button
                    type="button" class="chip" aria-pressed={all.to_string()}
                    data-testid="celery-feed-all"
                    title="Show what connects and declares, too"
                    onclick={props.on.reform(|_: MouseEvent| Action::ToggleAll)}
                >{ if all { "all of them" } else { "those with messages" } }</button>
            </header>
            <ol class="feed-lines">
                { for props.state.lines().map(|each| line(props, each)) }
            </ol>
            if props.state.lines().next().is_none() {
                <p class="feed-none">{ "What the producer and the workers send to Redis appears here, word for word." }</p>
            }
        </section>
    }
}

fn line(props: &Props, line: &Line) -> Html {
    let (name, rest) = line.text.split_once(' ').unwrap_or((&line.text, ""));
    let open = props.state.open_line == Some(line.number);
    let number = line.number;
    let token = line.token.as_ref();
    let selected = token.is_some_and(|token| props.state.selected == Some(token.id));
    let class = classes!(
        "feed-line",
        open.then_some("is-open"),
        line.in_multi.then_some("is-in-multi"),
        selected.then_some("is-selected"),
    );
    let at = units::time_of_day(line.at, local_offset_minutes(line.at));
    let who = line.who.split('@').next().unwrap_or(&line.who).to_owned();
    let role = if line.role.is_empty() { String::new() } else { format!("{}, ", line.role) };
    html! {
        <li key={number} {class}>
            <button
                type="button" class="feed-command" aria-expanded={open.to_string()}
                title={format!("{}: {role}db {}, {at}", line.who, line.db)}
                onclick={props.on.reform(move |_: MouseEvent| Action::OpenLine(number))}
            >
                <span class="feed-who" data-who={if who.starts_with('w') { "worker" } else { "other" }}>{ who }</span>
                <code><b>{ name }</b>{ " " }{ rest }</code>
                if let Some(token) = token {
                    <span class="feed-label">{ &token.label }</span>
                }
                if line.times > 1 {
                    <span class="feed-times" title="So many times in a row">{ format!("×{}", line.times) }</span>
                }
            </button>
            if let Some(id) = token.map(|token| token.id).filter(|_| open) {
                <button
                    type="button" class="chip feed-open"
                    onclick={props.on.reform(move |_: MouseEvent| Action::Select(Some(id)))}
                >{ "open the message" }</button>
            }
        </li>
    }
}
