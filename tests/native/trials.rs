//! Transcripts as tests of cargo, for every back end outside a browser.

use keyspace_transcript::{Backend, File, Transcript, run};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Plays every transcript of `tests/spec`, each on a back end of its own. A file that cannot be
/// read is a failing test; a transcript whose every block is skipped is an ignored one.
pub fn run_all<B: Backend>(
    arguments: &Arguments,
    backend: impl Fn() -> io::Result<B> + Send + Sync + 'static,
) -> ExitCode {
    let backend = Arc::new(backend);
    let skipped = Arc::new(AtomicUsize::new(0));
    let mut trials = Vec::new();
    for path in spec_files() {
        let family = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match read(&path) {
            Err(message) => trials.push(Trial::test(family, || Err(Failed::from(message)))),
            Ok(file) => {
                for transcript in file.transcripts {
                    let name = format!("{family}: {}", transcript.name);
                    let (path, backend) = (file.path.clone(), Arc::clone(&backend));
                    let skipped = Arc::clone(&skipped);
                    trials.push(Trial::ignorable_test(name, move || {
                        play(&path, &transcript, &mut backend()?, &skipped)
                    }));
                }
            }
        }
    }
    let conclusion = libtest_mimic::run(arguments, trials);
    let skipped = skipped.load(Ordering::Relaxed);
    if skipped > 0 {
        println!("{skipped} blocks do not hold for this server and were skipped\n");
    }
    conclusion.exit_code()
}

fn play<B: Backend>(
    path: &str,
    transcript: &Transcript,
    backend: &mut B,
    skipped: &AtomicUsize,
) -> Result<Completion, Failed> {
    let summary = run(path, transcript, backend)?;
    skipped.fetch_add(summary.skipped, Ordering::Relaxed);
    Ok(match summary.played {
        0 => Completion::ignored_with("not for this server"),
        _ => Completion::Completed,
    })
}

/// The files of `tests/spec`, by name.
fn spec_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec");
    let entries = std::fs::read_dir(folder).expect("tests/spec is a folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("tests/spec can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    paths
}

/// Reads a file; failures name it as seen from the workspace, where cargo runs tests.
fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path);
    File::parse(&shown.to_string_lossy(), &text).map_err(|error| error.to_string())
}
