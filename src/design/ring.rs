//! A ring that empties with time.

use super::clock_text::use_reading;
use crate::backend::ClockState;
use crate::host::time::real_now;
use yew::{Html, Properties, function_component, html, use_memo};

/// What empties within so many real milliseconds is animated by the browser. What is faster nobody
/// sees move, and what is slower moves by steps that nobody sees: both are drawn as they are.
const ANIMATED_MS: std::ops::Range<f64> = 500.0..5_000.0;

/// What a ring needs: the span that it stands for, in engine time.
#[derive(Debug, PartialEq, Properties)]
pub struct Props {
    pub from: f64,
    pub until: f64,
    pub clock: ClockState,
}

/// A ring, full at `from` and empty at `until`.
#[function_component]
pub fn Ring(props: &Props) -> Html {
    let Props { from, until, clock } = *props;
    let total = (until - from).max(1.0) / clock.rate;
    let arc = match !clock.paused && ANIMATED_MS.contains(&total) {
        true => html! { <Animated {from} {until} {clock} /> },
        false => html! { <Still {from} {until} {clock} /> },
    };
    html! {
        <svg class="ring" viewBox="0 0 16 16" aria-hidden="true">
            <circle class="ring-track" cx="8" cy="8" r="6" />
            { arc }
        </svg>
    }
}

/// The arc as it is now, in hundredths.
#[function_component]
fn Still(props: &Props) -> Html {
    let dashoffset = use_reading(props.clock, (props.from, props.until), |(from, until), now| {
        let gone = (now - from) / (until - from).max(1.0);
        format!("{:.0}", (gone * 100.0).clamp(0.0, 100.0))
    });
    html! {
        <circle
            class="ring-arc" cx="8" cy="8" r="6" pathLength="100" stroke-dashoffset={dashoffset}
        />
    }
}

/// The arc, animated: nothing runs here while it is.
#[function_component]
fn Animated(props: &Props) -> Html {
    let clock = props.clock;
    // The animation runs by itself from when it is made; it is made anew only when the clock or
    // the span is another.
    let made_of = (props.from, props.until, clock.real, clock.engine, clock.rate);
    let made = use_memo(made_of, |&(from, until, real, _, rate)| {
        let total = (until - from).max(1.0) / rate;
        let passed = (clock.at(real_now()) - from) / rate;
        let style = format!("animation-duration:{total:.0}ms;animation-delay:{:.0}ms", -passed);
        (format!("{from} {until} {real} {rate}"), style)
    });
    let (key, style) = (made.0.clone(), made.1.clone());
    html! {
        <circle
            {key} class="ring-arc is-emptying" cx="8" cy="8" r="6" pathLength="100" {style}
        />
    }
}
