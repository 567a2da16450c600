//! A folder over HTTP, as any file server would host it.

use crate::Outcome;
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use tiny_http::{Header, Request, Response, Server};

/// Listens on a port of this machine alone; 0 takes a free one. Returns the server and its URL.
pub fn listen(port: u16) -> Outcome<(Server, String)> {
    let address = format!("127.0.0.1:{port}");
    let server = Server::http(&address).map_err(|error| {
        let other = port.wrapping_add(1);
        format!("cannot listen on {address}: {error}\nIs something else there? Choose another port: --port {other}")
    })?;
    let url = format!("http://{}/", server.server_addr());
    Ok((server, url))
}

/// Where [`host`] has the folder: below the root, as on a server that has other pages too.
pub const SUB_PATH: &str = "some/path/";

/// Hosts a folder under a sub-path for as long as this process runs, and returns its URL.
pub fn host(folder: PathBuf) -> Outcome<String> {
    let (server, url) = listen(0)?;
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let path = request.url().trim_start_matches('/').strip_prefix(SUB_PATH);
            let path = path.map(str::to_owned);
            answer(request, path.as_deref(), &folder);
        }
    });
    Ok(url + SUB_PATH)
}

/// Answers a request by a file of `folder`; `path` is relative to it, and none is not found.
pub fn answer(request: Request, path: Option<&str>, folder: &Path) {
    let path = path.and_then(|path| path.split(['?', '#']).next()).unwrap_or("../");
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let mut file = folder.join(path);
    if file.is_dir() {
        file.push("index.html");
    }
    match File::open(&file) {
        Ok(opened) if inside && file.is_file() => {
            let response = Response::from_file(opened)
                .with_header(header("Content-Type", content_type(&file)))
                .with_header(header("Cache-Control", "no-store"));
            respond(request, response);
        }
        _ => respond(request, Response::from_string("Not found").with_status_code(404)),
    }
}

/// Sends a response.
pub fn respond<R: std::io::Read>(request: Request, response: Response<R>) {
    // A browser that went away before its answer is nobody's error.
    if let Err(error) = request.respond(response)
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("a request could not be answered: {error}");
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("header names and values here are plain ASCII")
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
