//! Transcripts as tests of cargo, for every back end outside a browser.

use keyspace_transcript::{Backend, File, Transcript, run};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Plays every transcript of files, each on a back end of its own. A file that cannot be read is a
/// failing test; a transcript whose every block is skipped is an ignored one.
pub fn run_all<B: Backend>(
    arguments: &Arguments,
    files: Vec<(String, Result<File, String>)>,
    backend: impl Fn() -> io::Result<B> + Send + Sync + 'static,
) -> ExitCode {
    let backend = Arc::new(backend);
    let skipped = Arc::new(AtomicUsize::new(0));
    let mut trials = Vec::new();
    for (family, file) in files {
        match file {
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
