//! The generated documentation is what the command table says. `cargo xtask docs` writes it anew.
#![cfg(not(target_arch = "wasm32"))]

use keyspace::command::{self, CommandSpec, Group};
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[test]
fn the_command_page_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/commands.md");
    is_current(&path, &command_page());
}

#[test]
fn every_family_has_a_title() {
    for spec in command::all() {
        assert!(Group::TITLES.iter().any(|(group, _)| *group == spec.group), "{}", spec.name);
    }
}

/// Compares a generated file with what it must be, or writes it where `KEYSPACE_WRITE_DOCS` is set.
fn is_current(path: &PathBuf, wanted: &str) {
    if std::env::var_os("KEYSPACE_WRITE_DOCS").is_some() {
        std::fs::write(path, wanted).expect("the documentation can be written");
        return;
    }
    let have = std::fs::read_to_string(path).unwrap_or_default();
    assert!(have == wanted, "{} is out of date: run `cargo xtask docs`", path.display());
}

fn command_page() -> String {
    let mut page = String::from(
        "# Commands\n\n\
         Generated from the command table by `cargo xtask docs`. What a command does beyond its line here is in the\n\
         transcripts, `tests/spec/`. A command that is not listed answers `ERR unknown command`.\n",
    );
    for (group, title) in Group::TITLES {
        let rows: Vec<&CommandSpec> = command::all()
            .flat_map(|spec| std::iter::once(spec).chain(spec.subcommands()))
            .filter(|spec| spec.group == *group && spec.subcommands().is_empty())
            .collect();
        if rows.is_empty() {
            continue;
        }
        write!(
            page,
            "\n## {title}\n\n| command | what it does | since | cost |\n|---|---|---|---|\n"
        )
        .expect("writing to a String cannot fail");
        for spec in rows {
            writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                escape(spec.syntax),
                escape(spec.summary),
                spec.since,
                escape(spec.complexity)
            )
            .expect("writing to a String cannot fail");
        }
    }
    page + &differences()
}

/// Every command that differs from Redis, or cannot be here, as its row says.
fn differences() -> String {
    let mut section = String::from(
        "\n## Different from Redis\n\n\
         What runs inside one process without a disk, a network or a host's clock cannot do everything that a server can.\n\
         These commands say so, or differ, as follows.\n\n| command | how it differs |\n|---|---|\n",
    );
    for spec in command::all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands())) {
        if !spec.differs.is_empty() {
            let name = spec.name.to_ascii_uppercase().replace('|', " ");
            writeln!(section, "| `{name}` | {} |", escape(spec.differs))
                .expect("writing to a String cannot fail");
        }
    }
    section
}

/// A text inside a table's cell.
fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}
