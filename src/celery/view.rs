//! The picture of Celery.

use crate::backend::ClockState;
use yew::prelude::*;

/// What the picture needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub clock: ClockState,
    pub on: Callback<super::Request>,
}

/// Celery's producers, queues, workers and results.
#[function_component]
pub fn CeleryPane(_props: &Props) -> Html {
    html! { <div class="celery"></div> }
}
