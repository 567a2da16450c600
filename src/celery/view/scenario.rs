//! Scenarios: which there are, and the steps of the one that is played, with what they checked.

use super::lab::Props;
use crate::celery::answers;
use crate::celery::lab::{Action, ScenarioState};
use crate::design::{Icon, Symbol, units};
use celery_sim::scenario::{ALL, Check, Outcome, Scenario, Side, Step};
use yew::prelude::*;

/// The list, or the scenario that is played.
pub fn draw(props: &Props, drawer: &NodeRef) -> Html {
    let state = props.state.scenario.as_ref();
    match state.and_then(|state| Some((state, state.scenario()?))) {
        Some((state, scenario)) => played(props, drawer, state, scenario),
        None => list(props),
    }
}

fn list(props: &Props) -> Html {
    html! {
        <div class="lab-drawer" data-testid="scenarios">
            <p class="lab-lead">
                { "Each scenario runs in an engine of its own, with two configurations side by side. \
                   What you have now waits, and is there again afterwards." }
            </p>
            <ul class="scenarios">
                { for ALL.iter().map(|scenario| html! {
                    <li key={scenario.name}>
                        <button
                            type="button" class="scenario-card" data-testid="scenario"
                            data-scenario={scenario.name}
                            onclick={props.act(Action::Begin(scenario.name))}
                        >
                            <b>{ scenario.title }</b>
                            <span>{ scenario.question }</span>
                        </button>
                    </li>
                }) }
            </ul>
        </div>
    }
}

fn played(
    props: &Props,
    drawer: &NodeRef,
    state: &ScenarioState,
    scenario: &'static Scenario,
) -> Html {
    let begun = state.begun as usize;
    let is_over = begun == scenario.steps.len() && state.due.is_none();
    let next = match begun {
        0 => "Begin",
        _ => "Next step",
    };
    let another = ALL.iter().skip_while(|it| it.name != scenario.name).nth(1);
    html! {
        <div class="lab-drawer scenario" data-testid="scenario-played" ref={drawer.clone()}>
            <header class="scenario-head">
                <h2>{ scenario.title }</h2>
                <p>{ scenario.question }</p>
                if !is_over {
                    <button
                        type="button" class="call call-next" data-testid="scenario-next"
                        disabled={state.due.is_some() || props.past}
                        onclick={props.act(Action::NextStep)}
                    >{ next }</button>
                }
                if let Some(another) = another.filter(|_| is_over) {
                    <button
                        type="button" class="call call-next" data-testid="scenario-another"
                        title={another.question}
                        onclick={props.act(Action::Begin(another.name))}
                    >{ format!("Next: {}", another.title) }</button>
                }
                if is_over {
                    <button
                        type="button" class="call" data-testid="scenario-again"
                        title="The same once more, from its beginning"
                        onclick={props.act(Action::Begin(scenario.name))}
                    >{ "Again" }</button>
                }
                <button
                    type="button" class="call" data-testid="scenario-leave"
                    title="What you had before is there again"
                    onclick={props.act(Action::Leave)}
                >{ "Leave" }</button>
            </header>
            <div class="scenario-sides">
                { side("A", &scenario.one, begun == 0) }
                { side("B", &scenario.other, begun == 0) }
            </div>
            <ol class="scenario-steps">
                { for scenario.steps.iter().enumerate().take(begun.max(1)).map(|(at, one)| {
                    step(props, state, at, one)
                }) }
            </ol>
        </div>
    }
}

/// A configuration, shown until the scenario begins and then on demand.
fn side(letter: &str, side: &Side, open: bool) -> Html {
    html! {
        <details class="scenario-side" key={letter.to_owned()} {open}>
            <summary><b class="scenario-letter">{ letter }</b>{ " " }{ side.title }</summary>
            <pre>{ side.celeryconfig }</pre>
        </details>
    }
}

fn step(props: &Props, state: &ScenarioState, at: usize, step: &'static Step) -> Html {
    let begun = state.begun as usize;
    let outcomes = state.outcomes.get(at);
    let phase = match (at.cmp(&begun), outcomes) {
        (_, Some(_)) => "over",
        (std::cmp::Ordering::Less, None) => "running",
        _ => "waiting",
    };
    let left = state
        .due
        .filter(|_| phase == "running")
        .map(|due| format!("until {} later", units::span((due - props.clock.engine).max(0.0))));
    html! {
        <li class="scenario-step" key={at} data-testid="scenario-step" data-phase={phase}>
            <h3>{ format!("{}. {}", at + 1, step.title) }</h3>
            <p>{ step.narration }</p>
            if let Some(left) = left {
                <p class="scenario-left">{ "The clock runs " }{ left }{ ", and stops." }</p>
            }
            if let Some((one, other)) = outcomes {
                <ul class="checks">
                    { for step.checks.iter().enumerate().map(|(at, check)| {
                        checked(at, check, one.get(at), other.get(at))
                    }) }
                </ul>
            }
        </li>
    }
}

fn checked(at: usize, check: &Check, one: Option<&Outcome>, other: Option<&Outcome>) -> Html {
    let differs = one
        .zip(other)
        .is_some_and(|(one, other)| answers::answer(check, one) != answers::answer(check, other));
    html! {
        <li class="check" key={at} data-testid="check" data-differs={differs.then_some("true")}>
            <span class="check-says">{ check.says }</span>
            { for [("A", one), ("B", other)].into_iter().filter_map(|(letter, outcome)| {
                outcome.map(|outcome| told(letter, check, outcome))
            }) }
        </li>
    }
}

fn told(letter: &str, check: &Check, outcome: &Outcome) -> Html {
    let (symbol, class, word) = match outcome.holds {
        true => (Symbol::Done, "check-side is-good", "as expected"),
        false => (Symbol::Warning, "check-side is-bad", "not as expected"),
    };
    html! {
        <span
            {class} key={letter.to_owned()}
            title={format!("{}\n{}", outcome.command, outcome.reply)}
        >
            <b class="scenario-letter">{ letter }</b>
            <Icon {symbol} />
            <span class="sr">{ word }{ ": " }</span>
            <code>{ answers::answer(check, outcome) }</code>
        </span>
    }
}
