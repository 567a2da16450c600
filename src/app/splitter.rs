//! A border between panes, moved by dragging it or by arrow keys.

use super::layout::Border;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};
use yew::prelude::*;

/// How far an arrow key moves a border, in percent.
const STEP: f64 = 2.0;

/// What a border needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub border: Border,
    /// The share of the pane that it sizes, in percent.
    pub share: f64,
    pub on: Callback<(Border, f64)>,
}

/// A border.
#[function_component]
pub fn Splitter(props: &Props) -> Html {
    let dragged = use_mut_ref(|| false);
    let (border, share) = (props.border, props.share);
    let onpointerdown = {
        let dragged = dragged.clone();
        move |event: PointerEvent| {
            let target = event.target_unchecked_into::<Element>();
            // Without capture the drag ends where the pointer leaves the border.
            let _ = target.set_pointer_capture(event.pointer_id());
            *dragged.borrow_mut() = true;
            event.prevent_default();
        }
    };
    let onpointermove = {
        let (dragged, on) = (dragged.clone(), props.on.clone());
        move |event: PointerEvent| {
            if *dragged.borrow()
                && let Some(share) = share_at(border, &event)
            {
                on.emit((border, share));
            }
        }
    };
    let onpointerup = move |_: PointerEvent| *dragged.borrow_mut() = false;
    let onkeydown = {
        let on = props.on.clone();
        move |event: KeyboardEvent| {
            let by = match (border, event.key().as_str()) {
                (Border::Keys, "ArrowLeft") | (Border::Console, "ArrowDown") => -STEP,
                (Border::Keys, "ArrowRight") | (Border::Console, "ArrowUp") => STEP,
                _ => return,
            };
            event.prevent_default();
            on.emit((border, share + by));
        }
    };
    let (class, orientation, label) = match border {
        Border::Keys => ("splitter splitter-keys", "vertical", "Width of the keys"),
        Border::Console => ("splitter splitter-console", "horizontal", "Height of the console"),
    };
    html! {
        <div
            {class} role="separator" tabindex="0" aria-orientation={orientation}
            aria-label={label} aria-valuemin="12" aria-valuemax="80"
            aria-valuenow={format!("{share:.0}")}
            {onpointerdown} {onpointermove} onpointerup={onpointerup.clone()}
            onpointercancel={onpointerup} {onkeydown}
        />
    }
}

/// The share that puts the border under the pointer.
fn share_at(border: Border, event: &PointerEvent) -> Option<f64> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let desk = target.parent_element()?.get_bounding_client_rect();
    let (at, of) = match border {
        Border::Keys => (f64::from(event.client_x()) - desk.left(), desk.width()),
        Border::Console => (desk.bottom() - f64::from(event.client_y()), desk.height()),
    };
    (of > 0.0).then(|| at / of * 100.0)
}
