//! The fields and values of an entry in one allocation: each word behind its length.

/// Words in a row, packed; lengths are in base 128, the lowest digits first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields(Box<[u8]>);

impl Fields {
    /// Packs words: fields and values alternately, or fields alone.
    pub fn pack<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Fields {
        let mut packed = Vec::new();
        for word in words {
            let mut len = word.len();
            while len >= 0x80 {
                packed.push(len as u8 | 0x80);
                len >>= 7;
            }
            packed.push(len as u8);
            packed.extend_from_slice(word);
        }
        Fields(packed.into_boxed_slice())
    }

    /// The words in order.
    pub fn words(&self) -> Words<'_> {
        Words { packed: &self.0 }
    }
}

/// The words of [`Fields`].
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    packed: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let digits = self.packed.iter().position(|digit| digit & 0x80 == 0)? + 1;
        let (digits, rest) = self.packed.split_at(digits);
        let len = digits.iter().rfold(0, |len, digit| len << 7 | usize::from(digit & 0x7f));
        let (word, rest) = rest.split_at(len);
        self.packed = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_length_come_back() {
        let long = vec![b'x'; 70_000];
        let words: [&[u8]; 6] = [b"a", b"", &long[..127], &long[..128], &long[..16_384], &long];
        let fields = Fields::pack(words);
        assert!(fields.words().eq(words));
        assert_eq!(Fields::pack([]).words().next(), None);
    }
}
