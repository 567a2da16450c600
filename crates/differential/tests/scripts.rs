//! Scripts as applications write them, on the engine and on redis-server: every reply and all data that
//! they leave must be the same. `scripts/*.lua` holds them, separated by lines of dashes; comments say
//! how each is called:
//!
//! ```lua
//! -- # what it does
//! -- > SET stock 5            a command, sent as it is
//! -- ! 1 stock 3              EVAL with a number of keys, keys and arguments
//! -- !! 1 stock lots          the same, and it answers an error
//! return redis.call("DECRBY", KEYS[1], ARGV[1])
//! ```

use keyspace_differential::{Pair, Sequence, Step};
use keyspace_resp::{Value, split_args};
use std::path::Path;

/// As many as there are at least.
const SCRIPTS: usize = 200;

/// What a comment says is sent.
struct Call {
    step: Step,
    /// Whether a script answers an error; nothing for another command.
    fails: Option<bool>,
}

struct Script {
    name: String,
    calls: Vec<Call>,
}

impl Script {
    fn parse(text: &str) -> Script {
        let (comments, code): (Vec<&str>, Vec<&str>) = text
            .trim()
            .lines()
            .partition(|line| line.starts_with("-- ") && directive(line).is_some());
        let code = code.join("\n").into_bytes();
        let mut script = Script { name: String::new(), calls: Vec::new() };
        for (kind, rest) in comments.into_iter().filter_map(directive) {
            if kind == "#" {
                script.name = rest.to_owned();
                continue;
            }
            let mut args = split_args(rest.as_bytes()).expect("its quotes are balanced");
            let fails = (kind != ">").then_some(kind == "!!");
            if fails.is_some() {
                args.splice(..0, [b"EVAL".to_vec(), code.clone()]);
            }
            script.calls.push(Call { step: Step { client: 0, args }, fails });
        }
        script
    }

    /// What is wrong with it, or how the two differ.
    fn check(&self, pair: &mut Pair) -> Result<(), String> {
        if self.name.is_empty() || self.calls.iter().all(|call| call.fails.is_none()) {
            return Err("it has no name, or is not called".into());
        }
        let steps = self.calls.iter().map(|call| call.step.clone()).collect();
        let played = pair.play(&Sequence { seed: 0, steps }).map_err(|error| error.to_string())?;
        if let Some(difference) = played.difference {
            return Err(format!("{difference:#?}"));
        }
        for (call, received) in self.calls.iter().zip(&played.received) {
            let is_error = matches!(received[..], [(_, Value::Error(_))]);
            if call.fails.unwrap_or(false) != is_error {
                return Err(format!("{:?} is answered {received:?}", call.step.args.last()));
            }
        }
        let is_over = played.ended || played.received.len() < self.calls.len();
        if is_over { Err("it ended early".into()) } else { Ok(()) }
    }
}

fn directive(line: &str) -> Option<(&str, &str)> {
    let (kind, rest) = line.strip_prefix("-- ")?.split_once(' ')?;
    ["#", ">", "!", "!!"].contains(&kind).then_some((kind, rest))
}

#[test]
fn scripts_of_applications_do_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut pair = Pair::start().expect("redis-server starts");
    pair.single_steps = true;
    let (mut count, mut wrong) = (0, String::new());
    for entry in std::fs::read_dir(folder).expect("the scripts are there") {
        let path = entry.expect("it is readable").path();
        let text = std::fs::read_to_string(&path).expect("it is text");
        for section in text.split("\n---\n") {
            let script = Script::parse(section);
            count += 1;
            if let Err(message) = script.check(&mut pair) {
                wrong += &format!("{}: {}\n{message}\n", path.display(), script.name);
            }
        }
    }
    println!("{count} scripts");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= SCRIPTS, "there are {count} scripts");
}
