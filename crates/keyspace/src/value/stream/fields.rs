//! Words packed one behind the other, each behind its length: the fields and values of an entry.

/// The fields and values of an entry. Where the fields are those of its node, only the values are
/// stored with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'s> {
    /// The node's fields, where the entry has these.
    shared: Option<&'s [u8]>,
    packed: &'s [u8],
}

impl<'s> Fields<'s> {
    pub(super) fn new(shared: Option<&'s [u8]>, packed: &'s [u8]) -> Fields<'s> {
        Fields { shared, packed }
    }

    /// Fields and values alternately.
    pub fn words(&self) -> impl Iterator<Item = &'s [u8]> + Clone + use<'s> {
        let mut fields = self.shared.map(words);
        let mut words = words(self.packed);
        let mut is_field = false;
        std::iter::from_fn(move || {
            is_field = !is_field;
            match &mut fields {
                Some(fields) if is_field => fields.next(),
                _ => words.next(),
            }
        })
    }
}

/// Appends a word behind its length.
pub(super) fn push_word(packed: &mut Vec<u8>, word: &[u8]) {
    push_number(packed, word.len() as u128);
    packed.extend_from_slice(word);
}

/// The words in order.
pub(super) fn words(packed: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = packed;
    std::iter::from_fn(move || {
        let len = take_number(&mut rest)?;
        let (word, behind) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        rest = behind;
        Some(word)
    })
}

/// Appends a number in base 128, the lowest digits first.
pub(super) fn push_number(packed: &mut Vec<u8>, number: u128) {
    let mut number = number;
    while number >= 0x80 {
        packed.push(number as u8 | 0x80);
        number >>= 7;
    }
    packed.push(number as u8);
}

/// Takes a number off the front.
pub(super) fn take_number(packed: &mut &[u8]) -> Option<u128> {
    let digits = packed.iter().position(|digit| digit & 0x80 == 0)? + 1;
    let (digits, rest) = packed.split_at(digits);
    *packed = rest;
    Some(digits.iter().rfold(0, |number, digit| number << 7 | u128::from(digit & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_length_come_back() {
        let long = vec![b'x'; 70_000];
        let some: [&[u8]; 6] = [b"a", b"", &long[..127], &long[..128], &long[..16_384], &long];
        let mut packed = Vec::new();
        some.iter().for_each(|word| push_word(&mut packed, word));
        assert!(words(&packed).eq(some));
        assert!(Fields::new(None, &packed).words().eq(some));
        assert_eq!(words(&[]).next(), None);
    }

    #[test]
    fn shared_fields_stand_before_the_values() {
        let pack = |words: &[&[u8]]| {
            let mut packed = Vec::new();
            words.iter().for_each(|word| push_word(&mut packed, word));
            packed
        };
        let (fields, values) = (pack(&[b"a", b"b"]), pack(&[b"1", b"2"]));
        let all: [&[u8]; 4] = [b"a", b"1", b"b", b"2"];
        assert!(Fields::new(Some(&fields), &values).words().eq(all));
    }

    #[test]
    fn numbers_of_any_size_come_back() {
        for number in [0, 127, 128, u128::from(u64::MAX), u128::from(u64::MAX) << 1 | 1] {
            let mut packed = Vec::new();
            push_number(&mut packed, number);
            let mut rest = &*packed;
            assert_eq!((take_number(&mut rest), rest), (Some(number), &[][..]));
        }
    }
}
