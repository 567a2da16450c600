//! Animation frames, for as long as somebody wants them.

use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};

/// Calls a function at every animation frame until it is dropped.
pub struct Frames {
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    handle: i32,
    callback: Option<Closure<dyn FnMut()>>,
}

impl Frames {
    /// Starts calling.
    pub fn start(mut on_frame: impl FnMut() + 'static) -> Frames {
        let state = Rc::new(RefCell::new(State::default()));
        let weak = Rc::downgrade(&state);
        let callback = Closure::new(move || {
            on_frame();
            if let Some(state) = weak.upgrade() {
                state.borrow_mut().request();
            }
        });
        state.borrow_mut().callback = Some(callback);
        state.borrow_mut().request();
        Frames { state }
    }
}

impl State {
    fn request(&mut self) {
        if let (Some(window), Some(callback)) = (web_sys::window(), &self.callback) {
            let function = callback.as_ref().unchecked_ref();
            self.handle = window.request_animation_frame(function).unwrap_or_default();
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            // A frame that cannot be cancelled finds its closure gone and does nothing.
            let _ = window.cancel_animation_frame(self.state.borrow().handle);
        }
    }
}
