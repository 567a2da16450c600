//! The workers in figures, the line that starts one more, and remote control by buttons.

use super::config::problems;
use super::lab::Props;
use super::replies;
use crate::celery::lab::Action;
use crate::design::{Icon, Symbol, units};
use celery_sim::{Figures, WorkerPool, python};
use web_sys::{HtmlInputElement, KeyboardEvent, MouseEvent, SubmitEvent};
use yew::prelude::*;

/// How many of the latest answers are shown.
const ANSWERS: usize = 2;

/// The drawer.
pub fn draw(props: &Props) -> Html {
    let state = &props.state;
    let shown = state.answers.len().min(ANSWERS);
    html! {
        <div class="lab-drawer crew" data-testid="workers">
            { line(props) }
            { problems("workers-problems", &state.line_problems) }
            if state.figures.is_empty() {
                <p class="crew-none">{ "No worker runs. The line above starts one, as in a terminal." }</p>
            } else {
                { table(props) }
                { replies::draw(&state.answers[..shown]) }
            }
        </div>
    }
}

fn line(props: &Props) -> Html {
    let state = &props.state;
    let can_run = state.can_run_line() && !props.past;
    let oninput = props.on.reform(|event: InputEvent| {
        Action::Line(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    let onsubmit = {
        let on = props.on.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if can_run {
                on.emit(Action::RunLine);
            }
        })
    };
    html! {
        <form class="crew-line" {onsubmit}>
            <label for="crew-line" aria-hidden="true">{ "$" }</label>
            <input
                id="crew-line" class="crew-line-text" data-testid="workers-line" type="text" spellcheck="false"
                autocapitalize="off" autocomplete="off" aria-label="A command line"
                aria-invalid={(!state.line_problems.is_empty()).to_string()}
                aria-describedby="workers-problems" value={state.line.clone()} {oninput}
            />
            <button type="submit" class="call" data-testid="workers-run" disabled={!can_run}>{ "Run it" }</button>
        </form>
    }
}

fn table(props: &Props) -> Html {
    html! {
        <table class="crew-table">
            <thead>
                <tr>
                    <th scope="col">{ "worker" }</th>
                    <th scope="col">{ "pool" }</th>
                    <th scope="col" class="is-number" title="inspect().active(): tasks that run">{ "active" }</th>
                    <th scope="col" class="is-number" title="inspect().reserved(): taken, and not begun">{ "reserved" }</th>
                    <th scope="col" class="is-number" title="inspect().scheduled(): held until their time">{ "scheduled" }</th>
                    <th scope="col" class="is-number" title="Messages that it has, and how many it takes at most">{ "prefetch" }</th>
                    <th scope="col" class="is-number" title="inspect().stats(): tasks that began">{ "total" }</th>
                    <th scope="col">{ "queues" }</th>
                    <th scope="col"><span class="sr">{ "shutdown" }</span></th>
                </tr>
            </thead>
            <tbody>{ for props.state.figures.iter().map(|each| row(props, each)) }</tbody>
        </table>
    }
}

fn row(props: &Props, worker: &Figures) -> Html {
    let number = |name: &'static str, count: usize| {
        let class = classes!("is-number", (count == 0).then_some("is-nothing"));
        html! { <td {class} data-label={name}>{ units::count(count as u64) }</td> }
    };
    let limit = worker.prefetch_limit.map_or("any".to_owned(), |limit| units::count(limit as u64));
    html! {
        <tr key={worker.name.clone()} data-testid="workers-row">
            <th scope="row">{ &worker.name }</th>
            <td class="crew-pool" data-label="pool">{ pool(props, worker) }</td>
            { number("active", worker.active) }
            { number("reserved", worker.reserved) }
            { number("scheduled", worker.scheduled) }
            <td class="is-number" data-label="prefetch">
                { format!("{} of {limit}", units::count(worker.unacknowledged as u64)) }
            </td>
            { number("total", worker.total as usize) }
            <td class="crew-queues" data-label="queues">{ queues(props, worker) }</td>
            <td class="crew-end">
                <button
                    type="button" class="chip chip-bad" disabled={props.past}
                    title="app.control.shutdown(destination=[...]): it finishes its tasks, then leaves"
                    onclick={props.act(Action::Control(called(&worker.name, "shutdown", "", "")))}
                >{ "shutdown" }</button>
            </td>
        </tr>
    }
}

/// A call of remote control for one worker.
fn called(worker: &str, method: &str, argument: &str, reply: &str) -> String {
    let worker = python::string_repr(worker);
    format!("app.control.{method}({argument}destination=[{worker}]{reply})")
}

/// What a button of remote control does.
fn call(props: &Props, worker: &Figures, method: &str, argument: &str) -> Callback<MouseEvent> {
    props.act(Action::Control(called(&worker.name, method, argument, REPLY)))
}

const REPLY: &str = ", reply=True";

/// An argument in front of others.
fn quoted(text: &str) -> String {
    format!("{}, ", python::string_repr(text))
}

fn pool(props: &Props, worker: &Figures) -> Html {
    let name = match worker.pool {
        WorkerPool::Solo => {
            return html! { <span title="One thread, which also talks to Redis">{ "solo" }</span> };
        }
        WorkerPool::Prefork => "prefork",
    };
    let change = |method: &'static str, sign: &'static str, title: &'static str| {
        html! {
            <button
                type="button" class="chip" {title} aria-label={title} disabled={props.past} data-testid={method}
                onclick={call(props, worker, method, "1, ")}
            >{ sign }</button>
        }
    };
    html! {
        <>
            <span>{ name }</span>
            { change("pool_shrink", "−", "app.control.pool_shrink(1): a process less") }
            <b title="Processes: so many tasks run at once">{ worker.processes }</b>
            { change("pool_grow", "+", "app.control.pool_grow(1): a process more") }
        </>
    }
}

fn queues(props: &Props, worker: &Figures) -> Html {
    let chip = |queue: &String| {
        let argument = quoted(queue);
        let title = format!("app.control.cancel_consumer('{queue}'): it takes no more from there");
        html! {
            <span key={queue.clone()} class="crew-queue">
                { queue }
                <button
                    type="button" class="crew-cancel" aria-label={title.clone()} {title} disabled={props.past}
                    data-testid="cancel_consumer" onclick={call(props, worker, "cancel_consumer", &argument)}
                ><Icon symbol={Symbol::Close} /></button>
            </span>
        }
    };
    let onkeydown = {
        let (on, name) = (props.on.clone(), worker.name.clone());
        Callback::from(move |event: KeyboardEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let queue = input.value().trim().to_owned();
            if event.key() == "Enter" && !queue.is_empty() {
                on.emit(Action::Control(called(&name, "add_consumer", &quoted(&queue), REPLY)));
                input.set_value("");
            }
        })
    };
    html! {
        <>
            { for worker.queues.iter().map(chip) }
            <input
                type="text" class="crew-add" placeholder="add a queue" spellcheck="false" autocapitalize="off"
                autocomplete="off" aria-label={format!("A queue that {} shall consume, too", worker.name)}
                title="Enter: app.control.add_consumer(queue)" data-testid="add_consumer" disabled={props.past}
                {onkeydown}
            />
        </>
    }
}
