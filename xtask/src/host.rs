//! A folder over HTTP, as any file server would host it.
//!
//! Each connection has a thread and carries one request: browsers open several at once, and read
//! one answer after another, so that none may wait for the rest.

use crate::Outcome;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a head of a request may be.
const HEAD_MAX: usize = 16 * 1024;
/// How long a browser may take to say what it wants, or to read on.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a request is answered with.
#[derive(Debug)]
pub enum Answer {
    /// A file.
    File(PathBuf),
    /// Nothing is there.
    NotFound,
    /// Something went wrong, and what.
    Failed(String),
}

impl Answer {
    /// The file of `folder` at a path relative to it; its `index.html` where it is a folder.
    pub fn from_folder(folder: &Path, path: &str) -> Answer {
        let path = Path::new(path.split(['?', '#']).next().unwrap_or_default());
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        let mut file = folder.join(path);
        if file.is_dir() {
            file.push("index.html");
        }
        match is_inside && file.is_file() {
            true => Answer::File(file),
            false => Answer::NotFound,
        }
    }
}

/// Listens on a port of this machine alone; 0 takes a free one. Returns the listener and its URL.
pub fn listen(port: u16) -> Outcome<(TcpListener, String)> {
    let address = format!("127.0.0.1:{port}");
    let bound = TcpListener::bind(&address).and_then(|listener| {
        let url = format!("http://{}/", listener.local_addr()?);
        Ok((listener, url))
    });
    bound.map_err(|error| {
        let other = port.wrapping_add(1);
        format!("cannot listen on {address}: {error}\nIs something else there? Choose another port: --port {other}")
    })
}

/// Where [`host`] has the folder: below the root, as on a server that has other pages too.
pub const SUB_PATH: &str = "some/path/";

/// Hosts a folder under a sub-path for as long as this process runs, and returns its URL.
pub fn host(folder: PathBuf) -> Outcome<String> {
    let (listener, url) = listen(0)?;
    std::thread::spawn(move || {
        answer_all(&listener, move |path| match path.strip_prefix(SUB_PATH) {
            Some(path) => Answer::from_folder(&folder, path),
            None => Answer::NotFound,
        });
    });
    Ok(url + SUB_PATH)
}

/// Answers every request; `answer` is given its path, without the first slash.
pub fn answer_all(listener: &TcpListener, answer: impl Fn(&str) -> Answer + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    for stream in listener.incoming() {
        let answer = Arc::clone(&answer);
        std::thread::spawn(move || {
            // A browser that went away before its answer is nobody's error.
            if let Err(error) = stream.and_then(|stream| serve(stream, &*answer))
                && !matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::WouldBlock
                )
            {
                eprintln!("a request could not be answered: {error}");
            }
        });
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> Answer) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (status, content_type, body) = match read_path(&mut stream)? {
        Asked::Nothing => return Ok(()),
        Asked::Nonsense => ("400 Bad Request", "text/plain", b"Bad request".to_vec()),
        Asked::Path(path) => match answer(path.trim_start_matches('/')) {
            Answer::File(file) => ("200 OK", content_type(&file), fs::read(&file)?),
            Answer::NotFound => ("404 Not Found", "text/plain", b"Not found".to_vec()),
            Answer::Failed(why) => ("500 Internal Server Error", "text/plain", why.into_bytes()),
        },
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

/// What a browser wants.
enum Asked {
    Path(String),
    /// It opened the connection in case it would want something.
    Nothing,
    Nonsense,
}

fn read_path(stream: &mut TcpStream) -> std::io::Result<Asked> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() < HEAD_MAX {
        match stream.read(&mut piece)? {
            0 if head.is_empty() => return Ok(Asked::Nothing),
            0 => break,
            count => head.extend_from_slice(&piece[..count]),
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                return Ok(match (request.method, request.path) {
                    (Some("GET"), Some(path)) => Asked::Path(path.to_owned()),
                    _ => Asked::Nonsense,
                });
            }
            Err(_) => break,
        }
    }
    Ok(Asked::Nonsense)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(url: &str, text: &str) -> String {
        let address = url.trim_start_matches("http://").split('/').next().expect("an address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(text.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers and closes");
        answer
    }

    #[test]
    fn a_file_is_answered_and_nothing_outside_its_folder() {
        let url = host(PathBuf::from("src")).expect("a free port");
        let get = |path: &str| ask(&url, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert!(get("/some/path/host.rs?v=1").contains("//! A folder over HTTP"));
        assert!(get("/some/path/../Cargo.toml").starts_with("HTTP/1.1 404 "));
        assert!(get("/host.rs").starts_with("HTTP/1.1 404 "));
        assert!(ask(&url, "POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
        assert!(ask(&url, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    }

    #[test]
    fn who_reads_late_holds_up_nobody() {
        let url = host(PathBuf::from("src")).expect("a free port");
        let address = url.trim_start_matches("http://").split('/').next().expect("an address");
        let idle: Vec<TcpStream> =
            (0..32).map(|_| TcpStream::connect(address).expect("it listens")).collect();
        assert!(ask(&url, "GET /some/path/host.rs HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
        drop(idle);
    }
}
