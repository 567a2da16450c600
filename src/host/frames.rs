//! Animation frames. There is one loop, however many want them, and it runs only while somebody
//! does: so whatever a frame changes is styled, laid out and painted once, and in frames in which
//! nothing changes the page does nothing.

use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::{JsCast, closure::Closure};

/// How long what is read stands, where nothing else is drawn: nobody reads what changes faster.
const READ_MS: u32 = 50;
/// Browsers draw no frames of what is out of sight. What waits for one waits no longer than this.
const LATE_MS: u32 = 250;

type OnFrame = RefCell<dyn FnMut()>;

/// Calls a function as often as something can be read, until it is dropped: in frames in which news
/// are drawn anyway, and in some of those between, the same for everybody.
pub struct Frames {
    _on_frame: Rc<OnFrame>,
}

impl Frames {
    /// Starts calling.
    pub fn start(on_frame: impl FnMut() + 'static) -> Frames {
        let on_frame: Rc<OnFrame> = Rc::new(RefCell::new(on_frame));
        LOOP.with(|it| {
            it.always.borrow_mut().push(Rc::downgrade(&on_frame));
            it.go_on();
        });
        Frames { _on_frame: on_frame }
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
    /// When what waits for a frame is called without one.
    late: RefCell<Option<Timeout>>,
    /// When a frame is requested again.
    rest: RefCell<Option<Timeout>>,
    requested: Cell<bool>,
    callback: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl Loop {
    fn request(&self) {
        self.rest.take();
        let Some(window) = web_sys::window().filter(|_| !self.requested.get()) else {
            return;
        };
        let mut callback = self.callback.borrow_mut();
        let callback = callback.get_or_insert_with(|| Closure::new(|| LOOP.with(Loop::frame)));
        let requested = window.request_animation_frame(callback.as_ref().unchecked_ref());
        self.requested.set(requested.is_ok());
    }

    /// Requests a frame in a while, unless one is requested.
    fn go_on(&self) {
        let mut rest = self.rest.borrow_mut();
        if rest.is_none() && !self.requested.get() {
            *rest = Some(Timeout::new(READ_MS, || LOOP.with(Loop::request)));
        }
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
            self.go_on();
        }
    }

    fn run_once(&self) {
        self.late.take();
        for call in self.once.take() {
            call();
        }
    }
}
