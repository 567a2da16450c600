//! The transcripts of `tests/spec` over TCP, each on a server of its own. The clock is the real
//! one, so blocks that move it far are passed over; `spec.rs` plays them.

#[cfg(not(target_arch = "wasm32"))]
#[path = "native/tcp.rs"]
mod tcp;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/trials.rs"]
mod trials;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use keyspace_server::{BackgroundServer, Options};

    /// The most that a block may let pass.
    const ADVANCE_MAX_MS: u64 = 200;

    let arguments = libtest_mimic::Arguments::from_args();
    trials::run_all(&arguments, || {
        let server = BackgroundServer::start(Options { port: 0, ..Options::default() })?;
        let is_long = |block: &keyspace_transcript::Block| block.advances_ms() > ADVANCE_MAX_MS;
        Ok(tcp::TcpBackend::new(server.address(), server, is_long))
    })
}

/// There is no TCP in a browser.
#[cfg(target_arch = "wasm32")]
fn main() {}
