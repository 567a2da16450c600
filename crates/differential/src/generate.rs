//! Random sequences: who calls what, and what no sequence may contain as versions differ in it.

mod call;

use crate::exceptions;
use crate::sequence::{Placeholder, Sequence, Step};
use crate::words::{self, Bounds};
use fastrand::Rng;
use keyspace::command::{self, CommandSpec, Flag, Group};

/// What a sequence is mostly about.
const THEMES: &[&[Group]] = &[
    &[Group::String],
    &[Group::String, Group::Bitmap],
    &[Group::Hyperloglog],
    &[Group::Geo, Group::SortedSet],
    &[Group::List],
    &[Group::Hash],
    &[Group::Set],
    &[Group::SortedSet],
    &[Group::SortedSet],
    &[Group::Generic],
    &[Group::Generic, Group::Connection, Group::PubSub],
    &[Group::Set, Group::SortedSet],
    &[Group::List, Group::Transactions],
    &[Group::Stream],
    &[Group::Stream],
];

/// Encodings change at few elements.
const SMALL_LIMITS: &[&str] = &[
    "CONFIG SET hash-max-listpack-entries 4 hash-max-listpack-value 8",
    "CONFIG SET zset-max-listpack-entries 4 zset-max-listpack-value 8",
    "CONFIG SET set-max-intset-entries 4",
    "CONFIG SET list-max-listpack-size 3",
    "CONFIG SET stream-node-max-entries 4",
];

/// What limits become in the middle: what is there is encoded anew as it next grows.
const CHANGED_LIMITS: &[&str] = &[
    "CONFIG SET hash-max-listpack-entries 6",
    "CONFIG SET hash-max-listpack-entries 512 hash-max-listpack-value 4",
    "CONFIG SET hash-max-listpack-value 64",
    "CONFIG SET zset-max-listpack-entries 6",
    "CONFIG SET zset-max-listpack-entries 128 zset-max-listpack-value 4",
    "CONFIG SET zset-max-listpack-value 64",
    "CONFIG SET set-max-intset-entries 6",
    "CONFIG SET list-max-listpack-size -1",
    "CONFIG SET list-compress-depth 1",
    "CONFIG SET stream-node-max-entries 2",
    "CONFIG SET stream-node-max-bytes 40",
    "CONFIG SET hll-sparse-max-bytes 0",
    "CONFIG SET hll-sparse-max-bytes 200",
];

/// What is notified of, and by which channels.
const NOTIFIED: &[&str] = &["KEA", "KEAmn", "KEn", "KExg$", "Kh"];

/// Scripts that call what their arguments say.
const SCRIPTS: &[&str] = &[
    "return redis.call(unpack(ARGV))",
    "return redis.pcall(unpack(ARGV))",
    "redis.setresp(3) return redis.call(unpack(ARGV))",
];

/// How long it is to something that ends while a sequence is played.
const MOMENT_MS: u64 = 20;

/// The sequence of a seed.
pub fn generate(seed: u64) -> Sequence {
    Generator::new(seed).sequence()
}

struct Generator {
    seed: u64,
    rng: Rng,
    /// Every command, and those that the theme is about.
    all: Vec<&'static CommandSpec>,
    themed: Vec<&'static CommandSpec>,
    /// What `numkeys` said, for the keys that follow it.
    times: Option<usize>,
    bounds: Bounds,
    /// How many keys the call has, which XREAD wants as many ids for.
    keys: usize,
    /// The last id of a stream's entry that was written.
    last_entry: u64,
    /// Encodings change at few elements. No command brings more at once: since 7.2 their number
    /// decides before it is known how many are the same.
    small_limits: bool,
    /// Clients listen to channels, and no client opens a transaction: 7.0 writes messages into the
    /// reply of EXEC.
    listens: bool,
    clients: usize,
    /// Clients wait for several keys, and no command makes several keys ready: of these, 7.0 takes
    /// the one that woke the client, and since 7.2 the command runs again from its beginning.
    waits_for_keys: bool,
    /// Some keys and waits end while the sequence is played.
    lets_time_pass: bool,
    /// Somebody is notified of what becomes of keys; not of those that end, as the server removes
    /// them in an order of its own.
    notifies: bool,
    /// And of keys that were looked up and are not there.
    notifies_of_misses: bool,
    /// Clients are told when keys change that they have read.
    tracks: bool,
    /// There are users who may not do everything.
    has_users: bool,
    /// There is a collection of many elements from the beginning.
    is_large: bool,
}

impl Generator {
    fn new(seed: u64) -> Generator {
        let mut rng = Rng::with_seed(seed);
        let all: Vec<&CommandSpec> = command::all()
            .flat_map(|spec| match spec.subcommands() {
                [] => vec![spec],
                subcommands => subcommands.iter().collect(),
            })
            .filter(|spec| exceptions::is_generated(spec))
            .collect();
        let theme = THEMES[rng.usize(..THEMES.len())];
        let themed = all.iter().copied().filter(|spec| theme.contains(&spec.group)).collect();
        let (listens, several) = (rng.bool(), rng.bool());
        let clients = [1, 1, 1, 2, 3, 4][rng.usize(..6)];
        let small_limits = rng.u8(..3) == 0;
        let waits_for_keys = listens && several;
        let lets_time_pass = rng.u8(..8) == 0;
        let tracks = listens && !lets_time_pass && rng.u8(..3) == 0;
        let has_users = rng.u8(..6) == 0;
        let notifies = !lets_time_pass && rng.u8(..3) == 0;
        let is_large = rng.u8(..12) == 0;
        Generator {
            seed,
            rng,
            all,
            themed,
            times: None,
            keys: 0,
            last_entry: 0,
            bounds: Bounds::Rank,
            small_limits,
            listens,
            clients,
            waits_for_keys,
            lets_time_pass,
            notifies,
            notifies_of_misses: false,
            tracks,
            has_users,
            is_large: !small_limits && is_large,
        }
    }

    fn sequence(mut self) -> Sequence {
        let mut steps = self.opening();
        let mut in_multi = vec![false; self.clients];
        for _ in 0..self.rng.usize(20..200) {
            let client = self.rng.usize(..self.clients);
            if self.lets_time_pass && self.rng.u8(..30) == 0 {
                steps.extend(self.soon_over(client));
                in_multi[client] = false;
                continue;
            }
            let args = self.args(in_multi[client]);
            match &args[0].to_ascii_uppercase()[..] {
                b"MULTI" => in_multi[client] = true,
                b"EXEC" | b"DISCARD" | b"RESET" => in_multi[client] = false,
                _ => {}
            }
            steps.push(Step { client, args });
        }
        Sequence { seed: self.seed, steps }
    }

    /// What the rest of the sequence stands on: settings, protocols, listeners and groups.
    fn opening(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.is_large {
            steps.extend(self.fill());
        }
        if self.small_limits {
            let limits = SMALL_LIMITS.iter();
            steps.extend(limits.map(|line| Step::new(0, line)));
        }
        for client in 0..self.clients {
            if self.rng.u8(..3) == 0 {
                steps.push(Step::new(client, "HELLO 3"));
            }
        }
        if self.notifies {
            let classes = NOTIFIED[self.rng.usize(..NOTIFIED.len())];
            self.notifies_of_misses = classes.contains('m');
            steps.push(Step::new(0, &format!("CONFIG SET notify-keyspace-events {classes}")));
            let channels = ["__keyevent@*", "__key*", "__keyspace@0__:?1"][self.rng.usize(..3)];
            steps.push(Step::new(self.clients, &format!("PSUBSCRIBE {channels}")));
        }
        if self.has_users {
            steps.push(Step::new(0, "ACL SETUSER u1 on nopass +@all ~* &*"));
            let last = self.clients - 1;
            steps.push(Step::new(last, "AUTH u1 p1"));
        }
        if self.tracks {
            steps.push(Step::new(0, "HELLO 3"));
            steps.push(Step::new(0, "CLIENT TRACKING ON"));
        }
        for key in ["st1", "st2"] {
            if self.is_about(Group::Stream) && self.rng.u8(..4) > 0 {
                steps.push(Step::new(0, &format!("XGROUP CREATE {key} g1 0 MKSTREAM")));
            }
        }
        steps
    }

    /// A collection of the theme, as large as encodings and nodes change by default.
    fn fill(&mut self) -> Vec<Step> {
        let count = [100, 128, 129, 512, 513, 1500][self.rng.usize(..6)];
        let one = |command: &str, words: &mut dyn Iterator<Item = String>| {
            let line = words.fold(command.to_owned(), |line, word| line + " " + &word);
            vec![Step::new(0, &line)]
        };
        let choice = self.rng.bool();
        let numbers = 0..count;
        let group = self.themed.first().map_or(Group::Generic, |spec| spec.group);
        match group {
            Group::List => one("RPUSH l1", &mut numbers.map(|n| format!("element:{n}"))),
            Group::Hash => one("HSET h1", &mut numbers.map(|n| format!("field:{n} {n}"))),
            Group::Set if choice => one("SADD e1", &mut numbers.map(|n| n.to_string())),
            Group::Set => one("SADD e1", &mut numbers.map(|n| format!("member:{n}"))),
            Group::SortedSet if choice => {
                one("ZADD lex1", &mut numbers.map(|n| format!("0 member:{n}")))
            }
            Group::SortedSet => one("ZADD z1", &mut numbers.map(|n| format!("{} {n}", n / 3))),
            Group::Hyperloglog => one("PFADD p1", &mut numbers.map(|n| n.to_string())),
            Group::Stream => {
                self.last_entry = count;
                numbers.map(|n| Step::new(0, &format!("XADD st1 {n}-1 field {n}"))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a script that calls this is the same since 7.0: what it reads was not tracked then,
    /// nothing that may wait was allowed, and what XINFO has more of now changes the order of all.
    fn may_script(&self, spec: &CommandSpec) -> bool {
        let is_same = !spec.flags.contains(&Flag::Blocking) && !spec.name.starts_with("xinfo");
        is_same && !self.tracks
    }

    fn is_about(&self, group: Group) -> bool {
        self.themed.iter().any(|spec| spec.group == group)
    }

    /// Something that is over in a moment, and that moment; nothing runs in between, as that could
    /// come too late on one side.
    fn soon_over(&mut self, client: usize) -> Vec<Step> {
        let mut steps = vec![Step::new(client, "DISCARD")];
        for _ in 0..self.rng.usize(1..4) {
            let key = words::key(&mut self.rng, Group::Generic, Bounds::Rank);
            let key = String::from_utf8_lossy(&key).into_owned();
            let line = match self.rng.u8(..8) {
                0..3 => format!("PEXPIRE {key} {MOMENT_MS}"),
                3 => format!("SET {key} v PX {MOMENT_MS}"),
                4 => format!("GETEX {key} PX {MOMENT_MS}"),
                5 => format!("PSETEX {key} {MOMENT_MS} v"),
                6 => format!("RESTORE copy {MOMENT_MS} <redis's {key}> REPLACE"),
                _ => format!("WATCH {key}"),
            };
            steps.push(Step::new(client, &line));
        }
        let seconds = MOMENT_MS as f64 / 1000.0;
        let wait = match self.rng.u8(..8) {
            0 => Some(format!("BLPOP nokey {seconds}")),
            1 => Some(format!("BZMPOP {seconds} 1 nokey MIN")),
            2 => Some(format!("BLMOVE nokey l1 LEFT LEFT {seconds}")),
            3 => Some(format!("XREAD BLOCK {MOMENT_MS} STREAMS nokey $")),
            _ => None,
        };
        steps.extend(wait.map(|line| Step::new(client, &line)));
        steps.push(Step::wait(2 * MOMENT_MS));
        steps
    }

    fn args(&mut self, in_multi: bool) -> Vec<Vec<u8>> {
        let plain = |line: &str| Step::new(0, line).args;
        match self.rng.u8(..100) {
            0..25 if in_multi => return plain("EXEC"),
            25..27 if in_multi => return plain("DISCARD"),
            0..3 if !self.listens => return plain("MULTI"),
            3 => {
                return plain(["FLUSHALL", "FLUSHDB", "SELECT 1", "SELECT 0"][self.rng.usize(..4)]);
            }
            4..7 => return plain(["DEL l1 h1 e1 z1 s1", "GET s1", "PING"][self.rng.usize(..3)]),
            7 => {
                let mut args = plain("CLIENT LIST ID");
                args.extend((0..self.clients).map(|client| Placeholder::Client(client).write()));
                return args;
            }
            9 if self.small_limits && !self.has_users => {
                return plain(CHANGED_LIMITS[self.rng.usize(..CHANGED_LIMITS.len())]);
            }
            8 if self.rng.u8(..4) == 0 => {
                let victim = Placeholder::Client(self.rng.usize(..self.clients + 1));
                return [plain("CLIENT KILL ID"), vec![victim.write()]].concat();
            }
            _ => {}
        }
        if self.has_users && !in_multi && self.rng.u8(..8) == 0 {
            let about_users =
                |spec: &&&'static CommandSpec| spec.name == "auth" || spec.name.starts_with("acl|");
            let choices: Vec<&'static CommandSpec> =
                self.all.iter().filter(about_users).copied().collect();
            let spec = choices[self.rng.usize(..choices.len())];
            let setuser = command::lookup(b"acl|setuser").filter(|_| self.rng.bool());
            return self.call(setuser.unwrap_or(spec));
        }
        let from =
            if self.rng.u8(..4) > 0 && !self.themed.is_empty() { &self.themed } else { &self.all };
        let mut spec = from[self.rng.usize(..from.len())];
        // What empties everything would leave nothing to compare.
        if matches!(spec.name, "flushall" | "flushdb" | "swapdb" | "select" | "reset" | "quit")
            && self.rng.u8(..10) > 0
        {
            spec = command::lookup(b"set").unwrap_or(spec);
        }
        let is_left_out = match spec.name {
            // Whether a wait or a key ends first would be chance; and before 7.2 whoever waited kept
            // the rights that it had.
            _ if (self.lets_time_pass || self.has_users)
                && spec.flags.contains(&Flag::Blocking) =>
            {
                true
            }
            "multi" => self.listens,
            "client|tracking" => !self.tracks,
            // Who loses its own user inside a transaction is cut off in the middle of a reply.
            name if name.starts_with("acl|") => !self.has_users || in_multi,
            // Taking a listener's channels away ends 7.0 itself.
            "ssubscribe" | "subscribe" | "psubscribe" => self.has_users || !self.listens,
            // Since 7.2 these make a consumer, and say so, also where they claim nothing.
            "xclaim" | "xautoclaim" => self.notifies,
            // The comparison asks one side for what it restores; and before 7.2 these looked the key up
            // before they read their arguments.
            "restore" | "bitcount" | "bitpos" => self.notifies_of_misses,
            "blmove" | "brpoplpush" => self.waits_for_keys,
            // What it makes ready is served in a hash table's order.
            "swapdb" => self.clients > 1,
            name => name.ends_with("subscribe") && !self.listens,
        };
        if is_left_out {
            spec = command::lookup(b"ping").unwrap_or(spec);
        }
        let mut args = self.call(spec);
        // PFMERGE of no source, and a command without arguments, are answered since 7.2.
        if args.len() > 1 && !in_multi && spec.name != "pfmerge" && self.rng.u8(..50) == 0 {
            let question = ["COMMAND GETKEYS", "COMMAND GETKEYSANDFLAGS"][self.rng.usize(..2)];
            args.splice(0..0, plain(question));
        } else if self.may_script(spec) && self.rng.u8(..25) == 0 {
            let script = SCRIPTS[self.rng.usize(..SCRIPTS.len())];
            args.splice(0..0, [&b"EVAL"[..], script.as_bytes(), b"0"].map(<[u8]>::to_vec));
        }
        args
    }
}
