//! The Web Worker, seen from both sides. Messages are buffers, handed over without a copy; text
//! instead of a buffer is the last word of a worker that failed.

use super::time;
use crate::backend::{Request, decode, encode};
use crate::worker::Session;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    DedicatedWorkerGlobalScope, ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType,
};

/// The script that loads the worker, beside the page.
const SCRIPT: &str = "./worker_loader.js";
/// Timers take no longer delays than 32 bits hold.
const DELAY_MAX_MS: f64 = 86_400_000.0;

/// A running worker; dropping it ends it.
pub struct WorkerHandle {
    worker: Worker,
    _listeners: Vec<EventListener>,
}

/// Where the page's messages to a worker go.
#[derive(Clone)]
pub struct Port(Worker);

impl Port {
    /// Sends bytes to the worker.
    pub fn post(&self, bytes: &[u8]) {
        let (message, transfer) = message(bytes);
        // Posting fails only for what cannot be transferred; a fresh buffer can.
        let _ = self.0.post_message_with_transfer(&message, &transfer);
    }
}

impl WorkerHandle {
    /// Starts the worker. `on_message` gets its messages, or why it failed.
    pub fn start(on_message: impl Fn(&Port, Result<Vec<u8>, String>) + 'static) -> WorkerHandle {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(SCRIPT, &options)
            .expect("a page that could start this program can name a worker");
        let on_message = Rc::new(on_message);
        let (port, heard) = (Port(worker.clone()), on_message.clone());
        let messages = EventListener::new(&worker, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            heard(
                &port,
                match data.as_string() {
                    Some(text) => Err(text),
                    None => Ok(Uint8Array::new(&data).to_vec()),
                },
            );
        });
        let port = Port(worker.clone());
        let errors = EventListener::new(&worker, "error", move |event| {
            let text = match event.dyn_ref::<ErrorEvent>() {
                Some(error) if !error.message().is_empty() => error.message(),
                _ => "The engine could not be loaded.".to_owned(),
            };
            on_message(&port, Err(text));
        });
        WorkerHandle { worker, _listeners: vec![messages, errors] }
    }

    /// Where messages go.
    pub fn port(&self) -> Port {
        Port(self.worker.clone())
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// Serves the page from within the worker.
pub fn serve() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    report_panics(scope.clone());
    let seed = (js_sys::Math::random() * 2_f64.powi(52)) as u64;
    let server = Rc::new(RefCell::new(Server {
        session: Session::new(seed, time::real_now()),
        scope: scope.clone(),
        timer: None,
        unheard: false,
        told_at: 0.0,
    }));
    Server::work(&server);
    EventListener::new(&scope, "message", move |event| {
        let data = event.unchecked_ref::<MessageEvent>().data();
        if let Some(request) = decode::<Request>(&Uint8Array::new(&data).to_vec()) {
            server.borrow_mut().hear(request);
            Server::work(&server);
        }
    })
    .forget();
}

/// The session and its place in the worker's event loop.
struct Server {
    session: Session,
    scope: DedicatedWorkerGlobalScope,
    timer: Option<Timeout>,
    /// Whether the page has not received the last batch yet.
    unheard: bool,
    told_at: f64,
}

impl Server {
    fn hear(&mut self, request: Request) {
        if request == Request::Received {
            self.unheard = false;
        }
        self.session.handle(request, time::real_now());
    }

    /// Does what is due, tells the page if it can hear it, and sleeps until something is due.
    fn work(server: &Rc<RefCell<Server>>) {
        let mut this = server.borrow_mut();
        let now = time::real_now();
        this.session.turn(now);
        let may_tell_in = this.told_at + this.session.tells_every_ms() - now;
        if !this.unheard && may_tell_in <= 0.0 {
            this.tell(now);
        }
        let tell_in = (!this.unheard).then_some(may_tell_in.max(0.0));
        let due_in = this.session.next_turn_in(now);
        let tell_in = tell_in.filter(|_| this.session.has_news());
        let wake_in = [tell_in, due_in].into_iter().flatten().min_by(f64::total_cmp);
        let server = server.clone();
        this.timer = wake_in.map(|delay| {
            let delay = delay.min(DELAY_MAX_MS).ceil() as u32;
            Timeout::new(delay, move || Server::work(&server))
        });
    }

    fn tell(&mut self, now: f64) {
        let Some(batch) = self.session.take_batch(now) else {
            return;
        };
        let (message, transfer) = message(&encode(&batch));
        // Posting fails only for what cannot be transferred; a fresh buffer can.
        let _ = self.scope.post_message_with_transfer(&message, &transfer);
        self.unheard = true;
        self.told_at = now;
    }
}

/// Makes a panic the worker's last message. What was running is lost, so nothing may follow it.
fn report_panics(scope: DedicatedWorkerGlobalScope) {
    // A panic hook must be shareable between threads; the worker has one.
    thread_local! {
        static SCOPE: RefCell<Option<DedicatedWorkerGlobalScope>> = const { RefCell::new(None) };
    }
    SCOPE.set(Some(scope));
    std::panic::set_hook(Box::new(|info| {
        let text = format!("The engine stopped: {info}");
        SCOPE.with_borrow(|scope| {
            if let Some(scope) = scope {
                // There is nobody left to tell that this failed.
                let _ = scope.post_message(&JsValue::from_str(&text));
            }
        });
    }));
}

/// Bytes as a message, and what is handed over with it.
fn message(bytes: &[u8]) -> (Uint8Array, Array) {
    let message = Uint8Array::from(bytes);
    let transfer = Array::of1(&message.buffer());
    (message, transfer)
}
