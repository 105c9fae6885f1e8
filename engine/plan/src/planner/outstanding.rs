//! The requests that are not answered yet.

use super::Waiting;
use std::collections::VecDeque;

/// What each outstanding request is for. Requests have ascending numbers and are mostly answered in that order, so they stand in a row.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    /// The number of the first slot.
    first: u64,
    slots: VecDeque<Option<Waiting>>,
    open: usize,
}

impl Outstanding {
    /// The number of the next request, for which `waiting` waits.
    pub(super) fn add(&mut self, waiting: Waiting) -> u64 {
        let id = self.first + self.slots.len() as u64;
        self.slots.push_back(Some(waiting));
        self.open += 1;
        id
    }

    /// Takes what a request was for. `None`: it is not outstanding.
    pub(super) fn remove(&mut self, id: u64) -> Option<Waiting> {
        let at = usize::try_from(id.checked_sub(self.first)?).ok()?;
        let waiting = self.slots.get_mut(at)?.take()?;
        self.open -= 1;
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
        Some(waiting)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::{Outstanding, Waiting};

    #[test]
    fn answers_come_in_any_order_and_once() {
        let mut outstanding = Outstanding::default();
        let ids: Vec<u64> = (0..5)
            .map(|at| outstanding.add(Waiting::Task(at)))
            .collect();
        assert_eq!(ids, [0, 1, 2, 3, 4]);
        for at in [3, 0, 1, 4] {
            assert!(
                matches!(outstanding.remove(at), Some(Waiting::Task(task)) if task as u64 == at)
            );
            assert!(outstanding.remove(at).is_none());
        }
        assert_eq!(outstanding.len(), 1);
        assert_eq!(outstanding.add(Waiting::Task(9)), 5);
        assert!(outstanding.remove(2).is_some());
        assert!(outstanding.remove(5).is_some());
        assert_eq!(
            (outstanding.len(), outstanding.add(Waiting::Task(1))),
            (0, 6)
        );
        assert!(outstanding.remove(u64::MAX).is_none());
    }
}
