//! One glyph and one colour for each type of key, the same wherever the type shows.

use crate::backend::KeyKind;
use yew::{Html, Properties, function_component, html};

/// What a glyph needs.
#[derive(Debug, PartialEq, Properties)]
pub struct Props {
    pub kind: KeyKind,
}

/// The glyph of a type, in its colour.
#[function_component]
pub fn KindGlyph(props: &Props) -> Html {
    let path = match props.kind {
        // A line of text.
        KeyKind::String => "M3 3.8h10M8 3.8v8.8",
        // Elements between two ends.
        KeyKind::List => "M2.8 3v10M13.2 3v10M5.6 8h.1M8 8h.1M10.4 8h.1",
        // Names beside values.
        KeyKind::Hash => "M5.8 2.8L4.4 13.2M11.6 2.8l-1.4 10.4M2.8 6h10.8M2.4 10h10.8",
        // Members without order.
        KeyKind::Set => "M5.8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10.2 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
        // Members by rank.
        KeyKind::SortedSet => "M3.4 12.8V9.4M8 12.8V6.2M12.6 12.8V3",
        // Places, some of them filled.
        KeyKind::Array => "M2.4 5.2h11.2v5.6H2.4zM6.2 5.2v5.6M9.8 5.2v5.6M4.3 8h.1M11.7 8h.1",
        // Entries, one after the other.
        KeyKind::Stream => {
            "M2.4 5.4c1.9-1.7 3.7-1.7 5.6 0s3.7 1.7 5.6 0M2.4 10.6c1.9-1.7 3.7-1.7 5.6 0s3.7 1.7 5.6 0"
        }
    };
    html! {
        <svg
            class={format!("kind kind-{}", props.kind.name())}
            viewBox="0 0 16 16"
            role="img"
            aria-label={props.kind.name()}
        >
            <path d={path} />
        </svg>
    }
}
