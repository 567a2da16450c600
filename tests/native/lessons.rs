//! The lessons as transcripts: a lesson is one, as its steps go on where the ones before ended.

use keyspace_transcript::File;
use std::path::Path;

/// Every lesson, by its file's name, or why it cannot be read.
pub fn all() -> Vec<(String, Result<File, String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons");
    let entries = std::fs::read_dir(folder).expect("www/lessons is a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("www/lessons can be listed").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    let lesson = |name: String| {
        let path = format!("www/lessons/{name}");
        let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path))
            .map_err(|error| error.to_string())
            .and_then(|text| read(&path, &text));
        (format!("lesson {name}"), file)
    };
    names.into_iter().map(lesson).collect()
}

/// Puts the steps under one heading; each begins with the first client.
fn read(path: &str, text: &str) -> Result<File, String> {
    let mut joined = String::from("## Every step is answered as it says\nOne after the other.\n");
    let mut begins = true;
    for line in text.lines() {
        if line.starts_with("## ") {
            begins = true;
            continue;
        }
        joined.push_str(line);
        joined.push('\n');
        if line.starts_with("```redis") && std::mem::take(&mut begins) {
            joined.push_str("client A\n");
        }
    }
    File::parse(path, &joined).map_err(|error| error.to_string())
}
