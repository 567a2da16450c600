//! Celery on the engine: the picture, and what it says to the simulation in the worker.

pub mod view;

use serde::{Deserialize, Serialize};

/// What the picture asks of the simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {}

/// What the simulation tells the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Update {}
