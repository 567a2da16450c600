//! One call: arguments as the syntax of the command has them, or nearly.

use super::Generator;
use crate::exceptions;
use crate::words::{self, Bounds};
use keyspace::command::syntax::{self, Argument, Kind, ValueKind};
use keyspace::command::{CommandSpec, Flag};

impl Generator {
    /// A call as the command's syntax has it, or nearly.
    pub(super) fn call(&mut self, spec: &'static CommandSpec) -> Vec<Vec<u8>> {
        self.bounds = words::bounds(spec.name)
            .unwrap_or([Bounds::Rank, Bounds::Score, Bounds::Lex][self.rng.usize(..3)]);
        self.times = None;
        self.keys = 0;
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

    /// Now and then an argument too many, too few, a wrong one, or one at another place.
    fn garble(&mut self, spec: &CommandSpec, named: usize, args: &mut Vec<Vec<u8>>) {
        // Another score than 0 would make ranges by member undefined.
        if self.bounds == Bounds::Lex && spec.name == "zadd" {
            return;
        }
        // The default user is the comparison's own; and for tracking 7.0 finds the keys of XREAD in
        // another way, up to the first error.
        if spec.name == "acl|setuser" || self.tracks && is_xread(spec) {
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
        let other = self.rng.usize(named..args.len() + 1);
        match self.rng.u8(..24) {
            0 if !is_delicate => args.insert(place, words::garbage(&mut self.rng, spec)),
            1 if !is_delicate && place < args.len() => {
                args[place] = words::garbage(&mut self.rng, spec);
            }
            2 if place < args.len()
                && spec.name != "spop"
                && !spec.name.ends_with("unsubscribe") =>
            {
                args.remove(place);
            }
            3 if !is_delicate => {
                let mut tokens = Vec::new();
                collect_tokens(spec, &syntax::arguments(spec), &mut tokens);
                // Its result is not defined where scores differ.
                tokens.retain(|token| token != b"BYLEX");
                if !tokens.is_empty() {
                    args.insert(place, tokens.swap_remove(self.rng.usize(..tokens.len())));
                }
            }
            4 if !is_delicate && !self.small_limits && place < other => {
                args.extend_from_within(place..other);
            }
            5 if !is_delicate && place.max(other) < args.len() => args.swap(place, other),
            _ => {}
        }
    }

    fn write(&mut self, spec: &'static CommandSpec, argument: &Argument, args: &mut Vec<Vec<u8>>) {
        if !self.is_wanted(spec, argument) {
            return;
        }
        let some = self.some(spec);
        if argument.name == "ID" && self.keys > 0 {
            self.times = Some(self.keys);
        }
        let times = if argument.multiple { self.times.take().unwrap_or(some) } else { 1 };
        if argument.name == "key" {
            self.keys = if is_xread(spec) { times } else { 0 };
        }
        for time in 0..times {
            if time == 0 || argument.multiple_token {
                args.extend(argument.token.as_ref().map(|token| token.as_bytes().to_vec()));
            }
            match &argument.kind {
                Kind::Value(_) if argument.name == "numkeys" => {
                    self.times = Some(some);
                    args.push(some.to_string().into_bytes());
                }
                // The same key twice is served once before 7.2, where the client waited for it.
                Kind::Value(ValueKind::Key) if is_xread(spec) && times > 1 => {
                    args.push(format!("st{}", time + 1).into_bytes());
                }
                _ => self.write_once(spec, argument, args),
            }
        }
    }

    fn write_once(
        &mut self,
        spec: &'static CommandSpec,
        argument: &Argument,
        args: &mut Vec<Vec<u8>>,
    ) {
        match &argument.kind {
            // Its token is all of it.
            Kind::Token => {}
            Kind::Value(kind) => {
                let name = &argument.name;
                let entry = words::streams::value(&mut self.rng, spec, name, &mut self.last_entry);
                args.push(entry.unwrap_or_else(|| {
                    words::value(&mut self.rng, spec, name, *kind, self.bounds)
                }));
            }
            Kind::Block(parts) => parts.iter().for_each(|part| self.write(spec, part, args)),
            Kind::OneOf(choices) => {
                // By member alone where all scores are the same: otherwise nothing is defined.
                let is_defined = |token: &str| token != "BYLEX" || self.bounds == Bounds::Lex;
                let known = |choice: &&Argument| {
                    let token = typed(choice);
                    is_defined(&token) && !exceptions::is_newer_option(spec.name, &token)
                };
                let choices: Vec<&Argument> = choices.iter().filter(known).collect();
                if let Some(&choice) = choices.get(self.rng.usize(..choices.len().max(1))) {
                    self.write(spec, &Argument { optional: false, ..choice.clone() }, args);
                }
            }
        }
    }

    /// How often something is repeated.
    fn some(&mut self, spec: &CommandSpec) -> usize {
        let some = if self.rng.u8(..6) == 0 { self.rng.usize(1..12) } else { self.rng.usize(1..4) };
        if spec.flags.contains(&Flag::Blocking) && !self.waits_for_keys {
            1
        } else if is_xread(spec) {
            some.min(3)
        } else if self.small_limits {
            some.min(4)
        } else {
            some
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
            // Of several it takes leave in a hash table's order.
            (name, _) if name.ends_with("unsubscribe") => true,
            // What order would tell apart is stored in no order.
            ("sort", "destination") => self.rng.u8(..4) == 0,
            ("zrange" | "zrangestore", "byscore-or-bylex") => {
                self.bounds != Bounds::Rank || self.rng.u8(..10) == 0
            }
            _ => self.rng.u8(..3) == 0,
        }
    }
}

/// Whether a command wants as many ids as keys.
fn is_xread(spec: &CommandSpec) -> bool {
    spec.name.starts_with("xread")
}

/// The words of a command's options, without those that the server does not know.
fn collect_tokens(spec: &CommandSpec, arguments: &[Argument], tokens: &mut Vec<Vec<u8>>) {
    for argument in arguments {
        if exceptions::is_newer_option(spec.name, &typed(argument)) {
            continue;
        }
        tokens.extend(argument.token.as_ref().map(|token| token.as_bytes().to_vec()));
        if let Kind::OneOf(parts) | Kind::Block(parts) = &argument.kind {
            collect_tokens(spec, parts, tokens);
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
