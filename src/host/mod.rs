//! The browser: the only files that call it, event-target casts in components aside.
//!
//! Everything here fails softly: a browser without storage or clipboard is a page without them.

pub mod frames;
pub mod page;
pub mod storage;
pub mod time;
pub mod worker;
