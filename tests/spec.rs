//! The transcripts of `tests/spec` on the engine: every heading is a test, named by its file and
//! its sentence. `cargo test --test spec list:` runs those whose name contains `list:`.

#[cfg(not(target_arch = "wasm32"))]
#[path = "native/files.rs"]
mod files;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/trials.rs"]
mod trials;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use keyspace_transcript::EngineBackend;
    let arguments = libtest_mimic::Arguments::from_args();
    trials::run_all(&arguments, files::all(), || Ok(EngineBackend::default()))
}

/// In a browser, `browser.rs` plays them.
#[cfg(target_arch = "wasm32")]
fn main() {}
