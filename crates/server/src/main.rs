//! `keyspace-server`: the arguments, the signals, and the line that says it is ready.

use keyspace_server::{Options, Server};
use lexopt::{Arg, ValueExt};
use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str = "\
The Keyspace engine behind a TCP port: speaks to redis-cli and to every Redis client.

Usage: keyspace-server [options]

  --port PORT         the port to listen on; 0 takes a free one (default 6379)
  --bind ADDRESS      the address to listen on (default 127.0.0.1)
  --requirepass TEXT  the password that clients must give
  --version           print the version
  --help              print this
";

/// What the arguments ask for.
enum Request {
    Serve(Options),
    Print(String),
}

fn main() -> ExitCode {
    let outcome = match parse(lexopt::Parser::from_env()) {
        Ok(Request::Serve(options)) => serve(options),
        Ok(Request::Print(text)) => io::stdout().write_all(text.as_bytes()),
        Err(error) => {
            eprintln!("keyspace-server: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keyspace-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: lexopt::Parser) -> Result<Request, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("port") | Arg::Short('p') => options.port = arguments.value()?.parse()?,
            Arg::Long("bind") => options.bind = arguments.value()?.parse()?,
            Arg::Long("requirepass") => {
                options.requirepass = arguments.value()?.string()?.into_bytes();
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Request::Print(USAGE.to_owned())),
            Arg::Long("version") | Arg::Short('v') => {
                return Ok(Request::Print(format!("Keyspace {}\n", env!("CARGO_PKG_VERSION"))));
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Request::Serve(options))
}

fn serve(options: Options) -> io::Result<()> {
    // As many connections as the system allows; where it cannot be raised, its limit stays.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = format!("{}:{}", options.bind, options.port);
        let server = Server::bind(options)
            .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
        let stop = stop_signal()?;
        // Nobody may be reading this; the server serves all the same.
        let _ = writeln!(
            io::stdout(),
            "Keyspace {} ready to accept connections on {}",
            env!("CARGO_PKG_VERSION"),
            server.local_addr()?
        );
        server.run(stop).await
    })
}

/// Ready when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ready when the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
