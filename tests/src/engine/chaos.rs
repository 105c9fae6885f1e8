//! Seeded choices: what happens next, and when the process dies.

/// A small generator of random numbers (splitmix64): the same everywhere and for ever, so that a seed stays a reproduction.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound` (0 if that is 0).
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next_u64() % bound).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.next_u64() % 100 < u64::from(percent)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.below(items.len());
        items.get(at)
    }
}

/// What is left to chance in one command.
#[derive(Clone, Debug)]
pub struct Chaos {
    rng: Rng,
    /// Whether things happen in the order in which they were asked for.
    orderly: bool,
    crash_after: Option<u64>,
    cancel_after: Option<u64>,
    /// In so many of a hundred cases a provisioner fails.
    failing_provisioners: u32,
    /// Whether the clock always leaps to when something is due.
    leaping: bool,
    actions: u64,
}

impl Chaos {
    /// Everything in the order in which it was asked for, without a crash.
    #[must_use]
    pub fn none() -> Self {
        Self {
            orderly: true,
            ..Self::shuffled(0)
        }
    }

    /// Things happen in an order that depends on the seed.
    #[must_use]
    pub fn shuffled(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            orderly: false,
            crash_after: None,
            cancel_after: None,
            failing_provisioners: 0,
            leaping: false,
            actions: 0,
        }
    }

    /// The process dies after so many actions (a commit, an effect or an answer is one).
    #[must_use]
    pub fn crash_after(mut self, actions: u64) -> Self {
        self.crash_after = Some(actions);
        self
    }

    /// The user interrupts after so many actions.
    #[must_use]
    pub fn cancel_after(mut self, actions: u64) -> Self {
        self.cancel_after = Some(actions);
        self
    }

    /// Provisioners fail in so many of a hundred cases.
    #[must_use]
    pub fn failing_provisioners(mut self, percent: u32) -> Self {
        self.failing_provisioners = percent;
        self
    }

    /// The clock leaps to when something is due, again and again.
    #[must_use]
    pub fn leaping(mut self) -> Self {
        self.leaping = true;
        self
    }

    /// What time it is after `now_ms`, if something is due at `wake_at`.
    pub(crate) fn pass(&mut self, now_ms: u64, wake_at: Option<u64>) -> u64 {
        match wake_at {
            Some(due) if self.leaping || self.flip() => now_ms.max(due),
            _ => now_ms,
        }
    }

    /// How many actions there were.
    #[must_use]
    pub fn actions(&self) -> u64 {
        self.actions
    }

    /// Counts an action. `true`: the process is dead before it.
    pub(crate) fn dies(&mut self) -> bool {
        if self.crash_after.is_some_and(|limit| self.actions >= limit) {
            return true;
        }
        self.actions += 1;
        false
    }

    /// Whether the user interrupts now.
    pub(crate) fn interrupts(&mut self) -> bool {
        let now = self.cancel_after.is_some_and(|limit| self.actions >= limit);
        if now {
            self.cancel_after = None;
        }
        now
    }

    /// Whether a provisioner fails.
    pub(crate) fn provisioner_fails(&mut self) -> bool {
        self.failing_provisioners > 0 && self.rng.chance(self.failing_provisioners)
    }

    /// Which of `count` things happens next.
    pub(crate) fn choose(&mut self, count: usize) -> usize {
        if self.orderly {
            0
        } else {
            self.rng.below(count)
        }
    }

    /// Yes or no; in order: no.
    pub(crate) fn flip(&mut self) -> bool {
        !self.orderly && self.rng.chance(50)
    }
}
