//! The engine as wasm in a headless browser, which loads the workloads from the page's folder.

use super::{Measured, Run, Slot, Subject, no_error};
use crate::options::Page;
use crate::workload::Workload;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long one step in the page may take: a million entries on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(600);

/// A window with the bench page.
#[derive(Debug)]
pub struct Browser {
    runtime: Runtime,
    /// There until this is dropped.
    window: Option<keyspace_e2e::Browser>,
    page: Page,
    /// Workloads that the page can load.
    written: HashSet<String>,
    version: String,
}

/// The bytes that an engine takes of a tab.
#[derive(Debug, Clone, Copy)]
pub struct TabMemory {
    /// In use, with what the allocator adds to each piece.
    pub heap: f64,
    /// Of the whole wasm memory, holes and reserves included.
    pub linear: f64,
}

impl Browser {
    /// Opens the page.
    pub fn start(page: &Page) -> io::Result<Browser> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let window = runtime.block_on(async {
            let window = keyspace_e2e::Browser::open().await?;
            window.let_scripts_run(PATIENCE).await?;
            window.goto(&page.url).await?;
            Ok::<_, io::Error>(window)
        })?;
        let mut browser = Browser {
            runtime,
            window: Some(window),
            page: page.clone(),
            written: HashSet::new(),
            version: String::new(),
        };
        let agent = browser.run("return navigator.userAgent", Vec::new())?;
        let agent = agent.as_str().unwrap_or_default();
        let word = agent.split(' ').find(|word| word.contains("Chrome/")).unwrap_or(agent);
        browser.version = word.replace('/', " ");
        Ok(browser)
    }

    /// Which browser this is.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the data of a workload takes, measured in a new instance of the engine that counts
    /// what it allocates.
    pub fn memory_of(&mut self, workload: &Workload) -> io::Result<TabMemory> {
        let url = format!("{}?engine=counted", self.page.url);
        self.goto(&url)?;
        let before = self.memory()?;
        self.feed(Slot::Scratch, workload, workload.ends.len())?;
        let after = self.memory()?;
        let url = self.page.url.clone();
        self.goto(&url)?;
        Ok(TabMemory { heap: after.heap - before.heap, linear: after.linear - before.linear })
    }

    fn memory(&mut self) -> io::Result<TabMemory> {
        let memory = self.call("memory", &[])?;
        let number = |name: &str| {
            memory[name].as_f64().ok_or_else(|| io::Error::other(format!("no {name}: {memory}")))
        };
        Ok(TabMemory { heap: number("heap")?, linear: number("linear")? })
    }

    /// Calls a function of the page's module.
    fn call(&mut self, function: &str, arguments: &[Value]) -> io::Result<Value> {
        let script =
            format!("return import('./bench.js').then(bench => bench.{function}(...arguments))");
        self.run(&script, arguments.to_vec())
    }

    fn run(&mut self, script: &str, arguments: Vec<Value>) -> io::Result<Value> {
        let window = self.window.as_ref().expect("the window is open until this is dropped");
        self.runtime.block_on(window.run(script, arguments))
    }

    fn goto(&mut self, url: &str) -> io::Result<()> {
        let window = self.window.as_ref().expect("the window is open until this is dropped");
        self.runtime.block_on(window.goto(url))
    }

    /// Writes a workload where the page can load it, and returns the name of its files.
    fn publish(&mut self, workload: &Workload) -> io::Result<String> {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let name: String = workload.name.chars().map(plain).collect();
        if self.written.insert(name.clone()) {
            let folder = self.page.folder.join("workloads");
            std::fs::create_dir_all(&folder)?;
            let ends = workload.ends.iter().flat_map(|&end| (end as u32).to_le_bytes());
            std::fs::write(folder.join(format!("{name}.ends")), ends.collect::<Vec<u8>>())?;
            std::fs::write(folder.join(format!("{name}.commands")), &workload.bytes)?;
        }
        Ok(name)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(window) = self.window.take() {
            match self.runtime.block_on(window.close()) {
                Ok(errors) => errors.iter().for_each(|error| eprintln!("the page says: {error}")),
                Err(error) => eprintln!("the browser did not end well: {error}"),
            }
        }
    }
}

fn number(slot: Slot) -> Value {
    json!(slot as u8)
}

impl Subject for Browser {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn commands(&self, depth: usize) -> usize {
        if depth < 8 { 1 << 18 } else { 1 << 19 }
    }

    fn empty(&mut self, slot: Slot) -> io::Result<()> {
        self.call("empty", &[number(slot)]).map(drop)
    }

    fn feed(&mut self, slot: Slot, workload: &Workload, commands: usize) -> io::Result<()> {
        let len = workload.first(commands).len();
        if len == 0 {
            return Ok(());
        }
        let name = self.publish(workload)?;
        self.call("feed", &[number(slot), json!(name), json!(len)]).map(drop)
    }

    fn measure(&mut self, slot: Slot, run: &Run) -> io::Result<Measured> {
        let name = self.publish(run.workload)?;
        let arguments = [number(slot), json!(name), json!(run.depth), json!(run.commands)];
        let measured = self.call("measure", &arguments)?;
        let seconds = measured["seconds"].as_f64().filter(|seconds| *seconds > 0.0);
        let seconds = seconds.ok_or_else(|| io::Error::other(format!("no time: {measured}")))?;
        Ok(Measured {
            rate: run.commands as f64 / seconds,
            reply_bytes: measured["replyBytes"].as_u64(),
        })
    }

    fn time(&mut self, slot: Slot, workload: &Workload) -> io::Result<f64> {
        let name = self.publish(workload)?;
        let measured = self.call("time", &[number(slot), json!(name)])?;
        no_error(&workload.name, measured["reply"].as_str().unwrap_or_default().as_bytes())?;
        let seconds = measured["seconds"].as_f64();
        seconds.ok_or_else(|| io::Error::other(format!("no time: {measured}")))
    }
}
