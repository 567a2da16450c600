//! The transcripts of `tests/spec`, and the lessons, on a real redis-server, so that they say what Redis does. One
//! server is started for all of them and emptied in between. Blocks marked `engine`, or `since` a
//! version newer than the server's, are passed over and counted.

#[cfg(not(target_arch = "wasm32"))]
#[path = "native/control.rs"]
mod control;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/files.rs"]
mod files;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/lessons.rs"]
mod lessons;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/redis_server.rs"]
mod redis_server;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/tcp.rs"]
mod tcp;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native/trials.rs"]
mod trials;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    let mut arguments = libtest_mimic::Arguments::from_args();
    // They share one server.
    arguments.test_threads = Some(1);
    match native(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn native(arguments: &libtest_mimic::Arguments) -> std::io::Result<std::process::ExitCode> {
    use std::sync::Arc;

    let server = Arc::new(redis_server::RedisServer::start()?);
    let version = server.version()?;
    let shared = Arc::clone(&server);
    let mut files = files::all();
    files.extend(lessons::all());
    Ok(trials::run_all(arguments, files, move || {
        shared.reset()?;
        Ok(tcp::TcpBackend::new(shared.address(), Arc::clone(&shared), move |block| {
            block.engine || block.since.is_some_and(|since| since > version)
        }))
    }))
}

/// There is no redis-server in a browser.
#[cfg(target_arch = "wasm32")]
fn main() {}
