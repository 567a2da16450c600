//! What workers answered to remote control.

use crate::celery::lab::{Answer, Reply};
use yew::prelude::*;

/// The calls, the latest first.
pub fn draw(answers: &[Answer]) -> Html {
    if answers.is_empty() {
        return html! {};
    }
    html! {
        <section class="answers" data-testid="answers" aria-label="What remote control returned">
            <ol>{ for answers.iter().enumerate().map(|(at, it)| answer(it, at == 0)) }</ol>
        </section>
    }
}

fn answer(answer: &Answer, is_latest: bool) -> Html {
    let empty = match (&answer.error, answer.wants) {
        (Some(error), _) => html! { <p class="answer-none is-bad">{ error }</p> },
        (None, _) if answer.waits => {
            html! { <p class="answer-none is-live">{ "waits for replies" }</p> }
        }
        (None, true) if answer.replies.is_empty() => {
            let why = "None: no worker replied in time. With the solo pool a worker hears nothing \
                       while it runs a task.";
            html! { <p class="answer-none">{ why }</p> }
        }
        (None, true) => html! {},
        (None, false) => {
            html! { <p class="answer-none">{ "None: it does not wait for replies; reply=True does" }</p> }
        }
    };
    html! {
        <li key={answer.number} class="answer" data-testid="answer">
            <code class="answer-call">{ &answer.call }</code>
            { for answer.replies.iter().map(|it| reply(it, is_latest)) }
            { empty }
        </li>
    }
}

/// What a worker replied: in a line, or to be opened where it is long.
fn reply(reply: &Reply, open: bool) -> Html {
    let class = classes!("reply", reply.is_error.then_some("is-bad"));
    let key = reply.worker.clone();
    match reply.says.split_once('\n') {
        None => html! {
            <p {class} {key}><b>{ &reply.worker }</b>{ " " }<code>{ &reply.says }</code></p>
        },
        Some((first, _)) => html! {
            <details {class} {key} {open}>
                <summary><b>{ &reply.worker }</b>{ " " }<code>{ first }</code></summary>
                <pre>{ &reply.says }</pre>
            </details>
        },
    }
}
