//! What a script or function says of itself: flags, and the metadata of its first line.

use crate::error::CommandError;
use crate::value::SmallBytes;
use keyspace_resp::split_args;

/// What code is allowed, and promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u8);

/// The flags by name; each has the bit of its place.
const NAMES: [&str; 5] =
    ["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"];

impl Flags {
    /// It does not write.
    pub const NO_WRITES: Flags = Flags(1);
    /// It may run, and write, when memory is over its limit.
    pub const ALLOW_OOM: Flags = Flags(2);

    /// Whether any of these is set.
    pub fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }

    /// Either of them.
    pub const fn union(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Adds the flag of that name; `false` where there is none.
    pub fn add(&mut self, name: &[u8]) -> bool {
        let place = NAMES.iter().position(|known| known.as_bytes() == name);
        self.0 |= place.map_or(0, |place| 1 << place);
        place.is_some()
    }

    /// The names of the flags that are set.
    pub fn names(self) -> Vec<&'static str> {
        let set = NAMES.iter().enumerate().filter(|(place, _)| self.0 & (1 << place) != 0);
        set.map(|(_, name)| *name).collect()
    }
}

/// A script without its first line, if that is a shebang, and the flags that this names. The line
/// end stays, so that lines keep their numbers. `None` for the flags of a script without shebang:
/// whether it writes is seen as it does.
///
/// # Errors
/// A shebang of another engine, or with an option or flag that is not known.
pub(crate) fn script_shebang(source: &[u8]) -> Result<(&[u8], Option<Flags>), CommandError> {
    if !source.starts_with(b"#!") {
        return Ok((source, None));
    }
    let end = source.iter().position(|&byte| byte == b'\n');
    let end = end.ok_or_else(|| CommandError::text(&"ERR Invalid script shebang"))?;
    let words = split_args(&source[..end]).unwrap_or_default();
    let Some((engine, options)) = words.split_first() else {
        return Err(CommandError::text(&"ERR Invalid engine in script shebang"));
    };
    if engine != b"#!lua" {
        return Err(failure("Unexpected engine in script shebang: ", engine));
    }
    let mut flags = Flags::default();
    for word in options {
        let list = word.strip_prefix(b"flags=");
        let list = list.ok_or_else(|| failure("Unknown lua shebang option: ", word))?;
        for name in list.split(|&byte| byte == b',').filter(|_| !list.is_empty()) {
            if !flags.add(name) {
                return Err(failure("Unexpected flag in script shebang: ", name));
            }
        }
    }
    Ok((&source[end..], Some(flags)))
}

/// A library without its first line, which names its engine and the library.
///
/// # Errors
/// There is no such line, or it says something else.
pub(crate) fn library_shebang(source: &[u8]) -> Result<(&[u8], SmallBytes), CommandError> {
    let missing = || CommandError::text(&"ERR Missing library metadata");
    if !source.starts_with(b"#!") {
        return Err(missing());
    }
    let end = source.iter().position(|&byte| byte == b'\n');
    let invalid = || CommandError::text(&"ERR Invalid library metadata");
    let end = end.ok_or_else(invalid)?;
    let words = split_args(&source[2..end]).map_err(|_| invalid())?;
    let mut words = words.iter();
    let engine = words.next().map_or(&b""[..], Vec::as_slice);
    let mut name = None;
    for word in words {
        let value = word.strip_prefix(b"name=");
        let value = value.ok_or_else(|| failure("Invalid metadata value given: ", word))?;
        if name.replace(value).is_some() {
            let text = &"ERR Invalid metadata value, name argument was given multiple times";
            return Err(CommandError::text(text));
        }
    }
    let name = name.ok_or_else(|| CommandError::text(&"ERR Library name was not given"))?;
    if !is_name(name) {
        return Err(CommandError::composed(format!("ERR {BAD_NAME}")));
    }
    if !engine.eq_ignore_ascii_case(b"lua") {
        let engine = String::from_utf8_lossy(engine);
        return Err(CommandError::composed(format!("ERR Engine '{engine}' not found")));
    }
    Ok((&source[end..], name.into()))
}

/// What is said of a library's or function's name that is none.
pub(crate) const BAD_NAME: &str = "Library names can only contain letters, numbers, or \
                                   underscores(_) and must be at least one character long";

/// Whether a library or function may be called that.
pub(crate) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn failure(what: &str, word: &[u8]) -> CommandError {
    CommandError::composed(format!("ERR {what}{}", String::from_utf8_lossy(word)))
}
