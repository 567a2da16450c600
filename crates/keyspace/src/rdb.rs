//! Values as bytes in Redis's own RDB encoding: what DUMP answers and RESTORE takes.
//!
//! A payload is a byte that names the layout, the value in that layout, the version of RDB that is
//! needed to read it, and a checksum of all this. What is written keeps to the oldest version that
//! has a layout for the value, so that older servers can restore it. What is read is not trusted:
//! every announced length is compared with what is there, and whatever Redis would never write
//! is refused as a whole.

mod array;
mod file;
mod intset;
mod listpack;
mod load;
mod lzf;
mod reader;
mod save;
mod stream;
mod writer;
mod ziplist;
mod zipmap;

#[cfg(test)]
mod tests;

pub use file::LoadError;
pub(crate) use file::{load_file, save_file};

use crate::config::Config;
use crate::time::UnixMillis;
use crate::value::Value;
use crc::{CRC_64_REDIS, Crc, Table};
use reader::Reader;
use std::sync::LazyLock;
use writer::Writer;

/// The newest version that is read: that of Redis 8.8, as its commands are here.
const NEWEST_VERSION: u16 = 14;

const VERSION_BYTES: usize = 2;
const CHECKSUM_BYTES: usize = 8;

/// Its table is made when it is first asked for: it takes a tab longer to load two kilobytes of it.
static CHECKSUM: LazyLock<Crc<u64, Table<1>>> =
    LazyLock::new(|| Crc::<u64, Table<1>>::new(&CRC_64_REDIS));

/// The first byte of a payload: how the value is laid out.
mod layout {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    pub const ZSET_2: u8 = 5;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    pub const LIST_QUICKLIST: u8 = 14;
    pub const STREAM_LISTPACKS: u8 = 15;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST_2: u8 = 18;
    pub const STREAM_LISTPACKS_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    pub const STREAM_LISTPACKS_3: u8 = 21;
    pub const HASH_METADATA_PRE_GA: u8 = 22;
    pub const HASH_LISTPACK_EX_PRE_GA: u8 = 23;
    pub const HASH_METADATA: u8 = 24;
    pub const HASH_LISTPACK_EX: u8 = 25;
    pub const STREAM_LISTPACKS_4: u8 = 26;
    pub const STREAM_LISTPACKS_5: u8 = 27;
    pub const ARRAY: u8 = 28;

    /// The version of RDB that is needed to read what is written in a layout.
    pub fn version(layout: u8) -> u16 {
        match layout {
            STREAM_LISTPACKS_5 | ARRAY => 14,
            STREAM_LISTPACKS_4 => 13,
            HASH_METADATA | HASH_LISTPACK_EX => 12,
            STREAM_LISTPACKS_3 => 11,
            // That of Redis 7.0.
            _ => 10,
        }
    }
}

/// Why a payload was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is too short to be one, too new, or was damaged on its way.
    VersionOrChecksum,
    /// It does not say a value.
    Format,
}

/// Bytes that Redis would not have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Corrupt;

impl From<Corrupt> for Refused {
    fn from(_: Corrupt) -> Refused {
        Refused::Format
    }
}

/// The payload of a value.
pub(crate) fn dump(value: &Value, config: &Config) -> Vec<u8> {
    let layout = save::layout_of(value, config.idempotency_limits());
    let mut writer = Writer::new(config.rdb_compression);
    writer.raw(&[layout]);
    save::save(&mut writer, value, layout);
    seal(writer.bytes, layout::version(layout))
}

/// The value of a payload, in the encoding that the configuration gives it; `None` where it is a
/// hash of which every field has died by `now`.
pub(crate) fn restore(
    payload: &[u8],
    config: &Config,
    now: UnixMillis,
) -> Result<Option<Value>, Refused> {
    let body = unseal(payload).ok_or(Refused::VersionOrChecksum)?;
    let mut reader = Reader::new(body, config.proto_max_bulk_len);
    let layout = reader.byte()?;
    let mut value = load::load(layout, &mut reader, config)?;
    reader.finish()?;
    drop_due_fields(&mut value, now);
    Ok((!value.is_empty_aggregate()).then_some(value))
}

/// Leaves out the fields of a hash that have died by `now`.
fn drop_due_fields(value: &mut Value, now: UnixMillis) {
    if let Value::Hash(hash) = value {
        while hash.take_due(now).is_some() {}
    }
}

/// What stands before the code of each library of functions.
const FUNCTION: u8 = 245;

/// The payload of libraries of functions, each given as its code.
pub(crate) fn dump_functions<'a>(
    codes: impl Iterator<Item = &'a [u8]>,
    config: &Config,
) -> Vec<u8> {
    let mut writer = Writer::new(config.rdb_compression);
    for code in codes {
        writer.raw(&[FUNCTION]);
        writer.string(code);
    }
    seal(writer.bytes, layout::version(layout::STRING))
}

/// The codes of the libraries of a payload, which may become `max_bytes`.
pub(crate) fn restore_functions(payload: &[u8], max_bytes: usize) -> Result<Vec<Vec<u8>>, Refused> {
    let body = unseal(payload).ok_or(Refused::VersionOrChecksum)?;
    let mut reader = Reader::new(body, max_bytes);
    let mut codes = Vec::new();
    while reader.left() > 0 {
        if reader.byte()? != FUNCTION {
            return Err(Refused::Format);
        }
        codes.push(reader.string()?.to_vec());
    }
    Ok(codes)
}

/// Appends version and checksum.
fn seal(mut payload: Vec<u8>, version: u16) -> Vec<u8> {
    payload.extend_from_slice(&version.to_le_bytes());
    let checksum = CHECKSUM.checksum(&payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
    payload
}

/// What is left without version and checksum, if they are right.
fn unseal(payload: &[u8]) -> Option<&[u8]> {
    let (checked, checksum) = payload.split_last_chunk::<CHECKSUM_BYTES>()?;
    let (body, version) = checked.split_last_chunk::<VERSION_BYTES>()?;
    let is_right = u16::from_le_bytes(*version) <= NEWEST_VERSION
        && u64::from_le_bytes(*checksum) == CHECKSUM.checksum(checked);
    is_right.then_some(body)
}
