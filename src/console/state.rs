//! The console's state and what happens to it.

use super::client::{Body, Client, Wait};
use super::complete::{Commands, common_prefix};
use super::help;
use super::highlight::{self, Span, Tone};
use super::history::History;
use crate::backend::{ClientEvent, CommandDoc, ConsoleId, Request};
use crate::design::{Shared, units};
use keyspace_resp::split_args;
use serde_bytes::ByteBuf;
use std::rc::Rc;

/// The first line, the same as in the page before the program runs.
const WELCOME: &str = "A Redis in this tab. Type a command, such as SET greeting hello, or help.";
/// How often a number in front of a command may repeat it.
const REPEAT_MAX: usize = 1_000;

/// Clients side by side, and the line that is being typed.
#[derive(Debug, Clone)]
pub struct State {
    pub clients: Vec<Client>,
    pub active: ConsoleId,
    pub input: String,
    /// What Tab offers, and which of it stands in the line.
    pub completion: Option<Completion>,
    pub search: Option<Search>,
    pub commands: Shared<Commands>,
    /// The earlier moment that is looked at.
    pub past: Option<f64>,
    history: History,
    /// What was typed since the page was opened, and where.
    typed: Vec<(ConsoleId, Rc<str>)>,
    /// Where in the history the line comes from, and what was typed before going there.
    recalled: Option<(usize, String)>,
    next_client: u32,
}

/// What Tab offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub candidates: Vec<String>,
    pub chosen: Option<usize>,
}

/// A search in what was typed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pub query: String,
    /// The line that is found, by its place in the history.
    found: Option<usize>,
}

/// Something that happens to the console. Engine times are given where they matter.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// An engine is there, with these commands: every client connects.
    Ready(Vec<CommandDoc>),
    /// The engine is given up: another one will be there.
    Restart,
    /// An earlier moment is looked at, or the present again: nothing runs, and what came later is
    /// not shown.
    Past(Option<f64>),
    /// The run goes on from an earlier time, or is another one, with these clients connected.
    Fork {
        since: f64,
        connected: Vec<ConsoleId>,
    },
    /// Something happened to a client.
    Event {
        console: ConsoleId,
        event: ClientEvent,
        now: f64,
    },
    Edit(String),
    /// Runs the line.
    Submit {
        now: f64,
    },
    /// Runs lines, one after the other; the last is left in the prompt unless it ends.
    Paste {
        text: String,
        now: f64,
    },
    /// Puts text in the prompt, for somebody to look at and run.
    Suggest(String),
    /// The same for the first client, the second and so on, connected where it is not there.
    SuggestTo {
        nth: usize,
        line: String,
    },
    Older,
    Newer,
    /// Starts a search, or searches on.
    Search,
    /// Leaves the search with what it found, or completion.
    Settle,
    /// Completes, or goes on to the next candidate.
    Complete {
        back: bool,
    },
    /// Keys of a database that begin so, as completion asked.
    Names {
        db: u8,
        prefix: ByteBuf,
        names: Vec<ByteBuf>,
    },
    /// Ctrl-C.
    Interrupt,
    Clear,
    Open,
    Close(ConsoleId),
    Select(ConsoleId),
    /// The client beside the active one.
    Neighbour {
        back: bool,
    },
}

/// What the console wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send(Request),
    /// Remember what was typed.
    SaveHistory(String),
    /// The prompt wants the focus.
    Focus,
}

impl State {
    /// One client, and what was typed on earlier visits.
    pub fn new(history: &str, input: String) -> State {
        let mut first = Client::new(ConsoleId(1));
        first.show(Body::Notice(WELCOME.to_owned()));
        State {
            active: first.id,
            clients: vec![first],
            input,
            completion: None,
            search: None,
            commands: Shared::default(),
            past: None,
            history: History::from_text(history),
            typed: Vec::new(),
            recalled: None,
            next_client: 2,
        }
    }

    /// The client whose tab is open.
    pub fn active(&self) -> &Client {
        let active = self.clients.iter().find(|client| client.id == self.active);
        active.unwrap_or(&self.clients[0])
    }

    /// What is still to be typed, shown behind the cursor.
    pub fn hint(&self) -> Option<String> {
        if self.search.is_some() || self.input.is_empty() {
            return None;
        }
        self.commands.hint(&self.input)
    }

    /// The line that a search found.
    pub fn found(&self) -> Option<&str> {
        self.history.get(self.search.as_ref()?.found?)
    }

    /// What was typed for the active client since the page was opened, one command a line.
    pub fn script(&self) -> String {
        let typed = self.typed.iter().filter(|(client, _)| *client == self.active);
        typed.map(|(_, line)| format!("{line}\n")).collect()
    }

    /// Lets something happen, and says what is to be done.
    pub fn apply(&mut self, action: Action) -> Vec<Effect> {
        if !matches!(action, Action::Complete { .. } | Action::Event { .. }) {
            self.completion = None;
        }
        match action {
            Action::Ready(commands) => self.ready(commands),
            Action::Restart => {
                for client in &mut self.clients {
                    client.queue.clear();
                    client.reconnect();
                    client.show(Body::Notice("The engine starts anew, without keys.".to_owned()));
                }
                vec![Effect::Focus]
            }
            Action::Past(past) => {
                self.past = past;
                vec![]
            }
            Action::Fork { since, connected } => self.fork(since, &connected),
            Action::Event { console, event, now } => self.event(console, event, now),
            Action::Edit(text) => self.edit(text),
            Action::Submit { now } => self.submit(now),
            Action::Paste { text, now } => self.paste(&text, now),
            Action::Suggest(text) => {
                self.search = None;
                self.input = text;
                vec![Effect::Focus]
            }
            Action::SuggestTo { nth, line } => self.suggest_to(nth, line),
            Action::Older => self.recall(true),
            Action::Newer => self.recall(false),
            Action::Search => self.search(),
            Action::Settle => {
                self.take_found();
                vec![]
            }
            Action::Complete { back } => self.complete(back),
            Action::Names { db, prefix, names } => {
                self.offer_keys(db, &prefix, &names);
                vec![]
            }
            Action::Interrupt => self.interrupt(),
            Action::Clear => {
                self.active_mut().clear();
                vec![]
            }
            Action::Open => self.open(),
            Action::Close(id) => self.close(id),
            Action::Select(id) => {
                self.select(id);
                vec![Effect::Focus]
            }
            Action::Neighbour { back } => {
                let at = self.clients.iter().position(|client| client.id == self.active);
                let step = if back { self.clients.len() - 1 } else { 1 };
                let next = (at.unwrap_or(0) + step) % self.clients.len();
                self.select(self.clients[next].id);
                vec![Effect::Focus]
            }
        }
    }

    fn active_mut(&mut self) -> &mut Client {
        let at = self.clients.iter().position(|client| client.id == self.active);
        &mut self.clients[at.unwrap_or(0)]
    }

    fn ready(&mut self, commands: Vec<CommandDoc>) -> Vec<Effect> {
        self.commands = Shared::new(Commands::new(commands));
        let connect = self.clients.iter_mut().map(|client| {
            client.reconnect();
            Effect::Send(Request::Connect { console: client.id, db: client.db() })
        });
        connect.collect()
    }

    /// A client to which nothing happened since is what it was; the others connect anew.
    fn fork(&mut self, since: f64, connected: &[ConsoleId]) -> Vec<Effect> {
        self.past = None;
        let mut effects = Vec::new();
        for client in &mut self.clients {
            if client.touched_at <= since && connected.contains(&client.id) {
                continue;
            }
            client.queue.clear();
            client.touched_at = since;
            client.reconnect();
            let notice = Body::Notice("Time goes on from here; connected anew.".to_owned());
            if client.entries.back().is_none_or(|last| last.body != notice) {
                client.show(notice);
            }
            effects.push(Effect::Send(Request::Connect { console: client.id, db: client.db() }));
        }
        effects
    }

    fn event(&mut self, console: ConsoleId, event: ClientEvent, now: f64) -> Vec<Effect> {
        let is_active = console == self.active;
        let Some(client) = self.clients.iter_mut().find(|client| client.id == console) else {
            return vec![];
        };
        client.touched_at = now;
        match event {
            ClientEvent::Connected => client.connected(),
            ClientEvent::Output(bytes) => client.receive(&bytes, now),
            ClientEvent::Blocked { since, until } => {
                client.blocked(Some(Wait { since, until, runs: false }));
            }
            ClientEvent::Running { since } => {
                client.blocked(Some(Wait { since, until: None, runs: true }));
            }
            ClientEvent::Unblocked => client.blocked(None),
            ClientEvent::Closed => client.closed(),
        }
        client.unseen &= !is_active;
        self.run_queue(console, now)
    }

    fn edit(&mut self, text: String) -> Vec<Effect> {
        match &mut self.search {
            Some(search) => {
                search.found = self.history.find_back(&text, usize::MAX);
                search.query = text;
            }
            None => self.input = text,
        }
        vec![]
    }

    fn submit(&mut self, now: f64) -> Vec<Effect> {
        self.take_found();
        let line = std::mem::take(&mut self.input);
        self.enter(line.trim(), now)
    }

    fn paste(&mut self, text: &str, now: f64) -> Vec<Effect> {
        let text = std::mem::take(&mut self.input) + &text.replace("\r\n", "\n");
        let mut effects = Vec::new();
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            if lines.peek().is_some() {
                effects.extend(self.enter(line.trim(), now));
            } else {
                self.input = line.to_owned();
            }
        }
        effects
    }

    /// Takes a typed line: runs it now, or when what runs is answered.
    fn enter(&mut self, line: &str, now: f64) -> Vec<Effect> {
        if line.is_empty() {
            return vec![];
        }
        if self.past.is_some() {
            self.input = line.to_owned();
            return vec![];
        }
        self.recalled = None;
        self.history.push(line);
        self.typed.push((self.active, line.into()));
        let mut effects = vec![Effect::SaveHistory(self.history.to_text())];
        self.active_mut().queue.push_back(line.to_owned());
        effects.extend(self.run_queue(self.active, now));
        effects
    }

    /// Runs the lines of a client that wait, until one has to wait for a reply.
    fn run_queue(&mut self, console: ConsoleId, now: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(at) = self.clients.iter().position(|client| client.id == console) else {
            return effects;
        };
        let client = &mut self.clients[at];
        if client.is_lost() && !client.queue.is_empty() {
            client.reconnect();
            effects.push(Effect::Send(Request::Connect { console, db: client.db() }));
        }
        let may_run = |client: &Client| {
            let next = client.queue.front();
            !client.is_busy() || client.takes_more() && next.is_some_and(|line| is_sent(line))
        };
        while may_run(&self.clients[at])
            && let Some(line) = self.clients[at].queue.pop_front()
        {
            effects.extend(self.run(at, &line, now));
        }
        effects
    }

    fn run(&mut self, at: usize, line: &str, now: f64) -> Vec<Effect> {
        let client = &mut self.clients[at];
        client.touched_at = now;
        let mut spans = Some(highlight::command(line, self.commands.keys(line)));
        if !is_sent(line)
            && let Some(line) = spans.take()
        {
            client.show(Body::Command { prompt: client.prompt(), line });
        }
        let Ok(mut args) = split_args(line.as_bytes()) else {
            client.show(Body::Reply(vec![Span::new(Tone::Error, "Invalid argument(s)")]));
            return vec![];
        };
        match args.first().map(|word| word.to_ascii_lowercase()).as_deref() {
            Some(b"clear") if args.len() == 1 => {
                client.clear();
                return vec![];
            }
            Some(b"help" | b"?") => {
                let words = args[1..].iter().map(|word| String::from_utf8_lossy(word));
                let words = words.collect::<Vec<_>>().join(" ");
                client.show(Body::Reply(help::answer(&self.commands, &words)));
                return vec![];
            }
            Some(b"exit") if args.len() == 1 => args[0] = b"QUIT".to_vec(),
            None => return vec![],
            Some(_) => {}
        }
        let repeat = take_repeat(&mut args);
        let mut effects = Vec::new();
        let args: Vec<ByteBuf> = args.into_iter().map(ByteBuf::from).collect();
        for _ in 0..repeat {
            client.sent(spans.take(), args.clone(), now);
            let request = Request::Command { console: client.id, args: args.clone() };
            effects.push(Effect::Send(request));
        }
        effects
    }

    fn recall(&mut self, older: bool) -> Vec<Effect> {
        self.search = None;
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let next = if older { at.checked_sub(1) } else { Some(at + 1) };
        let Some(next) = next.filter(|&next| next <= self.history.len()) else {
            return vec![];
        };
        match self.history.get(next) {
            Some(line) => {
                let line = line.to_owned();
                let current = std::mem::replace(&mut self.input, line);
                let draft = self.recalled.take().map_or(current, |(_, draft)| draft);
                self.recalled = Some((next, draft));
            }
            None => {
                if let Some((_, draft)) = self.recalled.take() {
                    self.input = draft;
                }
            }
        }
        vec![]
    }

    fn search(&mut self) -> Vec<Effect> {
        match &mut self.search {
            Some(search) => {
                let end = search.found.unwrap_or(usize::MAX);
                let older = self.history.find_back(&search.query, end);
                search.found = older.or(search.found);
            }
            None => {
                let query = String::new();
                self.search = Some(Search { query, found: None });
            }
        }
        vec![]
    }

    fn take_found(&mut self) {
        if let Some(line) = self.found().map(str::to_owned) {
            self.input = line;
        }
        self.search = None;
    }

    fn complete(&mut self, back: bool) -> Vec<Effect> {
        if self.search.is_some() {
            self.take_found();
            return vec![];
        }
        if let Some(completion) = &mut self.completion {
            let len = completion.candidates.len();
            let next = match (completion.chosen, back) {
                (None, false) => 0,
                (None, true) => len - 1,
                (Some(at), false) => (at + 1) % len,
                (Some(at), true) => (at + len - 1) % len,
            };
            completion.chosen = Some(next);
            self.input = completion.candidates[next].clone();
            return vec![];
        }
        if let Some((_, prefix)) = self.commands.unfinished_key(&self.input) {
            let (db, prefix) = (self.active().db(), ByteBuf::from(prefix.as_bytes()));
            return vec![Effect::Send(Request::Names { db, prefix })];
        }
        self.offer(self.commands.candidates(&self.input));
        vec![]
    }

    /// Offers keys for the word at the end of the line, if it is still the one that they complete.
    fn offer_keys(&mut self, db: u8, prefix: &[u8], names: &[ByteBuf]) {
        let line = &self.input;
        let Some((start, word)) = self.commands.unfinished_key(line) else {
            return;
        };
        if db == self.active().db() && word.as_bytes() == prefix {
            let before = &line[..start];
            let lines = names.iter().map(|name| format!("{before}{}", units::argument(name)));
            self.offer(lines.collect());
        }
    }

    /// Completes the line as far as is certain, and offers the rest.
    fn offer(&mut self, candidates: Vec<String>) {
        match candidates.as_slice() {
            [] => {}
            [only] => self.input = format!("{only} "),
            several => {
                // Names that must be quoted have less in common than what is typed.
                let common = common_prefix(several);
                let typed = common.get(..self.input.len());
                if typed.is_some_and(|typed| typed.eq_ignore_ascii_case(&self.input)) {
                    self.input = common.to_owned();
                }
                self.completion = Some(Completion { candidates, chosen: None });
            }
        }
    }

    fn interrupt(&mut self) -> Vec<Effect> {
        if self.search.take().is_some() {
            return vec![];
        }
        self.recalled = None;
        let typed = std::mem::take(&mut self.input);
        let client = self.active_mut();
        if !client.is_running() && !client.is_streaming() {
            let line = vec![Span::new(Tone::Plain, format!("{typed}^C"))];
            client.show(Body::Command { prompt: client.prompt(), line });
            return vec![];
        }
        client.show(Body::Notice("^C — connected anew".to_owned()));
        client.queue.clear();
        client.reconnect();
        let request = Request::Connect { console: client.id, db: client.db() };
        vec![Effect::Send(request), Effect::Focus]
    }

    fn open(&mut self) -> Vec<Effect> {
        let id = ConsoleId(self.next_client);
        self.next_client += 1;
        self.clients.push(Client::new(id));
        self.select(id);
        vec![Effect::Send(Request::Connect { console: id, db: 0 }), Effect::Focus]
    }

    fn suggest_to(&mut self, nth: usize, line: String) -> Vec<Effect> {
        let mut effects = Vec::new();
        while self.clients.len() < nth {
            effects.extend(self.open());
        }
        if let Some(client) = nth.checked_sub(1).and_then(|at| self.clients.get(at)) {
            self.select(client.id);
        }
        effects.extend(self.apply(Action::Suggest(line)));
        effects
    }

    fn close(&mut self, id: ConsoleId) -> Vec<Effect> {
        let Some(at) = self.clients.iter().position(|client| client.id == id) else {
            return vec![];
        };
        if self.clients.len() == 1 {
            return vec![];
        }
        self.clients.remove(at);
        if self.active == id {
            self.select(self.clients[at.min(self.clients.len() - 1)].id);
        }
        vec![Effect::Send(Request::Disconnect { console: id }), Effect::Focus]
    }

    fn select(&mut self, id: ConsoleId) {
        if self.clients.iter().any(|client| client.id == id) {
            self.active = id;
            self.active_mut().unseen = false;
        }
    }
}

/// Whether a line goes to the server, and is not answered by the console itself.
fn is_sent(line: &str) -> bool {
    let args = split_args(line.as_bytes()).unwrap_or_default();
    let own: [&[u8]; 3] = [b"clear", b"help", b"?"];
    args.first().is_some_and(|word| !own.iter().any(|own| word.eq_ignore_ascii_case(own)))
}

/// Takes a number in front of a command, which says how often to run it.
fn take_repeat(args: &mut Vec<Vec<u8>>) -> usize {
    let repeat = std::str::from_utf8(&args[0]).ok().and_then(|word| word.parse::<usize>().ok());
    match repeat {
        Some(repeat) if repeat > 0 && args.len() > 1 => {
            args.remove(0);
            repeat.min(REPEAT_MAX)
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Body, Effect, State};
    use crate::backend::{ClientEvent, CommandDoc, ConsoleId, Request};
    use serde_bytes::ByteBuf;

    const FIRST: ConsoleId = ConsoleId(1);

    fn state() -> State {
        let mut state = State::new("", String::new());
        let names = ["get", "getex", "set"];
        let docs = names.map(|name| CommandDoc { name: name.to_owned(), ..CommandDoc::default() });
        state.apply(Action::Ready(docs.into()));
        event(&mut state, ClientEvent::Connected);
        state
    }

    fn event(state: &mut State, event: ClientEvent) -> Vec<String> {
        sent(&state.apply(Action::Event { console: state.active, event, now: 0.0 }))
    }

    fn reply(state: &mut State, bytes: &[u8]) -> Vec<String> {
        event(state, ClientEvent::Output(ByteBuf::from(bytes)))
    }

    fn sent(effects: &[Effect]) -> Vec<String> {
        let sent = effects.iter().filter_map(|effect| match effect {
            Effect::Send(Request::Command { args, .. }) => {
                let args: Vec<_> = args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
                Some(args.join(" "))
            }
            Effect::Send(Request::Connect { db, .. }) => Some(format!("connect {db}")),
            Effect::Send(Request::Disconnect { .. }) => Some("disconnect".to_owned()),
            _ => None,
        });
        sent.collect()
    }

    /// The prompts of the commands that are shown.
    fn prompts(state: &State) -> Vec<&str> {
        let entries = state.active().entries.iter().filter_map(|entry| match &entry.body {
            Body::Command { prompt, .. } => Some(prompt.as_str()),
            _ => None,
        });
        entries.collect()
    }

    fn enter(state: &mut State, line: &str) -> Vec<String> {
        state.apply(Action::Edit(line.to_owned()));
        sent(&state.apply(Action::Submit { now: 0.0 }))
    }

    #[test]
    fn a_line_is_split_by_redis_clis_rules() {
        let mut state = state();
        assert_eq!(enter(&mut state, r#" SET k "a b" "#), ["SET k a b"]);
        assert_eq!(state.input, "");
    }

    #[test]
    fn an_open_quote_is_refused_here() {
        let mut state = state();
        assert_eq!(enter(&mut state, "SET k \"a"), [""; 0]);
        assert_eq!(state.active().entries.len(), 3);
        assert!(!state.active().is_busy());
    }

    #[test]
    fn lines_that_are_pasted_are_sent_at_once_and_shown_one_by_one() {
        let mut state = state();
        let paste = |text: &str| Action::Paste { text: text.into(), now: 0.0 };
        let effects = state.apply(paste("SELECT 1\r\nGET a\nhelp get\nPING\nGET"));
        assert_eq!(sent(&effects), ["SELECT 1", "GET a"], "help waits for its turn");
        assert_eq!((state.input.as_str(), state.active().lines_left()), ("GET", 3));
        assert_eq!(prompts(&state), ["127.0.0.1:6379> "]);
        assert_eq!(reply(&mut state, b"+OK\r\n"), [""; 0]);
        assert_eq!(prompts(&state)[1..], ["127.0.0.1:6379[1]> "]);
        assert_eq!(reply(&mut state, b"$1\r\n1\r\n"), ["PING"]);
        assert_eq!(prompts(&state).len(), 4);
    }

    #[test]
    fn nothing_is_sent_behind_monitor_or_while_a_command_waits() {
        let mut state = state();
        let paste = |text: &str| Action::Paste { text: text.into(), now: 0.0 };
        assert_eq!(sent(&state.apply(paste("BLPOP q 0\nPING\n"))), ["BLPOP q 0", "PING"]);
        event(&mut state, ClientEvent::Blocked { since: 0.0, until: None });
        assert_eq!(enter(&mut state, "PING"), [""; 0]);
        assert_eq!(sent(&state.apply(Action::Interrupt)), ["connect 0"]);
        event(&mut state, ClientEvent::Connected);
        assert_eq!(sent(&state.apply(paste("MONITOR\nPING\n"))), ["MONITOR"]);
    }

    #[test]
    fn the_script_of_a_client_is_what_was_typed_for_it() {
        let mut state = state();
        enter(&mut state, "help set");
        state.apply(Action::Open);
        enter(&mut state, "help get");
        assert_eq!(state.script(), "help get\n");
        state.apply(Action::Select(FIRST));
        assert_eq!(state.script(), "help set\n");
    }

    #[test]
    fn a_number_repeats_a_command() {
        let mut state = state();
        assert_eq!(enter(&mut state, "3 INCR n"), ["INCR n"; 3]);
        reply(&mut state, b":1\r\n:2\r\n:3\r\n");
        assert_eq!(enter(&mut state, "5"), ["5"]);
    }

    #[test]
    fn arrows_walk_through_what_was_typed() {
        let mut state = state();
        enter(&mut state, "help get");
        enter(&mut state, "help set");
        state.apply(Action::Edit("draft".into()));
        for (action, input) in [
            (Action::Older, "help set"),
            (Action::Older, "help get"),
            (Action::Older, "help get"),
            (Action::Newer, "help set"),
            (Action::Newer, "draft"),
            (Action::Newer, "draft"),
        ] {
            state.apply(action);
            assert_eq!(state.input, input);
        }
    }

    #[test]
    fn a_search_finds_older_lines_and_runs_what_it_found() {
        let mut state = state();
        for line in ["help set", "help get", "help getex"] {
            enter(&mut state, line);
        }
        state.apply(Action::Search);
        state.apply(Action::Edit("get".into()));
        assert_eq!(state.found(), Some("help getex"));
        state.apply(Action::Search);
        assert_eq!(state.found(), Some("help get"));
        state.apply(Action::Settle);
        assert_eq!((state.input.as_str(), state.search.is_none()), ("help get", true));
    }

    #[test]
    fn tab_completes_as_far_as_is_certain_and_then_offers() {
        let mut state = state();
        state.apply(Action::Edit("s".into()));
        state.apply(Action::Complete { back: false });
        assert_eq!(state.input, "set ");
        state.apply(Action::Edit("G".into()));
        for expected in ["GET", "GET", "GETEX", "GET"] {
            state.apply(Action::Complete { back: false });
            assert_eq!(state.input, expected);
        }
        state.apply(Action::Edit("GETE".into()));
        assert_eq!(state.completion, None);
    }

    #[test]
    fn tab_completes_keys_that_the_engine_names() {
        let mut state = State::new("", String::new());
        let doc = CommandDoc { name: "get".into(), keys: vec![(1, 1, 1)], ..CommandDoc::default() };
        state.apply(Action::Ready(vec![doc]));
        state.apply(Action::Edit("GET us".into()));
        let prefix = ByteBuf::from(b"us".to_vec());
        let asked = Request::Names { db: 0, prefix: prefix.clone() };
        assert_eq!(state.apply(Action::Complete { back: false }), [Effect::Send(asked)]);
        let names = vec![ByteBuf::from(b"user 1".to_vec())];
        state.apply(Action::Names { db: 0, prefix: prefix.clone(), names: names.clone() });
        assert_eq!(state.input, "GET \"user 1\" ");
        state.apply(Action::Edit("GET other".into()));
        state.apply(Action::Names { db: 0, prefix, names });
        assert_eq!(state.input, "GET other");
    }

    #[test]
    fn an_interrupt_ends_waiting_with_a_new_connection() {
        let mut state = state();
        enter(&mut state, "SELECT 2");
        reply(&mut state, b"+OK\r\n");
        enter(&mut state, "BRPOP q 0");
        event(&mut state, ClientEvent::Blocked { since: 0.0, until: None });
        assert_eq!(enter(&mut state, "PING"), [""; 0]);
        assert_eq!(sent(&state.apply(Action::Interrupt)), ["connect 2"]);
        assert!(state.active().wait.is_none() && state.active().queue.is_empty());
        event(&mut state, ClientEvent::Connected);
        assert_eq!(enter(&mut state, "PING"), ["PING"]);
    }

    #[test]
    fn a_lost_connection_is_made_anew_by_the_next_command() {
        let mut state = state();
        enter(&mut state, "exit");
        reply(&mut state, b"+OK\r\n");
        event(&mut state, ClientEvent::Closed);
        assert_eq!(enter(&mut state, "PING"), ["connect 0"]);
        assert_eq!(event(&mut state, ClientEvent::Connected), ["PING"]);
    }

    #[test]
    fn what_is_typed_before_there_is_an_engine_runs_when_there_is() {
        let mut state = State::new("", String::new());
        assert_eq!(enter(&mut state, "PING"), [""; 0]);
        assert_eq!(sent(&state.apply(Action::Ready(vec![]))), ["connect 0"]);
        assert_eq!(event(&mut state, ClientEvent::Connected), ["PING"]);
    }

    #[test]
    fn what_waits_for_a_lost_engine_is_given_up() {
        let mut state = state();
        enter(&mut state, "BRPOP q 0");
        enter(&mut state, "PING");
        state.apply(Action::Restart);
        assert_eq!(sent(&state.apply(Action::Ready(vec![]))), ["connect 0"]);
        assert_eq!(event(&mut state, ClientEvent::Connected), [""; 0]);
    }

    #[test]
    fn clients_open_and_close_and_one_stays() {
        let mut state = state();
        assert_eq!(sent(&state.apply(Action::Open)), ["connect 0"]);
        assert_eq!(state.active, ConsoleId(2));
        state.apply(Action::Neighbour { back: false });
        assert_eq!(state.active, FIRST);
        assert_eq!(sent(&state.apply(Action::Close(FIRST))), ["disconnect"]);
        assert_eq!(state.active, ConsoleId(2));
        assert_eq!(sent(&state.apply(Action::Close(ConsoleId(2)))), [""; 0]);
    }

    #[test]
    fn what_happens_behind_another_tab_is_marked() {
        let mut state = state();
        state.apply(Action::Open);
        let event = ClientEvent::Output(ByteBuf::from(b"+OK\r\n".to_vec()));
        state.apply(Action::Event { console: FIRST, event, now: 0.0 });
        assert!(state.clients[0].unseen);
        state.apply(Action::Select(FIRST));
        assert!(!state.clients[0].unseen);
    }
}
