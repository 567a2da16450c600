//! The browser that tests and measurements drive.

use crate::Outcome;
use crate::tools::ensure_system;

/// Installs Chromium and its driver where they are missing.
pub fn ensure_chromium(why: &str) -> Outcome {
    ensure_system(&[("chromium", "chromium"), ("chromedriver", "chromium-driver")], why)
}
