//! Fair choices from random bytes.

use crate::doors::Entropy;
use std::sync::Arc;

/// Makes fair choices. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Dice(Arc<dyn Entropy>);

impl Dice {
    pub(super) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self(entropy)
    }

    pub(super) fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    pub(super) fn bytes(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    fn word(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// A number in `0..=most`, each as likely as any other.
    pub(super) fn up_to(&self, most: u64) -> u64 {
        let Some(sides) = most.checked_add(1) else {
            return self.word();
        };
        // Numbers above the largest multiple of `sides` would make small results likelier: thrown again.
        let fair = u64::MAX - (u64::MAX % sides + 1) % sides;
        loop {
            let word = self.word();
            if word <= fair {
                return word % sides;
            }
        }
    }

    /// One of these; `None` if there are none.
    pub(super) fn choose<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        let most = items.len().checked_sub(1)?;
        let at = self.up_to(u64::try_from(most).ok()?);
        items.get(usize::try_from(at).ok()?)
    }

    /// Brings items into a random order.
    pub(super) fn shuffle<T>(&self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.up_to(u64::try_from(at).unwrap_or(u64::MAX));
            items.swap(at, usize::try_from(other).unwrap_or(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::SeededEntropy;

    #[test]
    fn every_side_comes_up_and_none_beyond() {
        let dice = Dice::new(Arc::new(SeededEntropy::new(1)));
        let mut seen = [0; 6];
        for _ in 0..6000 {
            seen[usize::try_from(dice.up_to(5)).unwrap()] += 1;
        }
        assert!(
            seen.iter().all(|count| (800..1200).contains(count)),
            "{seen:?}"
        );
        assert_eq!(dice.up_to(0), 0);
        assert_eq!(dice.choose::<u8>(&[]), None);
    }
}
