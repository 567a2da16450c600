//! The browser that tests drive.

use crate::Outcome;
use crate::tools::ensure_system;

/// Installs Chromium and its driver where they are missing.
pub fn ensure_chromium() -> Outcome {
    ensure_system(
        &[("chromium", "chromium"), ("chromedriver", "chromium-driver")],
        "the tests run in a headless browser",
    )
}
