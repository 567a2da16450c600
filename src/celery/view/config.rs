//! The editor of `celeryconfig.py`, and what is wrong with what stands in it.

use super::lab::Props;
use crate::celery::lab::Action;
use crate::design::{Icon, Symbol};
use celery_sim::celeryconfig::{Problem, Severity};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

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
                    <p>{ "Processes that start from now on read it; those that run keep what they have." }</p>
                </div>
            </div>
        </div>
    }
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
