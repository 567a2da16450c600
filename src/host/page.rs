//! The page as a whole: its address, theme, focus, selection and keyboard.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent, ResizeObserver};

/// The part of the address behind `#`, without it.
pub fn hash() -> String {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok());
    hash.unwrap_or_default().trim_start_matches('#').to_owned()
}

/// Sets the part of the address behind `#`.
pub fn set_hash(hash: &str) {
    if let Some(window) = web_sys::window() {
        // A browser that refuses keeps its address; the page works the same.
        let _ = window.location().set_hash(hash);
    }
}

/// The address without the part behind `#`.
pub fn address() -> String {
    let address = web_sys::window().and_then(|window| window.location().href().ok());
    let address = address.unwrap_or_default();
    address.split('#').next().unwrap_or_default().to_owned()
}

/// Text as it stands in a part of an address.
pub fn encode_component(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// What [`encode_component`] encoded; `None` where it is none of that.
pub fn decode_component(text: &str) -> Option<String> {
    js_sys::decode_uri_component(text).ok().map(String::from)
}

/// Calls a function when the part behind `#` changes.
pub fn on_hash_change(mut on_change: impl FnMut() + 'static) -> Option<EventListener> {
    let window = web_sys::window()?;
    Some(EventListener::new(&window, "hashchange", move |_| on_change()))
}

/// Calls a function for every key pressed anywhere; it may prevent what the browser would do.
pub fn on_key(mut on_key: impl FnMut(&KeyboardEvent) + 'static) -> Option<EventListener> {
    let document = web_sys::window()?.document()?;
    let options = EventListenerOptions::enable_prevent_default();
    Some(EventListener::new_with_options(&document, "keydown", options, move |event| {
        on_key(event.unchecked_ref());
    }))
}

/// Watches the size of an element until it is dropped.
pub struct Sizes {
    observer: ResizeObserver,
    _on_size: Closure<dyn FnMut()>,
}

/// Calls a function when the size of an element is known, and whenever it is another. Nothing has
/// to be laid out early for that.
pub fn on_resize(element: &Element, on_size: impl FnMut() + 'static) -> Option<Sizes> {
    let on_size = Closure::new(on_size);
    let observer = ResizeObserver::new(on_size.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    Some(Sizes { observer, _on_size: on_size })
}

impl Drop for Sizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Whether a key pressed there is meant for a text field, or for the control that has the focus.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| match element.tag_name().as_str() {
        "INPUT" => element.get_attribute("type").as_deref() != Some("range"),
        tag => matches!(tag, "TEXTAREA" | "SELECT"),
    })
}

/// Whether a key pressed there works the control that has the focus.
pub fn is_on_control(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| matches!(element.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY"))
}

/// Gives the focus to the element of an id.
pub fn focus(id: &str) {
    if let Some(element) = by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// Takes the focus away from whatever has it.
pub fn blur() {
    let active = web_sys::window().and_then(|window| window.document()?.active_element());
    if let Some(element) = active.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // What keeps the focus keeps it.
        let _ = element.blur();
    }
}

/// Whether text is selected, so that Ctrl-C means to copy it.
pub fn has_selection() -> bool {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok()?);
    selection.is_some_and(|selection| !selection.is_collapsed())
}

/// Sets an attribute of the document's root, or removes it.
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let root = web_sys::window().and_then(|window| window.document()?.document_element());
    if let Some(root) = root {
        // Setting fails only for a name that is none; those here are.
        let _ = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    }
}

/// Whether the browser asks for dark pages.
pub fn prefers_dark() -> bool {
    let query = web_sys::window()
        .and_then(|window| window.match_media("(prefers-color-scheme: dark)").ok()?);
    query.is_some_and(|query| query.matches())
}

/// Whether the browser asks for pages that do not move.
pub fn prefers_less_motion() -> bool {
    let query = web_sys::window()
        .and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok()?);
    query.is_some_and(|query| query.matches())
}

/// Puts text on the clipboard, where the browser lets it.
pub fn copy(text: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.navigator().clipboard().write_text(text);
    }
}

/// Offers text as a file to be saved.
pub fn save_file(name: &str, text: &str) {
    let document = web_sys::window().and_then(|window| window.document());
    let link = document.and_then(|document| document.create_element("a").ok());
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let text: String = js_sys::encode_uri_component(text).into();
        // Setting these attributes fails only for names that are none.
        let _ = link.set_attribute("href", &format!("data:application/json;charset=utf-8,{text}"));
        let _ = link.set_attribute("download", name);
        link.click();
    }
}

/// Hands over the text of the file that somebody chose, once it is read.
pub fn read_file(event: &Event, on_text: impl FnOnce(String) + 'static) {
    let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(input) = input else {
        return;
    };
    let file = input.files().and_then(|files| files.get(0));
    // The same file can be chosen again.
    input.set_value("");
    if let Some(file) = file {
        wasm_bindgen_futures::spawn_local(async move {
            if let Ok(text) = wasm_bindgen_futures::JsFuture::from(file.text()).await {
                on_text(text.as_string().unwrap_or_default());
            }
        });
    }
}

/// What was typed into an input before the program ran, and whether it has the focus.
pub fn typed_before_start(id: &str) -> Option<(String, bool)> {
    let input = by_id(id)?.dyn_into::<HtmlInputElement>().ok()?;
    let active = web_sys::window()?.document()?.active_element();
    Some((input.value(), active.is_some_and(|element| element.id() == id)))
}

/// Says that the program stopped, when nothing of it runs any more.
pub fn report_crash(message: &str) {
    if let Some(element) = by_id("crash") {
        element.set_text_content(Some(&format!("The page stopped; reload it. {message}")));
    }
}

/// Where the program mounts.
pub fn mount_point() -> Option<Element> {
    by_id("app")
}

fn by_id(id: &str) -> Option<Element> {
    web_sys::window()?.document()?.get_element_by_id(id)
}
