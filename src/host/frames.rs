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

/// How long what is read stands, where nothing else is drawn: nobody reads what changes faster.
const READ_MS: f64 = 60.0;

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

    /// Starts calling as often as something can be read: in frames in which news are drawn anyway,
    /// and in some of those between, the same for everybody. The others cost nothing.
    pub fn start_readable(mut on_frame: impl FnMut() + 'static) -> Frames {
        Frames::start(move || {
            if LOOP.with(|it| it.readable.get()) {
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
    /// Whether this frame is one for what is read, and when the last of those was.
    readable: Cell<bool>,
    read_at: Cell<f64>,
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
        let now = real_now();
        let has_news = !self.once.borrow().is_empty();
        self.readable.set(has_news || now - self.read_at.get() >= READ_MS);
        if self.readable.get() {
            self.read_at.set(now);
        }
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
