//! Lessons in the built page: a click types, the engine sees the goal, and what is done is kept.

use keyspace_e2e::Page;
use serde_json::json;

/// Goes to an address behind `#`.
async fn go(page: &Page, hash: &str) {
    page.run("location.hash = arguments[0]", json!([hash])).await;
}

#[tokio::test]
async fn a_step_is_done_when_the_engine_has_seen_it_done() {
    let page = Page::open(1440, 900).await;
    go(&page, "#/learn").await;
    page.shows("lessons", "Strings and counters").await;
    page.screenshot("lessons").await;
    go(&page, "#/learn/strings/1").await;
    page.shows("goal", "Goal: The key greeting holds hello").await;
    page.command("SET greeting goodbye").await;
    page.shows("console-output", "OK").await;
    page.shows("goal", "Goal:").await;
    page.click("try").await;
    page.press("\u{e007}").await;
    page.shows("goal", "Done:").await;
    page.screenshot("lesson").await;
    page.click("next").await;
    page.shows("step", "What is not there").await;
    let hash = page.run("return location.hash", json!([])).await;
    assert_eq!(hash, json!("#/learn/strings/2"));
    let kept = page.run("return localStorage.getItem('keyspace.lessons')", json!([])).await;
    assert_eq!(kept, json!("strings/1\n"));
    page.close().await;
}

#[tokio::test]
async fn a_second_client_is_opened_where_a_lesson_needs_one() {
    let page = Page::open(1440, 900).await;
    go(&page, "#/learn/lists/4").await;
    page.command("BRPOP jobs 0").await;
    page.shows("console-tab", "BRPOP jobs").await;
    page.click("try").await;
    page.press("\u{e007}").await;
    page.shows("goal", "Done:").await;
    page.shows("console-tab", "client 2").await;
    page.close().await;
}

#[tokio::test]
async fn time_passes_by_a_click() {
    let page = Page::open(1440, 900).await;
    go(&page, "#/learn/expiry/2").await;
    page.command("SET code 8153 EX 60").await;
    page.shows("key-row", "code").await;
    page.click("wait").await;
    page.shows("goal", "Done: code has expired").await;
    page.close().await;
}

#[tokio::test]
async fn a_step_fits_a_small_screen() {
    let page = Page::open(360, 740).await;
    go(&page, "#/learn/redis-py/1").await;
    page.shows("step", "A call is a command").await;
    let script = "return document.documentElement.scrollWidth - window.innerWidth";
    let overflow = page.run(script, json!([])).await;
    assert!(overflow.as_i64().is_some_and(|overflow| overflow <= 0), "wider than the window");
    page.screenshot("lesson-small").await;
    page.close().await;
}
