//! The documentation: what is generated into the repository, and the site that VitePress builds.

use crate::Outcome;
use crate::bundle::{Profile, bundle, empty};
use crate::command::{cargo, run};
use crate::{package, tools};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pages that are written; the generated ones are put beside a copy of them.
const WRITTEN: &str = "www/site";
const SOURCE: &str = "target/docs/site";
const SITE: &str = "target/docs/html";
/// The elements that make examples live, as the npm package has them.
const ELEMENTS: &str = "target/package/dist";

/// Writes what is generated into the repository anew, and builds the site.
pub fn docs() -> Outcome {
    run(cargo().args(["test", "--test", "docs"]).env("KEYSPACE_WRITE_DOCS", "1"))?;
    let site = build_site("/")?;
    println!("Built {}/: host it at the root of a server, by any file server.", site.display());
    Ok(())
}

/// Builds the site, to be hosted below `base`, with the playground beside its pages.
pub fn build_site(base: &str) -> Outcome<PathBuf> {
    let modules = tools::ensure_vitepress()?;
    let (source, site) = (Path::new(SOURCE), PathBuf::from(SITE));
    empty(source)?;
    copy_folder(Path::new(WRITTEN), source)?;
    run(cargo().args(["run", "--quiet", "--package", "keyspace-docs", "--"]).arg(source))?;
    empty(&site)?;
    let html = std::path::absolute(&site).map_err(|error| error.to_string())?;
    run(Command::new("node")
        .arg(modules.join("vitepress/bin/vitepress.js"))
        .arg("build")
        .arg(source)
        .arg("--outDir")
        .arg(html)
        .env("KEYSPACE_DOCS_BASE", base))?;
    bundle(Profile::Page, &site.join("play"))?;
    package::build(Profile::Engine)?;
    copy_folder(Path::new(ELEMENTS), &site.join("elements"))?;
    Ok(site)
}

/// Copies a folder and everything below it, modules aside.
fn copy_folder(from: &Path, to: &Path) -> Outcome {
    let failed =
        |path: &Path, error: std::io::Error| format!("cannot copy {}: {error}", path.display());
    std::fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    let entries = std::fs::read_dir(from).map_err(|error| failed(from, error))?;
    for entry in entries {
        let path = entry.map_err(|error| failed(from, error))?.path();
        let Some(name) = path.file_name().filter(|name| *name != "node_modules") else {
            continue;
        };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            std::fs::copy(&path, to.join(name)).map_err(|error| failed(&path, error))?;
        }
    }
    Ok(())
}
