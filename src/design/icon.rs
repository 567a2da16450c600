//! The icon set: strokes on a 16 by 16 grid, in the colour of the text around them.

use yew::{Html, Properties, function_component, html};

/// An icon, by what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    Logo,
    Pause,
    Play,
    Step,
    Sun,
    Moon,
    Auto,
    Keyboard,
    Close,
    Add,
    Search,
    Sort,
    Copy,
    Back,
    Keys,
    Value,
    Console,
    Warning,
    Share,
    Goal,
    Done,
    Less,
    Forward,
}

impl Symbol {
    fn path(self) -> &'static str {
        match self {
            Symbol::Logo => {
                "M2.5 4.5a2 2 0 0 1 2-2h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2z\
                 M8 5.6a1.4 1.4 0 0 1 .7 2.6l.5 2.6H6.8l.5-2.6A1.4 1.4 0 0 1 8 5.6z"
            }
            Symbol::Pause => "M5.25 3.5v9M10.75 3.5v9",
            Symbol::Play => "M5 3.2v9.6L12.8 8z",
            Symbol::Step => "M4 3.2v9.6L10.6 8zM12.5 3.5v9",
            Symbol::Sun => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.3v1.4M8 13.3v1.4M1.3 8h1.4\
                 M13.3 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M12.7 3.3l-1 1M4.3 11.7l-1 1"
            }
            Symbol::Moon => "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z",
            Symbol::Auto => "M8 2.2a5.8 5.8 0 1 0 0 11.6zM8 2.2a5.8 5.8 0 0 1 0 11.6",
            Symbol::Keyboard => {
                "M1.8 4.2h12.4v7.6H1.8zM4.2 6.8h.1M6.7 6.8h.1M9.2 6.8h.1M11.7 6.8h.1M5 9.4h6"
            }
            Symbol::Close => "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
            Symbol::Add => "M8 3.2v9.6M3.2 8h9.6",
            Symbol::Search => "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.2 3.2",
            Symbol::Sort => "M2.8 4.2h10.4M2.8 8h6.8M2.8 11.8h3.6",
            Symbol::Copy => "M5.6 5.6h7.6v7.6H5.6zM3 10.4V2.8h7.6",
            Symbol::Back => "M9.8 3.4L5.2 8l4.6 4.6",
            Symbol::Keys => "M2.6 4h.1M5.4 4h8M2.6 8h.1M5.4 8h8M2.6 12h.1M5.4 12h8",
            Symbol::Value => {
                "M5.6 2.6c-1.6 0-1.9.7-1.9 2v1.2c0 1.2-.5 1.9-1.5 2.2 1 .3 1.5 1 1.5 2.2v1.2c0 1.3.3 2 1.9 2\
                 M10.4 2.6c1.6 0 1.9.7 1.9 2v1.2c0 1.2.5 1.9 1.5 2.2-1 .3-1.5 1-1.5 2.2v1.2c0 1.3-.3 2-1.9 2"
            }
            Symbol::Console => "M3 4.4L6.6 8 3 11.6M8.4 11.6h4.8",
            Symbol::Share => {
                "M6.6 9.4l2.8-2.8M7.4 4.6l1.7-1.7a2.8 2.8 0 0 1 4 4l-1.7 1.7M8.6 11.4l-1.7 1.7a2.8 2.8 0 0 1-4-4l1.7-1.7"
            }
            Symbol::Goal => "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2z",
            Symbol::Done => {
                "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM5.4 8.2l1.8 1.8 3.4-3.8"
            }
            Symbol::Less => "M3.2 8h9.6",
            Symbol::Forward => "M3 8h9.4M9 4.4L12.6 8 9 11.6",
            Symbol::Warning => "M8 2.4l6.2 11H1.8zM8 6.4v3.2M8 11.6h.1",
        }
    }
}

/// What an icon needs.
#[derive(Debug, PartialEq, Properties)]
pub struct Props {
    pub symbol: Symbol,
}

/// An icon; what stands beside it, or the label of its button, says the same in words.
#[function_component]
pub fn Icon(props: &Props) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d={props.symbol.path()} />
        </svg>
    }
}
