//! Serving the playground: build it, host it, and build it again when its sources change.
//!
//! There is no watcher: a reload of the page is the moment at which it must be current, so a
//! request for the page compares the sources with the last build.

use crate::Outcome;
use crate::bundle::{Profile, bundle};
use crate::host::{Answer, answer_all, listen};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// How to serve.
#[derive(Debug)]
pub struct Options {
    pub port: u16,
    pub release: bool,
    pub open: bool,
}

/// What the page is made from.
const SOURCES: [&str; 6] = ["index.html", "src", "styles", "crates", "www/lessons", "Cargo.lock"];

/// Builds and serves until interrupted.
pub fn serve(options: &Options) -> Outcome {
    let profile = if options.release { Profile::Page } else { Profile::Fast };
    let folder = PathBuf::from("target/serve");
    let built = Mutex::new(SystemTime::now());
    bundle(profile, &folder)?;
    let (listener, url) = listen(options.port)?;
    println!("\nKeyspace is at {url}\nReload the page after a change; Ctrl-C ends.");
    if options.open && std::io::stdout().is_terminal() && opener::open_browser(&url).is_err() {
        println!("(No browser could be opened from here.)");
    }
    answer_all(&listener, move |path| {
        if path.is_empty() || path.starts_with('?') {
            // Whoever asks while it is being built waits for that.
            let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
            if newest(SOURCES.iter().map(Path::new)) > Some(*built) {
                println!("The sources changed: building.");
                *built = SystemTime::now();
                if let Err(message) = bundle(profile, &folder) {
                    eprintln!("{message}");
                    return Answer::Failed(format!("{message}\nSee the terminal."));
                }
            }
        }
        Answer::from_folder(&folder, path)
    });
    Ok(())
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
