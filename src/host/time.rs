//! Real time, the same in page and worker.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::Performance;

/// Milliseconds since 1970, with fractions; it never goes back.
pub fn real_now() -> f64 {
    thread_local! {
        static PERFORMANCE: Option<Performance> =
            js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("performance"))
                .ok()
                .and_then(|value| value.dyn_into().ok());
    }
    PERFORMANCE.with(|performance| match performance {
        Some(performance) => performance.time_origin() + performance.now(),
        None => js_sys::Date::now(),
    })
}

/// Minutes that local time is ahead of UTC at a time.
pub fn local_offset_minutes(unix_ms: f64) -> f64 {
    -js_sys::Date::new(&JsValue::from_f64(unix_ms)).get_timezone_offset()
}
