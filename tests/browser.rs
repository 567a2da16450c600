//! What only a browser can show: that the engine does there what it does everywhere.
#![cfg(target_arch = "wasm32")]

use include_dir::{Dir, include_dir};
use keyspace_transcript::{EngineBackend, File, run};
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

static SPEC: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/spec");

/// Plays every transcript and names each heading that fails.
#[wasm_bindgen_test]
fn the_transcripts_hold_in_a_browser() {
    let mut played = 0;
    let mut failures = Vec::new();
    for file in SPEC.files() {
        let path = format!("tests/spec/{}", file.path().display());
        let text = file.contents_utf8().expect("transcripts are text");
        // Shown where a test fails: after a panic, the last one is where it happened.
        console_log!("{path}");
        match File::parse(&path, text) {
            Err(error) => failures.push(error.to_string()),
            Ok(file) => {
                for transcript in &file.transcripts {
                    played += 1;
                    if let Err(failure) = run(&path, transcript, &mut EngineBackend::default()) {
                        failures.push(format!("{}\n{failure}", transcript.name));
                    }
                }
            }
        }
    }
    assert!(played > 0, "there are no transcripts");
    assert!(
        failures.is_empty(),
        "{} of {played} fail:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}
