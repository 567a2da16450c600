//! Driving the built page: a browser, and the page's parts by their `data-testid`.
//!
//! The driver is started on a free port and ended with the page. Waiting is for a condition, never
//! for a time; a condition that does not come true fails the test by its name.

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a condition may take to come true before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The page in a browser window.
#[derive(Debug)]
pub struct Page {
    client: Client,
    _driver: Driver,
}

impl Page {
    /// Opens the page that `KEYSPACE_URL` names, in a window of that size in CSS pixels, and waits
    /// until its console answers.
    pub async fn open(width: u32, height: u32) -> Page {
        let url = std::env::var("KEYSPACE_URL")
            .expect("`cargo xtask test e2e` builds the page, serves it and says its URL");
        let driver = Driver::start();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities())
            .connect(&driver.url)
            .await
            .expect("the browser starts");
        client.set_window_size(width, height).await.expect("a window has a size");
        client.goto(&url).await.expect("the page loads");
        let page = Page { client, _driver: driver };
        page.until("the engine is ready", async || {
            page.attribute("console-input", "disabled").await.is_none()
        })
        .await;
        page
    }

    /// Ends the browser. What the page wrote to the browser's console as an error fails the test.
    pub async fn close(self) {
        let errors = self.console_errors().await;
        self.client.close().await.expect("the browser ends");
        assert_eq!(errors, Vec::<String>::new(), "the page wrote errors to the console");
    }

    /// The first part with this test id; waits until it is there.
    pub async fn part(&self, testid: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(by(&selector(testid))).await;
        found.unwrap_or_else(|error| panic!("the page has a part {testid}: {error}"))
    }

    /// Every part with this test id, now.
    pub async fn parts(&self, testid: &str) -> Vec<Element> {
        self.client.find_all(by(&selector(testid))).await.expect("a query by attribute is valid")
    }

    /// The text of all parts with this test id, now; empty where there are none.
    pub async fn text(&self, testid: &str) -> String {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).join('\\n')";
        let text = self.run(script, json!([selector(testid)])).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// An attribute of the first part with this test id, or none.
    pub async fn attribute(&self, testid: &str, name: &str) -> Option<String> {
        let script =
            "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null";
        self.run(script, json!([selector(testid), name])).await.as_str().map(str::to_owned)
    }

    /// Clicks the first part with this test id.
    pub async fn click(&self, testid: &str) {
        self.part(testid).await.click().await.unwrap_or_else(|error| panic!("{testid}: {error}"));
    }

    /// Types a command into the console and sends it.
    pub async fn command(&self, line: &str) {
        let input = self.part("console-input").await;
        let keys = format!("{line}{}", char::from(Key::Enter));
        input.send_keys(&keys).await.expect("the console takes keys");
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, keys: &str) {
        let active = self.client.active_element().await.expect("something has the focus");
        active.send_keys(keys).await.expect("the element takes keys");
    }

    /// Presses a letter with the control key, where the focus is.
    pub async fn control(&self, letter: &str) {
        let (control, up) = (char::from(Key::Control), char::from(Key::Null));
        self.press(&format!("{control}{letter}{up}")).await;
    }

    /// Waits until the text of a part contains this.
    pub async fn shows(&self, testid: &str, text: &str) {
        self.until(&format!("{testid} shows {text:?}"), async || {
            self.text(testid).await.contains(text)
        })
        .await;
    }

    /// Waits until the text of a part does not contain this.
    pub async fn hides(&self, testid: &str, text: &str) {
        self.until(&format!("{testid} does not show {text:?}"), async || {
            !self.text(testid).await.contains(text)
        })
        .await;
    }

    /// Waits for a condition.
    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !condition().await {
            if start.elapsed() > PATIENCE {
                self.screenshot("failure").await;
                panic!("this did not come true: {what}\nthe page shows:\n{}", self.body().await);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Writes a picture of the window to `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
        std::fs::create_dir_all(&folder).expect("target/ can be written to");
        let png = self.client.screenshot().await.expect("a window can be pictured");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("target/ can be written to");
    }

    /// Runs JavaScript in the page and returns its value.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().cloned().unwrap_or_default();
        self.client.execute(script, arguments).await.expect("the script runs")
    }

    /// Resizes the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("a window has a size");
    }

    async fn body(&self) -> String {
        let text = self.run("return document.body.innerText", json!([])).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    async fn console_errors(&self) -> Vec<String> {
        let logs = self.client.issue_cmd(BrowserLog).await.expect("the driver keeps the console");
        let entries = logs.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }
}

/// The driver's command that returns what the page wrote to the browser's console.
#[derive(Debug)]
struct BrowserLog;

impl fantoccini::wd::WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// The driver's process, ended when it is dropped.
#[derive(Debug)]
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start() -> Driver {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is on PATH: `cargo xtask test e2e` installs it");
        let output = process.stdout.take().expect("the output is piped");
        let port = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says on which port it listens");
        Driver { process, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.process.kill().expect("the driver runs until here");
        self.process.wait().expect("a process that was killed can be waited for");
    }
}

/// How the browser is started: as for the component tests, by `webdriver.json`.
fn capabilities() -> Map<String, Value> {
    let shared = include_str!("../../../webdriver.json");
    let mut capabilities: Map<String, Value> =
        serde_json::from_str(shared).expect("webdriver.json is an object");
    capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
    capabilities
}

fn selector(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

fn by(selector: &str) -> Locator<'_> {
    Locator::Css(selector)
}
