//! What every pane draws with: icons, the glyph of each type of key, rings and running times.

mod clock_text;
mod icon;
mod kind;
mod ring;
mod shared;
mod slots;
pub mod units;

pub use clock_text::{Elapsed, Remaining};
pub use icon::{Icon, Symbol};
pub use kind::KindGlyph;
pub use ring::Ring;
pub use shared::Shared;
pub use slots::Slots;
