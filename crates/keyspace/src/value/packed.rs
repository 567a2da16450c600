//! A short sequence of byte strings in one piece of memory: what tables and lists are made of.
//!
//! Their lengths, a byte each, stand in a row at the front, and their bytes lie one behind the other
//! after it: the way to a string is a sum of bytes, which goes by eight at a time. The row has room
//! ahead, so that nothing moves where a string is added at the end. A long string has an allocation
//! of its own, so that no change moves more than a few kilobytes.

use super::SmallBytes;

/// The longest string that lies among the others.
const INLINE_MAX: usize = 127;
/// The length of those that do not.
const LONG: u8 = u8::MAX;
/// Lengths for which a new row has room.
const FIRST_ROOM: usize = 4;

/// Byte strings in order. A sequence should not have more than 128 of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed {
    /// The row of lengths, and the strings behind it.
    bytes: Vec<u8>,
    len: u32,
    /// How many lengths the row has room for.
    room: u32,
    /// The long strings, in their order; `None` where there are none.
    #[allow(clippy::box_collection, reason = "seldom there, and one pointer instead of three")]
    long: Option<Box<Vec<Box<[u8]>>>>,
}

/// What a string adds to [`Packed::content_bytes`].
pub(crate) fn string_bytes(len: usize) -> usize {
    1 + if len <= INLINE_MAX { len } else { LONG_BYTES + super::heap_bytes(len) }
}

/// What a long string takes beside its own allocation.
const LONG_BYTES: usize = 8;

impl Packed {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// What the strings and their lengths take.
    pub fn content_bytes(&self) -> usize {
        let outside = self.long().iter().map(|long| LONG_BYTES + super::heap_bytes(long.len()));
        self.bytes.len() - self.room() + self.len() + outside.sum::<usize>()
    }

    /// The string at an index that is below the length.
    #[inline]
    pub fn get(&self, index: usize) -> &[u8] {
        let (before, at) = self.lens().split_at(index);
        match at[0] {
            LONG => &self.long()[count_long(before)],
            len => {
                let start = self.start(before);
                &self.bytes[start..start + usize::from(len)]
            }
        }
    }

    pub fn push(&mut self, string: &[u8]) {
        if self.len == self.room {
            self.widen();
        }
        let len = match inline_len(string) {
            Some(len) => {
                make_room(&mut self.bytes, string.len());
                self.bytes.extend_from_slice(string);
                len
            }
            None => {
                self.long.get_or_insert_default().push(string.into());
                LONG
            }
        };
        let at = self.len();
        self.bytes[at] = len;
        self.len += 1;
    }

    pub fn pop(&mut self) -> Option<SmallBytes> {
        let len = *self.lens().last()?;
        self.len -= 1;
        Some(match len {
            LONG => self.long.as_mut()?.pop()?.into_vec().into(),
            len => {
                let start = self.bytes.len() - usize::from(len);
                let string = SmallBytes::from(&self.bytes[start..]);
                self.bytes.truncate(start);
                string
            }
        })
    }

    /// Inserts a string before the one at `index`, or at the end.
    pub fn insert(&mut self, index: usize, string: &[u8]) {
        if self.len == self.room {
            self.widen();
        }
        let before = &self.lens()[..index];
        let len = match inline_len(string) {
            Some(len) => {
                let start = self.start(before);
                splice(&mut self.bytes, start, 0, string);
                len
            }
            None => {
                let place = count_long(before);
                self.long.get_or_insert_default().insert(place, string.into());
                LONG
            }
        };
        let end = self.len();
        self.bytes.copy_within(index..end, index + 1);
        self.bytes[index] = len;
        self.len += 1;
    }

    /// Removes the string at `index`.
    pub fn remove(&mut self, index: usize) {
        let before = &self.bytes[..index];
        match (self.bytes[index], &mut self.long) {
            (LONG, Some(long)) => _ = long.remove(count_long(before)),
            (len, _) => {
                let start = self.start(before);
                splice(&mut self.bytes, start, usize::from(len), &[]);
            }
        }
        let end = self.len();
        self.bytes.copy_within(index + 1..end, index);
        self.len -= 1;
    }

    /// Replaces the string at `index`.
    pub fn replace(&mut self, index: usize, string: &[u8]) {
        match (self.bytes[index], inline_len(string)) {
            (old, Some(len)) if old != LONG => {
                let start = self.start(&self.bytes[..index]);
                self.bytes[index] = len;
                splice(&mut self.bytes, start, usize::from(old), string);
            }
            _ => {
                self.remove(index);
                self.insert(index, string);
            }
        }
    }

    /// Takes away all strings from `index` on.
    pub fn split_off(&mut self, index: usize) -> Packed {
        let (before, lens) = self.lens().split_at(index);
        let start = self.start(before);
        let bytes = [lens, &self.bytes[start..]].concat();
        let len = self.len - index as u32;
        let long = self.long.as_mut().map(|long| long.split_off(count_long(&self.bytes[..index])));
        self.bytes.truncate(start);
        self.len = index as u32;
        Packed { bytes, len, room: len, long: long.filter(|it| !it.is_empty()).map(Box::new) }
    }

    /// Gives back what was allocated ahead, where no more strings are about to come.
    pub fn shrink(&mut self) {
        self.bytes.drain(self.len()..self.room());
        self.room = self.len;
        self.bytes.shrink_to_fit();
        self.long = self.long.take().filter(|long| !long.is_empty());
    }

    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        let (row, bytes) = self.bytes.split_at(self.room());
        Iter { lens: &row[..self.len()], bytes, long: self.long() }
    }

    /// The strings from `first` up to, but without, `end`.
    pub fn range(&self, first: usize, end: usize) -> Iter<'_> {
        if first == 0 && end == self.len() {
            return self.iter();
        }
        let before = &self.lens()[..first];
        let (start, long) = (self.start(before), count_long(before));
        let lens = &self.lens()[first..end];
        Iter {
            lens,
            bytes: &self.bytes[start..start + sum(lens)],
            long: &self.long()[long..long + count_long(lens)],
        }
    }

    #[inline(always)]
    fn room(&self) -> usize {
        self.room as usize
    }

    #[inline(always)]
    fn lens(&self) -> &[u8] {
        &self.bytes[..self.len as usize]
    }

    fn long(&self) -> &[Box<[u8]>] {
        self.long.as_ref().map_or(&[], |long| long)
    }

    /// Where the string begins that has strings of these lengths before it.
    #[inline]
    fn start(&self, before: &[u8]) -> usize {
        self.room() + if self.long.is_none() { sum_inline(before) } else { sum(before) }
    }

    /// Gives the row room for twice as many lengths.
    #[cold]
    fn widen(&mut self) {
        let (room, end) = (self.room(), self.bytes.len());
        let added = room.max(FIRST_ROOM);
        make_room(&mut self.bytes, added);
        self.bytes.resize(end + added, 0);
        self.bytes.copy_within(room..end, room + added);
        self.room += added as u32;
    }
}

/// A short piece grows in the allocator's steps, a longer one by doubling.
#[inline(always)]
fn make_room(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        grow(bytes, more);
    }
}

fn grow(bytes: &mut Vec<u8>, more: usize) {
    const SHORT: usize = 64;
    match bytes.len() + more {
        needed @ ..SHORT => bytes.reserve_exact(super::heap_bytes(needed) - 4 - bytes.len()),
        _ => bytes.reserve(more),
    }
}

/// The strings of a [`Packed`], from either end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Iter<'a> {
    lens: &'a [u8],
    bytes: &'a [u8],
    long: &'a [Box<[u8]>],
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (&len, lens) = self.lens.split_first()?;
        self.lens = lens;
        if len == LONG {
            let (string, long) = self.long.split_first()?;
            self.long = long;
            return Some(string);
        }
        let (string, bytes) = self.bytes.split_at(usize::from(len));
        self.bytes = bytes;
        Some(string)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.lens.len(), Some(self.lens.len()))
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline(always)]
    fn next_back(&mut self) -> Option<&'a [u8]> {
        let (&len, lens) = self.lens.split_last()?;
        self.lens = lens;
        if len == LONG {
            let (string, long) = self.long.split_last()?;
            self.long = long;
            return Some(string);
        }
        let (bytes, string) = self.bytes.split_at(self.bytes.len() - usize::from(len));
        self.bytes = bytes;
        Some(string)
    }
}

impl ExactSizeIterator for Iter<'_> {}

fn inline_len(string: &[u8]) -> Option<u8> {
    (string.len() <= INLINE_MAX).then_some(string.len() as u8)
}

fn count_long(lens: &[u8]) -> usize {
    lens.iter().filter(|&&len| len == LONG).count()
}

/// The sum of the lengths of strings of which some may be long.
fn sum(lens: &[u8]) -> usize {
    lens.iter().map(|&len| if len == LONG { 0 } else { usize::from(len) }).sum()
}

/// The sum of the lengths of strings of which none is long.
#[inline]
fn sum_inline(lens: &[u8]) -> usize {
    lens.chunks(SUMMED_AT_ONCE).map(sum_some).sum()
}

/// So many lengths are below 16 bits together.
const SUMMED_AT_ONCE: usize = 512;

/// Sums by eight at a time.
#[inline]
fn sum_some(lens: &[u8]) -> usize {
    const PAIRS: u64 = 0x00ff_00ff_00ff_00ff;
    let (words, rest) = lens.as_chunks::<8>();
    // Four sums of 16 bits.
    let sums = words.iter().fold(0, |sums, word| {
        let word = u64::from_le_bytes(*word);
        sums + (word & PAIRS) + (word >> 8 & PAIRS)
    });
    let in_words = sums.wrapping_mul(0x0001_0001_0001_0001) >> 48;
    in_words as usize + rest.iter().copied().map(usize::from).sum::<usize>()
}

/// Puts other bytes in the place of `taken` ones. The room grows by little more than is needed.
fn splice(bytes: &mut Vec<u8>, start: usize, taken: usize, new: &[u8]) {
    let len = bytes.len();
    let new_len = len - taken + new.len();
    if new_len > len {
        if new_len > bytes.capacity() {
            bytes.reserve_exact(new_len - len + len / 8);
        }
        bytes.resize(new_len, 0);
    }
    // What is as long leaves the rest where it is, which would be touched for nothing.
    if new.len() != taken {
        bytes.copy_within(start + taken..len, start + new.len());
    }
    bytes[start..start + new.len()].copy_from_slice(new);
    bytes.truncate(new_len);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push(Vec<u8>),
        Pop,
        Insert(prop::sample::Index, Vec<u8>),
        Remove(prop::sample::Index),
        Replace(prop::sample::Index, Vec<u8>),
        SplitOff(prop::sample::Index),
    }

    fn string() -> impl Strategy<Value = Vec<u8>> {
        let len = prop_oneof![8 => 0..20_usize, 1 => 120..136_usize, 1 => 250..400_usize];
        (len, any::<u8>()).prop_map(|(len, byte)| vec![byte; len])
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = any::<prop::sample::Index>;
        prop_oneof![
            4 => string().prop_map(Step::Push),
            1 => Just(Step::Pop),
            2 => (at(), string()).prop_map(|(at, string)| Step::Insert(at, string)),
            1 => at().prop_map(Step::Remove),
            2 => (at(), string()).prop_map(|(at, string)| Step::Replace(at, string)),
            1 => at().prop_map(Step::SplitOff),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_vector_of_strings(steps in prop::collection::vec(step(), 0..80), ends in any::<[prop::sample::Index; 2]>()) {
            let mut model: Vec<Vec<u8>> = Vec::new();
            let mut packed = Packed::default();
            for step in steps {
                match step {
                    Step::Push(string) => {
                        packed.push(&string);
                        model.push(string);
                    }
                    Step::Pop => {
                        prop_assert_eq!(packed.pop().map(|string| string.to_vec()), model.pop());
                    }
                    Step::Insert(at, string) => {
                        let at = at.index(model.len() + 1);
                        packed.insert(at, &string);
                        model.insert(at, string);
                    }
                    Step::Remove(at) if !model.is_empty() => {
                        packed.remove(at.index(model.len()));
                        model.remove(at.index(model.len()));
                    }
                    Step::Replace(at, string) if !model.is_empty() => {
                        let at = at.index(model.len());
                        packed.replace(at, &string);
                        model[at] = string;
                    }
                    Step::SplitOff(at) => {
                        let at = at.index(model.len() + 1);
                        let rest = model.split_off(at);
                        prop_assert!(packed.split_off(at).iter().eq(rest.iter().map(Vec::as_slice)));
                    }
                    Step::Remove(_) | Step::Replace(..) => {}
                }
                prop_assert!(packed.iter().eq(model.iter().map(Vec::as_slice)));
                prop_assert!(packed.iter().rev().eq(model.iter().rev().map(Vec::as_slice)));
                for (index, string) in model.iter().enumerate() {
                    prop_assert_eq!(packed.get(index), &**string);
                }
            }
            let [a, b] = ends.map(|end| end.index(model.len() + 1));
            let (first, end) = (a.min(b), a.max(b));
            prop_assert!(packed.range(first, end).eq(model[first..end].iter().map(Vec::as_slice)));
        }
    }
}
