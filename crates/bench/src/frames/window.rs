//! A browser window with the page and the probe in it, and what can be done there.

use crate::options::Page;
use keyspace_e2e::Browser;
use serde_json::{Value, json};
use std::io;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// The size of the window, in CSS pixels.
pub const SIZE: (u32, u32) = (1440, 900);
/// How long one step in the page may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// What runs in the page before its own program does.
const PROBE: &str = include_str!("../../page/probe.js");

/// A window.
#[derive(Debug)]
pub struct Window {
    runtime: Runtime,
    /// There until this is dropped.
    browser: Option<Browser>,
    page: Page,
}

/// What was seen of a stretch of time. Times are milliseconds where nothing else is said.
#[derive(Debug)]
pub struct Seen {
    pub seconds: f64,
    /// From each frame to the next.
    pub frames: Vec<f64>,
    /// How long the page's script took in each frame in which it drew something.
    pub drawn: Vec<f64>,
    /// Messages of the worker, and their bytes.
    pub messages: f64,
    pub bytes: f64,
    /// Tasks of more than 50 ms.
    pub long_tasks: usize,
    /// What the thread that draws did.
    pub processor: Processor,
    /// The share of the time for which the worker was busy.
    pub busy: f64,
    /// Elements of the page, at the end.
    pub elements: f64,
    pub before: Memory,
    pub after: Memory,
}

/// Processor time of the thread that draws, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Processor {
    pub all: f64,
    pub script: f64,
    /// Style and layout.
    pub layout: f64,
}

/// What the page takes, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub heap: f64,
    pub page: f64,
    pub worker: f64,
}

/// What the browser and the probe count from their beginning on.
struct Counts {
    processor: Processor,
    memory: Memory,
    /// For how long the worker was busy, ...
    busy: f64,
    /// ... and its time.
    at: f64,
}

impl Window {
    /// Opens a window.
    pub fn open(page: &Page) -> io::Result<Window> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let browser = runtime.block_on(async {
            let browser = Browser::open().await?;
            browser.let_scripts_run(PATIENCE).await?;
            browser.resize(SIZE.0, SIZE.1).await?;
            let probe = json!({ "source": PROBE });
            browser.devtools("Page.enable", json!({})).await?;
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", probe).await?;
            // Processor time: another program that runs does not count.
            let time = json!({ "timeDomain": "threadTicks" });
            browser.devtools("Performance.enable", time).await?;
            Ok::<_, io::Error>(browser)
        })?;
        Ok(Window { runtime, browser: Some(browser), page: page.clone() })
    }

    /// Which browser this is.
    pub fn version(&self) -> io::Result<String> {
        let version = self.devtools("Browser.getVersion")?;
        Ok(version["product"].as_str().unwrap_or("a browser").replace('/', " "))
    }

    /// Opens a page with a line of text on it.
    pub fn empty_page(&self) -> io::Result<()> {
        self.goto(&self.page.url)
    }

    /// Opens the page of Celery, with workers that wait.
    pub fn celery(&self, workers: usize) -> io::Result<()> {
        self.playground("#/celery?empty")?;
        self.start_workers(workers)
    }

    /// Opens a scenario, which has two sides, with so many workers on each.
    pub fn two_sides(&self, workers: usize) -> io::Result<()> {
        self.playground("#/celery?scenario=happy-path")?;
        self.click("celery-alone")?;
        // A scenario begins with a clock that stands.
        self.click("clock-toggle")?;
        self.start_workers(workers)?;
        self.click("celery-both")
    }

    /// Sets how many times as fast as real time the clock runs.
    pub fn pace(&self, rate: u32) -> io::Result<()> {
        self.run(&format!("probe.pace({rate})"))
    }

    pub fn click(&self, testid: &str) -> io::Result<()> {
        self.run(&format!("await probe.click('{testid}')"))
    }

    /// Lets the producer send tasks.
    pub fn send(&self, tasks: usize) -> io::Result<()> {
        self.run(&format!("await probe.send('for i in range({tasks}): add.delay(2, 3)')"))
    }

    /// Lets the producer send tasks, and waits until all their results are stored.
    pub fn run_tasks(&self, tasks: usize) -> io::Result<()> {
        let stored = self.value("return probe.stored()")?.as_u64().unwrap_or(0);
        self.send(tasks)?;
        self.until_stored(stored as usize + tasks)
    }

    /// Waits until so many results were stored.
    pub fn until_stored(&self, tasks: usize) -> io::Result<()> {
        self.run(&format!("await probe.until(() => probe.stored() >= {tasks})"))
    }

    /// Looks at one earlier moment after another, from the latest to the first.
    pub fn scrub(&self) -> io::Result<()> {
        self.run("await probe.scrub(20)")
    }

    /// Lets real time pass.
    pub fn wait(&self, millis: u64) -> io::Result<()> {
        self.run(&format!("await new Promise(done => setTimeout(done, {millis}))"))
    }

    /// Watches the page while something is done.
    pub fn watch(&mut self, act: impl FnOnce(&Window) -> io::Result<()>) -> io::Result<Seen> {
        self.devtools("HeapProfiler.collectGarbage")?;
        let before = self.counts()?;
        let start = Instant::now();
        self.run("probe.begin()")?;
        act(self)?;
        let seen = self.value("return probe.end()")?;
        let seconds = start.elapsed().as_secs_f64();
        let after = self.counts()?;
        self.devtools("HeapProfiler.collectGarbage")?;
        let heap = self.counts()?.memory.heap;
        let numbers = |name: &str| {
            let list = seen[name].as_array().into_iter().flatten();
            list.filter_map(Value::as_f64).collect::<Vec<f64>>()
        };
        let number = |name: &str| seen[name].as_f64().unwrap_or(0.0);
        let (was, is) = (before.processor, after.processor);
        Ok(Seen {
            seconds,
            frames: numbers("frames"),
            drawn: numbers("drawn"),
            messages: number("messages"),
            bytes: number("bytes"),
            long_tasks: numbers("longTasks").len(),
            processor: Processor {
                all: is.all - was.all,
                script: is.script - was.script,
                layout: is.layout - was.layout,
            },
            busy: (after.busy - before.busy) / (after.at - before.at).max(1.0),
            elements: number("elements"),
            before: before.memory,
            after: Memory { heap, ..after.memory },
        })
    }

    fn counts(&self) -> io::Result<Counts> {
        let metrics = self.devtools("Performance.getMetrics")?;
        let metric = |name: &str| {
            let all = metrics["metrics"].as_array().into_iter().flatten();
            let found =
                all.filter(|metric| metric["name"] == name).find_map(|it| it["value"].as_f64());
            found.ok_or_else(|| io::Error::other(format!("the browser does not count {name}")))
        };
        let probe = self.value("return probe.memory()")?;
        let of_probe = |name: &str| probe[name].as_f64().unwrap_or(0.0);
        Ok(Counts {
            processor: Processor {
                all: metric("TaskDuration")?,
                script: metric("ScriptDuration")?,
                layout: metric("RecalcStyleDuration")? + metric("LayoutDuration")?,
            },
            memory: Memory {
                heap: metric("JSHeapUsedSize")?,
                page: of_probe("page"),
                worker: of_probe("worker"),
            },
            busy: of_probe("busy"),
            at: of_probe("at"),
        })
    }

    fn playground(&self, hash: &str) -> io::Result<()> {
        // Another part behind `#` alone would load nothing.
        self.goto("about:blank")?;
        self.goto(&format!("{}playground/{hash}", self.page.url))
    }

    fn start_workers(&self, count: usize) -> io::Result<()> {
        self.run(&format!("await probe.startWorkers({count})"))
    }

    fn goto(&self, url: &str) -> io::Result<()> {
        self.runtime.block_on(self.browser().goto(url))
    }

    /// Runs JavaScript for what it does.
    fn run(&self, script: &str) -> io::Result<()> {
        self.value(script).map(drop)
    }

    /// Runs JavaScript for what it returns.
    fn value(&self, script: &str) -> io::Result<Value> {
        let script = format!("return (async () => {{ {script} }})()");
        self.runtime.block_on(self.browser().run(&script, Vec::new()))
    }

    fn devtools(&self, command: &'static str) -> io::Result<Value> {
        self.runtime.block_on(self.browser().devtools(command, json!({})))
    }

    fn browser(&self) -> &Browser {
        self.browser.as_ref().expect("the window is open until this is dropped")
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if let Some(browser) = self.browser.take() {
            match self.runtime.block_on(browser.close()) {
                Ok(errors) => errors.iter().for_each(|error| eprintln!("the page says: {error}")),
                Err(error) => eprintln!("the browser did not end well: {error}"),
            }
        }
    }
}
