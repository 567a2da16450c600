//! A message in full: what it asks for, its headers and properties, and as it is stored.

use super::Props;
use crate::celery::Action;
use crate::celery::picture::Detail;
use crate::design::{Icon, Symbol};
use web_sys::MouseEvent;
use yew::prelude::*;

pub(super) fn draw(props: &Props) -> Html {
    let detail = props.state.detail.as_ref();
    html! {
        <section class="message" data-testid="celery-message" aria-label="Message">
            <header class="feed-head">
                <button
                    type="button" class="tool" title="Back to the commands (Esc)"
                    aria-label="Back to the commands"
                    onclick={props.on.reform(|_: MouseEvent| Action::Select(None))}
                ><Icon symbol={Symbol::Back} /></button>
                <h3>{ detail.map_or("…", |detail| detail.token.label.as_str()) }</h3>
            </header>
            if let Some(detail) = detail {
                <div class="message-body">{ message(detail) }</div>
            }
        </section>
    }
}

fn message(detail: &Detail) -> Html {
    html! {
        <>
            <p class="message-id">{ "task " }<code>{ &detail.task_id }</code></p>
            { table("body", "decoded from base64: the arguments", &detail.body) }
            { table("headers", "what a worker reads before it decodes the body", &detail.headers) }
            { table("properties", "what kombu routes and acknowledges by", &detail.properties) }
            if let Some(result) = &detail.result {
                <h4>{ "result" }</h4>
                <pre>{ result }</pre>
            }
            <h4>{ "as it is stored in the list" }</h4>
            <pre>{ &detail.raw }</pre>
        </>
    }
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
