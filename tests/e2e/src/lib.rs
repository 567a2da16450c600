//! Driving the built page: a browser, and the page's parts by their `data-testid`.
//!
//! Waiting is for a condition, never for a time; a condition that does not come true fails the
//! test by its name.

mod browser;

pub use browser::Browser;
use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a condition may take to come true before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The page in a browser window.
#[derive(Debug)]
pub struct Page {
    browser: Browser,
}

impl Page {
    /// Opens the page that `KEYSPACE_URL` names, in a window of that size in CSS pixels, and waits
    /// until its console answers.
    pub async fn open(width: u32, height: u32) -> Page {
        let url = std::env::var("KEYSPACE_URL")
            .expect("`cargo xtask test e2e` builds the page, serves it and says its URL");
        let page = Page { browser: Browser::open().await.expect("the browser starts") };
        page.resize(width, height).await;
        page.browser.goto(&url).await.expect("the page loads");
        page.until("the engine is ready", async || {
            page.attribute("console-input", "disabled").await.is_none()
        })
        .await;
        page
    }

    /// Ends the browser. What the page wrote to the browser's console as an error fails the test.
    pub async fn close(self) {
        let errors = self.browser.close().await.expect("the browser ends");
        assert_eq!(errors, Vec::<String>::new(), "the page wrote errors to the console");
    }

    /// The first part with this test id; waits until it is there.
    pub async fn part(&self, testid: &str) -> Element {
        let found =
            self.browser.client.wait().at_most(PATIENCE).for_element(by(&selector(testid))).await;
        found.unwrap_or_else(|error| panic!("the page has a part {testid}: {error}"))
    }

    /// Every part with this test id, now.
    pub async fn parts(&self, testid: &str) -> Vec<Element> {
        self.browser
            .client
            .find_all(by(&selector(testid)))
            .await
            .expect("a query by attribute is valid")
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
        let active = self.browser.client.active_element().await.expect("something has the focus");
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
        let png = self.browser.client.screenshot().await.expect("a window can be pictured");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("target/ can be written to");
    }

    /// Runs JavaScript in the page and returns its value.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().cloned().unwrap_or_default();
        self.browser.run(script, arguments).await.expect("the script runs")
    }

    /// Resizes the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.browser.resize(width, height).await.expect("a window has a size");
    }

    async fn body(&self) -> String {
        let text = self.run("return document.body.innerText", json!([])).await;
        text.as_str().unwrap_or_default().to_owned()
    }
}

fn selector(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

fn by(selector: &str) -> Locator<'_> {
    Locator::Css(selector)
}
