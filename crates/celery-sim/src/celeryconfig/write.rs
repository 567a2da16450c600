//! Settings as Python: a text that reads back as the same settings.

use super::settings::{SETTINGS, Setting};
use crate::config::Config;
use crate::python;
use serde_json::Value;

/// Something that Python has a literal for.
pub(super) trait Python {
    fn python(&self) -> String;
}

impl Python for bool {
    fn python(&self) -> String {
        python::repr(&Value::Bool(*self))
    }
}

impl Python for f64 {
    fn python(&self) -> String {
        match *self {
            whole if whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{whole:.0}"),
            other => python::float_repr(other),
        }
    }
}

impl Python for String {
    fn python(&self) -> String {
        python::repr(&Value::from(self.as_str()))
    }
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {
        $(impl Python for $type {
            fn python(&self) -> String {
                self.to_string()
            }
        })*
    };
}

whole_numbers!(u8, u32, i64);

impl<T: Python> Python for Option<T> {
    fn python(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_owned(), Python::python)
    }
}

/// The broker, the backend, and what is not Celery's default, one assignment a setting.
pub(super) fn write(config: &Config) -> String {
    let default = Config { result_db: None, ..Config::default() };
    let mut text = String::new();
    for setting in SETTINGS {
        let value = (setting.write)(config);
        if setting.name == "broker_url" || value != (setting.write)(&default) {
            text += &format!("{} = {value}\n", setting.name);
        }
    }
    text
}

/// The members of a dict that are not the default.
pub(super) fn members<T>(settings: &[Setting<T>], of: &T, default: &T) -> String {
    let changed = settings.iter().filter(|it| (it.write)(of) != (it.write)(default));
    let members = changed.map(|it| format!("'{}': {}", it.name, (it.write)(of)));
    lines('{', members, '}')
}

/// Parts between brackets: one in the same line, several in lines of their own.
pub(super) fn lines(open: char, parts: impl Iterator<Item = String>, close: char) -> String {
    let parts: Vec<String> = parts.collect();
    match &parts[..] {
        [] => format!("{open}{close}"),
        [only] => format!("{open}{only}{close}"),
        _ => {
            let parts: String = parts.iter().map(|part| format!("    {part},\n")).collect();
            format!("{open}\n{parts}{close}")
        }
    }
}
