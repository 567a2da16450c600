//! The tasks of the simulated application: what a worker runs instead of Python code.

use crate::message::{Outcome, Request};
use crate::python;
use serde_json::{Map, Number, Value, json};

/// A registered task.
#[derive(Debug)]
pub struct Task {
    /// The name without the application's.
    pub name: &'static str,
    /// Acknowledged after it ran, so that a killed worker's message is delivered again.
    pub acks_late: bool,
    /// Its result is not stored.
    pub ignore_result: bool,
    run: Function,
}

/// A task's function, with positional and keyword arguments.
type Function = fn(&[Value], &Map<String, Value>) -> Result<Value, Raised>;

/// The application's tasks.
pub const TASKS: &[Task] = &[
    Task { name: "add", acks_late: false, ignore_result: false, run: add },
    Task { name: "add_late", acks_late: true, ignore_result: false, run: add },
    Task { name: "slow", acks_late: true, ignore_result: false, run: slow },
    Task { name: "boom", acks_late: false, ignore_result: false, run: boom },
    Task { name: "fire_and_forget", acks_late: false, ignore_result: true, run: identity },
];

/// The name of the application, which task names start with.
pub const APP: &str = "app";

/// The task with this full name, as in `app.add`.
pub fn find(full_name: &str) -> Option<&'static Task> {
    let name = full_name.strip_prefix(APP)?.strip_prefix('.')?;
    TASKS.iter().find(|task| task.name == name)
}

impl Task {
    /// Runs the task.
    pub fn run(&self, request: &Request) -> Outcome {
        match (self.run)(&request.args, &request.kwargs) {
            Ok(value) => Outcome::Success(value),
            Err(raised) => Outcome::Failure {
                exc_type: raised.class,
                exc_module: "builtins",
                traceback: Some(raised.traceback()),
                exc_message: vec![raised.argument.into()],
            },
        }
    }

    /// How long it runs: what it is told to sleep, or the time that any task takes.
    pub fn duration_ms(&self, request: &Request, task_ms: i64) -> i64 {
        match (self.name, request.args.first().and_then(Value::as_f64)) {
            ("slow", Some(seconds)) => (seconds.max(0.0) * 1000.0) as i64,
            _ => task_ms,
        }
    }
}

/// What becomes of a task that the worker does not know.
pub fn not_registered(task: &str) -> Outcome {
    Outcome::Failure {
        exc_type: "NotRegistered",
        exc_message: vec![task.into()],
        exc_module: "celery.exceptions",
        traceback: None,
    }
}

/// An exception.
struct Raised {
    class: &'static str,
    argument: String,
    /// The frames inside the application: function, line, source.
    frame: Option<(&'static str, u32, &'static str)>,
}

impl Raised {
    /// Arguments that the function does not take.
    fn bad_call(argument: String) -> Raised {
        Raised { class: "TypeError", argument, frame: None }
    }

    fn traceback(&self) -> String {
        let celery = "lib/python3.11/site-packages/celery/app/trace.py";
        let mut text = format!(
            "Traceback (most recent call last):\n  \
             File \"{celery}\", line 564, in trace_task\n    \
             R = retval = fun(*args, **kwargs)\n                 \
             ^^^^^^^^^^^^^^^^^^^^\n  \
             File \"{celery}\", line 883, in __protected_call__\n    \
             return self.run(*args, **kwargs)\n           \
             ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        );
        if let Some((function, line, source)) = self.frame {
            text += &format!("  File \"app.py\", line {line}, in {function}\n    {source}\n");
        }
        let argument = match self.class {
            "KeyError" => python::repr(&Value::from(self.argument.as_str())),
            _ => self.argument.clone(),
        };
        text + &format!("{}: {argument}\n", self.class)
    }
}

/// def add(x, y): return x + y
fn add(args: &[Value], kwargs: &Map<String, Value>) -> Result<Value, Raised> {
    let (x, y) = match (args, kwargs.get("x"), kwargs.get("y")) {
        ([x, y], None, None) => (x, y),
        ([x], None, Some(y)) | ([], Some(x), Some(y)) => (x, y),
        ([], None, None) => {
            let missing = "add() missing 2 required positional arguments: 'x' and 'y'";
            return Err(Raised::bad_call(missing.to_owned()));
        }
        ([] | [_], x, _) => {
            let name = if args.is_empty() && x.is_none() { 'x' } else { 'y' };
            let missing = format!("add() missing 1 required positional argument: '{name}'");
            return Err(Raised::bad_call(missing));
        }
        _ => {
            let given = args.len() + kwargs.len();
            let text = format!("add() takes 2 positional arguments but {given} were given");
            return Err(Raised::bad_call(text));
        }
    };
    let sum = match (x, y) {
        (Value::Number(x), Value::Number(y)) => add_numbers(x, y),
        (Value::String(x), Value::String(y)) => Some(Value::from(format!("{x}{y}"))),
        (Value::Array(x), Value::Array(y)) => Some(Value::from([&x[..], &y[..]].concat())),
        _ => None,
    };
    sum.ok_or_else(|| Raised {
        class: "TypeError",
        argument: format!(
            "unsupported operand type(s) for +: '{}' and '{}'",
            type_name(x),
            type_name(y)
        ),
        frame: Some(("add", 11, "return x + y\n           ~~^~~")),
    })
}

fn add_numbers(x: &Number, y: &Number) -> Option<Value> {
    let integers = x.as_i64().zip(y.as_i64());
    match integers.and_then(|(x, y)| x.checked_add(y)) {
        Some(sum) => Some(sum.into()),
        None => Number::from_f64(x.as_f64()? + y.as_f64()?).map(Value::Number),
    }
}

/// def slow(sec): time.sleep(sec); return 'slept %s' % sec
fn slow(args: &[Value], _kwargs: &Map<String, Value>) -> Result<Value, Raised> {
    match args {
        [Value::Number(seconds)] => {
            let seconds = python::repr(&Value::Number(seconds.clone()));
            Ok(json!(format!("slept {seconds}")))
        }
        _ => {
            let missing = "slow() missing 1 required positional argument: 'sec'".to_owned();
            Err(Raised::bad_call(missing))
        }
    }
}

/// def boom(): raise KeyError('boom')
fn boom(_args: &[Value], _kwargs: &Map<String, Value>) -> Result<Value, Raised> {
    Err(Raised {
        class: "KeyError",
        argument: "boom".to_owned(),
        frame: Some(("boom", 29, "raise KeyError('boom')")),
    })
}

/// def fire_and_forget(x): return x
fn identity(args: &[Value], _kwargs: &Map<String, Value>) -> Result<Value, Raised> {
    Ok(args.first().cloned().unwrap_or(Value::Null))
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, args: Value) -> Outcome {
        let Value::Array(args) = args else { panic!("arguments are an array") };
        let request = Request {
            task: name.to_owned(),
            id: String::new(),
            args,
            kwargs: Map::new(),
            eta: None,
            ignore_result: false,
        };
        find(name).expect("a registered task").run(&request)
    }

    #[test]
    fn add_adds_what_python_adds() {
        assert_eq!(run("app.add", json!([2, 3])), Outcome::Success(json!(5)));
        assert_eq!(run("app.add", json!([2, 0.5])), Outcome::Success(json!(2.5)));
        assert_eq!(run("app.add", json!(["a", "b"])), Outcome::Success(json!("ab")));
        let Outcome::Failure { exc_type, exc_message, .. } = run("app.add", json!([1, "b"])) else {
            panic!("int + str raises");
        };
        assert_eq!(exc_type, "TypeError");
        assert_eq!(exc_message, [json!("unsupported operand type(s) for +: 'int' and 'str'")]);
    }

    #[test]
    fn boom_leaves_the_recorded_traceback() {
        let Outcome::Failure { traceback: Some(traceback), .. } = run("app.boom", json!([])) else {
            panic!("boom raises");
        };
        let recorded = concat!(
            "Traceback (most recent call last):\n",
            "  File \"lib/python3.11/site-packages/celery/app/trace.py\", line 564, in trace_task\n",
            "    R = retval = fun(*args, **kwargs)\n",
            "                 ^^^^^^^^^^^^^^^^^^^^\n",
            "  File \"lib/python3.11/site-packages/celery/app/trace.py\", line 883, ",
            "in __protected_call__\n",
            "    return self.run(*args, **kwargs)\n",
            "           ^^^^^^^^^^^^^^^^^^^^^^^^^\n",
            "  File \"app.py\", line 29, in boom\n",
            "    raise KeyError('boom')\n",
            "KeyError: 'boom'\n"
        );
        assert_eq!(traceback, recorded);
    }

    #[test]
    fn only_the_applications_tasks_are_known() {
        assert!(find("app.add").is_some());
        assert!(find("add").is_none());
        assert!(find("other.add").is_none());
    }
}
