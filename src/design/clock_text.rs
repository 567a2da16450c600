//! Times that run: drawn again only when they read otherwise.

use super::units;
use crate::backend::ClockState;
use crate::host::{frames::Frames, time::real_now};
use yew::{
    Html, Properties, function_component, hook, html, use_effect_with, use_force_update,
    use_mut_ref,
};

/// What is left until a moment.
#[derive(Debug, PartialEq, Properties)]
pub struct RemainingProps {
    pub until: f64,
    pub clock: ClockState,
}

/// What is left until a moment, running down.
#[function_component]
pub fn Remaining(props: &RemainingProps) -> Html {
    let left = use_reading(props.clock, props.until, |until, now| units::span(until - now));
    html! { <span class="time">{ left }</span> }
}

/// What has passed since a moment.
#[derive(Debug, PartialEq, Properties)]
pub struct ElapsedProps {
    pub since: f64,
    /// From here on nothing more passes, as far as is known.
    #[prop_or(f64::INFINITY)]
    pub until: f64,
    pub clock: ClockState,
}

/// What has passed since a moment, running up.
#[function_component]
pub fn Elapsed(props: &ElapsedProps) -> Html {
    let span = (props.since, props.until);
    let passed =
        use_reading(props.clock, span, |(since, until), now| units::span(now.min(until) - since));
    html! { <span class="time">{ passed }</span> }
}

/// What something reads now, which follows from `of` and the clock; draws again when it reads
/// otherwise.
#[hook]
pub(super) fn use_reading<T: Copy + PartialEq + 'static>(
    clock: ClockState,
    of: T,
    read: fn(T, f64) -> String,
) -> String {
    let redraw = use_force_update();
    let text = read(of, clock.at(real_now()));
    let drawn = use_mut_ref(String::new);
    drawn.borrow_mut().clone_from(&text);
    use_effect_with((of, clock), move |&(of, clock)| {
        let look = move || {
            if read(of, clock.at(real_now())) != *drawn.borrow() {
                redraw.force_update();
            }
        };
        let frames = (!clock.paused).then(|| Frames::start(look));
        move || drop(frames)
    });
    text
}
