//! The editor of `celeryconfig.py`, and what is wrong with what stands in it.

use super::lab::Props;
use crate::celery::lab::Action;
use crate::design::{Icon, Symbol};
use celery_sim::celeryconfig::{Problem, Severity};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// What can be added: a name, and the settings.
const EXAMPLES: [(&str, &str); 3] = [
    (
        "exchanges",
        "task_queues = [\n    \
             Queue('celery', Exchange('celery'), routing_key='celery'),\n    \
             Queue('mail', Exchange('media', type='topic'), routing_key='mail.#'),\n    \
             Queue('audit', Exchange('media', type='topic'), routing_key='*.new'),\n    \
             Queue('all', Exchange('everyone', type='fanout'), routing_key='all'),\n\
         ]\n\
         task_routes = {'app.send_*': {'queue': 'mail', 'routing_key': 'mail.new'}}\n",
    ),
    (
        "nothing is lost",
        "task_acks_late = True\ntask_reject_on_worker_lost = True\nworker_prefetch_multiplier = 1\n",
    ),
    ("beat", "beat_schedule = {'tick': {'task': 'app.add', 'schedule': 10.0, 'args': (2, 3)}}\n"),
];

/// The editor.
pub fn draw(props: &Props) -> Html {
    let state = &props.state;
    let oninput = props.on.reform(|event: InputEvent| {
        Action::Edit(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let lines = state.text.lines().count().clamp(4, 16) + 1;
    let has_errors = state.problems.iter().any(|problem| problem.severity == Severity::Error);
    html! {
        <div class="lab-drawer config" data-testid="config">
            <textarea
                class="config-text" data-testid="config-text" spellcheck="false" wrap="off"
                autocapitalize="off" autocomplete="off" rows={lines.to_string()}
                aria-label="celeryconfig.py" aria-invalid={has_errors.to_string()}
                aria-describedby="config-problems" value={state.text.clone()} {oninput}
            />
            <div class="config-side">
                <div class="send-examples" role="group" aria-label="Settings to add">
                    <span class="send-examples-of" aria-hidden="true">{ "add" }</span>
                    { for EXAMPLES.iter().map(|&(name, text)| html! {
                        <button
                            type="button" class="chip" key={name} data-testid="config-example"
                            data-example={name} title={text}
                            onclick={props.act(Action::Edit(added(&state.text, text)))}
                        >{ name }</button>
                    }) }
                </div>
                { problems("config-problems", &state.problems) }
                <div class="config-tools">
                    <button
                        type="button" class="call" data-testid="config-apply"
                        disabled={!state.can_apply() || props.past}
                        onclick={props.act(Action::Apply)}
                    >{ "Use it" }</button>
                    <button
                        type="button" class="call" data-testid="config-reset"
                        disabled={state.text == state.config}
                        onclick={props.act(Action::Reset)}
                    >{ "Undo" }</button>
                    <p>{ "What calls tasks starts anew with it. Workers that run keep what they have; those that start from now on read it." }</p>
                </div>
            </div>
        </div>
    }
}

/// A text with settings behind it, in lines of their own.
fn added(text: &str, settings: &str) -> String {
    format!("{}\n{settings}", text.trim_end())
}

/// What is wrong with a text.
pub fn problems(id: &'static str, problems: &[Problem]) -> Html {
    html! {
        <ul class="config-problems" {id} role="status" data-testid={id}>
            { for problems.iter().enumerate().map(|(at, it)| problem(at, it)) }
        </ul>
    }
}

fn problem(at: usize, problem: &Problem) -> Html {
    let (class, word) = match problem.severity {
        Severity::Error => ("config-problem is-bad", "error"),
        Severity::Warning => ("config-problem is-warning", "warning"),
    };
    html! {
        <li {class} key={at}>
            <Icon symbol={Symbol::Warning} />
            <span class="sr">{ word }{ " " }</span>
            <b>{ format!("{}:{}", problem.place.line, problem.place.column) }</b>
            { " " }{ &problem.message }
        </li>
    }
}
