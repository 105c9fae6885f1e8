//! When calls of one provider instance may be sent: so many at the same time; and once the other side has asked to slow down, so many a second.
//!
//! What clouds limit is how many requests come in a second, not how many are under way: a call that takes minutes is one request. So the first
//! refusal sets a pace, from what was taken in the second before; it quickens while nothing is refused, and slackens when something is. Times are in
//! milliseconds since any moment.

use std::collections::VecDeque;

/// The longest pause that is made without being asked for.
const MAX_PAUSE_MS: u64 = 10_000;
/// After so many refusals in a row, each after a longer pause (some 30 seconds in all), waiting longer does not help.
const HOPELESS_ROUNDS: u32 = 10;
/// What was taken in so long a time is what a pace is made of.
const WINDOW_MS: u64 = 1_000;

/// An adaptive limit.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    slots: usize,
    /// When calls were sent that were not refused, over the last [`WINDOW_MS`].
    sent: VecDeque<u64>,
    /// Once there was a refusal.
    pace: Option<Pace>,
    /// Nothing is sent before.
    hold_until_ms: u64,
    /// How often it was slowed down since the last clean answer.
    rounds: u32,
}

/// So many calls a second.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Thousandths of calls in a second, at `since_ms`.
    rate: u64,
    /// When it was slowed down. Refusals of calls that were sent before say nothing new.
    since_ms: u64,
    /// Thousandths of calls that may be sent at `counted_ms`.
    level: u64,
    counted_ms: u64,
}

impl Pace {
    /// The rate now: a tenth more for each second without a refusal.
    fn rate_at(&self, now_ms: u64) -> u64 {
        let quickened = self.rate * now_ms.saturating_sub(self.since_ms) / 10_000;
        self.rate + quickened
    }

    /// Counts up to now. No more is saved up than for a fifth of a second, and for one call.
    fn count(&mut self, now_ms: u64) {
        let rate = self.rate_at(now_ms);
        let more = rate * now_ms.saturating_sub(self.counted_ms) / 1000;
        if more > 0 {
            self.level = (self.level + more).min((rate / 5).max(1000));
            self.counted_ms = now_ms;
        }
    }
}

impl Limit {
    /// So many at the same time.
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots: slots.max(1),
            sent: VecDeque::new(),
            pace: None,
            hold_until_ms: 0,
            rounds: 0,
        }
    }

    /// When the next call may be sent, where so many are under way. `None`: only when one of them is answered.
    pub(crate) fn next_ms(&mut self, in_flight: usize, now_ms: u64) -> Option<u64> {
        if in_flight >= self.slots {
            return None;
        }
        // One call after each pause finds out whether the other side takes any: a pace that was made of few calls says little.
        let probes = in_flight == 0 && self.rounds > 0;
        let paced_ms = match &mut self.pace {
            None => now_ms,
            Some(_) if probes => now_ms,
            Some(pace) => {
                pace.count(now_ms);
                let missing = 1000_u64.saturating_sub(pace.level);
                now_ms + (missing * 1000).div_ceil(pace.rate_at(now_ms).max(1))
            }
        };
        Some(paced_ms.max(self.hold_until_ms))
    }

    /// A call is sent.
    pub(crate) fn sent(&mut self, now_ms: u64) {
        self.sent.push_back(now_ms);
        self.forget(now_ms);
        if let Some(pace) = &mut self.pace {
            pace.level = pace.level.saturating_sub(1000);
        }
    }

    fn forget(&mut self, now_ms: u64) {
        while self.sent.front().is_some_and(|at| at + WINDOW_MS < now_ms) {
            self.sent.pop_front();
        }
    }

    /// Whether nothing has been taken for so long that nothing will be.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.rounds >= HOPELESS_ROUNDS
    }

    /// An answer came without complaint.
    pub(crate) fn clean(&mut self) {
        self.rounds = 0;
    }

    /// A call that was sent at `sent_ms` was refused: the other side asks to slow down, and to wait for so long.
    pub(crate) fn refused(&mut self, sent_ms: u64, now_ms: u64, asked_ms: u64) {
        if let Ok(at) = self.sent.binary_search(&sent_ms) {
            self.sent.remove(at);
        }
        let mut pause_ms = asked_ms;
        if self.pace.is_none_or(|pace| sent_ms >= pace.since_ms) {
            pause_ms = pause_ms.max((50 << self.rounds.min(16)).min(MAX_PAUSE_MS));
            self.rounds += 1;
        }
        self.hold_until_ms = self.hold_until_ms.max(now_ms.saturating_add(pause_ms));
        self.slow_down(sent_ms, now_ms);
    }

    fn slow_down(&mut self, sent_ms: u64, now_ms: u64) {
        self.forget(now_ms);
        let taken = u64::try_from(self.sent.len()).unwrap_or(u64::MAX / 1000) * 1000;
        match &mut self.pace {
            // The refusals of one burst come together: all of them tell how much of it was taken.
            Some(pace) if sent_ms < pace.since_ms => {
                if pace.rate > taken && self.rounds == 1 {
                    pace.rate = taken.max(200);
                }
            }
            pace => {
                let before = pace.map_or(taken, |pace| pace.rate_at(now_ms));
                *pace = Some(Pace {
                    rate: (before.min(taken) * 4 / 5).max(before / 2).max(200),
                    since_ms: now_ms + 1,
                    level: 0,
                    counted_ms: now_ms,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;
    use std::cmp::Reverse;
    use std::collections::{BinaryHeap, VecDeque};

    /// A cloud that takes so many calls a second, so many at once if it had none before, each of which takes a while.
    struct Cloud {
        per_second: u64,
        burst: u64,
        takes_ms: u64,
    }

    /// How long so many calls take by the rules of the pool, in milliseconds; and how often one was refused. A refusal takes 20 ms.
    fn play(cloud: &Cloud, calls: u64, most: usize) -> (u64, u64) {
        let mut limit = Limit::new(most);
        // Thousandths of calls that the cloud would take now.
        let mut level = cloud.burst * 1000;
        let (mut now, mut filled_at, mut refused) = (0, 0, 0);
        let mut in_flight = 0;
        let mut queue: VecDeque<u64> = (0..calls).collect();
        // When, which, sent when, whether it was taken.
        let mut due: BinaryHeap<Reverse<(u64, u64, u64, bool)>> = BinaryHeap::new();
        loop {
            level = (level + (now - filled_at) * cloud.per_second).min(cloud.burst * 1000);
            filled_at = now;
            let mut wake = None;
            while let Some(call) = queue.front().copied() {
                wake = limit.next_ms(in_flight, now);
                if wake.is_none_or(|at| at > now) {
                    break;
                }
                queue.pop_front();
                in_flight += 1;
                limit.sent(now);
                let taken = level >= 1000;
                level -= if taken { 1000 } else { 0 };
                let takes_ms = if taken { cloud.takes_ms } else { 20 };
                due.push(Reverse((now + takes_ms, call, now, taken)));
            }
            let next = due.peek().map(|Reverse((at, ..))| *at);
            if let Some(wake) = wake
                && !queue.is_empty()
                && next.is_none_or(|at| at > wake)
            {
                now = wake;
                continue;
            }
            let Some(Reverse((at, call, sent, taken))) = due.pop() else {
                return (now, refused);
            };
            now = at;
            in_flight -= 1;
            if taken {
                limit.clean();
            } else {
                refused += 1;
                queue.push_front(call);
                limit.refused(sent, now, 0);
            }
        }
    }

    /// The pauses before the attempts of one call that is always refused: twice as long each time, then hopeless.
    #[test]
    fn a_call_alone_is_asked_again_after_growing_pauses() {
        let mut limit = Limit::new(4);
        let (mut now, mut pauses) = (0, Vec::new());
        while !limit.is_hopeless() {
            limit.sent(now);
            limit.refused(now, now + 20, 1);
            let next = limit.next_ms(0, now + 20).unwrap();
            pauses.push(next - now - 20);
            now = next;
        }
        assert_eq!(
            pauses,
            [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
        );
    }

    #[test]
    fn a_throttling_cloud_is_used_to_its_bound() {
        for (per_second, burst, takes_ms, calls, most) in [
            (20, 40, 300, 1000, 64),
            (5, 5, 2000, 300, 64),
            (100, 100, 50, 3000, 64),
            (1000, 1000, 100, 3000, 64),
            (20, 40, 300, 1000, 256),
            (2, 10, 500, 200, 256),
            (10, 10, 60_000, 300, 256),
            (200, 200, 1000, 5000, 256),
        ] {
            let cloud = Cloud {
                per_second,
                burst,
                takes_ms,
            };
            let (took, refused) = play(&cloud, calls, most);
            let by_rate = (calls - burst) * 1000 / per_second;
            let by_slots = calls * takes_ms / u64::try_from(most).unwrap();
            let bound = by_rate.max(by_slots) + takes_ms;
            println!(
                "{per_second} a second, {takes_ms} ms each, {most} at once: {calls} calls took {took} ms, at least {bound}; {refused} refused"
            );
            assert!(took * 10 <= bound * 11, "{took} ms instead of {bound}");
        }
    }
}
