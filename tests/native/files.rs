//! The transcripts as files.

use keyspace_transcript::File;
use std::path::{Path, PathBuf};

/// The files of `tests/spec`, by name.
pub fn paths() -> Vec<PathBuf> {
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
pub fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path);
    File::parse(&shown.to_string_lossy(), &text).map_err(|error| error.to_string())
}

/// Every file of `tests/spec`, each by its name, or why it cannot be read.
#[allow(dead_code, reason = "not every test that includes this plays transcripts")]
pub fn all() -> Vec<(String, Result<File, String>)> {
    let family = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    paths().iter().map(|path| (family(path), read(path))).collect()
}
