//! Choices that a seed decides: those of the published provider, so that the same seed gives the same result here and there.
//!
//! That provider takes a checksum of the seed (CRC-64, ISO polynomial) for the additive lagged Fibonacci generator of Go's `math/rand`.

use super::seeded_table::{LENGTH, START};

/// The distance of the two numbers that are added.
const TAP: usize = 273;

/// A generator with a seed. Not for secrets.
#[derive(Debug)]
pub(super) struct Seeded {
    tap: usize,
    feed: usize,
    numbers: [i64; LENGTH],
}

impl Seeded {
    /// `None` for an empty seed, which counts as none.
    pub(super) fn new(seed: &str) -> Option<Self> {
        (!seed.is_empty()).then(|| Self::from_number(checksum(seed.as_bytes()).cast_signed()))
    }

    fn from_number(seed: i64) -> Self {
        const MODULUS: i64 = (1 << 31) - 1;
        let mut state = match seed.rem_euclid(MODULUS) {
            0 => 89_482_311,
            seed => seed,
        };
        let mut next = || {
            state = state * 48_271 % MODULUS;
            state
        };
        for _ in 0..20 {
            next();
        }
        let numbers = START.map(|start| (next() << 40) ^ (next() << 20) ^ next() ^ start);
        Self {
            tap: 0,
            feed: LENGTH - TAP,
            numbers,
        }
    }

    /// 63 bits.
    fn long(&mut self) -> u64 {
        let before = |at: usize| at.checked_sub(1).unwrap_or(LENGTH - 1);
        (self.tap, self.feed) = (before(self.tap), before(self.feed));
        let get = |at: usize| self.numbers.get(at).copied().unwrap_or_default();
        let sum = get(self.feed).wrapping_add(get(self.tap));
        if let Some(number) = self.numbers.get_mut(self.feed) {
            *number = sum;
        }
        sum.cast_unsigned() & (u64::MAX >> 1)
    }

    /// A number below `sides`, which is at least 1 and less than 2^63.
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        // Small numbers are made from 31 bits, so that the sequence is the same on machines of 32 bits.
        let shift = if sides < 1 << 31 { 32 } else { 0 };
        let range = (1_u64 << 63) >> shift;
        let fair = range - 1 - range % sides.max(1);
        loop {
            let number = self.long() >> shift;
            if sides.is_power_of_two() {
                return number & (sides - 1);
            }
            if number <= fair {
                return number % sides.max(1);
            }
        }
    }

    /// The numbers `0..count` in random order.
    pub(super) fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order = Vec::with_capacity(count);
        for at in 0..count {
            let sides = u64::try_from(at).map_or(u64::MAX >> 1, |at| at + 1);
            let other = usize::try_from(self.below(sides)).unwrap_or(at);
            order.push(at);
            order.swap(at, other);
        }
        order
    }
}

/// CRC-64 with the polynomial of ISO 3309.
fn checksum(bytes: &[u8]) -> u64 {
    let sum = bytes.iter().fold(u64::MAX, |sum, byte| {
        (0..8).fold(sum ^ u64::from(*byte), |sum, _| {
            (sum >> 1) ^ (if sum & 1 == 1 { 0xD8 << 56 } else { 0 })
        })
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are those of the published provider, version 3.9.0.
    #[test]
    fn a_seed_gives_what_it_gives_elsewhere() {
        assert!(Seeded::new("").is_none());
        let integer = |seed| Seeded::new(seed).unwrap().below(100_000) + 1;
        assert_eq!((integer("abc"), integer("abd")), (99_445, 1_493));
        let mut seeded = Seeded::new("x").unwrap();
        let letters = |order: Vec<usize>| -> String {
            order
                .into_iter()
                .filter_map(|at| "abcde".chars().nth(at))
                .collect()
        };
        let two = letters(seeded.permutation(5)) + &letters(seeded.permutation(5));
        assert_eq!(two.get(..8), Some("bedacebd"));
    }

    #[test]
    fn numbers_stay_below() {
        let mut seeded = Seeded::new("s").unwrap();
        for sides in [
            1,
            2,
            3,
            1000,
            (1 << 31) - 1,
            1 << 31,
            1 << 40,
            (1 << 63) - 1,
        ] {
            for _ in 0..50 {
                assert!(seeded.below(sides) < sides);
            }
        }
        let mut order = seeded.permutation(50);
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
