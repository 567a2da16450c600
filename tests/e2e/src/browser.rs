//! A window of a headless browser, driven by the WebDriver protocol.

use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A browser window. The driver is started on a free port and ended with the window.
#[derive(Debug)]
pub struct Browser {
    pub(crate) client: Client,
    driver: Driver,
}

impl Browser {
    /// Opens a window.
    ///
    /// # Errors
    /// Where there is no browser or no driver.
    pub async fn open() -> io::Result<Browser> {
        let driver = Driver::start()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities())
            .connect(&driver.url)
            .await
            .map_err(io::Error::other)?;
        Ok(Browser { client, driver })
    }

    /// Loads a URL.
    ///
    /// # Errors
    /// Where it does not load.
    pub async fn goto(&self, url: &str) -> io::Result<()> {
        self.client.goto(url).await.map_err(io::Error::other)
    }

    /// Runs JavaScript in the page and returns its value; a promise is waited for.
    ///
    /// # Errors
    /// Where the script throws, or takes longer than the driver lets scripts run.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> io::Result<Value> {
        self.client.execute(script, arguments).await.map_err(io::Error::other)
    }

    /// Sends a command of the browser's developer tools, by the DevTools protocol.
    ///
    /// # Errors
    /// Where the browser does not know the command, or refuses.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> io::Result<Value> {
        let command = DevTools { command, parameters };
        self.client.issue_cmd(command).await.map_err(io::Error::other)
    }

    /// Resizes the window, in CSS pixels.
    ///
    /// # Errors
    /// Where the driver refuses.
    pub async fn resize(&self, width: u32, height: u32) -> io::Result<()> {
        self.client.set_window_size(width, height).await.map_err(io::Error::other)
    }

    /// Says how long a script may run; by default, the driver ends it after 30 seconds.
    ///
    /// # Errors
    /// Where the driver refuses.
    pub async fn let_scripts_run(&self, limit: Duration) -> io::Result<()> {
        let limits = TimeoutConfiguration::new(Some(limit), None, None);
        self.client.update_timeouts(limits).await.map_err(io::Error::other)
    }

    /// Ends the browser, and says what the page wrote to its console as an error.
    ///
    /// # Errors
    /// Where the browser is gone already.
    pub async fn close(self) -> io::Result<Vec<String>> {
        let logs = self.client.issue_cmd(BrowserLog).await.map_err(io::Error::other)?;
        let entries = logs.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        let errors = severe.map(|entry| entry["message"].to_string()).collect();
        self.client.close().await.map_err(io::Error::other)?;
        drop(self.driver);
        Ok(errors)
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

/// The driver's way to the browser's developer tools.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// The driver's process, ended when it is dropped.
#[derive(Debug)]
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start() -> io::Result<Driver> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("chromedriver: {error}")))?;
        let output = process.stdout.take().expect("the output is piped");
        let mut driver = Driver { process, url: String::new() };
        let port = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.ok_or_else(|| io::Error::other("chromedriver says no port"))?;
        driver.url = format!("http://127.0.0.1:{port}");
        Ok(driver)
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
