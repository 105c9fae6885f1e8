//! Steps that wait for nothing but a place, and the places.
//!
//! Places are per provider configuration, and in all. Of the steps that could have one, that goes first which begins the longest way to the end
//! of the run ([`crate::duration`]): whatever else waits can be done beside it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use terrane_model::addr::{InstanceKey, ProviderConfigAddr};
use terrane_model::provider::Places;

/// Index of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneId(usize);

/// The steps of one provider configuration.
#[derive(Debug)]
struct Lane {
    /// The way to the end, in milliseconds, and the step; of equal ones the first.
    steps: BinaryHeap<(u64, Reverse<u32>)>,
    taken: usize,
    places: usize,
}

/// The queues.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Steps that need no place.
    free: VecDeque<u32>,
    lanes: Vec<Lane>,
    by_provider: BTreeMap<(ProviderConfigAddr, Option<InstanceKey>), LaneId>,
    places: Places,
    taken: usize,
    /// How many steps wait in lanes.
    waiting: usize,
}

impl Ready {
    pub(crate) fn new(places: Places) -> Self {
        Self {
            free: VecDeque::new(),
            lanes: Vec::new(),
            by_provider: BTreeMap::new(),
            places,
            taken: 0,
            waiting: 0,
        }
    }

    /// The lane of a provider configuration. `limit`: how many calls it takes at once, 0 if it does not say.
    pub(crate) fn lane(
        &mut self,
        addr: &ProviderConfigAddr,
        key: Option<&InstanceKey>,
        limit: u32,
    ) -> LaneId {
        let name = (addr.clone(), key.cloned());
        *self.by_provider.entry(name).or_insert_with(|| {
            self.lanes.push(Lane {
                steps: BinaryHeap::new(),
                taken: 0,
                places: self.places.of(limit),
            });
            LaneId(self.lanes.len() - 1)
        })
    }

    /// A step that needs no place may begin.
    pub(crate) fn push_free(&mut self, step: u32) {
        self.free.push_back(step);
    }

    /// A step may begin when its lane has a place.
    pub(crate) fn push(&mut self, lane: LaneId, way: u64, step: u32) {
        self.lanes[lane.0].steps.push((way, Reverse(step)));
        self.waiting += 1;
    }

    /// The step to begin next. Its place is taken by [`Self::take`].
    pub(crate) fn next(&mut self) -> Option<u32> {
        if let Some(step) = self.free.pop_front() {
            return Some(step);
        }
        if self.waiting == 0 || self.taken >= self.places.all {
            return None;
        }
        let open = self
            .lanes
            .iter_mut()
            .filter(|lane| lane.taken < lane.places);
        let best = open
            .filter(|lane| !lane.steps.is_empty())
            .max_by_key(|lane| lane.steps.peek().copied())?;
        let (_, Reverse(step)) = best.steps.pop()?;
        self.waiting -= 1;
        Some(step)
    }

    pub(crate) fn take(&mut self, lane: LaneId) {
        self.lanes[lane.0].taken += 1;
        self.taken += 1;
    }

    pub(crate) fn give_back(&mut self, lane: LaneId) {
        self.lanes[lane.0].taken -= 1;
        self.taken -= 1;
    }

    /// Whether no step waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.free.is_empty() && self.waiting == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{LaneId, Ready};
    use terrane_model::addr::{ModulePath, ProviderAddr, ProviderConfigAddr};
    use terrane_model::provider::Places;

    fn lane(ready: &mut Ready, name: &str, limit: u32) -> LaneId {
        let addr = ProviderConfigAddr {
            module: ModulePath::default(),
            provider: ProviderAddr {
                type_name: name.into(),
                ..ProviderAddr::builtin()
            },
            alias: None,
        };
        ready.lane(&addr, None, limit)
    }

    /// Begins what can be begun.
    fn begin(ready: &mut Ready, lanes: &[(u32, LaneId)]) -> Vec<u32> {
        std::iter::from_fn(|| {
            let step = ready.next()?;
            if let Some((_, lane)) = lanes.iter().find(|(known, _)| *known == step) {
                ready.take(*lane);
            }
            Some(step)
        })
        .collect()
    }

    #[test]
    fn the_longest_way_goes_first_where_there_is_a_place() {
        let mut ready = Ready::new(Places { all: 3, each: 2 });
        let (a, b) = (lane(&mut ready, "a", 0), lane(&mut ready, "b", 1));
        let lanes = [(1, a), (2, a), (3, a), (4, b), (5, b)];
        for ((step, lane), way) in lanes.iter().zip([10, 30, 20, 5, 40]) {
            ready.push(*lane, way, *step);
        }
        ready.push_free(9);
        // 4 has no place beside 5, and 1 none beside 2 and 3.
        assert_eq!(begin(&mut ready, &lanes), [9, 5, 2, 3]);
        assert!(!ready.is_empty());
        ready.give_back(a);
        assert_eq!(begin(&mut ready, &lanes), [1]);
        ready.give_back(a);
        assert_eq!(begin(&mut ready, &lanes), Vec::<u32>::new());
        ready.give_back(b);
        assert_eq!(begin(&mut ready, &lanes), [4]);
        assert!(ready.is_empty());
    }

    #[test]
    fn equal_ways_go_in_order() {
        let mut ready = Ready::new(Places { all: 9, each: 9 });
        let a = lane(&mut ready, "a", 0);
        for step in [3, 1, 2] {
            ready.push(a, 7, step);
        }
        assert_eq!(begin(&mut ready, &[(1, a), (2, a), (3, a)]), [1, 2, 3]);
    }
}
