//! The list of keys: only the rows in sight are drawn, however many there are.

use super::state::{Action, RowView, State};
use crate::backend::{ClockState, Database, KeyKind, KeyRow, Sort};
use crate::design::{Icon, KindGlyph, Remaining, Ring, Shared, Symbol, units};
use crate::host::page;
use web_sys::{
    Element, HtmlInputElement, HtmlSelectElement, InputEvent, KeyboardEvent, MouseEvent,
};
use yew::prelude::*;

/// The list's id, for whoever wants to give it the focus.
pub const LIST_ID: &str = "key-list";
/// The height of a row in CSS pixels, as the style sheet has it.
const ROW_PX: i32 = 30;

/// What the list needs.
#[derive(PartialEq, Properties)]
pub struct Props {
    pub state: Shared<State>,
    pub clock: ClockState,
    /// Whether an engine is there.
    pub ready: bool,
    pub on: Callback<Action>,
    /// Somebody wants a command in the prompt.
    pub on_suggest: Callback<String>,
    /// Somebody wants an example to run.
    pub on_example: Callback<()>,
}

/// The keys of a database.
#[function_component]
pub fn KeyList(props: &Props) -> Html {
    html! {
        <>
            { tools(props) }
            { match props.state.is_empty() && props.ready {
                true if props.state.query.filter.is_empty() => empty(props),
                true => html! {
                    <div class="empty"><p>{ "No key matches the filter." }</p></div>
                },
                false => html! { <Rows ..props.clone() /> },
            } }
        </>
    }
}

impl Clone for Props {
    fn clone(&self) -> Self {
        Props {
            state: self.state.clone(),
            clock: self.clock,
            ready: self.ready,
            on: self.on.clone(),
            on_suggest: self.on_suggest.clone(),
            on_example: self.on_example.clone(),
        }
    }
}

fn tools(props: &Props) -> Html {
    let state = &props.state;
    let onchange = props.on.reform(|event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Database(value.parse().unwrap_or_default())
    });
    let oninput = props.on.reform(|event: InputEvent| {
        Action::Filter(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    let onsort = props.on.reform(|event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Sort(match value.as_str() {
            "changed" => Sort::Changed,
            "expiry" => Sort::Expiry,
            _ => Sort::Name,
        })
    });
    let sorts = [
        (Sort::Name, "name", "by name"),
        (Sort::Changed, "changed", "last changed"),
        (Sort::Expiry, "expiry", "next to expire"),
    ];
    html! {
        <div class="tools">
            <select
                class="field" data-testid="db-select" aria-label="Database" {onchange}
                title="Database"
            >
                { for (0..16).map(|index| database(index, &state.databases, state.query.db)) }
            </select>
            <label class="field field-filter">
                <Icon symbol={Symbol::Search} />
                <input
                    type="search" data-testid="key-filter" placeholder="filter" aria-label="Filter keys"
                    autocomplete="off" autocapitalize="off" spellcheck="false"
                    value={state.query.filter.clone()} {oninput}
                />
            </label>
            <select class="field field-sort" aria-label="Order" title="Order" onchange={onsort}>
                { for sorts.into_iter().map(|(sort, value, name)| html! {
                    <option {value} selected={state.query.sort == sort}>{ name }</option>
                }) }
            </select>
            <span class="tools-count" role="status">{ count(state.window.total) }</span>
        </div>
    }
}

fn database(index: u8, databases: &[Database], selected: u8) -> Html {
    let keys = databases.iter().find(|database| database.index == index);
    let name = match keys.map_or(0, |database| database.keys) {
        0 => format!("db {index}"),
        keys => format!("db {index} · {}", units::count(u64::from(keys))),
    };
    html! { <option value={index.to_string()} selected={index == selected}>{ name }</option> }
}

fn count(total: u32) -> String {
    match total {
        1 => "1 key".to_owned(),
        total => format!("{} keys", units::count(u64::from(total))),
    }
}

fn empty(props: &Props) -> Html {
    let suggest = |command: &'static str| {
        let onclick = props.on_suggest.reform(move |_: MouseEvent| command.to_owned());
        html! { <button type="button" class="suggestion" {onclick}>{ command }</button> }
    };
    html! {
        <div class="empty">
            <p>{ "No keys yet. Try" }</p>
            { suggest("SET greeting hello") }
            <p>{ "or see one of each kind:" }</p>
            <button
                type="button" class="suggestion" data-testid="load-example"
                onclick={props.on_example.reform(|_: MouseEvent| ())}
            >
                { "run an example" }
            </button>
        </div>
    }
}

/// The rows in sight, each at its place in a list as long as all of them.
#[function_component]
fn Rows(props: &Props) -> Html {
    let scroller = use_node_ref();
    let state = &props.state;
    let report = {
        let (scroller, on) = (scroller.clone(), props.on.clone());
        move || {
            if let Some(element) = scroller.cast::<Element>() {
                let first = (element.scroll_top() / ROW_PX).max(0) as u32;
                let count = (element.client_height() / ROW_PX + 2).max(1) as u32;
                on.emit(Action::Scroll { first, count });
            }
        }
    };
    // Other keys are asked for from the first row on; the list may be scrolled further down.
    let listed = (state.query.db, state.query.filter.clone(), state.query.sort);
    use_effect_with((listed, props.on.clone()), {
        let (scroller, report) = (scroller.clone(), report.clone());
        move |_| {
            let sizes = scroller.cast::<Element>().and_then(|it| page::on_resize(&it, report));
            move || drop(sizes)
        }
    });
    let onscroll = move |_: Event| report();
    let selected = selected_index(state);
    use_effect_with(selected, {
        let scroller = scroller.clone();
        move |&selected| {
            if let (Some(element), Some(index)) = (scroller.cast::<Element>(), selected) {
                keep_in_sight(&element, index as i32);
            }
        }
    });
    let height = format!("height:{}px", i64::from(state.len()) * i64::from(ROW_PX));
    html! {
        <div
            id={LIST_ID} class="rows" ref={scroller} {onscroll} tabindex="0"
            role="listbox" aria-label="Keys" onkeydown={onkeydown(props)}
            aria-activedescendant={selected.map(|index| format!("key-{index}"))}
        >
            <div class="rows-all" role="presentation" style={height}>
                { for state.rows().map(|(index, row)| draw(props, index, row)) }
            </div>
        </div>
    }
}

fn onkeydown(props: &Props) -> Callback<KeyboardEvent> {
    let on = props.on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let action = match event.key().as_str() {
            "ArrowDown" => Action::Move(1),
            "ArrowUp" => Action::Move(-1),
            "PageDown" => Action::Move(15),
            "PageUp" => Action::Move(-15),
            "Enter" => {
                page::focus(super::stage::STAGE_ID);
                return;
            }
            "Escape" => Action::Deselect,
            _ => return,
        };
        event.prevent_default();
        on.emit(action);
    })
}

fn selected_index(state: &State) -> Option<u32> {
    let selected = state.selected.as_ref().filter(|selected| selected.db == state.query.db)?;
    state.rows().find_map(|(index, row)| match row {
        RowView::Live(row) if row.name == selected.name => Some(index),
        _ => None,
    })
}

fn keep_in_sight(element: &Element, index: i32) {
    let (top, height) = (element.scroll_top(), element.client_height());
    if index * ROW_PX < top {
        element.set_scroll_top(index * ROW_PX);
    } else if (index + 1) * ROW_PX > top + height {
        element.set_scroll_top((index + 1) * ROW_PX - height);
    }
}

fn draw(props: &Props, index: u32, view: RowView<'_>) -> Html {
    let state = &props.state;
    match view {
        RowView::Live(row) => {
            let selected = state.selected.as_ref();
            let selected =
                selected.is_some_and(|key| key.name == row.name && key.db == state.query.db);
            html! {
                <Row
                    key={units::text(&row.name)} row={Shared::new(row.clone())} {index} {selected}
                    flash={state.flashes(row)} ghost={false} clock={props.clock}
                    on={props.on.clone()}
                />
            }
        }
        RowView::Ghost(ghost) => html! {
            <Row
                key={format!("ghost {}", ghost.id)} row={Shared::new(ghost.row.clone())} {index}
                selected={false} flash={false} ghost={true} clock={props.clock}
                on={props.on.clone()}
            />
        },
    }
}

/// What a row needs.
#[derive(Properties)]
struct RowProps {
    row: Shared<KeyRow>,
    index: u32,
    selected: bool,
    flash: bool,
    ghost: bool,
    clock: ClockState,
    on: Callback<Action>,
}

impl PartialEq for RowProps {
    fn eq(&self, other: &Self) -> bool {
        *self.row == *other.row
            && self.index == other.index
            && (self.selected, self.flash, self.ghost) == (other.selected, other.flash, other.ghost)
            && (self.row.life.is_none() || self.clock == other.clock)
            && self.on == other.on
    }
}

#[function_component]
fn Row(props: &RowProps) -> Html {
    let row = &props.row;
    let class = classes!(
        "row",
        props.selected.then_some("is-selected"),
        props.ghost.then_some("is-ghost"),
    );
    let clock = props.clock;
    let life = row.life.filter(|_| !props.ghost).map(|(from, until)| {
        html! { <span class="row-life"><Ring {from} {until} {clock} /><Remaining {until} {clock} /></span> }
    });
    let name = units::text(&row.name);
    let target = row.name.clone();
    html! {
        <div
            id={format!("key-{}", props.index)} {class} role="option"
            data-testid={(!props.ghost).then_some("key-row")}
            aria-selected={props.selected.to_string()}
            style={format!("top:{}px", i64::from(props.index) * i64::from(ROW_PX))}
            onclick={props.on.reform(move |_: MouseEvent| Action::Select(target.clone()))}
        >
            if props.flash {
                <span key={row.version} class="row-flash" aria-hidden="true"></span>
            }
            <KindGlyph kind={row.kind} />
            <span class="row-name" title={name.clone()}>{ name }</span>
            { life }
            <span class="row-size">{ size(row.kind, row.size) }</span>
        </div>
    }
}

/// Bytes of a string, elements of anything else.
pub(super) fn size(kind: KeyKind, size: u64) -> String {
    match kind {
        KeyKind::String => units::bytes(size),
        _ => units::count(size),
    }
}
