//! The pane of lessons: the list, or one step with what to try and its goal.

use super::{Action, Place, State, all};
use crate::design::{Icon, Shared, Symbol};
use keyspace_lessons::{Lesson, Move, Part, Span, Step};
use web_sys::MouseEvent;
use yew::prelude::*;

/// What the pane needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub on: Callback<Action>,
    /// Somebody wants a command in the prompt of a client, the first, the second or the third.
    pub on_try: Callback<(usize, String)>,
    /// Somebody wants so many milliseconds to pass.
    pub on_wait: Callback<u64>,
}

/// The lessons.
#[function_component]
pub fn LearnPane(props: &Props) -> Html {
    match props.state.place {
        Some(place) => step(props, place),
        None => list(props),
    }
}

fn href(place: Option<Place>) -> String {
    place.map_or_else(|| "#/learn".to_owned(), |place| format!("#/learn/{}", place.address()))
}

fn list(props: &Props) -> Html {
    let state = &props.state;
    let done: usize = (0..all().len()).map(|lesson| state.count_done(lesson)).sum();
    let steps: usize = all().iter().map(|lesson| lesson.steps.len()).sum();
    html! {
        <div class="learn learn-list" data-testid="lessons">
            <header class="learn-intro">
                <h2>{ "Learn by typing" }</h2>
                <p>{ "Each lesson runs on the Redis in this tab. Try what it says; it notices when you are there." }</p>
                if done > 0 {
                    <p class="learn-sum">
                        { format!("{done} of {steps} steps done. ") }
                        <button type="button" class="chip" onclick={props.on.reform(|_: MouseEvent| Action::Forget)}>
                            { "start over" }
                        </button>
                    </p>
                }
            </header>
            <ol class="lessons">
                { for all().iter().enumerate().map(|(at, lesson)| card(state, at, lesson)) }
            </ol>
        </div>
    }
}

fn card(state: &State, at: usize, lesson: &Lesson) -> Html {
    let (done, steps) = (state.count_done(at), lesson.steps.len());
    let said = match done {
        0 => format!("{} min", lesson.minutes),
        _ if done == steps => "done".to_owned(),
        _ => format!("{done} of {steps}"),
    };
    html! {
        <li key={lesson.id.clone()}>
            <a
                class={classes!("lesson", (done == steps).then_some("is-done"))}
                data-testid="lesson" href={href(Some(state.resume(at)))}
            >
                <span class="lesson-number">{ at + 1 }</span>
                <b>{ &lesson.title }</b>
                <span class="lesson-summary">{ &lesson.summary }</span>
                <span class="lesson-said">{ said }</span>
                <span class="lesson-bar" style={format!("--done:{done};--steps:{steps}")} />
            </a>
        </li>
    }
}

fn step(props: &Props, place: Place) -> Html {
    let lesson = &all()[place.lesson];
    let step = &lesson.steps[place.step];
    html! {
        <article class="learn step" data-testid="step" key={place.address()}>
            <header class="step-head">
                <a class="tool" href={href(None)} title="All lessons" aria-label="All lessons">
                    <Icon symbol={Symbol::Back} />
                </a>
                <b>{ &lesson.title }</b>
                <nav class="step-dots" aria-label="Steps">
                    { for (0..lesson.steps.len()).map(|at| dot(&props.state, place, at)) }
                </nav>
            </header>
            <div class="step-body">
                <h2>{ &step.title }</h2>
                { for step.parts.iter().map(|it| part(props, it)) }
                { goal(&props.state, place, step) }
            </div>
        </article>
    }
}

fn dot(state: &State, open: Place, at: usize) -> Html {
    let place = Place { step: at, ..open };
    let title = &all()[place.lesson].steps[at].title;
    let label = match state.is_done(place) {
        true => format!("Step {}: {title} (done)", at + 1),
        false => format!("Step {}: {title}", at + 1),
    };
    html! {
        <a
            class={classes!("step-dot", state.is_done(place).then_some("is-done"))}
            href={href(Some(place))} title={label.clone()} aria-label={label}
            aria-current={(place == open).then_some("step")}
        />
    }
}

fn part(props: &Props, part: &Part) -> Html {
    match part {
        Part::Text(spans) => html! { <p>{ for spans.iter().map(span) }</p> },
        Part::Try(moves) => html! {
            <ul class="moves">{ for moves.iter().map(|it| html! { <li>{ a_move(props, it) }</li> }) }</ul>
        },
        Part::Code { language, text, sent } => html! {
            <div class="code-pair">
                <figure><figcaption>{ language }</figcaption><pre>{ text }</pre></figure>
                if !sent.is_empty() {
                    <figure>
                        <figcaption>{ "what arrives at Redis" }</figcaption>
                        <pre>{ sent.join("\n") }</pre>
                    </figure>
                }
            </div>
        },
    }
}

fn span(span: &Span) -> Html {
    match span {
        Span::Text(text) => html! { { text } },
        Span::Code(text) => html! { <code>{ text }</code> },
        Span::Stressed(text) => html! { <em>{ text }</em> },
        Span::Link { text, href } => html! { <a href={href.clone()}>{ text }</a> },
    }
}

fn a_move(props: &Props, it: &Move) -> Html {
    match it {
        Move::Type { client, line } => {
            let (nth, typed) = (usize::from(*client), line.clone());
            let onclick = props.on_try.reform(move |_: MouseEvent| (nth, typed.clone()));
            let title = format!("Put it in the prompt of client {client}");
            html! {
                <button type="button" class="move" data-testid="try" {title} {onclick}>
                    if *client > 1 {
                        <span class="move-client">{ format!("client {client}") }</span>
                    }
                    <code>{ line }</code>
                </button>
            }
        }
        Move::Wait(millis) => {
            let millis = *millis;
            let onclick = props.on_wait.reform(move |_: MouseEvent| millis);
            let title = "Move the clock on by as much";
            html! {
                <button type="button" class="move move-wait" data-testid="wait" {title} {onclick}>
                    <Icon symbol={Symbol::Step} />{ format!("let {} pass", duration(millis)) }
                </button>
            }
        }
    }
}

/// `60 s`, `1 min`, `1 day`.
fn duration(millis: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    match UNITS.iter().find(|(length, _)| millis >= *length && millis.is_multiple_of(*length)) {
        Some((length, unit)) => format!("{} {unit}", millis / length),
        None => format!("{millis} ms"),
    }
}

fn goal(state: &State, place: Place, step: &Step) -> Html {
    let done = state.is_done(place);
    let next = place.next();
    let label = match next {
        Some(next) if next.lesson != place.lesson => {
            format!("Next lesson: {}", all()[next.lesson].title)
        }
        Some(_) => "Next step".to_owned(),
        None => "All lessons".to_owned(),
    };
    html! {
        <footer class={classes!("goal", done.then_some("is-done"))}>
            <p role="status" data-testid="goal">
                <Icon symbol={if done { Symbol::Done } else { Symbol::Goal }} />
                <span>{ if done { "Done: " } else { "Goal: " } }{ &step.goal.text }</span>
            </p>
            <a class="next" data-testid="next" href={href(next)}>{ label }</a>
        </footer>
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_said_in_the_unit_that_fits() {
        let said = [500, 1_000, 30_000, 60_000, 90_000, 86_400_000].map(duration);
        assert_eq!(said, ["500 ms", "1 s", "30 s", "1 min", "90 s", "1 d"]);
    }
}
