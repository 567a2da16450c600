//! The clock's controls: stop, step, pace, and what it shows.

mod time_bar;

pub use time_bar::TimeBar;

use crate::backend::{ClockAction, ClockState};
use crate::design::{Icon, Symbol, units};
use crate::host::{frames::Frames, time};
use keyspace_resp::parse_double;
use web_sys::{HtmlSelectElement, MouseEvent};
use yew::prelude::*;

/// The paces on offer.
const RATES: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1000.0];

/// What the controls need.
#[derive(PartialEq, Properties)]
pub struct Props {
    /// The clock, once an engine has told.
    pub clock: Option<ClockState>,
    pub on: Callback<ClockAction>,
}

/// The clock's controls.
#[function_component]
pub fn ClockBar(props: &Props) -> Html {
    let paused = props.clock.is_some_and(|clock| clock.paused);
    let rate = props.clock.map_or(1.0, |clock| clock.rate);
    // A label begins with what is seen, for whoever speaks to the page.
    let (symbol, name, label) = match paused {
        true => (Symbol::Play, "Run the clock", "paused: run the clock"),
        false => (Symbol::Pause, "Pause the clock", "Pause the clock"),
    };
    let step = match props.clock.and_then(|clock| clock.next_deadline) {
        Some(deadline) => {
            let at = units::time_of_day(deadline, time::local_offset_minutes(deadline));
            format!("Step to what is due next, at {at} (.)")
        }
        None if !paused => "Step to what is due next, and stop there (.)".to_owned(),
        None => "Step to what is due next: nothing is (.)".to_owned(),
    };
    let onchange = props.on.reform(|event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        ClockAction::Rate(parse_double(value.as_bytes()).unwrap_or(1.0))
    });
    html! {
        <div class="clock" role="group" aria-label="Clock">
            <button
                type="button" class="tool clock-toggle" data-testid="clock-toggle"
                title={format!("{name} (space)")} aria-label={label}
                onclick={props.on.reform(|_: MouseEvent| ClockAction::Toggle)}
            >
                <Icon {symbol} />
                if paused { <span class="clock-word">{ "paused" }</span> }
            </button>
            <button
                type="button" class="tool" data-testid="clock-step"
                title={step} aria-label="Step to what is due next"
                onclick={props.on.reform(|_: MouseEvent| ClockAction::Step)}
            >
                <Icon symbol={Symbol::Step} />
            </button>
            <div class="clock-rates" role="group" aria-label="Pace">
                { for RATES.into_iter().map(|other| html! {
                    <button
                        type="button" class="clock-rate" aria-pressed={(rate == other).to_string()}
                        title={format!("Time passes {other} times as fast")}
                        onclick={props.on.reform(move |_: MouseEvent| ClockAction::Rate(other))}
                    >{ format!("×{other}") }</button>
                }) }
            </div>
            <select class="field clock-pace" aria-label="Pace" {onchange}>
                { for RATES.into_iter().map(|other| html! {
                    <option value={other.to_string()} selected={rate == other}>{ format!("×{other}") }</option>
                }) }
            </select>
            <ClockTime clock={props.clock} />
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct TimeProps {
    clock: Option<ClockState>,
}

/// The time, drawn again while it runs.
#[function_component]
fn ClockTime(props: &TimeProps) -> Html {
    let clock = props.clock;
    let text = use_state_eq(|| "--:--:--.---".to_owned());
    use_effect_with(clock, {
        let text = text.setter();
        move |clock| {
            let frames = clock.and_then(|clock| {
                let show = move || text.set(read(clock));
                show();
                (!clock.paused).then(|| Frames::start(show))
            });
            move || drop(frames)
        }
    });
    html! {
        <time class="clock-time" data-testid="clock-time" aria-label="Engine time">{ &*text }</time>
    }
}

fn read(clock: ClockState) -> String {
    let now = clock.at(time::real_now());
    units::time_of_day(now, time::local_offset_minutes(now))
}
