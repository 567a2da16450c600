//! A task that somebody makes up: its options, how long it takes, how often it fails and what it
//! returns, as the Python of such a task.

use crate::celeryconfig::Problem;
use crate::celeryconfig::literal::{Node, Parsed, Parser, Value};
use crate::celeryconfig::read::json_of;
use crate::config::TaskDefinition;

/// `max_retries`, where a task says nothing.
const MAX_RETRIES: u32 = 3;

const EXPECTED_BODY: &str = "expected time.sleep(2), time.sleep(random.uniform(1, 3)), \
    if random.random() < 0.2: raise ..., or return 'what it gives'";

/// Reads `@app.task(...)`, `def name(...):` and the lines of its body.
pub fn read(parser: &mut Parser) -> Parsed<TaskDefinition> {
    // Celery's own defaults, as those of an application that made them are others.
    let mut task = TaskDefinition {
        min_ms: 0,
        max_ms: 0,
        retry_backoff: false,
        retry_jitter: true,
        ..TaskDefinition::default()
    };
    parser.take("@");
    let place = parser.place();
    if parser.looking_at("app.task\n") || parser.looking_at("app.task\r") {
        parser.dotted_name();
    } else {
        let node = parser.value()?;
        match &node.value {
            Value::Call { on: None, name, args, named }
                if name == "app.task" && args.is_empty() =>
            {
                options(&mut task, named)?;
            }
            _ => return Err(Problem::error(place, "expected @app.task or @app.task(...)")),
        }
    }
    parser.skip_blank_lines();
    if !parser.take("def ") {
        return parser.fail("expected def and the task's name behind @app.task");
    }
    parser.skip_space();
    match parser.name() {
        Some(name) => task.name = name,
        None => return parser.fail("expected the task's name"),
    }
    parameters(parser)?;
    body(parser, &mut task)?;
    Ok(task)
}

fn options(task: &mut TaskDefinition, named: &[(String, Node)]) -> Parsed<()> {
    let find = |wanted: &str| named.iter().find(|(name, _)| name == wanted);
    match (find("autoretry_for"), find("max_retries")) {
        (Some((_, node)), _) => {
            let items = node.value.as_items().unwrap_or_default();
            if !items.iter().any(|item| item.value == Value::Exception) {
                let message = "autoretry_for takes (Exception,) here";
                return Err(Problem::error(node.place, message));
            }
            task.max_retries = MAX_RETRIES;
        }
        (None, Some((_, node))) => {
            let message = "nothing is retried without autoretry_for=(Exception,)";
            return Err(Problem::error(node.place, message));
        }
        (None, None) => {}
    }
    named.iter().try_for_each(|(name, value)| option(task, name, value))
}

fn option(task: &mut TaskDefinition, name: &str, node: &Node) -> Parsed<()> {
    let wrong = |what: &str| Err(Problem::error(node.place, format!("{name} takes {what}")));
    match (name, &node.value) {
        ("autoretry_for" | "bind", _) => {}
        ("max_retries", &Value::Int(times @ 0..=1_000)) => task.max_retries = times as u32,
        ("max_retries", _) => return wrong("a whole number from 0 to 1000"),
        ("retry_backoff", &Value::Bool(yes)) => task.retry_backoff = yes,
        ("retry_jitter", &Value::Bool(yes)) => task.retry_jitter = yes,
        ("acks_late", &Value::Bool(yes)) => task.acks_late = Some(yes),
        ("retry_backoff" | "retry_jitter" | "acks_late", _) => return wrong("True or False"),
        ("rate_limit", Value::Str(limit)) => task.rate_limit = Some(limit.clone()),
        ("rate_limit", _) => return wrong("a text, as in '10/m'"),
        _ => {
            let message = format!(
                "{name} is not known here; there are autoretry_for, max_retries, retry_backoff, retry_jitter, \
                 acks_late and rate_limit"
            );
            return Err(Problem::error(node.place, message));
        }
    }
    Ok(())
}

/// `(self, x):`, which says nothing here.
fn parameters(parser: &mut Parser) -> Parsed<()> {
    if !parser.take("(") {
        return parser.fail("expected ( behind the task's name");
    }
    loop {
        parser.skip_space();
        match parser.peek() {
            Some(')') => break,
            None | Some('\n') => return parser.fail("expected ) behind the parameters"),
            Some(_) => {
                parser.take_one();
            }
        }
    }
    parser.take(")");
    parser.skip_space();
    match parser.take(":") {
        true => Ok(()),
        false => parser.fail("expected : behind the parameters"),
    }
}

/// Lines that are indented, until one is not.
fn body(parser: &mut Parser, task: &mut TaskDefinition) -> Parsed<()> {
    let mut lines = 0;
    loop {
        parser.skip_blank_lines();
        if parser.peek().is_none() || parser.place().column == 1 {
            break;
        }
        line(parser, task)?;
        lines += 1;
    }
    match lines {
        0 => parser.fail(EXPECTED_BODY),
        _ => Ok(()),
    }
}

fn line(parser: &mut Parser, task: &mut TaskDefinition) -> Parsed<()> {
    let place = parser.place();
    if parser.take("return") {
        parser.skip_space();
        let value = parser.value()?;
        let Some(returns) = json_of(&value.value) else {
            return Err(Problem::error(value.place, "expected a literal that JSON has"));
        };
        task.returns = returns;
        return parser.end_of_statement();
    }
    if parser.take("if random.random() <") {
        parser.skip_space();
        let chance = parser.value()?;
        parser.skip_space();
        let Some(number) = chance.value.as_number().filter(|it| (0.0..=1.0).contains(it)) else {
            return Err(Problem::error(chance.place, "expected a chance from 0 to 1"));
        };
        task.failure_chance = number;
        if !parser.take(":") {
            return parser.fail("expected : and raise");
        }
        parser.skip_blank_lines();
        if !parser.take("raise") {
            return parser.fail("expected raise, as in raise RuntimeError('no answer')");
        }
        parser.skip_space();
        if !parser.is_at_name() {
            return parser.fail("expected what is raised, as in RuntimeError('no answer')");
        }
        parser.skip_line();
        return Ok(());
    }
    let node = parser.value().map_err(|_| Problem::error(place, EXPECTED_BODY))?;
    let (min, max) = sleep(&node).ok_or_else(|| Problem::error(place, EXPECTED_BODY))?;
    if !(0.0..=86_400.0).contains(&min) || !(min..=86_400.0).contains(&max) {
        return Err(Problem::error(place, "expected seconds, no more than a day, the fewer first"));
    }
    task.min_ms = (min * 1_000.0) as i64;
    task.max_ms = (max * 1_000.0) as i64;
    parser.end_of_statement()
}

/// `time.sleep(2)` or `time.sleep(random.uniform(1, 3))`, in seconds.
fn sleep(node: &Node) -> Option<(f64, f64)> {
    let called = |node: &Node, wanted: &str| match &node.value {
        Value::Call { on: None, name, args, named } if name == wanted && named.is_empty() => {
            Some(args.clone())
        }
        _ => None,
    };
    let args = called(node, "time.sleep")?;
    let [long] = args.as_slice() else {
        return None;
    };
    if let Some(seconds) = long.value.as_number() {
        return Some((seconds, seconds));
    }
    match called(long, "random.uniform")?.as_slice() {
        [min, max] => Some((min.value.as_number()?, max.value.as_number()?)),
        _ => None,
    }
}
