//! A digest of data: equal where the data are, whatever order they have inside.

use crate::db::Entry;
use crate::value::{StreamId, Value};

/// 160 bits that tell data apart; not safe against somebody who wants them to be equal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Digest([u64; 3]);

impl Digest {
    /// The digest of parts in their order.
    pub fn of(parts: &[&[u8]]) -> Digest {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut lanes = [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
        for part in parts {
            let length = (part.len() as u64).to_le_bytes();
            for byte in length.iter().chain(*part) {
                for lane in &mut lanes {
                    *lane = (*lane ^ u64::from(*byte)).wrapping_mul(PRIME).rotate_left(5);
                }
            }
        }
        Digest(lanes)
    }

    /// Adds an element whose order does not count.
    pub fn join(&mut self, element: Digest) {
        for (lane, other) in self.0.iter_mut().zip(element.0) {
            *lane ^= other;
        }
    }

    /// The digest of a value, and of whether it expires.
    pub fn of_entry(entry: Entry<'_>) -> Digest {
        let name = entry.value.value_type().name().as_bytes();
        let mut value = Digest::default();
        match &entry.value {
            Value::String(string) => value = Digest::of(&[&string.as_bytes()]),
            Value::List(list) => {
                let elements: Vec<&[u8]> = list.iter().collect();
                value = Digest::of(&elements);
            }
            Value::Set(set) => {
                for member in set.iter() {
                    value.join(member.with_bytes(|bytes| Digest::of(&[bytes])));
                }
            }
            Value::Hash(hash) => {
                for (field, bytes) in hash.iter() {
                    value.join(Digest::of(&[field, bytes]));
                }
            }
            Value::ZSet(zset) => {
                for element in zset.iter() {
                    let score = element.score.to_bits().to_le_bytes();
                    value.join(Digest::of(&[element.member, &score]));
                }
            }
            Value::Array(array) => {
                for (index, element) in array.iter() {
                    value.join(Digest::of(&[&index.to_le_bytes(), element]));
                }
            }
            Value::Stream(stream) => {
                for entry in stream.range(StreamId::MIN, StreamId::MAX) {
                    let id = entry.id.to_string();
                    let words = std::iter::once(id.as_bytes()).chain(entry.fields.words());
                    value.join(Digest::of(&words.collect::<Vec<_>>()));
                }
            }
        }
        Digest::of(&[name, &value.to_bytes(), &[u8::from(entry.expire_at.is_some())]])
    }

    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (chunk, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&lane.to_le_bytes());
        }
        bytes
    }

    /// 40 hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.to_bytes()[..20].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
