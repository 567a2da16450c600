//! The page's frame: it owns every pane's state and the worker, lets happen what happens, and
//! draws panes, tabs and borders around them.

mod embedded;
mod layout;
mod route;
mod share;
mod shortcuts;
mod splitter;
mod theme;
mod wires;

use crate::activity::{self, view::Activity};
use crate::backend::{
    Backend, ClockAction, ClockState, ConsoleId, Request, Status, TimeRequest, TimeState, Update,
};
use crate::celery::{
    self, lab,
    view::{CeleryPane, Lab},
};
use crate::clock::{ClockBar, TimeBar};
use crate::console::{self, view::Console};
use crate::design::{Icon, Shared, Symbol};
use crate::host::{page, storage, time};
use crate::keyspace::{self, list::KeyList, stage::Stage};
use crate::lessons::{self, view::LearnPane};
use embedded::Asked;
use gloo_events::EventListener;
use gloo_timers::callback::{Interval, Timeout};
use layout::{Border, Layout, Pane};
use route::Route;
use serde_bytes::ByteBuf;
use shortcuts::{Shortcut, Shortcuts};
use splitter::Splitter;
use theme::Theme;
use web_sys::MouseEvent;
use wires::Wires;
use yew::prelude::*;

/// How often the page looks whether its worker answers, in milliseconds.
const PULSE_MS: u32 = 1_000;
/// The name of the file of a run.
const RUN_FILE: &str = "run.keyspace.json";
/// How long the page says that it copied something.
const SAID_MS: u32 = 2_000;
/// How long a row fades, as the style sheet has it.
const FADE_MS: u32 = 600;
/// One key of each type, and what makes them move.
const EXAMPLE: &str = "\
SET greeting hello
SET session:7f3a alice EX 45
INCRBY visits 41
RPUSH tasks render resize upload
HSET user:1000 name Ada role admin
SADD tags rust wasm redis
ZADD scores 310 ada 275 grace 198 alan
XADD events * user ada did login
ARSET seats 7 ada grace
";

/// Draws the page where `index.html` keeps a place for it.
pub fn mount() {
    yew::set_custom_panic_hook(Box::new(|info| page::report_crash(&info.to_string())));
    if let Some(root) = page::mount_point() {
        let (typed, focused) =
            page::typed_before_start(console::view::INPUT_ID).unwrap_or_default();
        yew::Renderer::<App>::with_root_and_props(root, Props { typed, focused }).render();
    }
}

/// What the page starts with.
#[derive(PartialEq, Properties)]
pub struct Props {
    /// What somebody typed before the program ran.
    pub typed: String,
    /// Whether the prompt had the focus.
    pub focused: bool,
}

/// Something that happens to the page.
pub enum Msg {
    /// The worker told something.
    Updates(Vec<Update>),
    Console(console::Action),
    Keys(keyspace::Action),
    Clock(ClockAction),
    Celery(celery::Action),
    Lab(lab::Action),
    Time(TimeRequest),
    Lessons(lessons::Action),
    /// A key of a database is to be shown.
    OpenKey(u8, ByteBuf),
    /// A command is to be put in the prompt.
    Suggest(String),
    /// A command is to be put in the prompt of the first client, the second or the third.
    Try(usize, String),
    Example,
    Route(Route),
    Pane(Pane),
    Resize(Border, f64),
    Theme,
    /// A link to what was typed is to be copied.
    Share,
    /// It was said long enough that it is.
    ShareSaid,
    Shortcut(Shortcut),
    /// A new worker, with an empty engine.
    Restart,
    /// Time to look after the worker.
    Pulse,
}

/// The page.
pub struct App {
    backend: Backend,
    status: Status,
    /// Why the engine is lost.
    failed: Option<String>,
    ready: bool,
    clock: Option<ClockState>,
    console: Shared<console::State>,
    keys: Shared<keyspace::State>,
    celery: Shared<celery::State>,
    lab: Shared<lab::State>,
    time: Shared<TimeState>,
    activity: Shared<activity::State>,
    /// What is known of the present, while an earlier moment is looked at.
    activity_aside: Option<Shared<activity::State>>,
    lessons: Shared<lessons::State>,
    route: Route,
    layout: Layout,
    theme: Theme,
    help: bool,
    /// The scenario of the address, until there is an engine to begin it.
    scenario: Option<String>,
    /// Celery has not been shown yet.
    celery_unseen: bool,
    /// Whether the stage is shown alone, in a frame of another page.
    embed: bool,
    /// What there is to say of the link that was to be copied.
    shared: Option<&'static str>,
    /// What gets the focus when it is drawn.
    focus: Option<&'static str>,
    wires: Wires,
    _listeners: Vec<EventListener>,
    _pulse: Interval,
}

impl Component for App {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> App {
        let link = ctx.link().clone();
        let pulse = Interval::new(PULSE_MS, move || link.send_message(Msg::Pulse));
        let theme = Theme::from_name(&storage::load("theme").unwrap_or_default());
        let route = Route::from_hash(&page::hash());
        let asked = Asked::from_hash(&page::hash());
        let mut layout = Layout::from_text(&storage::load("layout").unwrap_or_default());
        if route != Route::Playground {
            layout.pane = Pane::Stage;
        }
        let mut lessons = lessons::State::from_text(&storage::load("lessons").unwrap_or_default());
        // What it asks for is sent when there is an engine.
        lessons.apply(lessons::Action::Open(route.place()));
        App {
            backend: start(ctx),
            status: Status::Well,
            failed: None,
            ready: false,
            clock: None,
            console: Shared::new(first_console(&ctx.props().typed)),
            keys: Shared::new(keyspace::State::default()),
            celery: Shared::new(celery::State::default()),
            lab: Shared::new(lab::State::default()),
            time: Shared::new(TimeState::default()),
            activity: Shared::new(activity::State::default()),
            activity_aside: None,
            lessons: Shared::new(lessons),
            route,
            layout,
            theme,
            help: false,
            scenario: asked.scenario.as_deref().and_then(page::decode_component),
            celery_unseen: true,
            embed: asked.embed,
            shared: None,
            focus: ctx.props().focused.then_some(console::view::INPUT_ID),
            wires: Wires::new(ctx.link()),
            _listeners: listen(ctx),
            _pulse: pulse,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Updates(updates) => updates.into_iter().for_each(|update| self.told(ctx, update)),
            Msg::Console(action) => self.console(action),
            Msg::Keys(action) => {
                match action {
                    keyspace::Action::Select(_) => {
                        self.layout.pane = Pane::Stage;
                        if let Route::Learn(_) = self.route {
                            self.go(Route::Playground);
                        }
                    }
                    keyspace::Action::Deselect => self.layout.pane = Pane::Keys,
                    _ => {}
                }
                return self.keys(ctx, action);
            }
            Msg::Clock(action) => self.backend.send(Request::Clock(action)),
            Msg::Celery(action) => self.celery(action),
            Msg::Lab(action) => self.lab(action),
            Msg::Time(request) => self.backend.send(Request::Time(request)),
            Msg::Lessons(action) => self.lessons(action),
            Msg::OpenKey(db, name) => {
                self.layout.pane = Pane::Stage;
                self.go(Route::Playground);
                self.keys(ctx, keyspace::Action::Open { db, name });
            }
            Msg::Suggest(command) => {
                self.layout.pane = Pane::Console;
                self.console(console::Action::Suggest(command));
            }
            Msg::Try(nth, line) => {
                self.layout.pane = Pane::Console;
                self.console(console::Action::SuggestTo { nth, line });
            }
            Msg::Example => {
                let (text, now) = (EXAMPLE.to_owned(), self.now());
                self.console(console::Action::Paste { text, now });
                page::focus(console::view::INPUT_ID);
            }
            Msg::Route(route) => self.go(route),
            Msg::Pane(pane) => self.layout.pane = pane,
            Msg::Resize(border, share) => {
                self.layout.set(border, share);
                storage::save("layout", &self.layout.to_text());
            }
            Msg::Theme => {
                self.theme = self.theme.next(page::prefers_dark());
                page::set_root_attribute("data-theme", self.theme.name());
                storage::save("theme", self.theme.name().unwrap_or_default());
            }
            Msg::Share => {
                self.shared = Some(copy_link(&self.console.script()));
                let link = ctx.link().clone();
                Timeout::new(SAID_MS, move || link.send_message(Msg::ShareSaid)).forget();
            }
            Msg::ShareSaid => self.shared = None,
            Msg::Shortcut(shortcut) => self.shortcut(ctx, shortcut),
            Msg::Restart => {
                self.backend = start(ctx);
                self.failed = None;
                self.ready = false;
                self.status = Status::Well;
                self.celery = Shared::new(celery::State::default());
                self.lab = Shared::new(lab::State::default());
                self.time = Shared::new(TimeState::default());
                self.console(console::Action::Restart);
            }
            Msg::Pulse => {
                let status = self.backend.status();
                return std::mem::replace(&mut self.status, status) != status;
            }
        }
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first_render: bool) {
        if let Some(id) = self.focus.take() {
            page::focus(id);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let wires = &self.wires;
        let style = format!("--keys:{}%;--console:{}%", self.layout.keys, self.layout.console);
        let paused = self.clock.is_some_and(|clock| clock.paused);
        html! {
            <div
                class="frame" data-pane={self.layout.pane.name()} data-route={self.route.word()}
                data-paused={paused.then_some("true")}
                data-past={self.time.present.is_some().then_some("true")}
                data-embed={self.embed.then_some("true")}
            >
                { self.bar(ctx) }
                <TimeBar
                    time={self.time.clone()} clock={self.clock} ready={self.ready}
                    on={&wires.time} on_clock={&wires.clock}
                />
                <main class="desk" {style}>
                    { self.notice(ctx) }
                    <section class="pane pane-keys" aria-label="Keys">{ self.key_list() }</section>
                    <Splitter border={Border::Keys} share={self.layout.keys} on={&wires.resize} />
                    <section class="pane pane-stage" id={keyspace::stage::STAGE_ID} tabindex="-1" aria-label="Stage">
                        { self.stage() }
                    </section>
                    <Splitter border={Border::Console} share={self.layout.console} on={&wires.resize} />
                    <section class="pane pane-console" aria-label="Console">
                        { self.console_pane() }
                    </section>
                </main>
                { self.dock(ctx) }
                if self.help {
                    <Shortcuts on_close={ctx.link().callback(|()| Msg::Shortcut(Shortcut::Help))} />
                }
            </div>
        }
    }
}

impl App {
    /// Lets happen what the worker told.
    fn told(&mut self, ctx: &Context<Self>, update: Update) {
        match update {
            Update::Ready { commands } => {
                self.ready = true;
                self.activity_aside = None;
                self.activity.make_mut().clear();
                self.console(console::Action::Ready(commands));
                self.keys(ctx, keyspace::Action::Ready);
                if let Some(name) = self.scenario.take() {
                    self.celery_unseen = false;
                    self.backend.send(Request::Celery(celery::Request::Begin(name)));
                }
                self.lessons(lessons::Action::Ready);
                if self.route == Route::Celery {
                    self.show_celery_first();
                }
            }
            Update::Failed { message } => self.failed = Some(message),
            Update::Clock(clock) => {
                self.clock = Some(clock);
                self.wires.set_clock(clock);
                self.look_back();
            }
            Update::Client { console, event } => {
                let now = self.now();
                self.console(console::Action::Event { console, event, now });
            }
            Update::Databases(databases) => {
                self.keys(ctx, keyspace::Action::Databases(databases));
            }
            Update::Keys(window) => {
                self.keys(ctx, keyspace::Action::Window(window));
            }
            Update::Key { db, name, detail } => {
                self.keys(ctx, keyspace::Action::Detail { db, name, detail });
            }
            Update::Feed(items) => self.activity.make_mut().add(items),
            Update::Names { db, prefix, names } => {
                self.console(console::Action::Names { db, prefix, names });
            }
            Update::Celery(update) => self.celery(celery::Action::Told(update)),
            Update::Lab(update) => self.lab(lab::Action::Told(update)),
            Update::Time(time) => {
                self.time = Shared::new(*time);
                self.look_back();
            }
            Update::Moved { since, consoles, past } => self.moved(since, &consoles, past),
            Update::Exported(file) => match file {
                Ok(text) => page::save_file(RUN_FILE, &text),
                Err(why) => self.time.make_mut().said = Some(why),
            },
            Update::GoalReached => self.lessons(lessons::Action::Reached),
        }
    }

    fn console(&mut self, action: console::Action) {
        for effect in self.console.make_mut().apply(action) {
            match effect {
                console::Effect::Send(request) => self.backend.send(request),
                console::Effect::SaveHistory(text) => storage::save("history", &text),
                console::Effect::Focus => self.focus = Some(console::view::INPUT_ID),
            }
        }
    }

    /// Whoever opens the page of Celery first sees a task on its way.
    fn show_celery_first(&mut self) {
        if self.ready
            && std::mem::take(&mut self.celery_unseen)
            && !Asked::from_hash(&page::hash()).empty
        {
            for request in [celery::Request::StartWorker, celery::Request::Send(celery::Task::Add)]
            {
                self.backend.send(Request::Celery(request));
            }
        }
    }

    fn celery(&mut self, action: celery::Action) {
        if action == celery::Action::Shown {
            self.show_celery_first();
        }
        for effect in self.celery.make_mut().apply(action) {
            match effect {
                celery::Effect::Send(request) => self.backend.send(Request::Celery(request)),
            }
        }
    }

    fn lab(&mut self, action: lab::Action) {
        for request in self.lab.make_mut().apply(action) {
            self.backend.send(Request::Celery(request));
        }
    }

    /// The console shows no more than the moment that is looked at.
    fn look_back(&mut self) {
        let shown = self.time.present.and(self.clock).map(|clock| clock.engine);
        if self.console.past != shown {
            self.console(console::Action::Past(shown));
        }
    }

    /// Another moment is shown; where `since`, the run goes on from there.
    fn moved(&mut self, since: Option<f64>, consoles: &[ConsoleId], past: bool) {
        let known = self.activity_aside.take();
        match known {
            // The present is there again, with what was known of it.
            Some(known) if since.is_none() && !past => self.activity = known,
            known => {
                let nothing = Shared::new(activity::State::default());
                let is_same_run = since.is_none() || !consoles.is_empty();
                if past || !is_same_run {
                    let shown = std::mem::replace(&mut self.activity, nothing.clone());
                    let known = if is_same_run { known.unwrap_or(shown) } else { nothing };
                    self.activity_aside = past.then_some(known);
                }
            }
        }
        if let Some(since) = since {
            self.console(console::Action::Fork { since, connected: consoles.to_vec() });
        }
    }

    fn lessons(&mut self, action: lessons::Action) {
        for effect in self.lessons.make_mut().apply(action) {
            match effect {
                lessons::Effect::Send(request) => self.backend.send(request),
                lessons::Effect::Save(text) => storage::save("lessons", &text),
            }
        }
    }

    /// Whether anything is to be drawn again.
    fn keys(&mut self, ctx: &Context<Self>, action: keyspace::Action) -> bool {
        let looks = matches!(action, keyspace::Action::Scroll { .. });
        let effects = self.keys.make_mut().apply(action);
        let news = !looks || !effects.is_empty();
        for effect in effects {
            match effect {
                keyspace::Effect::Send(request) => self.backend.send(request),
                keyspace::Effect::FadeLater { up_to } => {
                    let link = ctx.link().clone();
                    let faded =
                        move || link.send_message(Msg::Keys(keyspace::Action::Faded { up_to }));
                    Timeout::new(FADE_MS, faded).forget();
                }
            }
        }
        news
    }

    fn shortcut(&mut self, ctx: &Context<Self>, shortcut: Shortcut) {
        match shortcut {
            Shortcut::Console => {
                self.layout.pane = Pane::Console;
                self.focus = Some(console::view::INPUT_ID);
            }
            Shortcut::Keys => {
                self.layout.pane = Pane::Keys;
                self.focus = Some(keyspace::list::LIST_ID);
            }
            Shortcut::ToggleClock => self.backend.send(Request::Clock(ClockAction::Toggle)),
            Shortcut::StepClock => self.backend.send(Request::Clock(ClockAction::Step)),
            Shortcut::StepCommand => {
                self.backend.send(Request::Time(TimeRequest::StepCommand));
            }
            Shortcut::Help => self.help = !self.help,
            Shortcut::Back if self.help => self.help = false,
            Shortcut::Back if self.celery.selected.is_some() => {
                self.celery(celery::Action::Select(None));
            }
            Shortcut::Back => {
                page::blur();
                self.keys(ctx, keyspace::Action::Deselect);
            }
        }
    }

    fn go(&mut self, route: Route) {
        if self.route != route {
            self.route = route;
            if route != Route::Playground {
                self.layout.pane = Pane::Stage;
            }
            if let Route::Learn(place) = route {
                self.lessons(lessons::Action::Open(place));
            }
            if Route::from_hash(&page::hash()) != route {
                page::set_hash(&route.href());
            }
        }
    }

    /// Engine time now, or real time before there is an engine.
    fn now(&self) -> f64 {
        engine_time(self.clock)
    }

    /// The clock to draw by before the engine has told: it stands.
    fn shown_clock(&self) -> ClockState {
        self.clock.unwrap_or(ClockState {
            engine: 0.0,
            real: 0.0,
            rate: 1.0,
            paused: true,
            next_deadline: None,
        })
    }

    fn bar(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let symbol = match self.theme {
            Theme::System => Symbol::Auto,
            Theme::Light => Symbol::Sun,
            Theme::Dark => Symbol::Moon,
        };
        html! {
            <header class="bar">
                <a class="brand" href="#/"><Icon symbol={Symbol::Logo} /><h1>{ "Keyspace" }</h1></a>
                <nav class="routes" aria-label="Pages">
                    { for Route::TABS.iter().map(|&route| match route {
                        Route::Learn(_) => Route::Learn(self.lessons.place),
                        other => other,
                    }).map(|route| html! {
                        <a
                            href={route.href()}
                            aria-current={(route.word() == self.route.word()).then_some("page")}
                        >{ route.name() }</a>
                    }) }
                </nav>
                <ClockBar clock={self.clock} on={&self.wires.clock} />
                <button
                    type="button" class="tool tool-share" data-testid="share"
                    title="Copy a link that runs this client's commands again"
                    aria-label="Copy a link that runs this client's commands again"
                    onclick={link.callback(|_: MouseEvent| Msg::Share)}
                >
                    <Icon symbol={Symbol::Share} />
                    <span class="tool-said" role="status">{ self.shared }</span>
                </button>
                <button
                    type="button" class="tool" data-testid="theme-toggle"
                    title="Light or dark" aria-label="Light or dark"
                    onclick={link.callback(|_: MouseEvent| Msg::Theme)}
                >
                    <Icon {symbol} />
                </button>
                <button
                    type="button" class="tool tool-wide" title="Keyboard shortcuts (?)"
                    aria-label="Keyboard shortcuts"
                    onclick={link.callback(|_: MouseEvent| Msg::Shortcut(Shortcut::Help))}
                >
                    <Icon symbol={Symbol::Keyboard} />
                </button>
            </header>
        }
    }

    fn key_list(&self) -> Html {
        let wires = &self.wires;
        html! {
            <KeyList
                state={self.keys.clone()} clock={self.shown_clock()} ready={self.ready}
                on={&wires.keys} on_suggest={&wires.suggest} on_example={&wires.example}
            />
        }
    }

    fn stage(&self) -> Html {
        let wires = &self.wires;
        match self.route {
            Route::Playground
                if self.keys.selected.is_none() && !self.activity.items.is_empty() =>
            {
                html! {
                    <Activity
                        state={self.activity.clone()} commands={self.console.commands.clone()}
                        on_key={&wires.open_key} on_help={&wires.help}
                    />
                }
            }
            Route::Playground => html! {
                <Stage
                    state={self.keys.clone()} clock={self.shown_clock()}
                    on={&wires.keys} on_suggest={&wires.suggest}
                />
            },
            Route::Celery => html! {
                <div class="stage-celery">
                    <Lab
                        state={self.lab.clone()} clock={self.shown_clock()}
                        past={self.time.present.is_some()}
                        on={&wires.lab}
                    />
                    <CeleryPane
                        state={self.celery.clone()} clock={self.shown_clock()}
                        scenario={self.lab.scenario.clone()}
                        commands={self.console.commands.clone()} on={&wires.celery}
                        on_key={&wires.open_key} on_help={&wires.help}
                    />
                </div>
            },
            Route::Learn(_) => html! {
                <LearnPane
                    state={self.lessons.clone()} on={&wires.lessons}
                    on_try={&wires.attempt} on_wait={&wires.skip}
                />
            },
        }
    }

    fn console_pane(&self) -> Html {
        let wires = &self.wires;
        html! {
            <Console
                state={self.console.clone()} clock={self.shown_clock()}
                on={&wires.console} on_key={&wires.open_key} now={&wires.now}
            />
        }
    }

    /// What is wrong with the engine, and what to do about it.
    fn notice(&self, ctx: &Context<Self>) -> Html {
        let (text, detail) = match (&self.failed, self.status) {
            (Some(message), _) => ("The engine stopped and its keys are lost.", message.as_str()),
            (None, Status::Busy) => {
                ("The engine is still busy with a command.", "A restart gives up all keys.")
            }
            (None, Status::Late) => (
                "The engine has not started yet.",
                "It may still be loading; a restart tries again.",
            ),
            (None, Status::Well) => return html! {},
        };
        html! {
            <div class="notice" role="alert">
                <Icon symbol={Symbol::Warning} />
                <p><b>{ text }</b>{ " " }<span>{ detail }</span></p>
                <button
                    type="button" data-testid="restart"
                    onclick={ctx.link().callback(|_: MouseEvent| Msg::Restart)}
                >{ "Restart" }</button>
            </div>
        }
    }

    /// The tabs of a small screen.
    fn dock(&self, ctx: &Context<Self>) -> Html {
        let stage = if self.route == Route::Playground { "Value" } else { self.route.name() };
        let panes = [
            (Pane::Keys, Symbol::Keys, "Keys"),
            (Pane::Stage, Symbol::Value, stage),
            (Pane::Console, Symbol::Console, "Console"),
        ];
        html! {
            <nav class="dock" aria-label="Panes">
                { for panes.into_iter().map(|(pane, symbol, name)| html! {
                    <button
                        type="button" data-testid={format!("pane-{}", pane.name())}
                        aria-pressed={(self.layout.pane == pane).to_string()}
                        onclick={ctx.link().callback(move |_: MouseEvent| Msg::Pane(pane))}
                    >
                        <Icon {symbol} /><span>{ name }</span>
                    </button>
                }) }
            </nav>
        }
    }
}

fn start(ctx: &Context<App>) -> Backend {
    let tell = ctx.link().callback(Msg::Updates);
    Backend::start(move |updates| tell.emit(updates))
}

/// The console as it starts: with what was typed already, and the commands of the address.
fn first_console(typed: &str) -> console::State {
    let history = storage::load("history").unwrap_or_default();
    let mut console = console::State::new(&history, String::new());
    if let Some(text) = share::commands(&page::hash()) {
        // They run when there is an engine.
        console.apply(console::Action::Paste { text: text + "\n", now: time::real_now() });
    }
    console.input = typed.to_owned();
    console
}

/// Copies a link that runs commands, and says what became of it.
fn copy_link(commands: &str) -> &'static str {
    if commands.is_empty() {
        return "nothing typed yet";
    }
    match share::hash(commands) {
        Some(hash) => {
            page::copy(&(page::address() + &hash));
            "link copied"
        }
        None => "too long for a link",
    }
}

fn engine_time(clock: Option<ClockState>) -> f64 {
    let real = time::real_now();
    clock.map_or(real, |clock| clock.at(real))
}

/// Listens to the address and to keys that are pressed anywhere.
fn listen(ctx: &Context<App>) -> Vec<EventListener> {
    let link = ctx.link().clone();
    let hash = page::on_hash_change(move || {
        link.send_message(Msg::Route(Route::from_hash(&page::hash())));
    });
    let link = ctx.link().clone();
    let keys = page::on_key(move |event| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() {
            return;
        }
        let typing = page::is_typing(event);
        if typing && event.key() != "Escape" {
            return;
        }
        if let Some(shortcut) = Shortcut::of(&event.key(), page::is_on_control(event)) {
            event.prevent_default();
            if typing {
                page::blur();
            } else {
                link.send_message(Msg::Shortcut(shortcut));
            }
        }
    });
    [hash, keys].into_iter().flatten().collect()
}
