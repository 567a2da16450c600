//! Where each constant of a function stands, so that equal ones are kept once: an open table of
//! places. (The standard library's maps are some kilobytes of code for one use.)

use crate::value::Value;

/// Places of the constants of one function, whose list the caller keeps.
#[derive(Default)]
pub(super) struct Constants {
    /// One more than a constant's place, or 0; at least half are 0, and their number is a power of two.
    places: Vec<u32>,
}

impl Constants {
    /// The place of a constant, which is added where there is none like it.
    pub fn place(&mut self, constants: &mut Vec<Value>, value: Value) -> u32 {
        if self.places.len() <= 2 * constants.len() {
            self.grow(constants);
        }
        let slot = self.slot(constants, key(value));
        if self.places[slot] == 0 {
            constants.push(value);
            self.places[slot] = constants.len() as u32;
        }
        self.places[slot] - 1
    }

    fn grow(&mut self, constants: &[Value]) {
        self.places = vec![0; (2 * self.places.len()).max(16)];
        for (place, &value) in (1..).zip(constants) {
            let slot = self.slot(&[], key(value));
            self.places[slot] = place;
        }
    }

    /// Where the place of a constant with this key stands, or will: the search ends at a free slot.
    /// What stands in `constants` is compared; other places are passed.
    fn slot(&self, constants: &[Value], key: (u8, u64)) -> usize {
        let last = self.places.len() - 1;
        let mixed = (key.1 ^ u64::from(key.0) << 62).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slot = (mixed ^ mixed >> 32) as usize & last;
        while let Some(before) = self.places[slot].checked_sub(1) {
            if constants.get(before as usize).is_some_and(|&other| self::key(other) == key) {
                break;
            }
            slot = (slot + 1) & last;
        }
        slot
    }
}

/// What tells constants apart: their kind and their bits.
fn key(value: Value) -> (u8, u64) {
    match value {
        // Equal numbers are one constant, so that -0 may stand for 0, as in Lua 5.1.
        Value::Number(number) => (0, (number + 0.0).to_bits()),
        Value::String(string) => (1, u64::from(string.id)),
        Value::Boolean(value) => (2, u64::from(value)),
        _ => (3, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_constants_have_one_place() {
        let (mut places, mut constants) = (Constants::default(), Vec::new());
        let values = |round: u32| {
            let number = move |at: u32| Value::Number(f64::from(at) * 0.25);
            (0..1000).map(number).chain([Value::Nil, Value::Boolean(round == 0)])
        };
        let first: Vec<u32> = values(0).map(|value| places.place(&mut constants, value)).collect();
        assert_eq!(first, (0..1002).collect::<Vec<u32>>());
        let again: Vec<u32> = values(0).map(|value| places.place(&mut constants, value)).collect();
        assert_eq!(again, first);
        assert_eq!(places.place(&mut constants, Value::Number(-0.0)), 0);
        assert_eq!(places.place(&mut constants, Value::Boolean(false)), 1002);
        assert_eq!(constants.len(), 1003);
    }
}
