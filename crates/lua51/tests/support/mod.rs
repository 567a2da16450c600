//! Snippets of Lua, run on a machine of this crate and on a redis-server, and shown the same way.

#![allow(dead_code, reason = "each test uses a part of it")]

pub mod generate;

use lua51::{Library, Limits, Outcome, Value, Vm};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Runs a snippet that it gets as an argument, and returns its results as text.
const WRAPPER: &str = include_str!("wrapper.lua");

/// As Redis has it: globals that are not there are an error, and none can be added.
const STRICT: &[u8] = b"setmetatable(_G, {__index = function(_, name)
  error(\"Script attempted to access nonexistent global variable '\" .. tostring(name) .. \"'\", 2)
end})";

/// A machine as Redis prepares it.
pub fn machine() -> Vm {
    machine_with(Limits::default())
}

/// A machine as Redis prepares it, with these limits.
pub fn machine_with(limits: Limits) -> Vm {
    let mut vm = Vm::new(limits);
    for library in [
        Library::Base,
        Library::Coroutine,
        Library::Math,
        Library::String,
        Library::Table,
        Library::Bit,
        Library::Cjson,
        Library::Cmsgpack,
        Library::Struct,
    ] {
        vm.open(library).expect("there is memory for the libraries");
    }
    let strict = vm.load(STRICT, b"@strict").expect("it is valid");
    vm.start(strict, &[]).expect("there is memory");
    assert_eq!(vm.run(1_000), Outcome::Done(Vec::new()));
    let globals = vm.globals();
    vm.set_error_field("err").expect("there is memory");
    let mut entry = vm.next_entry(globals, Value::Nil);
    while let Some((name, value)) = entry {
        if let Value::Table(table) = value {
            vm.set_readonly(table, true);
        }
        entry = vm.next_entry(globals, name);
    }
    vm.set_readonly(globals, false);
    let strings = vm.string_metatable().expect("strings have one");
    vm.set_readonly(strings, true);
    for name in ["getfenv", "setfenv", "newproxy"] {
        vm.set_field(globals, name, Value::Nil).expect("there is memory");
    }
    vm
}

/// How a snippet is run.
#[derive(Clone, Copy, Default)]
pub struct Mode {
    /// Collect at every chance.
    pub stress: bool,
    /// Stop after so many instructions, and go on with a clone; 0 for never.
    pub slice: u64,
}

/// What a snippet gives on a machine.
pub fn run(vm: &mut Vm, snippet: &[u8], mode: Mode) -> String {
    run_within(vm, snippet, mode, 2_000_000_000).unwrap_or_else(|| "endless".into())
}

/// What a snippet gives on a machine; nothing, if it takes more instructions than it may.
pub fn run_within(vm: &mut Vm, snippet: &[u8], mode: Mode, most: u64) -> Option<String> {
    vm.set_stress(mode.stress);
    let globals = vm.globals();
    let argument = vm.string(snippet).expect("there is memory");
    let arguments = vm.table().expect("there is memory");
    vm.set(arguments, Value::Number(1.0), argument).expect("there is memory");
    vm.set_field(globals, "ARGV", Value::Table(arguments)).expect("there is memory");
    vm.set_readonly(globals, true);
    let function = vm.load(WRAPPER.as_bytes(), b"@user_script").expect("the wrapper is valid");
    vm.start(function, &[]).expect("there is memory");
    let mut budget = most;
    let mut slice = if mode.slice == 0 { budget } else { mode.slice };
    loop {
        return Some(match vm.run(slice) {
            Outcome::Done(values) => match values.first() {
                Some(Value::String(text)) => String::from_utf8_lossy(vm.bytes(*text)).into_owned(),
                _ => format!("not text: {values:?}"),
            },
            Outcome::Suspended => {
                budget = budget.saturating_sub(slice);
                if budget == 0 {
                    return None;
                }
                *vm = vm.clone();
                // The longer it takes, the more there is to clone.
                slice += 1 + slice / 8;
                continue;
            }
            Outcome::Host(function) => format!("calls the host: {function}"),
            Outcome::Error(error) => {
                let text = vm.to_bytes(error).unwrap_or_default();
                format!("error: {}", String::from_utf8_lossy(&text))
            }
        });
    }
}

/// What redis-server may take at most, in kilobytes, as its own Lua has no limit: a script that takes
/// more ends it, and not the machine it runs on.
const REDIS_MEMORY_KB: u32 = 2_000_000;

/// A script that runs there for so long runs for ever.
const REDIS_ENDLESS: Duration = Duration::from_secs(60);

/// A redis-server of one's own, stopped when dropped.
pub struct Redis {
    process: Child,
    stream: BufReader<TcpStream>,
    folder: PathBuf,
}

impl Redis {
    /// Starts the redis-server of PATH, if there is one.
    pub fn start() -> io::Result<Option<Redis>> {
        match Command::new("redis-server").arg("--version").stdout(Stdio::null()).status() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("lua51-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let bounded = format!("ulimit -v {REDIS_MEMORY_KB} && exec redis-server \"$@\"");
        let mut process = Command::new("sh")
            .args(["-c", &bounded, "sh", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string(), "--dir"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let log = process.stdout.take().ok_or_else(|| io::Error::other("no log"))?;
        let mut lines = BufReader::new(log).lines();
        // It accepts connections once it says so.
        let ready =
            lines.any(|line| line.is_ok_and(|line| line.contains("eady to accept connections")));
        std::thread::spawn(move || lines.for_each(drop));
        if !ready {
            return Err(io::Error::other("redis-server does not start"));
        }
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(REDIS_ENDLESS))?;
        let stream = BufReader::new(stream);
        Ok(Some(Redis { process, stream, folder }))
    }

    /// What a snippet gives there.
    ///
    /// # Errors
    /// If it ends redis-server, how.
    pub fn run(&mut self, snippet: &[u8]) -> io::Result<String> {
        self.ask(&[b"EVAL", WRAPPER.as_bytes(), b"0", snippet]).map_err(|error| {
            // It ends by itself, or is of no use any more.
            let _ = self.process.kill();
            match self.process.wait() {
                Ok(status) => io::Error::other(format!("redis-server ends, {status}: {error}")),
                Err(error) => error,
            }
        })
    }

    fn ask(&mut self, parts: &[&[u8]]) -> io::Result<String> {
        let mut request = Vec::new();
        write!(request, "*{}\r\n", parts.len())?;
        for part in parts {
            write!(request, "${}\r\n", part.len())?;
            request.extend_from_slice(part);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_prefix('$').map(|length| length.trim().parse::<usize>()) {
            Some(Ok(length)) => {
                let mut text = vec![0; length + 2];
                self.stream.read_exact(&mut text)?;
                text.truncate(length);
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            _ => Ok(format!("error: {}", line.trim_end())),
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
