//! Random schedules of runs that read, add one and write, under leases, with leases that run out and sessions that end in the middle; checked for
//! updates that were lost or that count twice.

use super::Place;
use crate::Layout;
use std::collections::BTreeMap;
use terrane_model::addr::InstanceAddr;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::lease::{Access, Claim, Holder, LeaseRequest, Part};
use terrane_store::{Attempt, StateStore, StoreError, Workspace};

const ACTORS: usize = 3;
const STEPS: usize = 10;
const NAMES: [&str; 3] = ["x", "y", "z"];

/// A generator for tests (splitmix64): the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % limit as u64).unwrap()
    }
}

enum Actor {
    Idle,
    Waiting(LeaseRequest),
    Open(Box<dyn Workspace>, Vec<&'static str>),
}

struct Schedule<'a> {
    place: &'a Place,
    store: &'a dyn StateStore,
    workspace: String,
    random: Random,
    actors: Vec<Actor>,
    /// How often each instance was written and acknowledged.
    written: BTreeMap<&'static str, u64>,
    trace: Vec<String>,
}

fn addr(name: &str) -> InstanceAddr {
    instance(name, None)
}

fn count(workspace: &dyn Workspace, name: &str) -> u64 {
    let snapshot = workspace.snapshot();
    let object = snapshot
        .instance(&addr(name))
        .and_then(|instance| instance.current.clone());
    object.map_or(0, |object| {
        let value: serde_json::Value = serde_json::from_str(&object.attributes).unwrap();
        value["n"].as_u64().unwrap()
    })
}

impl Schedule<'_> {
    fn request(&mut self, actor: usize) -> LeaseRequest {
        let mut claim = Claim::nothing();
        for name in NAMES {
            match self.random.below(4) {
                0 | 1 => {}
                2 => claim.add(Part::Instance(addr(name)), Access::Read),
                _ => claim.add(Part::Instance(addr(name)), Access::Write),
            }
        }
        if self.random.below(8) == 0 {
            claim = Claim::whole();
        }
        let mut holder = Holder::this_process("apply");
        holder.who = format!("actor {actor}").into();
        LeaseRequest::parts(holder, claim)
    }

    fn step(&mut self, at: usize) {
        let actor = std::mem::replace(&mut self.actors[at], Actor::Idle);
        let next = match actor {
            Actor::Idle => {
                let request = self.request(at);
                self.ask(at, request)
            }
            Actor::Waiting(request) if self.random.below(6) == 0 => {
                self.store
                    .withdraw(&self.workspace, &request.holder.id)
                    .unwrap();
                Actor::Idle
            }
            Actor::Waiting(request) => self.ask(at, request),
            Actor::Open(workspace, writes) => self.work(at, workspace, writes),
        };
        self.actors[at] = next;
    }

    fn ask(&mut self, at: usize, request: LeaseRequest) -> Actor {
        let claim = request.claim.clone();
        match self.store.acquire(&self.workspace, &request).unwrap() {
            Attempt::Granted(workspace) => {
                self.trace.push(format!("{at} has {claim:?}"));
                let writes = NAMES
                    .into_iter()
                    .filter(|name| claim.access(&Part::Instance(addr(name))) == Some(Access::Write))
                    .collect();
                Actor::Open(workspace, writes)
            }
            Attempt::Waiting(waiting) => {
                assert!(waiting.position > 0 && !waiting.holders.is_empty());
                self.trace.push(format!("{at} waits"));
                Actor::Waiting(request)
            }
        }
    }

    fn work(
        &mut self,
        at: usize,
        mut workspace: Box<dyn Workspace>,
        writes: Vec<&'static str>,
    ) -> Actor {
        match self.random.below(10) {
            0..6 => {
                // One batch with several instances: all or none.
                let events = writes
                    .iter()
                    .map(|name| {
                        let next = count(&*workspace, name) + 1;
                        set(&addr(name), &format!("{{\"n\":{next}}}"))
                    })
                    .collect();
                match workspace.commit(events) {
                    Ok(()) => {
                        self.trace.push(format!("{at} wrote {writes:?}"));
                        for name in &writes {
                            *self.written.entry(name).or_default() += 1;
                        }
                        Actor::Open(workspace, writes)
                    }
                    Err(StoreError::LeaseLost { .. }) => {
                        self.trace.push(format!("{at} was fenced"));
                        Actor::Idle
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            6 | 7 => {
                workspace.close().unwrap();
                self.trace.push(format!("{at} closed"));
                Actor::Idle
            }
            8 => {
                drop(workspace.refresh().unwrap());
                Actor::Open(workspace, writes)
            }
            _ => {
                let sql = if self.random.below(2) == 0 {
                    self.trace.push("leases ran out".to_owned());
                    "UPDATE terraform_remote_state.terrane_lease SET moment = 1 WHERE fence IS NOT NULL"
                } else {
                    self.trace.push("sessions ended".to_owned());
                    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                };
                self.place.execute(sql);
                Actor::Open(workspace, writes)
            }
        }
    }

    fn check(self, seed: u64) {
        drop(self.actors);
        let state = self.store.read(&self.workspace).unwrap();
        for name in NAMES {
            let found = state
                .instance(&addr(name))
                .and_then(|instance| instance.current.clone())
                .map_or_else(
                    || "{\"n\":0}".to_owned(),
                    |object| object.attributes.to_string(),
                );
            let expected = self.written.get(name).copied().unwrap_or_default();
            assert_eq!(
                found,
                format!("{{\"n\":{expected}}}"),
                "{name}, seed {seed}: {:#?}",
                self.trace
            );
        }
        let replayed = self.store.read_at(&self.workspace, state.serial).unwrap();
        assert_eq!(replayed, *state, "seed {seed}: the journal gives the rows");
    }
}

#[test]
fn a_thousand_random_schedules_lose_no_update() {
    const SCHEDULES: u64 = 1000;
    const THREADS: u64 = 2;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                // Sessions are ended by database: each thread has one.
                let place = Place::new(Layout::Rows);
                let store = place.store();
                for seed in (0..SCHEDULES).filter(|seed| seed % THREADS == thread) {
                    let mut schedule = Schedule {
                        place: &place,
                        store: &*store,
                        workspace: format!("s{seed}"),
                        random: Random(seed),
                        actors: (0..ACTORS).map(|_| Actor::Idle).collect(),
                        written: BTreeMap::new(),
                        trace: Vec::new(),
                    };
                    for _ in 0..STEPS {
                        let at = schedule.random.below(ACTORS);
                        schedule.step(at);
                    }
                    schedule.check(seed);
                }
            });
        }
    });
}
