//! Reading a value as what a setting takes. What is wrong is noted where it stands, with what is
//! expected.

use super::literal::{Node, Value};
use super::names;
use super::settings::Setting;
use super::url::{self, Purpose, RedisUrl};
use super::{Place, Problem};
use crate::python;
use keyspace_resp::parse_double;

/// More seconds than anybody waits.
const SECONDS_MAX: f64 = 1e9;

/// What was noted on the way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub problems: Vec<Problem>,
    /// The URLs that were read, and where.
    pub urls: Vec<(Purpose, Place, RedisUrl)>,
}

/// A value of a setting, or of a part of one.
pub(super) struct Reader<'a> {
    /// As in `task_acks_late` or `broker_transport_options['sep']`.
    pub name: String,
    /// Where that name stands.
    pub place: Place,
    pub node: &'a Node,
    pub notes: &'a mut Notes,
}

/// A pair of a dict.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub key: String,
    pub place: Place,
    pub value: Node,
}

impl Reader<'_> {
    /// A part of the value.
    pub fn part<'b>(&'b mut self, pair: &'b Pair) -> Reader<'b> {
        let name = format!("{}['{}']", self.name, pair.key);
        Reader { name, place: pair.place, node: &pair.value, notes: self.notes }
    }

    /// Notes what is expected in place of the value.
    pub fn expects<T>(&mut self, what: &str) -> Option<T> {
        let found = match &self.node.value {
            Value::Int(number) => format!("{number}"),
            Value::Float(number) => format!("{number}"),
            Value::Str(text) if text.chars().count() <= 30 => {
                format!("the str {}", python::repr(&text.as_str().into()))
            }
            Value::Call { name, .. } => format!("{name}(...)"),
            Value::Bool(value) => (if *value { "True" } else { "False" }).to_owned(),
            other => other.kind().to_owned(),
        };
        let message = format!("{} takes {what}, not {found}", self.name);
        self.notes.problems.push(Problem::error(self.node.place, message));
        None
    }

    /// Notes that the simulation does not follow this.
    pub fn ignored(&mut self) {
        let message =
            format!("{} is known to Celery, but the simulation does not follow it", self.name);
        self.notes.problems.push(Problem::warning(self.place, message));
    }

    /// Notes that there is no such thing, and what may be meant.
    pub fn unknown<'b>(&mut self, key: &str, known: impl Iterator<Item = &'b str> + Clone) {
        let hint = match names::nearest(key, known.clone()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
        };
        let message = format!("{} is unknown: {hint}", self.name);
        self.notes.problems.push(Problem::error(self.place, message));
    }

    pub fn is_none(&self) -> bool {
        self.node.value == Value::None
    }

    fn or_none<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.is_none() { Some(None) } else { read(self).map(Some) }
    }

    pub fn boolean(&mut self) -> Option<bool> {
        match self.node.value {
            Value::Bool(value) => Some(value),
            _ => self.expects("True or False"),
        }
    }

    pub fn whole(&mut self, min: i64, max: i64) -> Option<i64> {
        match self.node.value {
            Value::Int(number) if (min..=max).contains(&number) => Some(number),
            _ => self.expects(&format!("a whole number from {min} to {max}")),
        }
    }

    pub fn count_or_none(&mut self, max: u32) -> Option<Option<u32>> {
        let count = self.or_none(|it| it.whole(0, i64::from(max)))?;
        Some(count.and_then(|count| u32::try_from(count).ok()))
    }

    pub fn priority_or_none(&mut self) -> Option<Option<u8>> {
        let priority = self.or_none(|it| it.whole(0, 255))?;
        if priority.is_some_and(|priority| priority > 9) {
            let message =
                format!("{}: Redis's transport has priorities 0 to 9, 0 first", self.name);
            self.notes.problems.push(Problem::warning(self.node.place, message));
        }
        Some(priority.and_then(|priority| u8::try_from(priority).ok()))
    }

    /// A number of seconds, or a `timedelta`.
    pub fn seconds(&mut self) -> Option<f64> {
        let seconds = match &self.node.value {
            Value::Call { name, args, named, .. } if is_timedelta(name) => timedelta(args, named),
            value => value.as_number(),
        };
        match seconds.filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds)) {
            Some(seconds) => Some(seconds),
            None => self.expects("a number of seconds, or timedelta(...)"),
        }
    }

    pub fn seconds_or_none(&mut self) -> Option<Option<f64>> {
        self.or_none(Self::seconds)
    }

    /// The time between two runs of a periodic task.
    pub fn interval(&mut self) -> Option<f64> {
        if let Value::Call { name, .. } = &self.node.value
            && matches!(name.rsplit('.').next(), Some("crontab" | "solar"))
        {
            return self
                .expects("a number of seconds or timedelta(...): calendars are not simulated");
        }
        self.seconds()
            .filter(|seconds| *seconds > 0.0)
            .or_else(|| self.none_noted("a number above 0"))
    }

    /// Notes what is expected, where nothing is noted yet.
    fn none_noted<T>(&mut self, what: &str) -> Option<T> {
        if self.notes.problems.last().is_none_or(|last| last.place != self.node.place) {
            return self.expects(what);
        }
        None
    }

    pub fn text(&mut self) -> Option<String> {
        match &self.node.value {
            Value::Str(text) => Some(text.clone()),
            _ => self.expects("a str"),
        }
    }

    /// Text that names something.
    pub fn name(&mut self) -> Option<String> {
        match &self.node.value {
            Value::Str(text) if !text.is_empty() => Some(text.clone()),
            _ => self.expects("a name, as a str"),
        }
    }

    /// `'10/m'`, or a number a second.
    pub fn rate_limit(&mut self) -> Option<Option<String>> {
        self.or_none(|it| {
            let text = match &it.node.value {
                Value::Int(number) if *number > 0 => format!("{number}/s"),
                Value::Str(text) => text.clone(),
                _ => String::new(),
            };
            let (count, unit) = text.split_once('/').unwrap_or((&text, "s"));
            let is_rate = parse_double(count.as_bytes())
                .is_some_and(|count| count > 0.0 && count.is_finite());
            if is_rate && matches!(unit, "s" | "m" | "h") {
                return Some(text);
            }
            it.expects("a rate, as in '10/s', '100/m' or '1000/h', or None")
        })
    }

    /// A literal that JSON has, too.
    pub fn json(&mut self) -> Option<serde_json::Value> {
        json_of(&self.node.value).or_else(|| self.expects("a literal that JSON has"))
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.node.value.as_str();
        let chosen = choices.iter().find(|(name, _)| Some(*name) == text);
        if let Some((_, chosen)) = chosen {
            return Some(*chosen);
        }
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
        self.expects(&names.join(" or "))
    }

    /// The elements of a list or tuple.
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Reader<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let node = self.node;
        let Some(items) = node.value.as_items() else {
            return self.expects("a list");
        };
        let mut list = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let name = format!("{}[{at}]", self.name);
            let mut part = Reader { name, place: item.place, node: item, notes: self.notes };
            list.push(read(&mut part)?);
        }
        Some(list)
    }

    /// The pairs of a dict whose keys are text.
    pub fn pairs(&mut self, max: usize) -> Option<Vec<Pair>> {
        let Value::Dict(pairs) = &self.node.value else {
            return self.expects("a dict");
        };
        if pairs.len() > max {
            return self.expects(&format!("at most {max} entries"));
        }
        let mut read = Vec::new();
        for (key, value) in pairs {
            match &key.value {
                Value::Str(text) => {
                    read.push(Pair { key: text.clone(), place: key.place, value: value.clone() })
                }
                _ => {
                    let name = format!("a key of {}", self.name);
                    let place = key.place;
                    Reader { name, place, node: key, notes: self.notes }.expects::<()>("a str")?;
                }
            }
        }
        Some(read)
    }

    /// The members of a dict, each a setting of its own.
    pub fn members<T>(&mut self, settings: &[Setting<T>], ignored: &[&str], into: &mut T) {
        if self.is_none() {
            return;
        }
        for pair in self.pairs(usize::MAX).unwrap_or_default() {
            let key = &*pair.key;
            let mut part = self.part(&pair);
            match settings.iter().find(|setting| setting.name == key) {
                Some(setting) => (setting.read)(into, &mut part),
                None if ignored.contains(&key) => part.ignored(),
                None => part.unknown(key, settings.iter().map(|setting| setting.name)),
            }
        }
    }

    pub fn url(&mut self, purpose: Purpose) -> Option<RedisUrl> {
        let Value::Str(text) = &self.node.value else {
            return self.expects("a URL, as in 'redis://localhost:6379/0'");
        };
        match url::parse(text, purpose) {
            Ok(url) => {
                self.notes.urls.push((purpose, self.node.place, url.clone()));
                Some(url)
            }
            Err(bad) => {
                // Behind the quote.
                let Place { line, column } = self.node.place;
                let place = Place { line, column: column + 1 + bad.at };
                let message = format!("{}: {}", self.name, bad.message);
                self.notes.problems.push(Problem::error(place, message));
                None
            }
        }
    }
}

/// What JSON has for a literal, if it has anything.
pub(crate) fn json_of(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Str(text) => text.as_str().into(),
        Value::List(items) | Value::Tuple(items) => {
            items.iter().map(|item| json_of(&item.value)).collect::<Option<Vec<_>>>()?.into()
        }
        Value::Dict(pairs) => {
            let mut map = serde_json::Map::new();
            for (key, value) in pairs {
                map.insert(key.value.as_str()?.to_owned(), json_of(&value.value)?);
            }
            map.into()
        }
        Value::Bytes(_) | Value::Set(_) | Value::Exception | Value::Call { .. } => return None,
    })
}

fn is_timedelta(name: &str) -> bool {
    matches!(name, "timedelta" | "datetime.timedelta" | "schedule" | "schedules.schedule")
}

/// The seconds of `timedelta(days, seconds, microseconds, milliseconds, minutes, hours, weeks)`.
fn timedelta(args: &[Node], named: &[(String, Node)]) -> Option<f64> {
    const UNITS: [(&str, f64); 7] = [
        ("days", 86_400.0),
        ("seconds", 1.0),
        ("microseconds", 1e-6),
        ("milliseconds", 1e-3),
        ("minutes", 60.0),
        ("hours", 3_600.0),
        ("weeks", 604_800.0),
    ];
    let mut seconds = 0.0;
    for (at, node) in args.iter().enumerate() {
        seconds += UNITS.get(at)?.1 * node.value.as_number()?;
    }
    for (name, node) in named {
        let (_, unit) = UNITS.iter().find(|(unit, _)| unit == name)?;
        seconds += unit * node.value.as_number()?;
    }
    Some(seconds)
}
