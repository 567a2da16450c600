//! A ring that empties with time. The browser animates it: nothing runs here while it does.

use crate::backend::ClockState;
use crate::host::time::real_now;
use yew::{Html, Properties, function_component, html, use_memo};

/// What a ring needs: the span that it stands for, in engine time.
#[derive(Debug, PartialEq, Properties)]
pub struct Props {
    pub from: f64,
    pub until: f64,
    pub clock: ClockState,
}

/// What empties faster than this, in real milliseconds, is drawn as it is: nobody sees it move.
const SEEN_MS: f64 = 500.0;

/// A ring, full at `from` and empty at `until`.
#[function_component]
pub fn Ring(props: &Props) -> Html {
    let clock = props.clock;
    // The animation runs by itself from when it is made; it is made anew only when the clock or
    // the span is another.
    let made_of = (props.from, props.until, clock.real, clock.engine, clock.rate, clock.paused);
    let made = use_memo(made_of, |&(from, until, real, _, rate, paused)| {
        let total = (until - from).max(1.0) / rate;
        let passed = (clock.at(real_now()) - from) / rate;
        if total < SEEN_MS && !paused {
            let gone = (passed / total * 100.0).clamp(0.0, 100.0);
            let style = format!("animation:none;stroke-dashoffset:{gone:.0}");
            return ("still".to_owned(), style);
        }
        let play = if paused { "paused" } else { "running" };
        let style = format!(
            "animation-duration:{total:.0}ms;animation-delay:{:.0}ms;animation-play-state:{play}",
            -passed
        );
        (format!("{from} {until} {real} {rate} {paused}"), style)
    });
    let (key, style) = (made.0.clone(), made.1.clone());
    html! {
        <svg class="ring" viewBox="0 0 16 16" aria-hidden="true">
            <circle class="ring-track" cx="8" cy="8" r="6" />
            <circle {key} class="ring-arc" cx="8" cy="8" r="6" pathLength="100" {style} />
        </svg>
    }
}
