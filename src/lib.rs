//! The playground: a page around the engine, in which people see what Redis and Celery do.
//!
//! Two programs share this library. The page ([`app`]) draws; the Web Worker ([`worker`]) owns the
//! engine and its clock. Between them go the typed messages of [`backend`], and nothing else. Only
//! [`host`] asks the browser for anything.

pub mod activity;
pub mod app;
pub mod backend;
pub mod celery;
pub mod clock;
pub mod console;
pub mod design;
pub mod host;
pub mod keyspace;
pub mod lessons;
pub mod worker;
