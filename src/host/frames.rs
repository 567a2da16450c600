//! Animation frames. There is one loop, however many want them, and it runs only while somebody
//! does: so whatever a frame changes is styled, laid out and painted once.

use super::time::real_now;
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::{JsCast, closure::Closure};

/// Browsers draw no frames of what is out of sight. What waits for one waits no longer than this.
const LATE_MS: u32 = 250;

type OnFrame = RefCell<dyn FnMut()>;

/// How long a text stands at least: nobody reads one that changes faster.
const READ_MS: f64 = 50.0;

/// Calls a function at every animation frame until it is dropped.
pub struct Frames {
    _on_frame: Rc<OnFrame>,
}

impl Frames {
    /// Starts calling.
    pub fn start(on_frame: impl FnMut() + 'static) -> Frames {
        let on_frame: Rc<OnFrame> = Rc::new(RefCell::new(on_frame));
        LOOP.with(|it| {
            it.always.borrow_mut().push(Rc::downgrade(&on_frame));
            it.request();
        });
        Frames { _on_frame: on_frame }
    }

    /// Starts calling no more often than a text can be read; everybody who does in the same frames.
    pub fn start_readable(mut on_frame: impl FnMut() + 'static) -> Frames {
        let mut last = 0.0;
        Frames::start(move || {
            let now = (real_now() / READ_MS).floor();
            if last != now {
                last = now;
                on_frame();
            }
        })
    }
}

/// Calls a function once, at the next animation frame, or soon where there is none.
pub fn next(call: impl FnOnce() + 'static) {
    LOOP.with(|it| {
        it.once.borrow_mut().push(Box::new(call));
        it.request();
        it.late.replace(Some(Timeout::new(LATE_MS, || LOOP.with(Loop::run_once))));
    });
}

thread_local! {
    static LOOP: Loop = Loop::default();
}

#[derive(Default)]
struct Loop {
    always: RefCell<Vec<Weak<OnFrame>>>,
    once: RefCell<Vec<Box<dyn FnOnce()>>>,
    late: RefCell<Option<Timeout>>,
    requested: Cell<bool>,
    callback: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl Loop {
    fn request(&self) {
        let Some(window) = web_sys::window().filter(|_| !self.requested.get()) else {
            return;
        };
        let mut callback = self.callback.borrow_mut();
        let callback = callback.get_or_insert_with(|| Closure::new(|| LOOP.with(Loop::frame)));
        let requested = window.request_animation_frame(callback.as_ref().unchecked_ref());
        self.requested.set(requested.is_ok());
    }

    fn frame(&self) {
        self.requested.set(false);
        self.run_once();
        self.always.borrow_mut().retain(|it| it.strong_count() > 0);
        // Who is called may start and end others.
        let wanted: Vec<_> = self.always.borrow().iter().filter_map(Weak::upgrade).collect();
        for on_frame in &wanted {
            (on_frame.borrow_mut())();
        }
        if !wanted.is_empty() {
            self.request();
        }
    }

    fn run_once(&self) {
        self.late.take();
        for call in self.once.take() {
            call();
        }
    }
}
