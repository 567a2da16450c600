//! Random sequences: calls as the syntax of each command has them, or nearly.

use crate::exceptions;
use crate::sequence::{Sequence, Step};
use crate::words::{self, Bounds};
use fastrand::Rng;
use keyspace::command::syntax::{self, Argument, Kind};
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
];

/// Encodings change at few elements.
const SMALL_LIMITS: &[&str] = &[
    "CONFIG SET hash-max-listpack-entries 4 hash-max-listpack-value 8",
    "CONFIG SET zset-max-listpack-entries 4 zset-max-listpack-value 8",
    "CONFIG SET set-max-intset-entries 4",
    "CONFIG SET list-max-listpack-size 3",
];

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
        Generator {
            seed,
            rng,
            all,
            themed,
            times: None,
            bounds: Bounds::Rank,
            small_limits,
            listens,
            clients,
            waits_for_keys,
        }
    }

    fn sequence(mut self) -> Sequence {
        let clients = self.clients;
        let mut steps = Vec::new();
        if self.small_limits {
            let limits = SMALL_LIMITS.iter();
            steps.extend(limits.map(|line| Step::new(0, line)));
        }
        for client in 0..clients {
            if self.rng.u8(..3) == 0 {
                steps.push(Step::new(client, "HELLO 3"));
            }
        }
        if self.rng.u8(..3) == 0 {
            steps.push(Step::new(0, "CONFIG SET notify-keyspace-events KEA"));
            steps.push(Step::new(clients, "PSUBSCRIBE __keyevent@*"));
        }
        let mut in_multi = vec![false; clients];
        for _ in 0..self.rng.usize(20..200) {
            let client = self.rng.usize(..clients);
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
            _ => {}
        }
        let from =
            if self.rng.u8(..4) > 0 && !self.themed.is_empty() { &self.themed } else { &self.all };
        let mut spec = from[self.rng.usize(..from.len())];
        // What empties everything would leave nothing to compare.
        if matches!(spec.name, "flushall" | "flushdb" | "swapdb" | "select" | "reset")
            && self.rng.u8(..10) > 0
        {
            spec = command::lookup(b"set").unwrap_or(spec);
        }
        let is_left_out = match spec.name {
            "multi" => self.listens,
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
            args.splice(0..0, plain("COMMAND GETKEYS"));
        }
        args
    }

    /// A call as the command's syntax has it, or nearly.
    fn call(&mut self, spec: &'static CommandSpec) -> Vec<Vec<u8>> {
        self.bounds = words::bounds(spec.name)
            .unwrap_or([Bounds::Rank, Bounds::Score, Bounds::Lex][self.rng.usize(..3)]);
        self.times = None;
        let mut args: Vec<Vec<u8>> =
            spec.name.to_uppercase().split('|').map(|word| word.as_bytes().to_vec()).collect();
        let named = args.len();
        for argument in syntax::arguments(spec) {
            self.write(spec, &argument, &mut args);
        }
        self.garble(spec, named, &mut args);
        if self.rng.u8(..5) == 0 {
            let index = self.rng.usize(..args.len());
            if index < named || !syntax_is_data(&args[index]) {
                args[index].make_ascii_lowercase();
            }
        }
        args
    }

    /// Now and then an argument too many, too few, or a wrong one.
    fn garble(&mut self, spec: &CommandSpec, named: usize, args: &mut Vec<Vec<u8>>) {
        // Another score than 0 would make ranges by member undefined.
        if self.bounds == Bounds::Lex && spec.name == "zadd" {
            return;
        }
        // A large number there is an endless reply, a string that fills memory, or chance.
        let is_delicate = spec.flags.contains(&Flag::Blocking)
            || matches!(
                spec.name,
                // One argument too many is not that since 7.2.
                "zrank"
                    | "zrevrank"
                    | "spop"
                    | "srandmember"
                    | "hrandfield"
                    | "zrandmember"
                    | "setrange"
                    | "setbit"
                    | "bitfield"
            )
            || spec.name.ends_with("scan");
        let place = self.rng.usize(named..args.len() + 1);
        match self.rng.u8(..24) {
            0 if !is_delicate => args.insert(place, words::garbage(&mut self.rng)),
            1 if !is_delicate && place < args.len() => args[place] = words::garbage(&mut self.rng),
            2 if place < args.len() && spec.name != "spop" => {
                args.remove(place);
            }
            _ => {}
        }
    }

    fn write(&mut self, spec: &'static CommandSpec, argument: &Argument, args: &mut Vec<Vec<u8>>) {
        if !self.is_wanted(spec, argument) {
            return;
        }
        let mut some =
            if self.rng.u8(..6) == 0 { self.rng.usize(1..12) } else { self.rng.usize(1..4) };
        if spec.flags.contains(&Flag::Blocking) && !self.waits_for_keys {
            some = 1;
        }
        if self.small_limits {
            some = some.min(4);
        }
        let times = if argument.multiple { self.times.take().unwrap_or(some) } else { 1 };
        for time in 0..times {
            if time == 0 || argument.multiple_token {
                args.extend(argument.token.as_ref().map(|token| token.as_bytes().to_vec()));
            }
            match &argument.kind {
                Kind::Token => {
                    if argument.token.is_none() {
                        args.push(typed(argument).into_bytes());
                    }
                }
                Kind::Value(_) if argument.name == "numkeys" => {
                    self.times = Some(some);
                    args.push(some.to_string().into_bytes());
                }
                Kind::Value(kind) => {
                    let name = &argument.name;
                    args.push(words::value(&mut self.rng, spec, name, *kind, self.bounds));
                }
                Kind::Block(parts) => parts.iter().for_each(|part| self.write(spec, part, args)),
                Kind::OneOf(choices) => {
                    let known = |choice: &&Argument| {
                        !exceptions::is_newer_option(spec.name, &typed(choice))
                    };
                    let choices: Vec<&Argument> = choices.iter().filter(known).collect();
                    if let Some(&choice) = choices.get(self.rng.usize(..choices.len().max(1))) {
                        self.write(spec, &Argument { optional: false, ..choice.clone() }, args);
                    }
                }
            }
        }
    }

    /// Whether an optional argument is written.
    fn is_wanted(&mut self, spec: &CommandSpec, argument: &Argument) -> bool {
        if !argument.optional {
            return true;
        }
        if exceptions::is_newer_option(spec.name, &typed(argument)) {
            return false;
        }
        let is_scan = spec.name.ends_with("scan");
        match (spec.name, &*argument.name) {
            // All in one call: cursors are each version's own.
            (_, "count") if is_scan => true,
            // Without a count it takes one by chance.
            ("spop", "count") => true,
            // What order would tell apart is stored in no order.
            ("sort", "destination") => self.rng.u8(..4) == 0,
            ("zrange" | "zrangestore", "byscore-or-bylex") => {
                self.bounds != Bounds::Rank || self.rng.u8(..10) == 0
            }
            _ => self.rng.u8(..3) == 0,
        }
    }
}

/// What is typed for an argument first.
fn typed(argument: &Argument) -> String {
    argument.token.clone().unwrap_or_else(|| argument.name.to_ascii_uppercase())
}

/// Whether case is a part of a word.
fn syntax_is_data(word: &[u8]) -> bool {
    !word.iter().all(u8::is_ascii_uppercase)
}
