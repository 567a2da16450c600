//! The built page, as a person uses it.

use keyspace_e2e::Page;

#[tokio::test]
async fn a_command_typed_is_answered_and_its_key_appears() {
    let page = Page::open(1440, 900).await;
    page.command("SET greeting hello").await;
    page.shows("console-output", "OK").await;
    page.shows("key-row", "greeting").await;
    page.command("GET greeting").await;
    page.shows("console-output", "\"hello\"").await;
    page.screenshot("console").await;
    page.close().await;
}
