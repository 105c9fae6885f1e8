//! How many calls one provider instance may have in flight: grows while answers are clean, halves on throttling.

/// An adaptive limit (additive increase, multiplicative decrease).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Thousandths of a slot, so that growth by a fraction needs no floating point.
    milli: u64,
    max: u64,
}

impl Limit {
    /// Starts at its maximum: the first throttled answer brings it down.
    pub(crate) fn new(max: usize) -> Self {
        let max = u64::try_from(max.max(1)).unwrap_or(u64::MAX / 1000);
        Self {
            milli: max.saturating_mul(1000),
            max,
        }
    }

    /// How many calls may be in flight now; at least one.
    pub(crate) fn slots(&self) -> usize {
        usize::try_from(self.milli / 1000)
            .unwrap_or(usize::MAX)
            .max(1)
    }

    /// An answer came without complaint: one slot more after as many answers as there are slots.
    pub(crate) fn clean(&mut self) {
        let slots = (self.milli / 1000).max(1);
        self.milli = (self.milli + 1000 / slots).min(self.max.saturating_mul(1000));
    }

    /// The other side asked to slow down.
    pub(crate) fn throttled(&mut self) {
        self.milli = (self.milli / 2).max(1000);
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn halves_on_throttling_and_grows_back_to_its_maximum() {
        let mut limit = Limit::new(10);
        assert_eq!(limit.slots(), 10);
        limit.throttled();
        assert_eq!(limit.slots(), 5);
        for _ in 0..20 {
            limit.throttled();
        }
        assert_eq!(limit.slots(), 1);
        for _ in 0..1000 {
            limit.clean();
        }
        assert_eq!(limit.slots(), 10);
    }
}
