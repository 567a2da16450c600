//! Every database as one file, as Redis keeps it in `dump.rdb`.
//!
//! Values stand in the file as they stand in a payload of DUMP. Like there, what is written needs
//! the oldest version that can say it, and what is read is not trusted: a file is read as a whole
//! before anything is done with it.

use super::reader::Reader;
use super::writer::Writer;
use super::{
    CHECKSUM, CHECKSUM_BYTES, Corrupt, FUNCTION, NEWEST_VERSION, drop_due_fields, layout, load,
    save,
};
use crate::config::Config;
use crate::db::{Db, DbIndex};
use crate::time::UnixMillis;
use crate::usage::{Measure, Usage};
use crate::value::{SmallBytes, Value};
use std::fmt;

const MAGIC: &[u8] = b"REDIS";
/// The digits of the version behind it.
const VERSION_DIGITS: usize = 4;
/// From this version on a checksum stands at the end.
const CHECKED_FROM: u16 = 5;

/// What stands in front of a part that is no value.
mod opcode {
    pub const SLOT_INFO: u8 = 244;
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQUENCY: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZE_DB: u8 = 251;
    pub const EXPIRE_MS: u8 = 252;
    pub const EXPIRE_SECONDS: u8 = 253;
    pub const SELECT_DB: u8 = 254;
    pub const END: u8 = 255;
}

/// Why a file was not loaded. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// It does not begin as an RDB file does.
    NotRdb,
    /// It was written by a later version than is known.
    Version(u16),
    /// It was damaged, or is not whole.
    Checksum,
    /// It says what Redis would not write, or holds a value of a module.
    Corrupt,
    /// A library of functions in it does not load; why.
    Library(String),
    /// A script is unfinished, and would meet another keyspace than it began with.
    Busy,
}

impl fmt::Display for LoadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotRdb => out.write_str("this is no RDB file: it does not begin with REDIS"),
            LoadError::Version(version) => write!(
                out,
                "this RDB file has version {version}, and {NEWEST_VERSION} is the latest that is known"
            ),
            LoadError::Checksum => {
                out.write_str("this RDB file is damaged or not whole: its checksum is wrong")
            }
            LoadError::Corrupt => out
                .write_str("this RDB file cannot be read: a part of it is damaged or of a module"),
            LoadError::Library(why) => {
                write!(out, "a library of functions in this RDB file does not load: {why}")
            }
            LoadError::Busy => {
                out.write_str("a script is running: end it before loading a file, by SCRIPT KILL")
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl From<Corrupt> for LoadError {
    fn from(_: Corrupt) -> LoadError {
        LoadError::Corrupt
    }
}

/// A key as it was read.
#[derive(Debug)]
pub(crate) struct LoadedKey {
    pub db: DbIndex,
    pub key: SmallBytes,
    pub value: Value,
    pub expire_at: Option<UnixMillis>,
    /// How it was used, where that is said.
    pub usage: Option<Usage>,
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub keys: Vec<LoadedKey>,
    /// The code of each library of functions.
    pub libraries: Vec<Vec<u8>>,
}

/// The file of these databases and libraries, at a point in time.
pub(crate) fn save_file<'a>(
    dbs: &[Db],
    libraries: impl Iterator<Item = &'a [u8]>,
    config: &Config,
    now: UnixMillis,
) -> Vec<u8> {
    let mut writer = Writer::new(config.rdb_compression);
    let mut version = layout::version(layout::STRING);
    writer.raw(MAGIC);
    writer.raw(&[b'0'; VERSION_DIGITS]);
    for (name, value) in [("redis-ver", crate::REDIS_VERSION), ("ctime", &seconds(now))] {
        writer.raw(&[opcode::AUX]);
        writer.string(name.as_bytes());
        writer.string(value.as_bytes());
    }
    for code in libraries {
        writer.raw(&[FUNCTION]);
        writer.string(code);
    }
    for (index, db) in dbs.iter().enumerate().filter(|(_, db)| db.len() > 0) {
        writer.raw(&[opcode::SELECT_DB]);
        writer.length(index as u64);
        writer.raw(&[opcode::RESIZE_DB]);
        writer.length(db.len() as u64);
        writer.length(db.expires_len() as u64);
        for (key, entry) in db.iter() {
            if let Some(at) = entry.expire_at {
                writer.raw(&[opcode::EXPIRE_MS]);
                writer.raw(&at.0.to_le_bytes());
            }
            let layout = save::layout_of(entry.value, config.idempotency_limits());
            version = version.max(layout::version(layout));
            writer.raw(&[layout]);
            writer.string(key);
            save::save(&mut writer, entry.value, layout);
        }
    }
    writer.raw(&[opcode::END]);
    let digits = format!("{version:0VERSION_DIGITS$}");
    writer.bytes[MAGIC.len()..MAGIC.len() + VERSION_DIGITS].copy_from_slice(digits.as_bytes());
    let checksum = CHECKSUM.checksum(&writer.bytes);
    writer.raw(&checksum.to_le_bytes());
    writer.bytes
}

fn seconds(at: UnixMillis) -> String {
    (at.0 / 1000).to_string()
}

/// Reads a file. Keys whose time has come by `now` are left out.
pub(crate) fn load_file(
    file: &[u8],
    config: &Config,
    now: UnixMillis,
) -> Result<Loaded, LoadError> {
    let mut reader = Reader::new(checked(file)?, config.proto_max_bulk_len);
    let mut loaded = Loaded::default();
    let mut db = DbIndex::default();
    let mut next = About::default();
    loop {
        match reader.byte()? {
            opcode::END => break,
            opcode::SELECT_DB => {
                let index = i64::try_from(reader.length()?).map_err(|_| Corrupt)?;
                db = DbIndex::new(index).ok_or(Corrupt)?;
            }
            opcode::EXPIRE_MS => {
                next.expire_at = Some(UnixMillis(i64::from_le_bytes(reader.array()?)));
            }
            opcode::EXPIRE_SECONDS => {
                let seconds = i64::from(i32::from_le_bytes(reader.array()?));
                next.expire_at = Some(UnixMillis(seconds * 1000));
            }
            opcode::IDLE => next.idle_seconds = Some(reader.length()?),
            opcode::FREQUENCY => next.frequency = Some(reader.byte()?),
            opcode::RESIZE_DB => skip_lengths(&mut reader, 2)?,
            opcode::SLOT_INFO => skip_lengths(&mut reader, 3)?,
            opcode::AUX => {
                reader.string()?;
                reader.string()?;
            }
            opcode::MODULE_AUX => return Err(LoadError::Corrupt),
            FUNCTION => loaded.libraries.push(reader.string()?.into_owned()),
            layout => {
                let about = std::mem::take(&mut next);
                let key = SmallBytes::from(&*reader.string()?);
                let mut value = load::load(layout, &mut reader, config)?;
                drop_due_fields(&mut value, now);
                let is_due = about.expire_at.is_some_and(|at| at <= now);
                if !is_due && !value.is_empty_aggregate() {
                    let usage = about.usage(config.measure(), now);
                    let expire_at = about.expire_at;
                    loaded.keys.push(LoadedKey { db, key, value, expire_at, usage });
                }
            }
        }
    }
    reader.finish()?;
    Ok(loaded)
}

/// What stands in front of a key.
#[derive(Debug, Default)]
struct About {
    expire_at: Option<UnixMillis>,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

impl About {
    fn usage(&self, measure: Measure, now: UnixMillis) -> Option<Usage> {
        if measure == Measure::Frequency {
            return self.frequency.map(|counter| Usage::counted(now, counter));
        }
        let idle_ms = i64::try_from(self.idle_seconds?).unwrap_or(i64::MAX).saturating_mul(1000);
        Some(Usage::at(UnixMillis(now.0.saturating_sub(idle_ms))))
    }
}

/// What is left of a file without its head and its checksum, if they are right.
fn checked(file: &[u8]) -> Result<&[u8], LoadError> {
    let rest = file.strip_prefix(MAGIC).ok_or(LoadError::NotRdb)?;
    let (digits, body) = rest.split_at_checked(VERSION_DIGITS).ok_or(LoadError::NotRdb)?;
    let digits = std::str::from_utf8(digits).map_err(|_| LoadError::NotRdb)?;
    let version: u16 = digits.parse().map_err(|_| LoadError::NotRdb)?;
    if !(1..=NEWEST_VERSION).contains(&version) {
        return Err(LoadError::Version(version));
    }
    if version < CHECKED_FROM {
        return Ok(body);
    }
    let (body, checksum) = body.split_last_chunk::<CHECKSUM_BYTES>().ok_or(LoadError::Checksum)?;
    let checksum = u64::from_le_bytes(*checksum);
    // A server that is told not to compute checksums writes none.
    if checksum != 0 && checksum != CHECKSUM.checksum(&file[..file.len() - CHECKSUM_BYTES]) {
        return Err(LoadError::Checksum);
    }
    Ok(body)
}

fn skip_lengths(reader: &mut Reader<'_>, count: usize) -> Result<(), Corrupt> {
    for _ in 0..count {
        reader.length()?;
    }
    Ok(())
}
