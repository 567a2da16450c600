//! One client of the console: its connection as `redis-cli` keeps it, and what it shows.

use super::highlight::{self, Span, Tone};
use crate::backend::ConsoleId;
use crate::design::Shared;
use keyspace_resp::{Value, cli};
use serde_bytes::ByteBuf;
use std::collections::{BTreeSet, VecDeque};

/// How many lines a client keeps; the oldest entries go first.
const LINES_MAX: usize = 2_000;
/// How much of one reply is shown.
const REPLY_LINES_MAX: usize = 400;
const REPLY_BYTES_MAX: usize = 60_000;
/// How many commands are sent ahead of their replies.
const AHEAD_MAX: usize = 100;
/// A reply that took longer says how long.
const SLOW_MS: f64 = 500.0;

/// Something that a client shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Never the same twice in a client.
    pub id: u64,
    pub body: Body,
    /// When it was shown, in engine time.
    pub at: f64,
    lines: usize,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// What was typed, behind its prompt.
    Command { prompt: String, line: Vec<Span> },
    /// What was answered or pushed.
    Reply(Vec<Span>),
    /// What the console itself says.
    Notice(String),
}

/// Since when a client waits, and until when at most, in engine time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    pub since: f64,
    pub until: Option<f64>,
    /// It is a script that runs on, and nothing that it waits for.
    pub runs: bool,
}

/// A connection's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// Asked for; what arrives belongs to the one before.
    Pending,
    Up,
    Lost,
}

/// A command whose reply is still to come.
#[derive(Debug, Clone)]
struct Sent {
    /// What was typed, until it is shown: when the commands before are answered.
    line: Option<Vec<Span>>,
    args: Vec<ByteBuf>,
    /// When it was sent, or the command before was answered.
    at: f64,
    /// How many replies are to come: SUBSCRIBE answers once for each channel.
    replies: usize,
}

/// What a client listens to.
#[derive(Debug, Clone, Default)]
struct Subscriptions {
    channels: BTreeSet<(Kind, Vec<u8>)>,
}

/// What kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// A client of the console.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: ConsoleId,
    pub entries: VecDeque<Shared<Entry>>,
    pub wait: Option<Wait>,
    /// Something happened that nobody has seen.
    pub unseen: bool,
    /// When something happened to it last, in engine time.
    pub touched_at: f64,
    /// Lines to run when what runs is answered.
    pub queue: VecDeque<String>,
    next_entry: u64,
    lines: usize,
    connection: Connection,
    undecoded: Vec<u8>,
    sent: VecDeque<Sent>,
    db: u8,
    /// The database in which MULTI began, inside a transaction.
    transaction: Option<u8>,
    last_failed: bool,
    subscriptions: Subscriptions,
    monitoring: bool,
}

impl Client {
    pub fn new(id: ConsoleId) -> Client {
        Client {
            id,
            entries: VecDeque::new(),
            wait: None,
            unseen: false,
            touched_at: 0.0,
            queue: VecDeque::new(),
            next_entry: 0,
            lines: 0,
            connection: Connection::Pending,
            undecoded: Vec::new(),
            sent: VecDeque::new(),
            db: 0,
            transaction: None,
            last_failed: false,
            subscriptions: Subscriptions::default(),
            monitoring: false,
        }
    }

    /// The database that the client has selected.
    pub fn db(&self) -> u8 {
        self.db
    }

    /// Whether the next command has to wait: for a connection, a reply, or the end of MONITOR.
    pub fn is_busy(&self) -> bool {
        self.connection == Connection::Pending || self.is_running()
    }

    /// Whether a command can be sent before the others are answered: not behind one that may take
    /// its time, so that Ctrl-C is in time for it, and not into the stream of MONITOR.
    pub fn takes_more(&self) -> bool {
        let is_monitor = |sent: &Sent| {
            sent.args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"monitor"))
        };
        self.connection == Connection::Up
            && self.wait.is_none()
            && !self.monitoring
            && self.sent.len() < AHEAD_MAX
            && !self.sent.back().is_some_and(is_monitor)
    }

    /// How many lines are still to run behind the one that runs.
    pub fn lines_left(&self) -> usize {
        self.queue.len() + self.sent.iter().filter(|sent| sent.line.is_some()).count()
    }

    /// Whether a reply is still to come.
    pub fn is_running(&self) -> bool {
        !self.sent.is_empty() || self.monitoring
    }

    /// Whether the server closed the connection.
    pub fn is_lost(&self) -> bool {
        self.connection == Connection::Lost
    }

    /// Whether messages or commands stream in until Ctrl-C.
    pub fn is_streaming(&self) -> bool {
        self.monitoring || !self.subscriptions.channels.is_empty()
    }

    /// Whether a blocking command waits.
    pub fn is_waiting(&self) -> bool {
        self.wait.is_some()
    }

    /// The command that is not answered yet.
    pub fn running(&self) -> Option<String> {
        let args = &self.sent.front()?.args;
        let words: Vec<_> = args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
        Some(words.join(" "))
    }

    /// The prompt, by redis-cli's rules.
    pub fn prompt(&self) -> String {
        if self.is_lost() {
            return "not connected> ".to_owned();
        }
        let mut prompt = "127.0.0.1:6379".to_owned();
        if self.db != 0 {
            prompt.push_str(&format!("[{}]", self.db));
        }
        if self.transaction.is_some() {
            prompt.push_str("(TX)");
        }
        if !self.subscriptions.channels.is_empty() {
            prompt.push_str("(subscribed mode)");
        }
        prompt + "> "
    }

    /// Shows something.
    pub fn show(&mut self, body: Body) {
        let lines = match &body {
            Body::Command { .. } => 1,
            Body::Reply(spans) => {
                1 + spans.iter().map(|span| span.text.matches('\n').count()).sum::<usize>()
            }
            Body::Notice(text) => 1 + text.matches('\n').count(),
        };
        self.entries.push_back(Shared::new(Entry {
            id: self.next_entry,
            body,
            at: self.touched_at,
            lines,
        }));
        self.next_entry += 1;
        self.lines += lines;
        while self.lines > LINES_MAX
            && let Some(entry) = self.entries.pop_front()
        {
            self.lines -= entry.lines;
        }
    }

    /// Forgets everything shown.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.lines = 0;
    }

    /// Notes that a command was sent at an engine time, of a line that is to be shown.
    pub fn sent(&mut self, line: Option<Vec<Span>>, args: Vec<ByteBuf>, now: f64) {
        self.sent.push_back(Sent { line, args, at: now, replies: 1 });
        if self.sent.len() == 1 {
            self.begin(now);
        }
    }

    /// It is the next command's turn to be answered.
    fn begin(&mut self, now: f64) {
        let prompt = self.prompt();
        let Some(sent) = self.sent.front_mut() else {
            return;
        };
        sent.at = now;
        sent.replies = self.subscriptions.replies(&sent.args);
        if let Some(line) = sent.line.take() {
            self.show(Body::Command { prompt, line });
        }
    }

    /// Starts over with a new connection, in the same database; lines that wait still do.
    pub fn reconnect(&mut self) {
        self.reset();
        self.connection = Connection::Pending;
    }

    pub fn connected(&mut self) {
        self.connection = Connection::Up;
    }

    pub fn closed(&mut self) {
        if self.connection == Connection::Up {
            self.reset();
            self.queue.clear();
            self.connection = Connection::Lost;
        }
    }

    pub fn blocked(&mut self, wait: Option<Wait>) {
        if self.connection == Connection::Up {
            self.wait = wait;
        }
    }

    /// Takes what the client received.
    pub fn receive(&mut self, bytes: &[u8], now: f64) {
        if self.connection != Connection::Up {
            return;
        }
        self.undecoded.extend_from_slice(bytes);
        match Value::decode_all(&self.undecoded) {
            Ok((values, used)) => {
                self.undecoded.drain(..used);
                values.into_iter().for_each(|value| self.reply(value, now));
            }
            Err(error) => {
                self.undecoded.clear();
                self.show(Body::Notice(format!("A reply that cannot be read: {error}.")));
            }
        }
        self.unseen = true;
    }

    fn reset(&mut self) {
        self.undecoded.clear();
        self.sent.clear();
        self.wait = None;
        self.transaction = None;
        self.subscriptions = Subscriptions::default();
        self.monitoring = false;
    }

    fn reply(&mut self, value: Value, now: f64) {
        if self.monitoring && self.sent.is_empty() {
            let text = value.as_bytes().map(|line| String::from_utf8_lossy(line).into_owned());
            self.show(Body::Reply(vec![Span::new(Tone::Plain, text.unwrap_or_default())]));
            return;
        }
        let told = self.subscriptions.take(&value);
        if told == Told::Message {
            self.show_value(&[], &value);
            return;
        }
        let Some(sent) = self.sent.front_mut() else {
            self.show_value(&[], &value);
            return;
        };
        sent.replies = sent.replies.saturating_sub(1);
        let is_over = sent.replies == 0 || matches!(value, Value::Error(_));
        let (args, took, last) = (sent.args.clone(), now - sent.at, sent.replies == 0);
        if is_over {
            self.sent.pop_front();
        }
        self.answered(&args, &value);
        self.show_value(&args, &value);
        if told == Told::Subscribed && last {
            self.show(Body::Notice("Listening. Press Ctrl-C to leave.".to_owned()));
        } else if self.monitoring {
            self.show(Body::Notice("Every command shows here. Press Ctrl-C to leave.".to_owned()));
        } else if took >= SLOW_MS {
            self.show(Body::Notice(format!("({:.2}s)", took / 1_000.0)));
        }
        if is_over {
            self.begin(now);
        }
    }

    /// Follows what a command did to the connection, as redis-cli does.
    fn answered(&mut self, args: &[ByteBuf], value: &Value) {
        let failed = matches!(value, Value::Error(_));
        let name = args.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        match (name.as_slice(), args) {
            (b"select", [_, db]) if !failed => {
                let db = std::str::from_utf8(db).ok().and_then(|db| db.parse().ok());
                self.db = db.unwrap_or(self.db);
            }
            (b"multi", [_]) if !failed => self.transaction = Some(self.db),
            (b"exec", [_]) if self.transaction.is_some() => {
                let aborted = failed || matches!(value, Value::Null | Value::NullArray);
                let before = self.transaction.take();
                self.db = before.filter(|_| aborted).unwrap_or(self.db);
            }
            (b"discard", [_]) if !failed => self.db = self.transaction.take().unwrap_or(self.db),
            (b"reset", [_]) if !failed => {
                self.transaction = None;
                self.db = 0;
                self.subscriptions = Subscriptions::default();
            }
            (b"monitor", [_]) if !failed && self.transaction.is_none() => self.monitoring = true,
            _ => {}
        }
        self.last_failed = failed;
    }

    fn show_value(&mut self, args: &[ByteBuf], value: &Value) {
        let text = cli::format_answer(args, value);
        let shown = cut(&text);
        let mut spans = match value {
            Value::Error(_) => vec![Span::new(Tone::Error, shown)],
            Value::Bulk(_) if cli::is_text(args) => highlight::prose(shown),
            _ => highlight::reply(shown, names_keys(args)),
        };
        if shown.len() < text.len() {
            let hidden = text[shown.len()..].trim_start_matches('\n');
            let notice = format!("\n… {} more lines are not shown", hidden.lines().count());
            spans.push(Span::new(Tone::Muted, notice));
        }
        self.show(Body::Reply(spans));
    }
}

/// What a reply says of what a client listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// A subscription began.
    Subscribed,
    /// A subscription ended.
    Unsubscribed,
    /// A message, which answers no command.
    Message,
}

impl Subscriptions {
    /// How many replies a command has.
    fn replies(&self, args: &[ByteBuf]) -> usize {
        let name = args.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let given = args.len().saturating_sub(1);
        let kind = match name.as_slice() {
            b"subscribe" | b"psubscribe" | b"ssubscribe" => return given.max(1),
            b"unsubscribe" => Kind::Channel,
            b"punsubscribe" => Kind::Pattern,
            b"sunsubscribe" => Kind::Shard,
            _ => return 1,
        };
        let of_kind = self.channels.iter().filter(|(other, _)| *other == kind).count();
        if given > 0 { given } else { of_kind.max(1) }
    }

    fn take(&mut self, value: &Value) -> Told {
        let (Value::Push(items) | Value::Array(items)) = value else {
            return Told::Nothing;
        };
        let is_push = matches!(value, Value::Push(_));
        let words: Vec<&[u8]> = items.iter().map_while(Value::as_bytes).collect();
        let channel = words.get(1).map(|name| name.to_vec());
        let (kind, begins) = match words.first().copied() {
            Some(b"subscribe") => (Kind::Channel, true),
            Some(b"psubscribe") => (Kind::Pattern, true),
            Some(b"ssubscribe") => (Kind::Shard, true),
            Some(b"unsubscribe") => (Kind::Channel, false),
            Some(b"punsubscribe") => (Kind::Pattern, false),
            Some(b"sunsubscribe") => (Kind::Shard, false),
            Some(b"message" | b"pmessage" | b"smessage") if is_push || self.listens() => {
                return Told::Message;
            }
            _ if is_push => return Told::Message,
            _ => return Told::Nothing,
        };
        if items.len() != 3 {
            return Told::Nothing;
        }
        match (channel, begins) {
            (Some(channel), true) => {
                self.channels.insert((kind, channel));
                Told::Subscribed
            }
            (Some(channel), false) => {
                self.channels.remove(&(kind, channel));
                Told::Unsubscribed
            }
            (None, _) => Told::Unsubscribed,
        }
    }

    fn listens(&self) -> bool {
        !self.channels.is_empty()
    }
}

/// Whether the strings of a command's reply are names of keys.
fn names_keys(args: &[ByteBuf]) -> bool {
    let name = args.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    matches!(name.as_slice(), b"keys" | b"scan" | b"randomkey")
}

/// As much of a reply as is shown.
fn cut(text: &str) -> &str {
    let lines = text.match_indices('\n').nth(REPLY_LINES_MAX - 1).map(|(at, _)| at);
    highlight::first_bytes(&text[..lines.unwrap_or(text.len())], REPLY_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::{Body, Client, REPLY_LINES_MAX};
    use crate::backend::ConsoleId;
    use serde_bytes::ByteBuf;

    fn client() -> Client {
        let mut client = Client::new(ConsoleId(1));
        client.connected();
        client
    }

    fn answer(client: &mut Client, line: &str, reply: &str) {
        let args = line.split(' ').map(|arg| ByteBuf::from(arg.as_bytes())).collect();
        client.sent(None, args, 0.0);
        client.receive(reply.as_bytes(), 0.0);
    }

    fn shown(client: &Client) -> Vec<String> {
        let entries = client.entries.iter().map(|entry| match &entry.body {
            Body::Command { prompt, .. } => prompt.clone(),
            Body::Reply(spans) => spans.iter().map(|span| span.text.as_str()).collect(),
            Body::Notice(text) => format!("* {text}"),
        });
        entries.collect()
    }

    #[test]
    fn the_prompt_follows_select_and_multi() {
        let mut client = client();
        assert_eq!(client.prompt(), "127.0.0.1:6379> ");
        answer(&mut client, "SELECT 3", "+OK\r\n");
        answer(&mut client, "multi", "+OK\r\n");
        assert_eq!(client.prompt(), "127.0.0.1:6379[3](TX)> ");
        answer(&mut client, "SELECT 4", "+QUEUED\r\n");
        answer(&mut client, "DISCARD", "+OK\r\n");
        assert_eq!(client.prompt(), "127.0.0.1:6379[3]> ");
        answer(&mut client, "SELECT 99", "-ERR DB index is out of range\r\n");
        assert_eq!(client.db(), 3);
    }

    #[test]
    fn an_aborted_transaction_goes_back_to_its_database() {
        let mut client = client();
        answer(&mut client, "MULTI", "+OK\r\n");
        answer(&mut client, "SELECT 4", "+QUEUED\r\n");
        answer(&mut client, "EXEC", "*-1\r\n");
        assert_eq!(client.prompt(), "127.0.0.1:6379> ");
    }

    #[test]
    fn a_reply_may_arrive_in_pieces() {
        let mut client = client();
        answer(&mut client, "GET k", "$5\r\nhe");
        assert!(client.is_busy());
        client.receive(b"llo\r\n", 0.0);
        assert_eq!(shown(&client), ["\"hello\""]);
        assert!(!client.is_busy());
    }

    #[test]
    fn a_slow_reply_says_how_long_it_took() {
        let mut client = client();
        client.sent(None, vec![ByteBuf::from(b"BRPOP".to_vec())], 1_000.0);
        client.receive(b"*-1\r\n", 3_500.0);
        assert_eq!(shown(&client), ["(nil)", "* (2.50s)"]);
    }

    #[test]
    fn subscribing_answers_once_a_channel_and_then_streams() {
        let mut client = client();
        let confirm = |kind: &str, name: &str, count: u8| {
            format!("*3\r\n${}\r\n{kind}\r\n$1\r\n{name}\r\n:{count}\r\n", kind.len())
        };
        answer(&mut client, "SUBSCRIBE a b", &confirm("subscribe", "a", 1));
        assert!(client.is_busy());
        client.receive(confirm("subscribe", "b", 2).as_bytes(), 0.0);
        assert!(client.is_streaming() && !client.is_busy());
        assert_eq!(client.prompt(), "127.0.0.1:6379(subscribed mode)> ");
        client.receive(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n", 0.0);
        assert_eq!(
            shown(&client).last().map(String::as_str),
            Some("1) \"message\"\n2) \"a\"\n3) \"hi\"")
        );
        answer(&mut client, "UNSUBSCRIBE", &confirm("unsubscribe", "a", 1));
        client.receive(confirm("unsubscribe", "b", 0).as_bytes(), 0.0);
        assert!(!client.is_streaming() && !client.is_busy());
    }

    #[test]
    fn monitor_streams_until_the_connection_ends() {
        let mut client = client();
        answer(&mut client, "MONITOR", "+OK\r\n");
        client.receive(b"+0.000000 [0 127.0.0.1:1] \"PING\"\r\n", 0.0);
        assert_eq!(shown(&client)[2], "0.000000 [0 127.0.0.1:1] \"PING\"");
        client.reconnect();
        assert!(!client.is_running());
    }

    #[test]
    fn what_an_old_connection_received_is_dropped() {
        let mut client = client();
        client.reconnect();
        client.receive(b"+OK\r\n", 0.0);
        assert_eq!(shown(&client), [""; 0]);
    }

    #[test]
    fn a_closed_connection_shows_in_the_prompt() {
        let mut client = client();
        client.closed();
        assert_eq!(client.prompt(), "not connected> ");
    }

    #[test]
    fn a_long_reply_is_cut_and_says_so() {
        let mut client = client();
        let items = "$1\r\nx\r\n".repeat(REPLY_LINES_MAX + 7);
        answer(&mut client, "LRANGE", &format!("*{}\r\n{items}", REPLY_LINES_MAX + 7));
        assert!(shown(&client)[0].ends_with("\n… 7 more lines are not shown"));
    }
}
