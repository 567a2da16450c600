//! Serving the playground: build it, host it, and build it again when its sources change.
//!
//! There is no watcher: a reload of the page is the moment at which it must be current, so a
//! request for the page compares the sources with the last build.

use crate::Outcome;
use crate::bundle::{Profile, bundle};
use std::fs::File;
use std::io::IsTerminal;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;
use tiny_http::{Header, Request, Response, Server};

/// How to serve.
#[derive(Debug)]
pub struct Options {
    pub port: u16,
    pub release: bool,
    pub open: bool,
}

/// What the page is made from.
const SOURCES: [&str; 5] = ["index.html", "src", "crates", "www", "Cargo.lock"];

/// Builds and serves until interrupted.
pub fn serve(options: &Options) -> Outcome {
    let profile = if options.release { Profile::Published } else { Profile::Fast };
    let folder = PathBuf::from("target/serve");
    let mut built = SystemTime::now();
    bundle(profile, &folder)?;
    let address = format!("127.0.0.1:{}", options.port);
    let server = Server::http(&address).map_err(|error| {
        format!("cannot listen on {address}: {error}\nIs something else there? Choose another port: cargo xtask serve --port {}", options.port.wrapping_add(1))
    })?;
    let url = format!("http://{address}/");
    println!("\nKeyspace is at {url}\nReload the page after a change; Ctrl-C ends.");
    if options.open && std::io::stdout().is_terminal() && opener::open_browser(&url).is_err() {
        println!("(No browser could be opened from here.)");
    }
    for request in server.incoming_requests() {
        let page = request.url() == "/" || request.url().starts_with("/?");
        if page && newest(SOURCES.iter().map(Path::new)) > Some(built) {
            println!("The sources changed: building.");
            built = SystemTime::now();
            if let Err(message) = bundle(profile, &folder) {
                eprintln!("{message}");
                respond(
                    request,
                    Response::from_string(format!("{message}\nSee the terminal."))
                        .with_status_code(500),
                );
                continue;
            }
        }
        answer(request, &folder);
    }
    Ok(())
}

/// Answers a request by a file of `folder`.
pub fn answer(request: Request, folder: &Path) {
    let path = request.url().split(['?', '#']).next().unwrap_or("/").trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let file = folder.join(path);
    match File::open(&file) {
        Ok(opened) if inside && file.is_file() => {
            let response = Response::from_file(opened)
                .with_header(header("Content-Type", content_type(path)))
                .with_header(header("Cache-Control", "no-store"));
            respond(request, response);
        }
        _ => respond(request, Response::from_string("Not found").with_status_code(404)),
    }
}

fn respond<R: std::io::Read>(request: Request, response: Response<R>) {
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

/// When the newest file of these trees was changed.
fn newest<'a>(paths: impl Iterator<Item = &'a Path>) -> Option<SystemTime> {
    paths.filter_map(newest_below).max()
}

fn newest_below(path: &Path) -> Option<SystemTime> {
    if path.is_dir() {
        let entries: Vec<PathBuf> =
            std::fs::read_dir(path).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        newest(entries.iter().map(PathBuf::as_path))
    } else {
        path.metadata().and_then(|metadata| metadata.modified()).ok()
    }
}
