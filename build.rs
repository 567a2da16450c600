//! Turns the lessons into the data that the page is built with.

use keyspace_lessons::{Lesson, parse};
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=www/lessons");
    let sources = parse::folder(Path::new("www/lessons")).unwrap_or_else(|error| panic!("{error}"));
    let lessons: Vec<Lesson> = sources.into_iter().map(|source| source.lesson).collect();
    let data = postcard::to_allocvec(&lessons).expect("lessons are plain data");
    let folder = std::env::var_os("OUT_DIR").expect("cargo says where to write");
    let file = PathBuf::from(folder).join("lessons.postcard");
    std::fs::write(&file, data).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
