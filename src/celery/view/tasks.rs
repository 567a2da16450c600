//! The table of tasks: each with its state, attempts, worker, time and result.

use super::Props;
use crate::celery::Action;
use crate::celery::tasks::{TaskRow, TaskState};
use crate::design::units;
use web_sys::{HtmlInputElement, InputEvent, MouseEvent};
use yew::prelude::*;

pub(super) fn draw(props: &Props) -> Html {
    let tasks = &props.state.tasks;
    let query = props.state.query();
    let oninput = props.on.reform(|event: InputEvent| {
        Action::Filter(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    html! {
        <section class="task-table" data-testid="celery-tasks" aria-label="Tasks">
            <header class="feed-head">
                <input
                    class="field" type="search" placeholder="filter: a call, an id, a worker, a result"
                    aria-label="Filter tasks" data-testid="celery-task-filter"
                    value={query.filter.clone()} {oninput}
                />
            </header>
            <div class="task-states" role="group" aria-label="States">{ states(props) }</div>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{ "task" }</th>
                        <th scope="col">{ "state" }</th>
                        <th scope="col" class="is-number" title="How often it was delivered">{ "tries" }</th>
                        <th scope="col">{ "worker" }</th>
                        <th scope="col" class="is-number">{ "ran" }</th>
                        <th scope="col">{ "result" }</th>
                    </tr>
                </thead>
                <tbody>{ for tasks.rows.iter().map(|each| row(props, each)) }</tbody>
            </table>
            { foot(props) }
        </section>
    }
}

fn states(props: &Props) -> Html {
    let tasks = &props.state.tasks;
    let chosen = props.state.query().state;
    let counts = TaskState::ALL.into_iter().zip(tasks.states.iter().copied());
    let drawn = counts.filter(|(state, count)| *count > 0 || chosen == Some(*state));
    let chip = |(state, count): (TaskState, u32)| {
        let is_chosen = chosen == Some(state);
        let next = (!is_chosen).then_some(state);
        html! {
            <button
                key={state.word()} type="button" class="chip state" data-state={state.word()}
                aria-pressed={is_chosen.to_string()}
                onclick={props.on.reform(move |_: MouseEvent| Action::State(next))}
            >{ format!("{} {}", units::count(count.into()), state.word()) }</button>
        }
    };
    html! { <>{ for drawn.map(chip) }</> }
}

fn row(props: &Props, task: &TaskRow) -> Html {
    let token = task.token;
    let onclick = props.on.reform(move |_: MouseEvent| Action::Select(Some(token)));
    let bad = matches!(task.state, TaskState::Failure | TaskState::Lost);
    html! {
        <tr key={token}>
            <td>
                <button type="button" class="task-call" title={format!("Open {}", task.task_id)} {onclick}>
                    { &task.label }
                </button>
            </td>
            <td><span class="state" data-state={task.state.word()}>{ task.state.word() }</span></td>
            <td class={classes!("is-number", (task.attempts > 1).then_some("is-live"))}>{ task.attempts }</td>
            <td>{ &task.worker }</td>
            <td class="is-number">{ task.runtime_ms.map(units::span) }</td>
            <td class={classes!("task-result", bad.then_some("outcome-bad"))} title={task.result.clone()}>
                { &task.result }
            </td>
        </tr>
    }
}

fn foot(props: &Props) -> Html {
    let tasks = &props.state.tasks;
    let hidden = tasks.total as usize - tasks.rows.len().min(tasks.total as usize);
    let forgotten = match tasks.forgotten {
        0 => String::new(),
        count => format!(" {} older ones are forgotten.", units::count(count.into())),
    };
    html! {
        <footer class="task-foot">
            if hidden > 0 {
                <button
                    type="button" class="chip"
                    onclick={props.on.reform(|_: MouseEvent| Action::More)}
                >{ format!("{} more", units::count(hidden as u64)) }</button>
            }
            <span>
                if tasks.total == 0 { { "No task matches. " } }
                { format!("Up to {} finished tasks are remembered.{forgotten}", units::count(tasks.limit.into())) }
            </span>
        </footer>
    }
}
