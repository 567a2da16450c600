//! Remote control as programs write it: `app.control.revoke(...)`, `app.control.inspect().stats()`.
//!
//! A call is bound to the parameters of Celery's function of that name, in their order or by name.

use super::{Call, Program, json};
use crate::celeryconfig::Problem;
use crate::celeryconfig::literal::{Node, Parsed as Read, Value};
use crate::control::ControlCall;
use serde_json::{Map, Value as Json};

/// A function of `app.control` or `app.control.inspect()`.
struct Function {
    name: &'static str,
    /// The command that it sends, where that has another name.
    command: Option<&'static str>,
    parameters: &'static [Parameter],
    /// The names of arguments in the order in which they are sent, where that is another.
    order: &'static [&'static str],
}

impl Function {
    const fn new(name: &'static str, parameters: &'static [Parameter]) -> Function {
        Function { name, command: None, parameters, order: &[] }
    }
}

/// A parameter: its name, what it takes, and what it is where nothing is said.
struct Parameter(&'static str, Takes, Usually);

#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Text,
    /// A text, or a list of texts.
    Texts,
    /// What is left of the arguments by position: texts.
    Rest,
    Number,
    Whole,
    Bool,
    Dict,
    /// A rate, as a text or a number.
    Rate,
    Any,
    /// `destination`, which is no argument of the command.
    Workers,
}

#[derive(Clone, Copy)]
enum Usually {
    /// It has to be said.
    Needed,
    /// Then it is not sent.
    Absent,
    None,
    False,
    Int(i64),
    Str(&'static str),
}

use Takes::{Any, Bool, Dict, Number, Rate, Rest, Text, Texts, Whole, Workers};
use Usually::{Absent, False, Int, Needed, None as Nothing, Str};

const DESTINATION: Parameter = Parameter("destination", Workers, Absent);

const CONTROL: &[Function] = &[
    Function::new(
        "revoke",
        &[
            Parameter("task_id", Texts, Needed),
            DESTINATION,
            Parameter("terminate", Bool, False),
            Parameter("signal", Text, Str("SIGTERM")),
        ],
    ),
    Function {
        command: Some("revoke"),
        order: &["task_id", "terminate", "signal"],
        ..Function::new(
            "terminate",
            &[
                Parameter("task_id", Texts, Needed),
                DESTINATION,
                Parameter("signal", Text, Str("SIGTERM")),
            ],
        )
    },
    Function::new(
        "rate_limit",
        &[Parameter("task_name", Text, Needed), Parameter("rate_limit", Rate, Needed), DESTINATION],
    ),
    Function {
        order: &["task_name", "hard", "soft"],
        ..Function::new(
            "time_limit",
            &[
                Parameter("task_name", Text, Needed),
                Parameter("soft", Number, Nothing),
                Parameter("hard", Number, Nothing),
                DESTINATION,
            ],
        )
    },
    Function::new(
        "add_consumer",
        &[
            Parameter("queue", Text, Needed),
            Parameter("exchange", Text, Nothing),
            Parameter("exchange_type", Text, Str("direct")),
            Parameter("routing_key", Text, Nothing),
            Parameter("options", Dict, Absent),
            DESTINATION,
        ],
    ),
    Function::new("cancel_consumer", &[Parameter("queue", Text, Needed), DESTINATION]),
    Function::new("pool_grow", &[Parameter("n", Whole, Int(1)), DESTINATION]),
    Function::new("pool_shrink", &[Parameter("n", Whole, Int(1)), DESTINATION]),
    Function::new(
        "autoscale",
        &[Parameter("max", Whole, Needed), Parameter("min", Whole, Needed), DESTINATION],
    ),
    Function::new(
        "pool_restart",
        &[
            Parameter("modules", Any, Nothing),
            Parameter("reload", Bool, False),
            Parameter("reloader", Any, Nothing),
            DESTINATION,
        ],
    ),
    Function::new("enable_events", &[DESTINATION]),
    Function::new("disable_events", &[DESTINATION]),
    Function::new("heartbeat", &[DESTINATION]),
    Function::new("shutdown", &[DESTINATION]),
    Function::new("ping", &[DESTINATION]),
    Function::new(
        "election",
        &[
            Parameter("id", Text, Needed),
            Parameter("topic", Text, Needed),
            Parameter("action", Any, Nothing),
        ],
    ),
    Function::new(
        "broadcast",
        &[Parameter("command", Text, Needed), Parameter("arguments", Dict, Absent), DESTINATION],
    ),
];

const INSPECT: &[Function] = &[
    Function::new("stats", &[]),
    Function::new("active", &[Parameter("safe", Bool, Nothing)]),
    Function::new("reserved", &[Parameter("safe", Bool, Absent)]),
    Function::new("scheduled", &[Parameter("safe", Bool, Absent)]),
    Function::new("revoked", &[]),
    Function::new("registered", &[Parameter("taskinfoitems", Rest, Absent)]),
    Function {
        command: Some("registered"),
        ..Function::new("registered_tasks", &[Parameter("taskinfoitems", Rest, Absent)])
    },
    Function::new("active_queues", &[]),
    Function::new("query_task", &[Parameter("ids", Rest, Needed)]),
    Function::new("conf", &[Parameter("with_defaults", Bool, False)]),
    Function::new("ping", &[DESTINATION]),
    Function::new("clock", &[]),
    Function::new("report", &[]),
    Function::new(
        "hello",
        &[Parameter("from_node", Text, Needed), Parameter("revoked", Texts, Nothing)],
    ),
    Function::new("memsample", &[]),
    Function::new("memdump", &[Parameter("samples", Whole, Int(10))]),
];

/// Reads a call of remote control; `None` where it is another call.
pub(super) fn read(call: &Call<'_>) -> Option<Read<Program>> {
    if let Some(on) = call.on {
        let made = Call::of(on).filter(|made| made.on.is_none())?;
        let is_inspect = made.name.strip_prefix("app.control.") == Some("inspect");
        return is_inspect.then(|| inspect(call, &made));
    }
    let name = call.name.strip_prefix("app.control.")?;
    Some(match name {
        "inspect" => call.fail(format!(
            "this asks nothing yet: app.control.inspect().stats(); there are {}",
            names(INSPECT)
        )),
        "purge" | "discard_all" if call.has_nothing() => Ok(Program::Purge),
        "purge" | "discard_all" => call.fail("here purge() takes nothing"),
        name => control(call, name),
    })
}

fn names(functions: &[Function]) -> String {
    functions.iter().map(|function| function.name).collect::<Vec<_>>().join(", ")
}

fn find(
    functions: &'static [Function],
    call: &Call<'_>,
    name: &str,
    on: &str,
) -> Read<&'static Function> {
    match functions.iter().find(|function| function.name == name) {
        Some(function) => Ok(function),
        None => call.fail(format!("{on} has no {name}(); there are {}", names(functions))),
    }
}

/// `app.control.inspect(...).stats()`.
fn inspect(call: &Call<'_>, made: &Call<'_>) -> Read<Program> {
    let function = find(INSPECT, call, call.name, "inspect()")?;
    let mut wanted = ControlCall::inspect(function.command.unwrap_or(function.name));
    if let [first, rest @ ..] = made.args {
        wanted.destination = workers(first)?;
        if let Some(extra) = rest.first() {
            return Err(Problem::error(extra.place, "here what follows goes by name: timeout=2"));
        }
    }
    for (name, node) in made.named {
        match name.as_str() {
            "destination" => wanted.destination = workers(node)?,
            _ if !option(&mut wanted, name, node)? => {
                let there = "destination, timeout, limit, pattern and matcher";
                let message = format!("{name} is not known here; there are {there}");
                return Err(Problem::error(node.place, message));
            }
            _ => {}
        }
    }
    bind(function, call, &mut wanted)?;
    Ok(Program::Control(wanted))
}

/// `app.control.revoke(...)`.
fn control(call: &Call<'_>, name: &str) -> Read<Program> {
    let function = find(CONTROL, call, name, "app.control")?;
    let mut wanted = ControlCall {
        method: function.command.unwrap_or(function.name).to_owned(),
        reply: name == "ping",
        ..ControlCall::default()
    };
    bind(function, call, &mut wanted)?;
    match name {
        "broadcast" => {
            if let Some(Json::String(command)) = wanted.arguments.shift_remove("command") {
                wanted.method = command;
            }
            let arguments = wanted.arguments.shift_remove("arguments");
            if let Some(Json::Object(arguments)) = arguments {
                wanted.arguments.extend(arguments);
            }
        }
        "add_consumer" => {
            if let Some(Json::Object(options)) = wanted.arguments.shift_remove("options") {
                wanted.arguments.extend(options);
            }
        }
        "terminate" => {
            wanted.arguments.insert("terminate".to_owned(), true.into());
            sort(&mut wanted.arguments, function.order);
        }
        _ => {}
    }
    Ok(Program::Control(wanted))
}

/// Gives what is said to the function's parameters, and the others what they are usually.
fn bind(function: &Function, call: &Call<'_>, wanted: &mut ControlCall) -> Read<()> {
    let mut by_position = call.args.iter();
    for Parameter(name, takes, usually) in function.parameters {
        let by_name = call.named.iter().find(|(given, _)| given == name).map(|(_, node)| node);
        if *takes == Rest {
            let texts: Read<Vec<Json>> = by_position.by_ref().map(text).collect();
            let texts = match texts {
                Ok(texts) => texts,
                // `query_task(['a', 'b'])`, as it was called in the past.
                Err(_) if call.args.len() == 1 => list(name, &call.args[0])?,
                Err(problem) => return Err(problem),
            };
            if texts.is_empty() && matches!(usually, Needed) {
                return call.fail(format!("{}() needs {name}", function.name));
            }
            if !texts.is_empty() {
                wanted.arguments.insert((*name).to_owned(), texts.into());
            }
            continue;
        }
        let node = match (by_position.next(), by_name) {
            (Some(_), Some(again)) => {
                return Err(Problem::error(again.place, format!("{name} is said twice")));
            }
            (node, other) => node.or(other),
        };
        let value = match (node, usually) {
            (Some(node), _) if *takes == Workers => {
                wanted.destination = workers(node)?;
                continue;
            }
            (Some(node), _) => taken(name, *takes, node)?,
            (None, Needed) => return call.fail(format!("{}() needs {name}", function.name)),
            (None, Absent) => continue,
            (None, Nothing) => Json::Null,
            (None, False) => false.into(),
            (None, Int(number)) => (*number).into(),
            (None, Str(text)) => (*text).into(),
        };
        wanted.arguments.insert((*name).to_owned(), value);
    }
    if let Some(extra) = by_position.next() {
        return Err(Problem::error(extra.place, format!("{}() takes less", function.name)));
    }
    let is_parameter = |name: &str| function.parameters.iter().any(|it| it.0 == name);
    for (name, node) in call.named.iter().filter(|(name, _)| !is_parameter(name)) {
        if wanted.by_node || !option(wanted, name, node)? {
            return Err(Problem::error(node.place, unknown(function, name, wanted.by_node)));
        }
    }
    sort(&mut wanted.arguments, function.order);
    Ok(())
}

fn unknown(function: &Function, name: &str, by_node: bool) -> String {
    let own = function.parameters.iter().map(|parameter| parameter.0);
    let every = ["reply", "timeout", "limit", "pattern", "matcher"];
    let every = every.iter().copied().filter(|_| !by_node);
    let there: Vec<&str> = own.chain(every).collect();
    match there.is_empty() {
        true => format!("{}() takes nothing", function.name),
        false => format!("{}() has no {name}; there are {}", function.name, there.join(", ")),
    }
}

fn sort(arguments: &mut Map<String, Json>, order: &[&str]) {
    for name in order {
        if let Some(value) = arguments.shift_remove(*name) {
            arguments.insert((*name).to_owned(), value);
        }
    }
}

/// An option that every call has; `false` where it is none.
fn option(wanted: &mut ControlCall, name: &str, node: &Node) -> Read<bool> {
    match (name, &node.value) {
        ("reply", &Value::Bool(reply)) => wanted.reply = reply,
        ("reply", _) => return expected(name, "True or False", node),
        ("timeout", value) => match value.as_number().filter(|it| (0.0..=3_600.0).contains(it)) {
            Some(seconds) => wanted.timeout = seconds,
            None => return expected(name, "a number of seconds, up to 3600,", node),
        },
        ("limit", &Value::Int(limit @ 1..=1_000)) => wanted.limit = Some(limit as u32),
        ("limit", _) => return expected(name, "a number of replies, from 1 to 1000,", node),
        ("pattern", Value::Str(pattern)) => wanted.pattern = Some(pattern.clone()),
        ("pattern", _) => return expected(name, "a text, as in 'w[12]@*',", node),
        ("matcher", Value::Str(matcher)) if matcher == "glob" => {
            wanted.matcher = Some(matcher.clone());
        }
        ("matcher", _) => return expected(name, "'glob'", node),
        _ => return Ok(false),
    }
    Ok(true)
}

fn expected<T>(name: &str, what: &str, node: &Node) -> Read<T> {
    Err(Problem::error(node.place, format!("{name} takes {what} here, not {}", node.value.kind())))
}

fn workers(node: &Node) -> Read<Vec<String>> {
    const EXPECTED: &str = "a list of workers, as in ['w1@keyspace'],";
    match &node.value {
        Value::None => Ok(Vec::new()),
        Value::List(items) | Value::Tuple(items) => {
            let names = items.iter().map(|item| match item.value.as_str() {
                Some(name) => Ok(name.to_owned()),
                None => expected("destination", EXPECTED, item),
            });
            names.collect()
        }
        _ => expected("destination", EXPECTED, node),
    }
}

fn text(node: &Node) -> Read<Json> {
    match node.value.as_str() {
        Some(text) => Ok(text.into()),
        None => Err(Problem::error(
            node.place,
            format!("expected a text in quotes, not {}", node.value.kind()),
        )),
    }
}

fn list(name: &str, node: &Node) -> Read<Vec<Json>> {
    match node.value.as_items() {
        Some(items) => items.iter().map(text).collect(),
        None => expected(name, "texts in quotes", node),
    }
}

fn taken(name: &str, takes: Takes, node: &Node) -> Read<Json> {
    let value = &node.value;
    let is_one = match takes {
        Text => matches!(value, Value::Str(_)),
        Texts => return texts(name, node),
        Number => value.as_number().is_some_and(|number| (0.0..=1e9).contains(&number)),
        Whole => matches!(value, Value::Int(0..=1_000)),
        Bool => matches!(value, Value::Bool(_)),
        Dict => matches!(value, Value::Dict(_)),
        Rate => matches!(value, Value::Str(_) | Value::Int(_) | Value::Float(_)),
        Any | Rest | Workers => true,
    };
    if is_one || *value == Value::None && matches!(takes, Number | Rate | Text) {
        return json(node);
    }
    let what = match takes {
        Number => "a number of seconds",
        Whole => "a whole number from 0 to 1000",
        Bool => "True or False",
        Dict => "a dict",
        Rate => "a rate, as in '10/m',",
        _ => "a text in quotes",
    };
    expected(name, what, node)
}

/// A text or a list of texts, as it is.
fn texts(name: &str, node: &Node) -> Read<Json> {
    match &node.value {
        Value::Str(text) => Ok(text.as_str().into()),
        Value::List(_) | Value::Tuple(_) => Ok(list(name, node)?.into()),
        _ => expected(name, "a text in quotes, or a list of them,", node),
    }
}
