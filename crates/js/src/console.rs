//! What a console needs: a typed line as a command, and a reply as `redis-cli` prints it.

use keyspace_resp::{Value, cli, encode_command, split_args};
use wasm_bindgen::prelude::*;

/// The RESP bytes of a line as a person types it, with `redis-cli`'s quotes; none for an empty line.
///
/// # Errors
/// An `Error` where a quote is not closed.
#[wasm_bindgen(js_name = encodeLine)]
pub fn encode_line(line: &str) -> Result<Vec<u8>, JsError> {
    let args = split(line)?;
    let mut bytes = Vec::new();
    if !args.is_empty() {
        encode_command(&mut bytes, &args);
    }
    Ok(bytes)
}

/// The replies at the start of `output`, each as `redis-cli` prints it for that line.
///
/// # Errors
/// An `Error` where the output is no RESP, which the engine does not send.
#[wasm_bindgen(js_name = formatReplies)]
pub fn format_replies(line: &str, output: &[u8]) -> Result<Vec<String>, JsError> {
    let args = split(line)?;
    let (replies, _) = Value::decode_all(output)?;
    Ok(replies.iter().map(|reply| cli::format_answer(&args, reply)).collect())
}

/// Bytes in quotes, with everything escaped that is no printable ASCII.
#[wasm_bindgen]
pub fn quote(bytes: &[u8]) -> String {
    cli::quote(bytes)
}

fn split(line: &str) -> Result<Vec<Vec<u8>>, JsError> {
    split_args(line.as_bytes())
        .map_err(|_| JsError::new("a quote is not closed, or more of a word follows it"))
}
