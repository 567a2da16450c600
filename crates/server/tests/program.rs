//! The program: its arguments, the line it prints, and how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_keyspace-server"))
}

/// A running program, ended with the test whatever becomes of it.
struct Running {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start() -> (Running, String) {
        let mut process =
            program().args(["--port", "0"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it says that it is ready");
        (Running { process, output }, line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[cfg(unix)]
fn it_says_where_it_listens_and_stops_when_asked() {
    for signal in ["-TERM", "-INT"] {
        let (mut running, line) = Running::start();
        let prefix =
            format!("Keyspace {} ready to accept connections on ", env!("CARGO_PKG_VERSION"));
        let address = line.trim_end().strip_prefix(&prefix).expect(&line).to_owned();
        let mut client = TcpStream::connect(&address).expect("it listens");
        client.write_all(b"PING\r\n").expect("it reads");
        let mut reply = [0; 7];
        client.read_exact(&mut reply).expect("it answers");
        assert_eq!(&reply, b"+PONG\r\n");

        let pid = running.process.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(sent.success());
        let status = running.process.wait().expect("it ends");
        assert!(status.success(), "{signal} ends it with {status}");
        let mut rest = String::new();
        running.output.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "");
        TcpStream::connect(&address).expect_err("it no longer listens");
    }
}

#[test]
fn it_explains_itself() {
    let Output { status, stdout, .. } = program().arg("--help").output().expect("it runs");
    assert!(status.success());
    let help = String::from_utf8(stdout).expect("text");
    for option in ["--port", "--bind", "--requirepass"] {
        assert!(help.contains(option), "{help}");
    }
}

#[test]
fn arguments_that_it_does_not_know_are_errors() {
    for arguments in [&["--prot", "1"][..], &["--port", "x"], &["--port"], &["--bind", "nowhere"]] {
        let Output { status, stdout, stderr } =
            program().args(arguments).output().expect("it runs");
        assert_eq!(status.code(), Some(2), "{arguments:?}");
        assert!(stdout.is_empty() && String::from_utf8_lossy(&stderr).contains("Usage:"));
    }
}
