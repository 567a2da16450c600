//! Writes the generated pages of the documentation site as Markdown for VitePress: a page for each
//! command, from the command table and its transcripts; a page for each lesson; what differs from
//! Redis; and the menu of all of them.
//!
//! `keyspace-docs FOLDER` writes below that folder; `cargo xtask docs` runs it.

mod command_page;
mod compatibility;
mod example;
mod group;
mod lesson_page;
mod markdown;

use keyspace::command::{self, CommandSpec, Group};
use keyspace_transcript::File;
use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("say where to write: keyspace-docs FOLDER")?;
    let folder = PathBuf::from(folder);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let transcripts = transcripts(&root.join("tests/spec"))?;
    let commands = write_commands(&folder.join("commands"), &transcripts)?;
    let lessons = write_lessons(&root.join("www/lessons"), &folder.join("lessons"))?;
    write(&folder.join("compatibility.md"), &compatibility::page())?;
    let readme = fs::read_to_string(root.join("README.md"))?;
    write(&folder.join("guide/measured.md"), measured(&readme)?)?;
    let package = fs::read_to_string(root.join("packages/keyspace-wasm/README.md"))?;
    let (package, elements) = package_sections(&package)?;
    write(&folder.join("guide/package.md"), &package)?;
    write(&folder.join("guide/elements.md"), elements)?;
    let menu = json!({ "commands": commands, "lessons": lessons });
    write(&folder.join(".vitepress/menu.json"), &serde_json::to_string_pretty(&menu)?)
}

/// What the README says was measured, without the command that measures it.
fn measured(readme: &str) -> Result<&str, Box<dyn Error>> {
    let section =
        readme.split_once("\n## How fast, how small\n").ok_or("README: no such section")?.1;
    let section = section.split("\n## ").next().unwrap_or(section);
    Ok(section.splitn(3, "```").nth(2).unwrap_or(section))
}

/// What the npm package's README says of JavaScript, and of elements in a page; its first lines and
/// its last, which introduce the package and name its licence, aside.
fn package_sections(readme: &str) -> Result<(String, &str), Box<dyn Error>> {
    const PAGE: &str = "\n## In a page\n";
    let missing = "the package's README lacks a section";
    let (before, rest) = readme.split_once(PAGE).ok_or(missing)?;
    let (page, after) = rest.split_once("\n## ").ok_or(missing)?;
    let (after, _) = after.split_once("\n## What it is not").ok_or(missing)?;
    let begin = before.find("\n## ").ok_or(missing)?;
    Ok((format!("{}\n\n## {after}", before[begin..].trim()), page.trim()))
}

/// A file of transcripts, and its lines.
struct Spec {
    file: File,
    lines: Vec<String>,
}

fn transcripts(folder: &Path) -> Result<Vec<Spec>, Box<dyn Error>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let read = |path: PathBuf| -> Result<Spec, Box<dyn Error>> {
        let text = fs::read_to_string(&path)?;
        let file = File::parse(&path.to_string_lossy(), &text)?;
        Ok(Spec { file, lines: text.lines().map(str::to_owned).collect() })
    };
    paths.into_iter().map(read).collect()
}

/// The commands that can be called, containers aside.
fn callable() -> impl Iterator<Item = &'static CommandSpec> {
    command::all()
        .flat_map(|spec| std::iter::once(spec).chain(spec.subcommands()))
        .filter(|spec| spec.subcommands().is_empty())
}

/// Writes a page for each command and one that lists them; returns the menu of each family.
fn write_commands(folder: &Path, specs: &[Spec]) -> Result<Value, Box<dyn Error>> {
    let mut menu = serde_json::Map::new();
    for (group, title) in Group::TITLES {
        let mut items = Vec::new();
        for spec in callable().filter(|spec| spec.group == *group) {
            let page = command_page::page(spec, title, specs);
            write(&folder.join(command_page::file(spec)), &page)?;
            let name = command_page::name(spec);
            items.push(json!({ "text": name, "link": command_page::link(spec) }));
        }
        let family = json!([
            { "text": "All commands", "link": "/commands/" },
            { "text": title, "items": items },
        ]);
        menu.insert(format!("/commands/{}/", group::folder(*group)), family);
    }
    let families = Group::TITLES.iter().map(|(group, title)| {
        json!({ "text": title, "link": format!("/commands/#{}", group::folder(*group)) })
    });
    let families: Vec<Value> = families.collect();
    menu.insert("/commands/".to_owned(), json!([{ "text": "Families", "items": families }]));
    write(&folder.join("index.md"), &command_page::index())?;
    Ok(Value::Object(menu))
}

/// Writes a page for each lesson and one that lists them; returns their menu.
fn write_lessons(from: &Path, folder: &Path) -> Result<Value, Box<dyn Error>> {
    let sources = keyspace_lessons::parse::folder(from)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(from)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for (source, file) in sources.iter().zip(files) {
        let page = lesson_page::page(&source.lesson, &fs::read_to_string(file)?);
        write(&folder.join(format!("{}.md", source.lesson.id)), &page)?;
    }
    let lessons: Vec<_> = sources.into_iter().map(|source| source.lesson).collect();
    write(&folder.join("index.md"), &lesson_page::index(&lessons))?;
    let item = |lesson: &keyspace_lessons::Lesson| json!({ "text": lesson.title, "link": format!("/lessons/{}", lesson.id) });
    Ok(lessons.iter().map(item).collect())
}

fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
