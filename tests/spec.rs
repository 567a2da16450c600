//! The transcripts of `tests/spec` on the engine: every heading is a test, named by its file and
//! its sentence. `cargo test --test spec list:` runs those whose name contains `list:`.

#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    let arguments = libtest_mimic::Arguments::from_args();
    native::run_all(&arguments, keyspace_transcript::EngineBackend::default)
}

/// In a browser, `browser.rs` plays them.
#[cfg(target_arch = "wasm32")]
fn main() {}
