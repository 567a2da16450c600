//! The transcripts of `tests/spec` over TCP, each on a server of its own. The clock is the real
//! one, so blocks that move it far, or to an exact millisecond, are passed over; `spec.rs` plays
//! them.

#[cfg(not(target_arch = "wasm32"))]
#[path = "native/control.rs"]
mod control;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/files.rs"]
mod files;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/tcp.rs"]
mod tcp;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/trials.rs"]
mod trials;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use keyspace_server::{BackgroundServer, Options};

    use keyspace_transcript::Block;

    /// Whether a block needs a clock that stands, moves it further than the real one can be waited
    /// for, or is marked `engine` because it moves it exactly.
    fn is_out_of_time(block: &Block) -> bool {
        block.still || block.advances_ms() > if block.engine { 0 } else { 200 }
    }

    let arguments = libtest_mimic::Arguments::from_args();
    trials::run_all(&arguments, files::all(), || {
        let server = BackgroundServer::start(Options { port: 0, ..Options::default() })?;
        Ok(tcp::TcpBackend::new(server.address(), server, is_out_of_time))
    })
}

/// There is no TCP in a browser.
#[cfg(target_arch = "wasm32")]
fn main() {}
