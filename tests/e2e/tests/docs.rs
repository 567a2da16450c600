//! The documentation site: every link leads somewhere, every example does what its page says, and
//! the search finds without a server.

use keyspace_e2e::Browser;
use serde_json::{Value, json};
use std::time::Duration;

/// How long the browser may work on all examples.
const LIMIT: Duration = Duration::from_secs(300);

/// A browser at the start page, and its address.
async fn open() -> (Browser, String) {
    let url = std::env::var("KEYSPACE_DOCS_URL")
        .expect("`cargo xtask test docs` builds the site, serves it and says its URL");
    let browser = Browser::open().await.expect("the browser starts");
    browser.let_scripts_run(LIMIT).await.expect("the driver takes a limit");
    browser.goto(&url).await.expect("the site is there");
    (browser, url)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn every_link_leads_somewhere_and_every_example_does_what_its_page_says() {
    let (browser, url) = open().await;
    let script = awaited(include_str!("../scripts/crawl.js"));
    let crawled = browser.run(&script, vec![json!(url)]).await.expect("the pages can be read");
    let pages = &crawled["pages"];
    assert!(texts(pages).len() > 400, "{pages}");
    assert_eq!(texts(&crawled["broken"]), Vec::<&str>::new());
    let script = awaited(include_str!("../scripts/examples.js"));
    let ran = browser.run(&script, vec![pages.clone()]).await.expect("the examples run");
    assert!(ran["count"].as_u64().is_some_and(|count| count > 500), "{}", ran["count"]);
    let wrong = texts(&ran["wrong"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    browser.close().await.expect("the browser ends");
}

#[tokio::test]
async fn the_search_finds_without_a_server() {
    let (browser, _) = open().await;
    let script = "
        document.querySelector('.DocSearch-Button, #local-search button').click();
        const until = async (find) => {
          for (;;) {
            const found = find();
            if (found) return found;
            await new Promise(requestAnimationFrame);
          }
        };
        const input = await until(() => document.querySelector('.search-input'));
        input.value = 'visibility timeout';
        input.dispatchEvent(new Event('input'));
        const first = await until(() => document.querySelector('.results .result'));
        return first.getAttribute('href');";
    let found = browser.run(&awaited(script), vec![]).await.expect("something is found");
    assert!(found.as_str().is_some_and(|href| href.contains("celery")), "{found}");
    browser.close().await.expect("the browser ends");
}

/// A script that may wait.
fn awaited(script: &str) -> String {
    format!("return (async function () {{ {script}\n }}).apply(null, arguments)")
}
