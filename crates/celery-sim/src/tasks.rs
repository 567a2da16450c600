//! The tasks of the simulated application: what a worker runs instead of Python code.
//!
//! How long a task runs and whether it fails is drawn from the seed, where the task does not say.

use crate::config::{Config, TaskDefinition};
use crate::message::Request;
use crate::python;
use crate::result::Exception;
use fastrand::Rng;
use serde_json::{Map, Number, Value, json};

/// The name of the application, which task names start with.
pub const APP: &str = "app";

/// A registered task.
#[derive(Debug, Clone)]
pub struct Task {
    /// The name without the application's.
    pub name: String,
    /// Acknowledged after it ran, so that a killed worker's message is delivered again.
    pub acks_late: bool,
    /// Its result is not stored.
    pub ignore_result: bool,
    /// It is stored that it began.
    pub track_started: bool,
    /// How many may begin in a time, as in `10/m`.
    pub rate_limit: Option<String>,
    /// After how many seconds its process is killed, and after how many it is told so; the
    /// settings' where it says nothing.
    pub time_limits: (Option<f64>, Option<f64>),
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Function(Function),
    /// def flaky(self, x): if self.request.retries < 1: raise self.retry(...)
    Flaky,
    Defined(Box<TaskDefinition>),
}

/// A task's function, with positional and keyword arguments.
type Function = fn(&[Value], &Map<String, Value>) -> Result<Value, Raised>;

/// What becomes of a task that runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    Returned(Value),
    Raised(Exception),
    /// It is sent again; the exception is why.
    Retried {
        exception: Exception,
        countdown_ms: i64,
    },
}

/// How a task will run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fate {
    pub millis: i64,
    pub ending: Ending,
}

/// A task of every application here: name, function, `acks_late`, `ignore_result`.
const FUNCTIONS: &[(&str, Function, bool, bool)] = &[
    ("add", add, false, false),
    ("add_late", add, true, false),
    ("fire_and_forget", identity, false, true),
    ("boom", boom, false, false),
    ("slow", slow, true, false),
    ("xsum", xsum, false, false),
    ("limited", identity, false, false),
    ("tracked", identity, false, false),
];

/// The tasks that a viewer meets: what users could have made up.
fn stories() -> Vec<TaskDefinition> {
    let story = |name: &str, min_ms, max_ms, returns: Value| TaskDefinition {
        name: name.to_owned(),
        min_ms,
        max_ms,
        returns,
        ..TaskDefinition::default()
    };
    vec![
        story("resize_image", 1_500, 4_000, json!("thumbnail.jpg")),
        TaskDefinition {
            failure_chance: 0.4,
            max_retries: 3,
            ..story("call_api", 500, 1_500, json!({"status": 200}))
        },
        story("send_mail", 300, 900, json!("sent")),
        TaskDefinition {
            acks_late: Some(true),
            ..story("slow_report", 8_000, 15_000, json!("report.pdf"))
        },
    ]
}

/// The tasks that Celery brings with it.
pub(crate) const BUILTINS: [&str; 9] = [
    "celery.accumulate",
    "celery.backend_cleanup",
    "celery.chain",
    "celery.chord",
    "celery.chord_unlock",
    "celery.chunks",
    "celery.group",
    "celery.map",
    "celery.starmap",
];

/// The full names of all tasks, sorted.
pub fn names(config: &Config) -> Vec<String> {
    let functions = FUNCTIONS.iter().map(|(name, ..)| (*name).to_owned());
    let defined = config.tasks.iter().cloned().chain(stories()).map(|task| task.name);
    let names = functions.chain(["flaky".to_owned()]).chain(defined);
    let mut names: Vec<String> = names.map(|name| format!("{APP}.{name}")).collect();
    names.sort();
    names.dedup();
    names
}

/// The task with this full name, as in `app.add`. A task that the settings define comes before
/// one of the same name that every application has.
pub fn find(full_name: &str, config: &Config) -> Option<Task> {
    let name = full_name.strip_prefix(APP)?.strip_prefix('.')?;
    let task = |body, acks_late: Option<bool>, ignore_result: bool| Task {
        name: name.to_owned(),
        acks_late: acks_late.unwrap_or(config.task_acks_late),
        ignore_result: ignore_result || config.task_ignore_result || config.result_db.is_none(),
        track_started: config.task_track_started || name == "tracked",
        rate_limit: match name {
            "limited" => Some("30/m".to_owned()),
            _ => config.task_default_rate_limit.clone(),
        },
        time_limits: (None, None),
        body,
    };
    let defined = |definition: &TaskDefinition| {
        let body = Body::Defined(Box::new(definition.clone()));
        let limit = definition.rate_limit.clone();
        let task = task(body, definition.acks_late, false);
        Task { rate_limit: limit.or(task.rate_limit.clone()), ..task }
    };
    if let Some(definition) = config.tasks.iter().find(|task| task.name == name) {
        return Some(defined(definition));
    }
    if name == "flaky" {
        return Some(task(Body::Flaky, None, false));
    }
    if let Some((_, run, late, ignored)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
        return Some(task(Body::Function(*run), late.then_some(true), *ignored));
    }
    stories().iter().find(|task| task.name == name).map(defined)
}

impl Task {
    /// An attribute as Python prints it, where the task has one of that name which is not None.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        let seconds = |it: Option<f64>| it.map(|it| python::number(it).to_string());
        let max_retries = match &self.body {
            Body::Defined(definition) if definition.max_retries > 0 => definition.max_retries,
            _ => 3,
        };
        let truth = |yes: bool| python::repr(&yes.into());
        match name {
            "name" => Some(format!("{APP}.{}", self.name)),
            "rate_limit" => self.rate_limit.clone(),
            "max_retries" => Some(max_retries.to_string()),
            "default_retry_delay" => Some("180".to_owned()),
            "serializer" => Some("json".to_owned()),
            "acks_late" => Some(truth(self.acks_late)),
            "ignore_result" => Some(truth(self.ignore_result)),
            "track_started" => Some(truth(self.track_started)),
            "time_limit" => seconds(self.time_limits.0),
            "soft_time_limit" => seconds(self.time_limits.1),
            _ => None,
        }
    }

    /// Decides how long it runs and how it ends.
    pub(crate) fn fate(&self, request: &Request, config: &Config, rng: &mut Rng) -> Fate {
        match &self.body {
            Body::Function(run) => {
                let millis = match (self.name.as_str(), request.args.first()) {
                    ("slow", Some(seconds)) => sleep_ms(seconds).unwrap_or(config.task_ms),
                    _ => config.task_ms,
                };
                let ending = match run(&request.args, &request.kwargs) {
                    Ok(value) => Ending::Returned(value),
                    Err(raised) => Ending::Raised(raised.exception()),
                };
                Fate { millis, ending }
            }
            Body::Flaky => Fate { millis: config.task_ms, ending: flaky(request) },
            Body::Defined(definition) => definition.fate(request, rng),
        }
    }
}

impl TaskDefinition {
    fn fate(&self, request: &Request, rng: &mut Rng) -> Fate {
        let longest = self.max_ms.max(self.min_ms).max(0);
        let millis = rng.i64(self.min_ms.clamp(0, longest)..=longest);
        if rng.f64() >= self.failure_chance {
            return Fate { millis, ending: Ending::Returned(self.returns.clone()) };
        }
        let raised = Raised {
            class: "RuntimeError",
            argument: format!("{} failed", self.name),
            frame: None,
        };
        let exception = raised.exception();
        if request.retries >= self.max_retries {
            return Fate { millis, ending: Ending::Raised(exception) };
        }
        let countdown_ms = self.retry_delay_ms(request.retries, rng);
        Fate { millis, ending: Ending::Retried { exception, countdown_ms } }
    }

    /// `retry_backoff`, `retry_jitter`, `default_retry_delay`.
    fn retry_delay_ms(&self, retries: u32, rng: &mut Rng) -> i64 {
        if !self.retry_backoff {
            return 180_000;
        }
        let seconds = 2_i64.checked_pow(retries).unwrap_or(600).min(600);
        match self.retry_jitter {
            true => rng.i64(0..=seconds) * 1000,
            false => seconds * 1000,
        }
    }
}

/// What becomes of a task that the worker does not know.
pub(crate) fn not_registered(task: &str) -> Exception {
    Exception::new("celery.exceptions", "NotRegistered", vec![task.into()])
}

/// `time.sleep` of so many seconds.
fn sleep_ms(seconds: &Value) -> Option<i64> {
    seconds.as_f64().map(|seconds| (seconds.max(0.0) * 1000.0) as i64)
}

/// An exception, as Python code raises it.
struct Raised {
    class: &'static str,
    argument: String,
    /// The frames inside the application: function, line, source.
    frame: Option<(&'static str, u32, &'static str)>,
}

/// What the traceback of every task begins with.
const TRACE: &str = concat!(
    "Traceback (most recent call last):\n",
    "  File \"lib/python3.11/site-packages/celery/app/trace.py\", line 564, in trace_task\n",
    "    R = retval = fun(*args, **kwargs)\n",
    "                 ^^^^^^^^^^^^^^^^^^^^\n",
    "  File \"lib/python3.11/site-packages/celery/app/trace.py\", line 883, ",
    "in __protected_call__\n",
    "    return self.run(*args, **kwargs)\n",
    "           ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
);

impl Raised {
    /// Arguments that the function does not take.
    fn bad_call(argument: String) -> Raised {
        Raised { class: "TypeError", argument, frame: None }
    }

    fn exception(self) -> Exception {
        let traceback = Some(self.traceback());
        let args = vec![self.argument.into()];
        Exception { traceback, ..Exception::new("builtins", self.class, args) }
    }

    fn traceback(&self) -> String {
        let mut text = TRACE.to_owned();
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

/// `SoftTimeLimitExceeded`, raised in whatever a task was doing.
pub(crate) fn soft_time_limit_exceeded() -> Exception {
    let traceback = Some(format!(
        "{TRACE}billiard.exceptions.SoftTimeLimitExceeded: SoftTimeLimitExceeded()\n"
    ));
    let exception = Exception::new("billiard.exceptions", "SoftTimeLimitExceeded", Vec::new());
    Exception { traceback, ..exception }
}

/// def flaky(self, x): fails once, and is sent again.
fn flaky(request: &Request) -> Ending {
    if request.retries > 0 {
        return Ending::Returned(request.args.first().cloned().unwrap_or(Value::Null));
    }
    let traceback = format!(
        "{TRACE}  File \"app.py\", line 24, in flaky\n    \
         raise self.retry(exc=ValueError('not yet'), countdown=2)\n          \
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  \
         File \"lib/python3.11/site-packages/celery/app/task.py\", line 963, in retry\n    \
         raise ret\ncelery.exceptions.Retry: Retry in 2s: ValueError('not yet')\n"
    );
    let exception = Exception::new("builtins", "ValueError", vec!["not yet".into()]);
    let exception = Exception { traceback: Some(traceback), ..exception };
    Ending::Retried { exception, countdown_ms: 2_000 }
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

/// def xsum(xs): return sum(xs)
fn xsum(args: &[Value], _kwargs: &Map<String, Value>) -> Result<Value, Raised> {
    let [Value::Array(items)] = args else {
        let missing = "xsum() missing 1 required positional argument: 'xs'".to_owned();
        return Err(Raised::bad_call(missing));
    };
    let mut sum = Number::from(0);
    for item in items {
        let added = item.as_number().and_then(|item| match add_numbers(&sum, item) {
            Some(Value::Number(sum)) => Some(sum),
            _ => None,
        });
        let Some(added) = added else {
            let kind = type_name(item);
            return Err(Raised {
                class: "TypeError",
                argument: format!("unsupported operand type(s) for +: 'int' and '{kind}'"),
                frame: Some(("xsum", 34, "return sum(xs)\n           ^^^^^^^")),
            });
        };
        sum = added;
    }
    Ok(sum.into())
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

    fn run(name: &str, args: Value) -> Ending {
        let Value::Array(args) = args else { panic!("arguments are an array") };
        let request = Request { task: name.to_owned(), args, ..Request::default() };
        let config = Config::solo();
        let task = find(name, &config).expect("a registered task");
        task.fate(&request, &config, &mut Rng::with_seed(1)).ending
    }

    #[test]
    fn add_adds_what_python_adds() {
        assert_eq!(run("app.add", json!([2, 3])), Ending::Returned(json!(5)));
        assert_eq!(run("app.add", json!([2, 0.5])), Ending::Returned(json!(2.5)));
        assert_eq!(run("app.add", json!(["a", "b"])), Ending::Returned(json!("ab")));
        assert_eq!(run("app.xsum", json!([[1, 2, 3]])), Ending::Returned(json!(6)));
        let Ending::Raised(exception) = run("app.add", json!([1, "b"])) else {
            panic!("int + str raises");
        };
        assert_eq!(exception.exc_type, "TypeError");
        let message = "unsupported operand type(s) for +: 'int' and 'str'";
        assert_eq!(exception.exc_message, [json!(message)]);
    }

    #[test]
    fn only_the_applications_tasks_are_known() {
        let config = Config::solo();
        assert!(find("app.add", &config).is_some());
        assert!(find("app.resize_image", &config).is_some());
        assert!(find("add", &config).is_none());
        assert!(find("other.add", &config).is_none());
        assert!(names(&config).contains(&"app.flaky".to_owned()));
    }

    #[test]
    fn a_task_that_a_user_made_up_lasts_fails_and_returns_as_it_says() {
        let definition = TaskDefinition {
            name: "mine".to_owned(),
            min_ms: 10,
            max_ms: 20,
            failure_chance: 1.0,
            max_retries: 1,
            ..TaskDefinition::default()
        };
        let config = Config { tasks: vec![definition], ..Config::solo() };
        let task = find("app.mine", &config).expect("it is defined");
        let mut rng = Rng::with_seed(1);
        let first = task.fate(&Request::default(), &config, &mut rng);
        assert!((10..=20).contains(&first.millis));
        assert!(matches!(first.ending, Ending::Retried { countdown_ms: 1_000, .. }));
        let again = Request { retries: 1, ..Request::default() };
        assert!(matches!(task.fate(&again, &config, &mut rng).ending, Ending::Raised(_)));
    }
}
