//! Times that run: drawn again only when they read otherwise.

use super::units;
use crate::backend::ClockState;
use crate::host::time::real_now;
use gloo_timers::callback::Timeout;
use yew::{Html, Properties, function_component, hook, html, use_effect_with, use_force_update};

/// What is left until a moment.
#[derive(Debug, PartialEq, Properties)]
pub struct RemainingProps {
    pub until: f64,
    pub clock: ClockState,
}

/// What is left until a moment, running down.
#[function_component]
pub fn Remaining(props: &RemainingProps) -> Html {
    let left = props.until - use_engine_time(props.clock, props.until, true);
    html! { <span class="time">{ units::span(left) }</span> }
}

/// What has passed since a moment.
#[derive(Debug, PartialEq, Properties)]
pub struct ElapsedProps {
    pub since: f64,
    pub clock: ClockState,
}

/// What has passed since a moment, running up.
#[function_component]
pub fn Elapsed(props: &ElapsedProps) -> Html {
    let passed = use_engine_time(props.clock, props.since, false) - props.since;
    html! { <span class="time">{ units::span(passed) }</span> }
}

/// Engine time now; draws again when the span to or from `moment` reads otherwise.
#[hook]
fn use_engine_time(clock: ClockState, moment: f64, down: bool) -> f64 {
    let redraw = use_force_update();
    let now = clock.at(real_now());
    let span = if down { moment - now } else { now - moment };
    use_effect_with((span, clock.paused, clock.rate), move |&(span, paused, rate)| {
        let over = down && span <= 0.0;
        let timer = (!paused && !over).then(|| {
            let delay = units::span_changes_in(span, down) / rate;
            // No faster than a screen draws.
            Timeout::new(delay.max(16.0).ceil() as u32, move || redraw.force_update())
        });
        move || drop(timer)
    });
    now
}
