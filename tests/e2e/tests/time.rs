//! Time, settings, faults and scenarios of Celery, as a person uses them.

use keyspace_e2e::Page;
use serde_json::json;

/// Opens the page of Celery.
async fn open() -> Page {
    let page = Page::open(1440, 900).await;
    page.run("location.hash = '#/celery?empty'", json!([])).await;
    page.shows("lab", "Scenarios").await;
    page
}

/// Types into the editor of `celeryconfig.py`.
async fn edit(page: &Page, text: &str) {
    let script = "const editor = document.querySelector('[data-testid=config-text]');\
                  editor.value = arguments[0];\
                  editor.dispatchEvent(new InputEvent('input', { bubbles: true }))";
    page.run(script, json!([text])).await;
}

/// Moves the knob of the bar of time to a share of the run.
async fn scrub(page: &Page, share: f64) {
    let script = "const range = document.querySelector('[data-testid=time-range]');\
                  const [min, max] = [Number(range.min), Number(range.max)];\
                  range.value = min + (max - min) * arguments[0];\
                  range.dispatchEvent(new InputEvent('input', { bubbles: true }))";
    page.run(script, json!([share])).await;
}

/// Whether a part can be used.
async fn is_enabled(page: &Page, testid: &str) -> bool {
    page.attribute(testid, "disabled").await.is_none()
}

#[tokio::test]
async fn what_is_wrong_with_a_celeryconfig_is_said_at_its_line() {
    let page = open().await;
    page.click("lab-config").await;
    edit(&page, "broker_url = 'redis://localhost:6379/0'\ntask_ack_late = True\n").await;
    page.shows("config-problems", "2:1 unknown setting task_ack_late").await;
    page.shows("config-problems", "did you mean task_acks_late?").await;
    assert!(!is_enabled(&page, "config-apply").await);
    page.screenshot("celery-config").await;
    edit(&page, "broker_url = 'redis://localhost:6379/0'\ntask_acks_late = True\n").await;
    page.until("the text can be used", async || is_enabled(&page, "config-apply").await).await;
    page.click("config-apply").await;
    page.until("it is used", async || !is_enabled(&page, "config-apply").await).await;
    page.close().await;
}

#[tokio::test]
async fn what_happened_is_there_again_after_a_look_at_the_past() {
    let page = Page::open(1440, 900).await;
    for n in 1..=3 {
        page.command(&format!("SET key {n}")).await;
        page.shows("activity", &format!("key {n}")).await;
    }
    page.click("clock-toggle").await;
    scrub(&page, 0.0).await;
    page.hides("activity", "key 3").await;
    page.click("time-return").await;
    page.shows("activity", "key 3").await;
    page.shows("activity", "key 1").await;
    // The knob of time is no text field.
    page.run("document.querySelector('[data-testid=time-range]').focus()", json!([])).await;
    page.press("/").await;
    page.press("PING").await;
    page.until("the prompt has it", async || {
        let typed = page.run("return document.activeElement.value", json!([])).await;
        typed == json!("PING")
    })
    .await;
    page.close().await;
}

#[tokio::test]
async fn an_earlier_moment_is_looked_at_and_the_run_goes_on_from_there() {
    let page = open().await;
    page.command("SET before 1").await;
    page.shows("console-output", "OK").await;
    page.shows("time-ago", "now").await;
    page.click("clock-toggle").await;
    page.click("time-hour").await;
    page.command("SET after 1").await;
    page.until("both commands have run", async || {
        page.text("console-output").await.matches("OK").count() == 2
    })
    .await;
    scrub(&page, 0.0).await;
    page.shows("time-ago", "ago").await;
    page.hides("console-output", "OK").await;
    page.screenshot("time-past").await;
    page.click("time-return").await;
    page.shows("time-ago", "now").await;
    page.shows("console-output", "SET after 1").await;
    scrub(&page, 0.9).await;
    page.shows("time-ago", "ago").await;
    page.click("time-fork").await;
    page.shows("console-output", "connected anew").await;
    page.command("EXISTS before after").await;
    page.shows("console-output", "(integer) 1").await;
    page.close().await;
}

#[tokio::test]
async fn a_killed_worker_is_gone_and_what_cannot_be_done_is_not_offered() {
    let page = open().await;
    page.click("lab-faults").await;
    page.shows("faults", "No worker runs").await;
    page.click("celery-start-worker").await;
    page.shows("fault-worker", "w1").await;
    page.run("document.querySelector('[data-fault=\"kill -9\"]').click()", json!([])).await;
    page.shows("faults", "No worker runs").await;
    page.close().await;
}

#[tokio::test]
async fn a_scenario_compares_two_configurations_and_then_all_is_as_before() {
    let page = open().await;
    page.command("SET mine 1").await;
    page.shows("console-output", "OK").await;
    page.click("lab-scenarios").await;
    page.run("document.querySelector('[data-scenario=happy-path]').click()", json!([])).await;
    page.shows("scenario-played", "The happy path").await;
    for step in 1..=4 {
        page.until("the next step can begin", async || is_enabled(&page, "scenario-next").await)
            .await;
        page.click("scenario-next").await;
        page.until("the step is over", async || {
            let script = "return document.querySelectorAll('[data-phase=over]').length";
            page.run(script, json!([])).await == json!(step)
        })
        .await;
    }
    page.shows("check", "A").await;
    page.shows("check", "B").await;
    let bad =
        page.run("return document.querySelectorAll('.check .is-bad').length", json!([])).await;
    assert_eq!(bad, json!(0), "all that the scenario says is true");
    let script = "return [...document.querySelectorAll('[data-testid=verdict] b')]\
                  .map(answer => answer.textContent)";
    let verdicts = page.run(script, json!([])).await;
    assert_eq!(verdicts, json!(["yes", "no"]), "what differs stands on both sides");
    page.shows("scenario-another", "Two workers").await;
    page.screenshot("celery-scenario").await;
    page.click("scenario-leave").await;
    page.shows("scenarios", "The happy path").await;
    page.command("GET mine").await;
    page.shows("console-output", "\"1\"").await;
    page.close().await;
}

#[tokio::test]
async fn calls_are_written_in_python_and_what_is_wrong_with_them_is_said() {
    let page = open().await;
    page.click("lab-send").await;
    let write = async |text: &str| {
        let script = "const editor = document.querySelector('[data-testid=send-text]');\
                      editor.value = arguments[0];\
                      editor.dispatchEvent(new InputEvent('input', { bubbles: true }))";
        page.run(script, json!([text])).await;
    };
    write("add.delay(2, 3)\nnope.delay(1)").await;
    page.shows("send-problems", "2:1 there is no task nope").await;
    write("for _ in range(40): add.delay(2, 3)").await;
    page.until("it can run", async || is_enabled(&page, "send-make").await).await;
    page.click("send-make").await;
    page.shows("celery-queue", "40 messages wait").await;
    page.close().await;
}
