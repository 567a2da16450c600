//! Calls of tasks, and tasks, as the Python that users of Celery know.
//!
//! `add.delay(2, 3).get()`, `add.apply_async((2, 3), countdown=10)`, groups, chains, chords, a
//! `for` around a call, the definition of a task, remote control: `app.control.inspect().stats()`,
//! and lines for a terminal: `celery -A app worker -c 4`.
//! [`parse`] gives what has to be done, and says of everything that it cannot use where it stands
//! and what is expected. Nothing is executed.

mod control;
mod definition;
#[cfg(test)]
mod tests;

use crate::act::Act;
use crate::canvas::Canvas;
use crate::celeryconfig::literal::{Node, Parsed as Read, Parser, Value};
use crate::celeryconfig::read::json_of;
use crate::celeryconfig::{Problem, TEXT_MAX};
use crate::command_line::{self, WorkerOptions};
use crate::config::Config;
use crate::control::ControlCall;
use crate::message::TaskCall;
use crate::tasks;
use crate::world::SEND_MAX;

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What is done, in the order of the text.
    pub acts: Vec<Act>,
    /// What is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads a text. `config` says which tasks there are.
pub fn parse(text: &str, config: &Config) -> Parsed {
    let mut calls = Calls { parser: Parser::with_chains(text), config: config.clone() };
    let mut parsed = Parsed { acts: Vec::new(), problems: Vec::new() };
    if text.len() > TEXT_MAX {
        let message = format!("the text is larger than {TEXT_MAX} bytes");
        parsed.problems.push(Problem::error(calls.parser.place(), message));
        return parsed;
    }
    loop {
        calls.parser.skip_blank_lines();
        if calls.parser.peek().is_none() {
            return parsed;
        }
        let defines = calls.parser.looking_at("@");
        match calls.statement() {
            Ok(act) => parsed.acts.push(act),
            Err(problem) => {
                parsed.problems.push(problem);
                calls.parser.recover();
                if defines && calls.parser.looking_at("def ") {
                    calls.parser.recover();
                }
            }
        }
    }
}

/// What somebody runs besides calls of tasks.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// Calls workers by remote control.
    Control(ControlCall),
    /// `app.control.purge()`: deletes what waits in the queues of the settings.
    Purge,
    /// `celery beat`.
    StartBeat,
    /// `celery worker`.
    RunWorker(WorkerOptions),
}

/// Reads one of those: a line for a terminal, or a call of remote control.
pub fn program(text: &str) -> Read<Program> {
    let text = text.trim();
    if text.starts_with("celery ") {
        return command_line::parse(text).map(|program| said(program, text));
    }
    let mut parser = Parser::with_chains(text);
    let node = parser.value()?;
    parser.end_of_statement()?;
    match Call::of(&node).and_then(|call| control::read(&call)) {
        Some(program) => program.map(|program| said(program, text)),
        None => Err(Problem::error(node.place, "expected app.control... or celery ...")),
    }
}

fn said(program: Program, text: &str) -> Program {
    match program {
        Program::Control(call) => Program::Control(ControlCall { said: text.to_owned(), ..call }),
        other => other,
    }
}

struct Calls {
    parser: Parser,
    /// With the tasks that the text defined so far.
    config: Config,
}

/// A call that was read: on what, under which name, with what.
struct Call<'n> {
    node: &'n Node,
    on: Option<&'n Node>,
    name: &'n str,
    args: &'n [Node],
    named: &'n [(String, Node)],
}

impl<'n> Call<'n> {
    fn of(node: &'n Node) -> Option<Call<'n>> {
        match &node.value {
            Value::Call { on, name, args, named } => {
                Some(Call { node, on: on.as_deref(), name, args, named })
            }
            _ => None,
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(Problem::error(self.node.place, message))
    }

    fn has_nothing(&self) -> bool {
        self.args.is_empty() && self.named.is_empty()
    }
}

impl Calls {
    fn statement(&mut self) -> Read<Act> {
        if self.parser.looking_at("@") {
            let task = definition::read(&mut self.parser)?;
            self.config.tasks.retain(|known| known.name != task.name);
            self.config.tasks.push(task.clone());
            return Ok(Act::Define(task));
        }
        if self.parser.looking_at("celery ") {
            return self.command_line();
        }
        let count = match self.parser.looking_at("for ") {
            true => self.loop_head()?,
            false => 1,
        };
        let begin = self.parser.offset();
        let node = self.parser.value()?;
        let text = self.parser.text_since(begin);
        self.parser.end_of_statement()?;
        let act = match Call::of(&node).and_then(|call| control::read(&call)) {
            Some(program) => program.map(|_| Act::Program(text))?,
            None => self.act(&node)?,
        };
        match act {
            Act::Send { call, get, name, .. } => Ok(Act::Send { call, count, get, name }),
            act if count == 1 => Ok(act),
            _ => {
                let message = "only single tasks are sent in a loop here";
                Err(Problem::error(node.place, message))
            }
        }
    }

    /// `celery -A app worker -c 4`, which is for a terminal.
    fn command_line(&mut self) -> Read<Act> {
        let begin = self.parser.place();
        let line = self.parser.rest_of_line();
        match command_line::parse(&line) {
            Ok(_) => Ok(Act::Program(line)),
            Err(mut problem) => {
                problem.place.line = begin.line;
                problem.place.column += begin.column - 1;
                Err(problem)
            }
        }
    }

    /// `for _ in range(100):`, and how often that is.
    fn loop_head(&mut self) -> Read<u32> {
        const EXPECTED: &str = "expected a loop, as in for _ in range(100): add.delay(2, 3)";
        self.parser.take("for ");
        self.parser.skip_space();
        if self.parser.name().is_none() {
            return self.parser.fail(EXPECTED);
        }
        self.parser.skip_space();
        if !self.parser.take("in ") {
            return self.parser.fail(EXPECTED);
        }
        self.parser.skip_space();
        let range = self.parser.value()?;
        let times = match Call::of(&range) {
            Some(Call { on: None, name: "range", args: [one], named: [], .. }) => &one.value,
            _ => return Err(Problem::error(range.place, EXPECTED)),
        };
        let &Value::Int(times) = times else {
            return Err(Problem::error(range.place, EXPECTED));
        };
        let count = u32::try_from(times).ok().filter(|count| (1..=SEND_MAX).contains(count));
        let Some(count) = count else {
            let message = format!("a loop sends from 1 to {SEND_MAX} tasks here");
            return Err(Problem::error(range.place, message));
        };
        self.parser.skip_space();
        if !self.parser.take(":") {
            return self.parser.fail("expected : after range(...)");
        }
        self.parser.skip_blank_lines();
        if self.parser.peek().is_none() {
            return self.parser.fail("expected a call in the loop");
        }
        Ok(count)
    }

    fn act(&self, node: &Node) -> Read<Act> {
        let Some(call) = Call::of(node) else {
            let message = "expected a call, as in add.delay(2, 3)";
            return Err(Problem::error(node.place, message));
        };
        match (call.on, call.name) {
            (Some(on), "get") if call.has_nothing() => {
                let sent = self.act_without_get(on)?;
                Ok(match sent {
                    Act::Send { call, count, name, .. } => {
                        Act::Send { call, count, get: true, name }
                    }
                    canvas => canvas,
                })
            }
            (Some(_), "get") => call.fail("here get() takes nothing"),
            _ => match self.act_without_get(node)? {
                Act::SendCanvas { .. } => {
                    call.fail("here the result of a canvas is waited for: add .get()")
                }
                sent => Ok(sent),
            },
        }
    }

    fn act_without_get(&self, node: &Node) -> Read<Act> {
        let Some(call) = Call::of(node) else {
            return Err(Problem::error(node.place, "expected a call"));
        };
        if let Some(on) = call.on {
            return self.canvas(&call, on);
        }
        let Some((task, method)) = call.name.rsplit_once('.') else {
            return call.fail(match self.task(call.name) {
                Some(_) => format!(
                    "{0}(...) runs here and now, without Celery: {0}.delay(...) sends it",
                    call.name
                ),
                None => format!("expected add.delay(...), not {}(...)", call.name),
            });
        };
        let call = match method {
            "delay" => self.signature(&call, task)?,
            "apply_async" => self.apply_async(&call, task)?,
            _ => {
                let message = format!("there is no {method}: delay(...) and apply_async(...) send");
                return call.fail(message);
            }
        };
        Ok(Act::Send { call, count: 1, get: false, name: String::new() })
    }

    /// `group([...])()`, `chain(...).delay()`, `chord([...])(body)`.
    fn canvas(&self, call: &Call<'_>, on: &Node) -> Read<Act> {
        let Some(made) = Call::of(on).filter(|made| made.on.is_none()) else {
            return call.fail("expected group(...)(), chain(...)() or chord(...)(body)");
        };
        if !matches!(call.name, "" | "delay" | "apply_async") || !call.named.is_empty() {
            return call
                .fail(format!("{}(...) on {}(...) is not known here", call.name, made.name));
        }
        let canvas = match (made.name, call.args) {
            ("group", []) => Canvas::Group(self.signatures(&made, made.args)?),
            ("chain", []) => Canvas::Chain(self.signatures(&made, made.args)?),
            ("chord", [body]) if call.name.is_empty() => {
                let header = self.signatures(&made, made.args)?;
                Canvas::Chord(header, Box::new(self.signature_of(body)?))
            }
            ("chord", []) => match made.args {
                [header, body] => {
                    let header = self.signatures(&made, std::slice::from_ref(header))?;
                    Canvas::Chord(header, Box::new(self.signature_of(body)?))
                }
                _ => return call.fail("expected the chord's body: chord([...])(xsum.s())"),
            },
            _ => return call.fail("expected group(...)(), chain(...)() or chord(...)(body)"),
        };
        Ok(Act::SendCanvas { canvas, name: String::new() })
    }

    /// The parts of a canvas: signatures, or one list of them.
    fn signatures(&self, made: &Call<'_>, args: &[Node]) -> Read<Vec<TaskCall>> {
        let parts = match args {
            [one] => one.value.as_items().unwrap_or(args),
            _ => args,
        };
        if parts.is_empty() || !made.named.is_empty() {
            return made.fail(format!("expected {}([add.s(1, 1), ...])", made.name));
        }
        parts.iter().map(|part| self.signature_of(part)).collect()
    }

    /// `add.s(1, 1)`, with `set(queue='mail')` behind it where it has options.
    fn signature_of(&self, node: &Node) -> Read<TaskCall> {
        const EXPECTED: &str = "expected a signature, as in add.s(1, 1)";
        let Some(call) = Call::of(node) else {
            return Err(Problem::error(node.place, EXPECTED));
        };
        match (call.on, call.name.rsplit_once('.')) {
            (Some(on), None) if call.name == "set" && call.args.is_empty() => {
                let mut signed = self.signature_of(on)?;
                self.options(&call, &mut signed)?;
                Ok(signed)
            }
            (None, Some((task, "s" | "signature"))) => self.signature(&call, task),
            (None, Some((_, "si"))) => {
                call.fail("immutable signatures are not known here: s(...) takes their place")
            }
            _ => call.fail(EXPECTED),
        }
    }

    /// A task's arguments as it takes them.
    fn signature(&self, call: &Call<'_>, task: &str) -> Read<TaskCall> {
        let mut made = TaskCall { task: self.known(call, task)?, ..TaskCall::default() };
        made.args = call.args.iter().map(json).collect::<Read<_>>()?;
        for (name, value) in call.named {
            made.kwargs.insert(name.clone(), json(value)?);
        }
        Ok(made)
    }

    /// `apply_async(args, kwargs, **options)`.
    fn apply_async(&self, call: &Call<'_>, task: &str) -> Read<TaskCall> {
        let mut made = TaskCall { task: self.known(call, task)?, ..TaskCall::default() };
        let by_name = |wanted: &str| call.named.iter().find(|(name, _)| name == wanted);
        let args = call.args.first().or(by_name("args").map(|(_, value)| value));
        let kwargs = call.args.get(1).or(by_name("kwargs").map(|(_, value)| value));
        if let Some(extra) = call.args.get(2) {
            return Err(Problem::error(extra.place, "options go by name, as in countdown=10"));
        }
        if let Some(args) = args {
            let Some(items) = args.value.as_items() else {
                let message = "expected the arguments as a tuple or list, as in (2, 3)";
                return Err(Problem::error(args.place, message));
            };
            made.args = items.iter().map(json).collect::<Read<_>>()?;
        }
        if let Some(kwargs) = kwargs {
            let serde_json::Value::Object(map) = json(kwargs)? else {
                let message = "expected the named arguments as a dict, as in {'x': 2}";
                return Err(Problem::error(kwargs.place, message));
            };
            made.kwargs = map;
        }
        self.options(call, &mut made)?;
        Ok(made)
    }

    fn options(&self, call: &Call<'_>, made: &mut TaskCall) -> Read<()> {
        for (name, value) in call.named {
            let expected =
                |what: &str| Err(Problem::error(value.place, format!("{name} takes {what}")));
            let number = value.value.as_number().filter(|number| (0.0..=1e9).contains(number));
            let millis = number.map(|seconds| (seconds * 1_000.0).round() as i64);
            match name.as_str() {
                "args" | "kwargs" => {}
                "countdown" | "expires" => match (millis, name.as_str()) {
                    (None, _) => return expected("a number of seconds"),
                    (millis, "countdown") => made.countdown_ms = millis,
                    (millis, _) => made.expires_ms = millis,
                },
                "time_limit" | "soft_time_limit" => match (number, name.as_str()) {
                    (None, _) => return expected("a number of seconds"),
                    (number, "time_limit") => made.time_limit = number,
                    (number, _) => made.soft_time_limit = number,
                },
                "priority" => match value.value {
                    Value::Int(priority @ 0..=9) => made.priority = Some(priority as u8),
                    _ => return expected("a whole number from 0, which is first, to 9"),
                },
                "queue" | "exchange" | "routing_key" | "task_id" => {
                    match (value.value.as_str(), name.as_str()) {
                        (None | Some(""), _) => return expected("a text in quotes"),
                        (Some(text), "queue") => made.queue = Some(text.to_owned()),
                        (Some(text), "exchange") => made.exchange = Some(text.to_owned()),
                        (Some(text), "routing_key") => made.routing_key = Some(text.to_owned()),
                        (Some(text), _) => made.task_id = Some(text.to_owned()),
                    }
                }
                "ignore_result" | "retry" => match (&value.value, name.as_str()) {
                    (&Value::Bool(yes), "retry") => made.retry = Some(yes),
                    (&Value::Bool(yes), _) => made.ignore_result = Some(yes),
                    _ => return expected("True or False"),
                },
                _ => {
                    let message = format!(
                        "{name} is not known here; there are countdown, expires, priority, queue, \
                         exchange, routing_key, task_id, ignore_result, time_limit, soft_time_limit and retry"
                    );
                    return Err(Problem::error(value.place, message));
                }
            }
        }
        Ok(())
    }

    /// The full name of a task that there is.
    fn known(&self, call: &Call<'_>, task: &str) -> Read<String> {
        self.task(task).map_or_else(
            || {
                let prefix = format!("{}.", tasks::APP);
                let names = tasks::names(&self.config);
                let names: Vec<&str> =
                    names.iter().map(|name| name.strip_prefix(&prefix).unwrap_or(name)).collect();
                call.fail(format!("there is no task {task}; there are {}", names.join(", ")))
            },
            Ok,
        )
    }

    fn task(&self, name: &str) -> Option<String> {
        let full_name = format!("{}.{name}", tasks::APP);
        tasks::find(&full_name, &self.config).map(|_| full_name)
    }
}

fn json(node: &Node) -> Read<serde_json::Value> {
    json_of(&node.value).ok_or_else(|| {
        let message = format!("JSON has nothing for {}, and messages are JSON", node.value.kind());
        Problem::error(node.place, message)
    })
}
