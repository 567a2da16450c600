//! What can be done to Celery, as drawers above its picture: scenarios, settings, faults.

use super::{config, faults, figures, scenario, send};
use crate::backend::ClockState;
use crate::celery::lab::{Action, Drawer, State};
use crate::design::{Icon, Shared, Symbol};
use web_sys::{Element, MouseEvent};
use yew::prelude::*;

/// What it needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub clock: ClockState,
    /// An earlier moment is looked at: nothing can be done to it.
    pub past: bool,
    pub on: Callback<Action>,
}

impl Props {
    /// What a button does.
    pub fn act(&self, action: Action) -> Callback<MouseEvent> {
        self.on.reform(move |_: MouseEvent| action.clone())
    }
}

/// The drawers.
#[function_component]
pub fn Lab(props: &Props) -> Html {
    let open = props.state.drawer;
    let drawer = use_node_ref();
    let told = props.state.scenario.as_ref().map(|it| (it.begun, it.outcomes.len()));
    use_effect_with(told, {
        let drawer = drawer.clone();
        // The latest step is in sight, and the button that asks for it.
        move |_| {
            if let Some(drawer) = drawer.cast::<Element>() {
                drawer.set_scroll_top(drawer.scroll_height());
            }
        }
    });
    let drawers = [
        (Drawer::Scenarios, "lab-scenarios", "Scenarios"),
        (Drawer::Send, "lab-send", "Send"),
        (Drawer::Workers, "lab-workers", "Workers"),
        (Drawer::Config, "lab-config", "celeryconfig.py"),
        (Drawer::Faults, "lab-faults", "Faults"),
    ];
    html! {
        <div class="lab" data-testid="lab">
            <div class="lab-tabs" role="group" aria-label="What can be done to Celery">
                { for drawers.into_iter().map(|(drawer, id, name)| html! {
                    <button
                        type="button" class="lab-tab" data-testid={id}
                        aria-expanded={(open == Some(drawer)).to_string()}
                        onclick={props.act(Action::Toggle(drawer))}
                    >{ name }</button>
                }) }
                if let Some(why) = &props.state.refused {
                    <p class="lab-refused" role="alert" data-testid="lab-refused">
                        <Icon symbol={Symbol::Warning} />{ why }
                    </p>
                }
            </div>
            { match open {
                Some(Drawer::Scenarios) => scenario::draw(props, &drawer),
                Some(Drawer::Send) => send::draw(props),
                Some(Drawer::Workers) => figures::draw(props),
                Some(Drawer::Config) => config::draw(props),
                Some(Drawer::Faults) => faults::draw(props),
                None => html! {},
            } }
        </div>
    }
}
