//! HyperLogLogs: strings in Redis's layout that estimate how many different elements were added.
//!
//! A header of 16 bytes (magic, encoding, the last estimate) is followed by 16384 registers of 6
//! bits: *dense*, or *sparse*, as runs of equal registers. Everything that changes a sparse one
//! leaves the very bytes that Redis would.

mod estimate;
mod murmur;
mod sparse;

use sparse::Run;

/// How many registers there are, and the bits of a hash that choose one.
const REGISTERS: usize = 1 << REGISTER_INDEX_BITS;
const REGISTER_INDEX_BITS: u32 = 14;
/// The other bits of a hash: a register is the place of the first one that is set, from 1.
const RANK_BITS: u32 = 64 - REGISTER_INDEX_BITS;
/// What a register can hold.
const REGISTER_MAX: u8 = (1 << REGISTER_BITS) - 1;
const REGISTER_BITS: usize = 6;

const MAGIC: &[u8; 4] = b"HYLL";
const HEADER_BYTES: usize = 16;
const DENSE_BYTES: usize = HEADER_BYTES + REGISTERS * REGISTER_BITS / 8;
/// Where the header has the encoding, and the estimate with its highest bit set where it is stale.
const ENCODING_AT: usize = 4;
const ESTIMATE_AT: usize = 8;
const STALE_AT: usize = HEADER_BYTES - 1;
const STALE: u8 = 0x80;

/// The runs of a sparse HyperLogLog do not add up to its registers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Corrupted;

/// How the registers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Dense,
    Sparse,
}

/// An empty HyperLogLog.
pub(crate) fn empty() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[1]);
    bytes.resize(HEADER_BYTES, 0);
    bytes.extend_from_slice(&sparse::EMPTY);
    bytes
}

/// A HyperLogLog to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sketch<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
}

impl<'a> Sketch<'a> {
    /// The HyperLogLog that a string is; `None` where its header says otherwise.
    pub fn new(bytes: &'a [u8]) -> Option<Sketch<'a>> {
        if bytes.len() < HEADER_BYTES || !bytes.starts_with(MAGIC) {
            return None;
        }
        let encoding = match bytes[ENCODING_AT] {
            0 if bytes.len() == DENSE_BYTES => Encoding::Dense,
            1 => Encoding::Sparse,
            _ => return None,
        };
        Some(Sketch { bytes, encoding })
    }

    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// The estimate in the header, unless it is stale.
    pub fn cached_estimate(self) -> Option<u64> {
        let estimate: &[u8; 8] = self.bytes[ESTIMATE_AT..].first_chunk()?;
        (self.bytes[STALE_AT] & STALE == 0).then(|| u64::from_le_bytes(*estimate))
    }

    /// The estimate by the registers.
    pub fn estimate(self) -> Result<u64, Corrupted> {
        self.check()?;
        let mut histogram = [0; REGISTER_MAX as usize + 1];
        self.each_run(|run| histogram[usize::from(run.value)] += run.len);
        Ok(estimate::estimate(&histogram))
    }

    /// Refuses runs that do not add up to the registers.
    pub fn check(self) -> Result<(), Corrupted> {
        match self.encoding {
            Encoding::Dense => Ok(()),
            Encoding::Sparse => sparse::check(&self.bytes[HEADER_BYTES..]),
        }
    }

    /// The runs of a sparse HyperLogLog as PFDEBUG DECODE shows them.
    pub fn describe_runs(self) -> Result<String, Corrupted> {
        self.check()?;
        let runs = sparse::runs(&self.bytes[HEADER_BYTES..]);
        let runs: Vec<String> = runs.map(|run| run.to_string()).collect();
        Ok(runs.join(" "))
    }

    /// Calls `see` with the runs of the registers in order; those of a dense one are of one.
    fn each_run(self, mut see: impl FnMut(Run)) {
        let registers = &self.bytes[HEADER_BYTES..];
        match self.encoding {
            Encoding::Sparse => sparse::runs(registers).for_each(see),
            Encoding::Dense => {
                for index in 0..REGISTERS {
                    see(Run { value: dense_register(registers, index), len: 1 });
                }
            }
        }
    }
}

/// All registers, one a byte, to unite HyperLogLogs in.
#[derive(Debug)]
pub(crate) struct Registers(Vec<u8>);

impl Default for Registers {
    fn default() -> Self {
        Registers(vec![0; REGISTERS])
    }
}

impl Registers {
    /// Raises every register to what it is in `sketch`.
    pub fn merge(&mut self, sketch: Sketch<'_>) -> Result<(), Corrupted> {
        sketch.check()?;
        let mut rest = &mut self.0[..];
        sketch.each_run(|run| {
            let (covered, behind) = std::mem::take(&mut rest).split_at_mut(run.len);
            covered.iter_mut().for_each(|register| *register = run.value.max(*register));
            rest = behind;
        });
        Ok(())
    }

    pub fn estimate(&self) -> u64 {
        let mut histogram = [0; REGISTER_MAX as usize + 1];
        self.0.iter().for_each(|&register| histogram[usize::from(register)] += 1);
        estimate::estimate(&histogram)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = u8> {
        self.0.iter().copied()
    }
}

/// A HyperLogLog to be changed. What is corrupted must not be changed: [`Sketch::check`] comes
/// first.
#[derive(Debug)]
pub(crate) struct SketchMut<'a> {
    bytes: &'a mut Vec<u8>,
    /// The bytes up to which it may be sparse.
    sparse_max_bytes: usize,
}

impl<'a> SketchMut<'a> {
    /// `bytes` were accepted by [`Sketch::new`], and [`Sketch::check`] found them sound.
    pub fn new(bytes: &'a mut Vec<u8>, sparse_max_bytes: usize) -> SketchMut<'a> {
        SketchMut { bytes, sparse_max_bytes }
    }

    /// Adds an element; `true` where a register changed.
    pub fn add(&mut self, element: &[u8]) -> bool {
        let hash = murmur::hash(element);
        let index = hash as usize % REGISTERS;
        let rank = (hash >> REGISTER_INDEX_BITS | 1 << RANK_BITS).trailing_zeros() + 1;
        self.raise(index, rank as u8)
    }

    /// Raises every register to what it is in `registers`.
    pub fn merge(&mut self, registers: &Registers) {
        for (index, value) in registers.iter().enumerate() {
            if value > 0 {
                self.raise(index, value);
            }
        }
    }

    /// Sets a register unless it is as high already; `true` where it was not.
    fn raise(&mut self, index: usize, value: u8) -> bool {
        if self.encoding() == Encoding::Sparse {
            let max_bytes = self.sparse_max_bytes;
            match sparse::raise(self.bytes, HEADER_BYTES, index, value, max_bytes) {
                sparse::Raised::Yes => {
                    self.make_stale();
                    return true;
                }
                sparse::Raised::No => return false,
                sparse::Raised::DoesNotFit => self.make_dense(),
            }
        }
        let registers = &mut self.bytes[HEADER_BYTES..];
        let is_higher = dense_register(registers, index) < value;
        if is_higher {
            set_dense_register(registers, index, value);
        }
        is_higher
    }

    /// Gives up the sparse encoding.
    pub fn make_dense(&mut self) {
        let mut dense = self.bytes[..HEADER_BYTES].to_vec();
        dense.resize(DENSE_BYTES, 0);
        dense[ENCODING_AT] = 0;
        let registers = &mut dense[HEADER_BYTES..];
        let mut index = 0;
        for run in sparse::runs(&self.bytes[HEADER_BYTES..]) {
            if run.value > 0 {
                (index..index + run.len)
                    .for_each(|at| set_dense_register(registers, at, run.value));
            }
            index += run.len;
        }
        *self.bytes = dense;
    }

    /// Keeps an estimate in the header until the registers change.
    pub fn cache_estimate(&mut self, estimate: u64) {
        let header = &mut self.bytes[..HEADER_BYTES];
        header[ESTIMATE_AT..].copy_from_slice(&estimate.to_le_bytes());
    }

    /// Says that the estimate in the header does not hold any more.
    pub fn make_stale(&mut self) {
        self.bytes[STALE_AT] |= STALE;
    }

    pub fn encoding(&self) -> Encoding {
        if self.bytes[ENCODING_AT] == 0 { Encoding::Dense } else { Encoding::Sparse }
    }
}

/// A register out of dense ones, which are packed from the lowest bit of each byte on.
fn dense_register(registers: &[u8], index: usize) -> u8 {
    let (low, high, shift) = dense_place(registers, index);
    (u16::from_le_bytes([low, high]) >> shift) as u8 & REGISTER_MAX
}

fn set_dense_register(registers: &mut [u8], index: usize, value: u8) {
    let (low, high, shift) = dense_place(registers, index);
    let both = u16::from_le_bytes([low, high]) & !(u16::from(REGISTER_MAX) << shift);
    let both = (both | u16::from(value) << shift).to_le_bytes();
    let at = index * REGISTER_BITS / 8;
    registers[at..].iter_mut().zip(both).for_each(|(byte, new)| *byte = new);
}

/// The two bytes that hold a register, and how far from their lowest bit it is.
fn dense_place(registers: &[u8], index: usize) -> (u8, u8, usize) {
    let at = index * REGISTER_BITS / 8;
    // The last register ends with the last byte.
    let high = registers.get(at + 1).copied().unwrap_or_default();
    (registers[at], high, index * REGISTER_BITS % 8)
}

/// Whether registers keep what they are given, and estimates are near the truth.
pub(crate) fn self_test() -> Result<(), String> {
    let mut bytes = empty();
    let mut sketch = SketchMut::new(&mut bytes, 0);
    sketch.make_dense();
    for index in 0..REGISTERS {
        let value = (index % usize::from(REGISTER_MAX)) as u8 + 1;
        sketch.raise(index, value);
        let registers = &sketch.bytes[HEADER_BYTES..];
        if dense_register(registers, index) != value {
            return Err(format!("TESTFAILED Register {index} should be {value}"));
        }
    }
    let mut bytes = empty();
    for count in 1..=20_000_u64 {
        SketchMut::new(&mut bytes, 3000).add(&count.to_le_bytes());
        if count.is_power_of_two() && !is_near(&bytes, count) {
            return Err(format!("TESTFAILED Too large an error at {count}"));
        }
    }
    Ok(())
}

/// Whether an estimate is within six times the standard error of the truth.
fn is_near(bytes: &[u8], count: u64) -> bool {
    let estimate = Sketch::new(bytes).and_then(|sketch| sketch.estimate().ok());
    let allowed = 6.0 * 1.04 / (REGISTERS as f64).sqrt() * count as f64 + 1.0;
    estimate.is_some_and(|estimate| (estimate as f64 - count as f64).abs() <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPARSE_MAX_BYTES: usize = 3000;

    #[test]
    fn hashes_are_those_of_redis() {
        for (element, index, value) in [("a", 12711, 2), ("hello", 9216, 1)] {
            let mut bytes = empty();
            SketchMut::new(&mut bytes, SPARSE_MAX_BYTES).add(element.as_bytes());
            let sketch = Sketch::new(&bytes).expect("it has a header");
            let expected = format!("Z:{index} v:{value},1 Z:{}", REGISTERS - 1 - index);
            assert_eq!(sketch.describe_runs(), Ok(expected), "{element}");
        }
    }

    /// A register and a value that is often one of a few, so that runs grow together.
    fn step() -> impl Strategy<Value = (usize, u8)> {
        let near = (0..40_usize, 1..4_u8);
        prop_oneof![4 => near, 1 => (0..REGISTERS, 1..=32_u8), 1 => (16380..REGISTERS, 1..=33_u8)]
    }

    proptest! {
        /// Sparse or dense, the registers are those of a plain array.
        #[test]
        fn both_encodings_hold_the_same_registers(
            steps in prop::collection::vec(step(), 0..200),
            max_bytes in prop_oneof![Just(18_usize), Just(60), Just(SPARSE_MAX_BYTES)],
        ) {
            let mut bytes = empty();
            let mut model = vec![0; REGISTERS];
            for (index, value) in steps {
                let mut sketch = SketchMut::new(&mut bytes, max_bytes);
                prop_assert_eq!(sketch.raise(index, value), model[index] < value);
                model[index] = value.max(model[index]);
            }
            let sketch = Sketch::new(&bytes).expect("it has a header");
            let mut registers = Registers::default();
            prop_assert_eq!(registers.merge(sketch), Ok(()));
            prop_assert_eq!(&registers.0, &model);
            prop_assert_eq!(sketch.estimate(), Ok(registers.estimate()));
            let fits = sketch.encoding() == Encoding::Dense || bytes.len() <= max_bytes;
            prop_assert!(fits, "{} bytes", bytes.len());
        }

        #[test]
        fn no_bytes_are_too_strange_to_be_read(
            encoding in 0..3_u8,
            registers in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut bytes = empty();
            bytes[ENCODING_AT] = encoding;
            bytes.resize(HEADER_BYTES, 0);
            bytes.extend_from_slice(&registers);
            if let Some(sketch) = Sketch::new(&bytes) {
                prop_assert_eq!(sketch.check().is_ok(), sketch.estimate().is_ok());
            }
        }
    }

    #[test]
    fn it_tests_itself() {
        assert_eq!(self_test(), Ok(()));
    }
}
