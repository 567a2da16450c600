//! What keys do anywhere on the page, and the list of all of them.

use crate::design::{Icon, Symbol};
use web_sys::MouseEvent;
use yew::prelude::*;

/// What a key pressed outside a text field does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    Console,
    Keys,
    ToggleClock,
    StepClock,
    StepCommand,
    Help,
    Back,
}

impl Shortcut {
    /// The shortcut of a key. `on_control`: a control has the focus, and space works it.
    pub fn of(key: &str, on_control: bool) -> Option<Shortcut> {
        Some(match key {
            "/" => Shortcut::Console,
            "k" => Shortcut::Keys,
            " " if !on_control => Shortcut::ToggleClock,
            "." => Shortcut::StepClock,
            "," => Shortcut::StepCommand,
            "?" => Shortcut::Help,
            "Escape" => Shortcut::Back,
            _ => return None,
        })
    }
}

/// All shortcuts, as the list shows them.
const ROWS: &[(&str, &[(&str, &str)])] = &[
    (
        "anywhere",
        &[
            ("/", "console"),
            ("k", "keys"),
            ("space", "run or pause the clock"),
            (".", "step to what is due next"),
            (",", "let one more command run"),
            ("?", "this list"),
            ("Esc", "back"),
        ],
    ),
    (
        "console",
        &[
            ("Tab", "complete a command"),
            ("↑ ↓", "what was typed before"),
            ("Ctrl-R", "search it"),
            ("Ctrl-C", "stop waiting, listening, monitoring"),
            ("Ctrl-L", "clear"),
            ("Ctrl-U", "empty the line"),
            ("Alt-N  Alt-W", "open or close a client"),
            ("Alt-1…9", "go to a client"),
        ],
    ),
    ("keys", &[("↑ ↓", "select a key"), ("Enter", "go to its value"), ("Esc", "select none")]),
];

/// What the list needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub on_close: Callback<()>,
}

/// The list of shortcuts, over the page but not in its way.
#[function_component]
pub fn Shortcuts(props: &Props) -> Html {
    html! {
        <aside class="shortcuts" aria-label="Keyboard shortcuts">
            <header>
                <h2>{ "Keyboard" }</h2>
                <button
                    type="button" class="tool" title="Close (Esc)" aria-label="Close"
                    onclick={props.on_close.reform(|_: MouseEvent| ())}
                >
                    <Icon symbol={Symbol::Close} />
                </button>
            </header>
            { for ROWS.iter().map(|(place, rows)| html! {
                <section>
                    <h3>{ *place }</h3>
                    <dl>
                        { for rows.iter().map(|(keys, text)| html! {
                            <div><dt><kbd>{ *keys }</kbd></dt><dd>{ *text }</dd></div>
                        }) }
                    </dl>
                </section>
            }) }
        </aside>
    }
}

#[cfg(test)]
mod tests {
    use super::Shortcut;

    #[test]
    fn space_works_the_control_that_has_the_focus() {
        assert_eq!(Shortcut::of(" ", true), None);
        assert_eq!(Shortcut::of(" ", false), Some(Shortcut::ToggleClock));
        assert_eq!(Shortcut::of("/", true), Some(Shortcut::Console));
    }
}
