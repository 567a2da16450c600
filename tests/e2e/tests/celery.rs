//! The Celery page, as a person uses it.

use keyspace_e2e::Page;
use serde_json::json;

/// Opens the page of Celery.
async fn open() -> Page {
    let page = Page::open(1440, 900).await;
    page.run("location.hash = '#/celery?empty'", json!([])).await;
    page.shows("celery-queue", "no messages wait").await;
    page
}

#[tokio::test]
async fn a_message_waits_until_a_worker_takes_it_and_its_result_comes_back() {
    let page = open().await;
    page.click("celery-send").await;
    page.shows("celery-queue", "add(2, 3)").await;
    page.shows("celery-feed", "LPUSH").await;
    page.click("celery-start-worker").await;
    page.shows("celery-worker", "add(2, 3)").await;
    page.shows("celery-unacked", "add(2, 3)").await;
    page.screenshot("celery-running").await;
    page.shows("celery-result", "5").await;
    page.shows("celery-unacked", "empty").await;
    page.shows("celery-worker", "BRPOP").await;
    page.close().await;
}

#[tokio::test]
async fn a_killed_workers_message_stays_in_unacked() {
    let page = open().await;
    page.click("celery-start-worker").await;
    page.shows("celery-worker", "BRPOP").await;
    let long = "document.querySelector('[data-testid=celery-send][data-task$=slow]').click()";
    page.run(long, json!([])).await;
    page.shows("celery-worker", "runs the task").await;
    page.click("celery-kill-worker").await;
    page.shows("celery-worker", "killed").await;
    page.shows("celery-unacked", "slow(10)").await;
    page.screenshot("celery-killed").await;
    page.close().await;
}

#[tokio::test]
async fn what_is_typed_in_the_console_is_in_the_picture() {
    let page = open().await;
    page.command("LPUSH celery hello").await;
    page.shows("celery-queue", "hello").await;
    page.command("RPOP celery").await;
    page.shows("celery-queue", "no messages wait").await;
    page.close().await;
}

#[tokio::test]
async fn a_message_opens_and_closes() {
    let page = open().await;
    page.click("celery-send").await;
    page.shows("celery-queue", "add(2, 3)").await;
    page.run("document.querySelector('[data-testid=celery-queue] .token').click()", json!([]))
        .await;
    page.shows("celery-message", "app.add").await;
    page.shows("celery-message", "argsrepr").await;
    page.close().await;
}

#[tokio::test]
async fn the_page_fits_every_window() {
    let page = open().await;
    page.click("celery-start-worker").await;
    for _ in 0..9 {
        page.click("celery-send").await;
    }
    page.shows("celery-result", "5").await;
    for (width, height) in [(2560, 1440), (1280, 720), (820, 900), (360, 740)] {
        page.resize(width, height).await;
        let script = "return Math.max(\
                      document.documentElement.scrollWidth - window.innerWidth,\
                      ...[...document.querySelectorAll('.celery-body, .map')]\
                      .map(part => part.scrollWidth - part.clientWidth))";
        let overflow = page.run(script, json!([])).await;
        assert!(
            overflow.as_i64().is_some_and(|overflow| overflow <= 0),
            "at {width} pixels something is {overflow} too wide"
        );
        page.screenshot(&format!("celery-{width}x{height}")).await;
    }
    page.close().await;
}
