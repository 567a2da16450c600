//! Arrays: elements behind their indices, and the index of the last insertion.

use super::Corrupt;
use super::reader::Reader;
use super::writer::Writer;
use crate::value::{Array, canonical_integer};
use keyspace_resp::format_double;

/// What stands in front of an element: how it is stored.
const STRING: u64 = 0;
const INTEGER: u64 = 1;
const FLOAT: u64 = 2;
const SHORT_STRING: u64 = 3;
/// The most bytes that are a short string.
const SHORT_MAX_BYTES: usize = 7;
/// Integers of this magnitude or more do not fit where Redis keeps short elements.
const INTEGER_BELOW: u64 = 1 << 61;

pub(super) fn save(out: &mut Writer, array: &Array) {
    out.length(array.count() as u64);
    out.length(u64::from(array.last_insert.is_some()));
    array.last_insert.into_iter().for_each(|last| out.length(last));
    for (index, element) in array.iter() {
        out.length(index);
        match canonical_integer(element).filter(|integer| integer.unsigned_abs() < INTEGER_BELOW) {
            Some(integer) => {
                out.length(INTEGER);
                out.raw(&integer.to_le_bytes());
            }
            None => {
                let is_short = element.len() <= SHORT_MAX_BYTES;
                out.length(if is_short { SHORT_STRING } else { STRING });
                out.string(element);
            }
        }
    }
}

pub(super) fn load(reader: &mut Reader<'_>) -> Result<Array, Corrupt> {
    let mut array = Array::default();
    let count = reader.length()?;
    array.last_insert = match reader.length()? {
        0 => None,
        1 => Some(index(reader)?),
        _ => return Err(Corrupt),
    };
    for _ in 0..count {
        let at = index(reader)?;
        let is_new = match reader.length()? {
            STRING | SHORT_STRING => array.set(at, &reader.string()?),
            INTEGER => {
                let integer = i64::from_le_bytes(reader.array()?);
                array.set(at, integer.to_string().as_bytes())
            }
            FLOAT => {
                let mut digits = Vec::new();
                format_double(&mut digits, f64::from_le_bytes(reader.array()?));
                array.set(at, &digits)
            }
            _ => return Err(Corrupt),
        };
        if !is_new {
            return Err(Corrupt);
        }
    }
    Ok(array)
}

fn index(reader: &mut Reader<'_>) -> Result<u64, Corrupt> {
    reader.length().and_then(|index| match index {
        ..=Array::MAX_INDEX => Ok(index),
        _ => Err(Corrupt),
    })
}
