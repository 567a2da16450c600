//! The built page, as a person uses it.

use keyspace_e2e::Page;
use serde_json::json;

#[tokio::test]
async fn a_command_typed_is_answered_and_its_key_appears() {
    let page = Page::open(1440, 900).await;
    page.command("SET greeting hello").await;
    page.shows("console-output", "OK").await;
    page.shows("key-row", "greeting").await;
    page.command("GET greeting").await;
    page.shows("console-output", "\"hello\"").await;
    page.click("key-row").await;
    page.shows("key-value", "hello").await;
    page.screenshot("console").await;
    page.close().await;
}

#[tokio::test]
async fn a_client_that_waits_in_brpop_is_woken_from_another_tab() {
    let page = Page::open(1440, 900).await;
    page.command("BRPOP jobs 0").await;
    page.shows("console-tab", "BRPOP jobs").await;
    page.screenshot("blocked").await;
    page.click("console-new").await;
    page.command("LPUSH jobs resize").await;
    page.hides("console-tab", "BRPOP jobs").await;
    page.click("console-tab").await;
    page.shows("console-output", "2) \"resize\"").await;
    page.close().await;
}

#[tokio::test]
async fn ctrl_c_ends_a_wait() {
    let page = Page::open(1440, 900).await;
    page.command("BLPOP nothing 0").await;
    page.shows("console-tab", "BLPOP nothing").await;
    page.control("c").await;
    page.hides("console-tab", "BLPOP nothing").await;
    page.command("PING").await;
    page.shows("console-output", "PONG").await;
    page.close().await;
}

#[tokio::test]
async fn a_key_dies_when_a_paused_clock_is_stepped() {
    let page = Page::open(1440, 900).await;
    page.click("clock-toggle").await;
    page.shows("clock-toggle", "paused").await;
    page.command("SET session 7f3a EX 3600").await;
    page.shows("key-row", "session").await;
    let paused_at = page.text("clock-time").await;
    page.screenshot("paused").await;
    page.click("clock-step").await;
    page.hides("key-row", "session").await;
    assert_ne!(page.text("clock-time").await, paused_at, "the clock stepped an hour");
    page.command("GET session").await;
    page.shows("console-output", "(nil)").await;
    page.close().await;
}

#[tokio::test]
async fn a_subscriber_is_told_what_another_tab_publishes() {
    let page = Page::open(1440, 900).await;
    page.command("SUBSCRIBE news").await;
    page.shows("console-output", "\"subscribe\"").await;
    page.click("console-new").await;
    page.command("PUBLISH news extra").await;
    page.shows("console-output", "(integer) 1").await;
    page.click("console-tab").await;
    page.shows("console-output", "\"extra\"").await;
    page.close().await;
}

#[tokio::test]
async fn the_program_takes_over_from_its_html_without_a_jump() {
    let page = Page::open(1440, 900).await;
    let beside = "
        const request = new XMLHttpRequest();
        request.open('GET', location.pathname, false);
        request.send();
        const html = new DOMParser().parseFromString(request.responseText, 'text/html');
        html.querySelectorAll('script').forEach((script) => script.remove());
        const frame = document.createElement('iframe');
        frame.style = 'position: fixed; inset: 0; border: 0; width: 100vw; height: 100vh';
        frame.srcdoc = html.documentElement.outerHTML;
        document.body.append(frame);";
    page.run(beside, json!([])).await;
    let places = "
        const frame = document.querySelector('iframe').contentDocument;
        const place = (page, part) => {
          const box = page.querySelector(part)?.getBoundingClientRect();
          return box && [box.left, box.top].map(Math.round).join();
        };
        return ['#console-input', '.pane-keys', '.pane-stage'].map(
          (part) => place(document, part) === place(frame, part),
        );";
    page.until("everything is where it was", async || {
        page.run(places, json!([])).await == json!([true, true, true])
    })
    .await;
    page.close().await;
}

#[tokio::test]
async fn the_prompt_stays_in_sight_however_low_the_console_is() {
    let page = Page::open(1440, 900).await;
    page.command("EVAL \"local t = {} for n = 1, 90 do t[n] = 'line ' .. n end return t\" 0").await;
    page.shows("console-output", "90) \"line 90\"").await;
    let in_sight = "
        const prompt = document.querySelector('[data-testid=console-input]').getBoundingClientRect();
        const pane = document.querySelector('.console-scroll').getBoundingClientRect();
        return prompt.bottom <= pane.bottom && prompt.top >= pane.top;";
    for height in [900, 600, 800] {
        page.resize(1440, height).await;
        page.until("the prompt is in sight", async || {
            page.run(in_sight, json!([])).await == json!(true)
        })
        .await;
    }
    page.close().await;
}

#[tokio::test]
async fn a_slash_leads_to_the_prompt_and_not_into_it() {
    let page = Page::open(1440, 900).await;
    page.command("/ECHO answered").await;
    page.shows("console-output", "\"answered\"").await;
    page.command("ECHO a/b").await;
    page.shows("console-output", "\"a/b\"").await;
    page.close().await;
}

#[tokio::test]
async fn bytes_of_a_user_are_never_markup() {
    let page = Page::open(1440, 900).await;
    page.command(r#"SET "<img id=injected>" "<img id=injected>""#).await;
    page.shows("key-row", "<img id=injected>").await;
    page.click("key-row").await;
    page.shows("key-value", "<img id=injected>").await;
    let injected =
        page.run("return document.querySelectorAll('#injected').length", json!([])).await;
    assert_eq!(injected, json!(0));
    page.close().await;
}

#[tokio::test]
async fn in_somebody_elses_page_the_picture_stands_alone() {
    let page = Page::open(1440, 900).await;
    let script = "
        const frame = document.createElement('iframe');
        frame.src = location.pathname + '#/celery?scenario=&embed';
        frame.dataset.testid = 'frame';
        frame.width = 700;
        frame.height = 480;
        document.body.prepend(frame);";
    page.run(script, json!([])).await;
    let shown = "
        const page = document.querySelector('iframe').contentDocument;
        return ['celery', 'console-output', 'clock-toggle'].map(
          (part) => page.querySelector(`[data-testid=${part}]`)?.checkVisibility() ?? null,
        );";
    page.until("the picture is there, with a clock and without a console", async || {
        page.run(shown, json!([])).await == json!([true, false, true])
    })
    .await;
    page.screenshot("embedded").await;
    page.close().await;
}

#[tokio::test]
async fn the_page_fits_every_window_in_both_themes() {
    let page = Page::open(1440, 900).await;
    for command in [
        "HSET user:1000 name Ada role admin",
        "RPUSH tasks render resize upload",
        "ZADD scores 310 ada 275 grace",
        "SADD tags rust wasm redis",
        "SET session:7f3a token EX 3600",
    ] {
        page.command(command).await;
    }
    page.shows("key-row", "session:7f3a").await;
    for theme in ["one", "other"] {
        for (width, height) in [(2560, 1440), (1440, 900), (800, 600), (360, 740)] {
            page.resize(width, height).await;
            let script = "return document.documentElement.scrollWidth - window.innerWidth";
            let overflow = page.run(script, json!([])).await;
            assert!(
                overflow.as_i64().is_some_and(|overflow| overflow <= 0),
                "at {width} pixels the page is {overflow} wider than the window"
            );
            page.screenshot(&format!("{theme}-{width}x{height}")).await;
        }
        page.resize(1440, 900).await;
        page.click("theme-toggle").await;
    }
    page.close().await;
}
