//! The engine for JavaScript.
#![deny(missing_docs)]
