//! Leases: who waits, who writes, and who can't any more.

use super::sample::{self, instance, set};
use super::{Harness, close, commit, open};
use crate::clock::ManualClock;
use crate::lease::{Attempt, Claim, Fence, Holder, LeaseRequest, Leasing, Part, Waiting};
use crate::{StateStore, StoreError, Workspace};
use std::collections::BTreeMap;
use terrane_model::addr::{InstanceAddr, InstanceKey};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;

const LEASE_MS: u64 = 1000;

/// The stories of leases. Those on parts are told to stores that lease parts.
pub(super) fn check<H: Harness>(make: &impl Fn() -> H) {
    a_lost_lease_is_a_fence(&make());
    a_broken_lock_is_a_fence(&make());
    without_a_lock_nobody_is_kept_away(&make());
    let harness = make();
    if harness.store().leasing() == Leasing::Whole {
        random_schedules_on_one_machine_lose_nothing(&harness);
        random_schedules_on_several_machines_lose_nothing(&make());
        return;
    }
    parts_that_are_apart_are_written_at_the_same_time(&harness);
    what_is_shared_is_waited_for_in_order(&make());
    what_is_not_leased_is_not_written(&make());
    operations_are_numbered_apart(&make());
    runs_side_by_side_are_told_apart(&make());
    random_schedules_lose_nothing(&make());
}

fn part(name: &str) -> Part {
    Part::Instance(instance(name, None))
}

fn request(name: &str, claim: Claim) -> LeaseRequest {
    let holder = Holder {
        id: name.into(),
        who: format!("{name}@test").into(),
        operation: "OperationTypeApply".into(),
        ..Holder::default()
    };
    LeaseRequest::parts(holder, claim)
}

fn writes(name: &str, parts: &[&str]) -> LeaseRequest {
    let claim = parts
        .iter()
        .fold(Claim::nothing(), |claim, name| claim.write(part(name)));
    request(name, claim)
}

fn get(store: &dyn StateStore, request: &LeaseRequest) -> Box<dyn Workspace> {
    match store.acquire("default", request).expect("answers") {
        Attempt::Granted(workspace) => workspace,
        Attempt::Waiting(waiting) => panic!("{} should not wait: {waiting:?}", request.holder.id),
    }
}

fn wait(store: &dyn StateStore, request: &LeaseRequest) -> Waiting {
    match store.acquire("default", request).expect("answers") {
        Attempt::Waiting(waiting) => waiting,
        Attempt::Granted(_) => panic!("{} should wait", request.holder.id),
    }
}

fn text(snapshot: &Snapshot, addr: &InstanceAddr) -> String {
    let state = snapshot.instance(addr).and_then(|one| one.current.clone());
    state.map_or_else(String::new, |object| object.attributes.to_string())
}

/// Each change is of the run that made it, whoever else was at work.
fn runs_side_by_side_are_told_apart(harness: &impl Harness) {
    let store = harness.store();
    let mut one = get(&*store, &writes("one", &["a"]));
    let mut two = get(&*store, &writes("two", &["b"]));
    let (a, b) = (instance("a", None), instance("b", None));
    commit(&mut one, vec![run("first"), set(&a, "{}")]);
    commit(&mut two, vec![run("second")]);
    commit(&mut one, vec![set(&a, r#"{"n":1}"#)]);
    commit(&mut one, vec![set(&a, r#"{"n":2}"#)]);
    commit(&mut two, vec![set(&b, "{}"), set(&b, r#"{"n":1}"#)]);
    let last = one.refresh().expect("reads").serial + 1;
    commit(&mut one, vec![set(&a, r#"{"n":3}"#)]);
    close(one);
    close(two);
    let history = store.history("default").expect("reads");
    let told: Vec<_> = history
        .iter()
        .map(|version| (&*version.run, &*version.who, version.changes))
        .collect();
    assert_eq!(
        told,
        [("first", "first@test", 4), ("second", "second@test", 2)]
    );
    assert_eq!(history.first().map(|first| first.last_serial), Some(last));
}

fn run(name: &str) -> Event {
    sample::event(EventKind::Run {
        run: name.into(),
        plan: "p".into(),
        command: "apply".into(),
        who: format!("{name}@test").into(),
    })
}

fn is_lost(outcome: Result<(), StoreError>) -> bool {
    match outcome {
        Err(error @ StoreError::LeaseLost { .. }) => {
            assert!(error.to_string().contains("is lost"), "{error}");
            true
        }
        Ok(()) => false,
        Err(other) => panic!("neither done nor lost: {other:?}"),
    }
}

fn a_lost_lease_is_a_fence(harness: &impl Harness) {
    let clock = ManualClock::new(1_000_000);
    let (Some(store), Some(other)) = (
        harness.store_with_clock(&clock, LEASE_MS),
        harness.store_with_clock(&clock, LEASE_MS),
    ) else {
        return;
    };
    let addr = instance("a", None);
    let mut slow = get(&*store, &writes("slow", &["a"]));
    commit(&mut slow, vec![set(&addr, r#"{"by":"slow"}"#)]);
    // A holder that says so in time keeps it.
    let next = writes("next", &["a"]);
    for _ in 0..3 {
        clock.pass(LEASE_MS - 1);
        slow.renew().expect("it is held");
        let waiting = wait(&*other, &next);
        assert_eq!(waiting.position, 1);
        assert!(waiting.describe().contains("slow@test"), "{waiting:?}");
        assert!(waiting.describe().contains("apply"), "{waiting:?}");
    }
    clock.pass(LEASE_MS);
    let mut taker = get(&*other, &next);
    assert!(taker.lease().fence > slow.lease().fence);
    let before = store.read("default").expect("reads");
    assert!(is_lost(slow.commit(vec![set(&addr, r#"{"by":"ghost"}"#)])));
    assert!(is_lost(slow.renew()));
    assert_eq!(store.read("default").expect("reads"), before);
    commit(&mut taker, vec![set(&addr, r#"{"by":"taker"}"#)]);
    assert!(is_lost(slow.commit(vec![set(&addr, r#"{"by":"ghost"}"#)])));
    drop(slow);
    assert_eq!(
        wait(&*store, &writes("third", &["a"])).position,
        1,
        "what was lost can't be given back"
    );
    store.withdraw("default", "third").expect("gives up");
    let state = taker.snapshot();
    assert_eq!(text(&state, &addr), r#"{"by":"taker"}"#);
    close(taker);
    assert_eq!(store.read("default").expect("reads"), state);
    close(open(&*store, "default"));
}

fn a_broken_lock_is_a_fence(harness: &impl Harness) {
    let store = harness.store();
    let held = writes("held", &["a"]);
    let mut first = get(&*store, &held);
    commit(&mut first, vec![set(&instance("a", None), "{}")]);
    let holders = store.holders("default").expect("lists");
    let names: Vec<_> = holders.iter().map(|held| &*held.holder.id).collect();
    assert_eq!(names, ["held"]);
    // Where a store writes no more than the peers do, the fence is not known to others.
    let fence = holders.first().and_then(|held| held.fence);
    assert!(fence.is_none_or(|fence| fence == first.lease().fence));
    match harness.store().force_unlock("default", "nobody") {
        Err(StoreError::Refused(text)) => assert!(text.contains("held"), "{text}"),
        other => panic!("an unknown lock must be refused, not {other:?}"),
    }
    let broken = harness.store().force_unlock("default", "held");
    assert_eq!(broken.expect("breaks it").who, "held@test");
    let mut second = get(&*harness.store(), &writes("second", &["a"]));
    assert!(is_lost(
        first.commit(vec![set(&instance("a", None), r#"{"x":1}"#)])
    ));
    commit(&mut second, vec![set(&instance("a", None), r#"{"x":2}"#)]);
    drop(first);
    close(second);
    assert_eq!(
        text(&store.read("default").expect("reads"), &instance("a", None)),
        r#"{"x":2}"#
    );
    assert!(store.holders("default").expect("lists").is_empty());
}

fn without_a_lock_nobody_is_kept_away(harness: &impl Harness) {
    let store = harness.store();
    let mut owner = open(&*store, "default");
    commit(&mut owner, vec![set(&instance("a", None), "{}")]);
    let request = LeaseRequest::without_lock(Holder {
        id: "free".into(),
        ..Holder::default()
    });
    let mut free = get(&*harness.store(), &request);
    assert!(!free.lease().locked);
    commit(&mut free, vec![set(&instance("b", None), "{}")]);
    free.renew().expect("there is nothing to lose");
    drop(free);
    if store.leasing() == Leasing::Parts {
        commit(&mut owner, vec![set(&instance("c", None), "{}")]);
        assert_eq!(owner.snapshot().instance_count(), 3, "nothing is lost");
        let state = owner.snapshot();
        close(owner);
        assert_eq!(store.read("default").expect("reads"), state);
    }
}

fn parts_that_are_apart_are_written_at_the_same_time(harness: &impl Harness) {
    let (store, other) = (harness.store(), harness.store());
    let mut a = get(&*store, &writes("one", &["a"]));
    let mut b = get(&*other, &writes("two", &["b"]));
    let mut last = 0;
    for round in 0..6 {
        let (workspace, name) = if round % 3 == 1 {
            (&mut b, "b")
        } else {
            (&mut a, "a")
        };
        let addr = instance(name, None);
        commit(
            workspace,
            vec![set(&addr, &format!(r#"{{"round":{round}}}"#))],
        );
        let snapshot = workspace.snapshot();
        assert!(snapshot.serial > last, "serials grow whoever writes");
        last = snapshot.serial;
        let stamp = snapshot.instance(&addr).map(|one| one.changed_at);
        assert_eq!(stamp, Some(last), "it is stamped with its own batch");
        assert_eq!(store.read("default").expect("reads"), snapshot);
    }
    assert_eq!(a.refresh().expect("reads"), b.refresh().expect("reads"));
    // Whoever wants everything waits for both, and nobody who comes later gets in between.
    let all = request("all", Claim::whole());
    assert_eq!(wait(&*store, &all).holders.len(), 2);
    close(a);
    assert_eq!(wait(&*store, &all).holders.len(), 1);
    assert_eq!(wait(&*other, &writes("late", &["c"])).position, 2);
    close(b);
    let whole = get(&*store, &all);
    assert_eq!(whole.snapshot().serial, last);
    close(whole);
    close(get(&*other, &writes("late", &["c"])));
}

fn what_is_shared_is_waited_for_in_order(harness: &impl Harness) {
    let (store, other) = (harness.store(), harness.store());
    let reader = |name: &str| request(name, Claim::nothing().read(part("a")));
    let (one, two) = (get(&*store, &reader("one")), get(&*other, &reader("two")));
    let writer = writes("writer", &["a"]);
    let waiting = wait(&*store, &writer);
    assert_eq!((waiting.position, waiting.holders.len()), (1, 2));
    assert!(waiting.about.is_some(), "it says what about");
    let late = reader("late");
    assert_eq!(wait(&*other, &late).position, 2, "readers do not overtake");
    drop(one);
    drop(two);
    assert_eq!(wait(&*other, &late).position, 2, "nor by asking first");
    let holding = get(&*store, &writer);
    assert_eq!(wait(&*other, &late).position, 1);
    let third = writes("third", &["a"]);
    wait(&*store, &third);
    other.withdraw("default", "late").expect("gives up");
    drop(holding);
    drop(get(&*store, &third));
}

fn what_is_not_leased_is_not_written(harness: &impl Harness) {
    let store = harness.store();
    let claim = Claim::nothing().write(part("a")).read(part("b"));
    let mut workspace = get(&*store, &request("one", claim));
    commit(&mut workspace, vec![set(&instance("a", None), "{}")]);
    let before = workspace.snapshot();
    for name in ["b", "c"] {
        let batch = vec![
            set(&instance("a", None), r#"{"x":1}"#),
            set(&instance(name, None), "{}"),
        ];
        match workspace.commit(batch) {
            Err(StoreError::Refused(text)) => assert!(text.contains(name), "{text}"),
            other => panic!("{name} is not leased, yet {other:?}"),
        }
    }
    assert_eq!(workspace.snapshot(), before);
    close(workspace);
    assert_eq!(store.read("default").expect("reads"), before);
}

fn operations_are_numbered_apart(harness: &impl Harness) {
    let store = harness.store();
    let mut last = Fence(0);
    for round in 0..4 {
        let mut workspace = get(&*harness.store(), &writes(&format!("r{round}"), &["a"]));
        let Fence(fence) = workspace.lease().fence;
        assert!(Fence(fence) > last, "fences grow");
        assert!(Fence(fence).first_op() >= workspace.snapshot().last_op);
        last = Fence(fence);
        commit(&mut workspace, vec![set(&instance("a", None), "{}")]);
        close(workspace);
        // A state that comes from elsewhere may have higher numbers.
        let mut whole = open(&*store, "default");
        let mut other = Snapshot::clone(&whole.snapshot());
        other.last_op = Fence(fence + 10).first_op() + 3;
        let replaced = terrane_model::event::EventKind::Replaced(Box::new(other));
        commit(&mut whole, vec![super::sample::event(replaced)]);
        close(whole);
    }
}

/// A source of numbers, seeded.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.roll(of.len().max(1) as u64);
        of.get(usize::try_from(at).unwrap_or(0))
    }
}

/// What one writer is at.
enum Actor {
    Idle,
    Asking(LeaseRequest),
    Holding(Box<dyn Workspace>, LeaseRequest),
}

const PARTS: u64 = 3;

fn cell(at: u64) -> InstanceAddr {
    instance("cell", Some(InstanceKey::Int(at)))
}

fn number(snapshot: &Snapshot, at: u64) -> u64 {
    text(snapshot, &cell(at))
        .trim_matches(|char: char| !char.is_ascii_digit())
        .parse()
        .unwrap_or(0)
}

fn random_claim(dice: &mut Dice) -> Claim {
    let mut claim = Claim::nothing();
    if dice.roll(12) == 0 {
        return Claim::whole();
    }
    for at in 0..PARTS {
        let part = match dice.roll(4) {
            0 if dice.roll(6) == 0 => Part::Resource(cell(at).resource.config()),
            _ => Part::Instance(cell(at)),
        };
        match dice.roll(4) {
            0 => claim = claim.read(part),
            1 | 2 => claim = claim.write(part),
            _ => {}
        }
    }
    claim
}

fn writable(claim: &Claim) -> Vec<u64> {
    let access = |at: &u64| claim.access(&Part::Instance(cell(*at)));
    (0..PARTS)
        .filter(|at| access(at) == Some(crate::lease::Access::Write))
        .collect()
}

/// How many writers there are at most.
const WRITERS: usize = 3;

/// Leases run out, are taken away and given back.
fn random_schedules_lose_nothing(harness: &impl Harness) {
    let clock = ManualClock::new(1_000_000);
    let stores: Vec<_> = (0..WRITERS)
        .filter_map(|_| harness.store_with_clock(&clock, LEASE_MS))
        .collect();
    let world = World::new(clock, true);
    if let Some(world) = world.play(harness, &stores) {
        assert!(world.lost > world.schedules / 50, "there was some to lose");
    }
}

/// The lock is on everything and does not run out, but is taken away and given back.
fn random_schedules_on_one_machine_lose_nothing(harness: &impl Harness) {
    let stores: Vec<_> = (0..WRITERS).map(|_| harness.store()).collect();
    let world = World::new(ManualClock::new(1_000_000), true);
    if let Some(world) = world.play(harness, &stores) {
        assert!(world.lost > world.schedules / 50, "there was some to lose");
    }
}

/// What one machine gave back, all others go on from.
fn random_schedules_on_several_machines_lose_nothing(harness: &impl Harness) {
    let stores: Vec<_> = (0..WRITERS)
        .filter_map(|machine| harness.store_elsewhere(machine))
        .collect();
    let world = World::new(ManualClock::new(1_000_000), false);
    if let Some(world) = world.play(harness, &stores) {
        assert_eq!(world.lost, 0, "nobody takes anything away");
    }
}

/// Writers count up cells of which each believes that only it does. Each number is what the cell was counted to by acknowledged commits before, plus one.
struct World {
    model: BTreeMap<u64, u64>,
    clock: ManualClock,
    /// Whether locks are taken away by force.
    breaks: bool,
    names: u64,
    schedules: u64,
    lost: u64,
    done: u64,
}

impl World {
    fn new(clock: ManualClock, breaks: bool) -> Self {
        Self {
            model: BTreeMap::new(),
            clock,
            breaks,
            names: 0,
            schedules: 0,
            lost: 0,
            done: 0,
        }
    }

    /// Plays all schedules with a writer on each of these stores. `None`: there are no stores.
    fn play(mut self, harness: &impl Harness, stores: &[Box<dyn StateStore>]) -> Option<Self> {
        let any = stores.first()?;
        let asked = std::env::var("TERRANE_SCHEDULES").ok();
        self.schedules = asked
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| harness.schedules());
        for seed in 1..=self.schedules {
            self.schedule(stores, seed);
        }
        let state = any.read("default").expect("reads");
        for at in 0..PARTS {
            let counted = self.model.get(&at).copied().unwrap_or(0);
            assert_eq!(number(&state, at), counted, "cell {at}");
        }
        assert!(self.done > self.schedules, "there was much to write");
        Some(self)
    }

    fn schedule(&mut self, stores: &[Box<dyn StateStore>], seed: u64) {
        let writers = if seed.is_multiple_of(2) { 2 } else { WRITERS };
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut actors: Vec<(&dyn StateStore, Actor)> = stores
            .iter()
            .take(writers)
            .map(|store| (&**store, Actor::Idle))
            .collect();
        for _ in 0..14 {
            let at = usize::try_from(dice.roll(actors.len() as u64)).unwrap_or(0);
            if let Some((store, actor)) = actors.get_mut(at) {
                self.step(*store, actor, &mut dice, seed);
            }
        }
        for (store, actor) in actors {
            if let Actor::Asking(request) = actor {
                store
                    .withdraw("default", &request.holder.id)
                    .expect("gives up");
            }
        }
    }

    fn step(&mut self, store: &dyn StateStore, actor: &mut Actor, dice: &mut Dice, seed: u64) {
        let now = std::mem::replace(actor, Actor::Idle);
        *actor = match now {
            Actor::Idle => {
                self.names += 1;
                let request = request(&format!("w{}", self.names), random_claim(dice));
                Self::asked(store, request)
            }
            Actor::Asking(request) => {
                if dice.roll(8) == 0 {
                    store
                        .withdraw("default", &request.holder.id)
                        .expect("gives up");
                    return;
                }
                self.clock.pass(dice.roll(LEASE_MS / 4));
                Self::asked(store, request)
            }
            Actor::Holding(workspace, request) => self.work(store, workspace, request, dice, seed),
        };
    }

    fn asked(store: &dyn StateStore, request: LeaseRequest) -> Actor {
        match store.acquire("default", &request).expect("answers") {
            Attempt::Granted(workspace) => Actor::Holding(workspace, request),
            Attempt::Waiting(_) => Actor::Asking(request),
        }
    }

    fn work(
        &mut self,
        store: &dyn StateStore,
        mut workspace: Box<dyn Workspace>,
        request: LeaseRequest,
        dice: &mut Dice,
        seed: u64,
    ) -> Actor {
        match dice.roll(12) {
            0 => self.clock.pass(LEASE_MS),
            1 => {
                if is_lost(workspace.renew()) {
                    self.lost += 1;
                    return Actor::Idle;
                }
            }
            2 if self.breaks => {
                let held = store.holders("default").expect("lists");
                if let Some(held) = dice.pick(&held)
                    && dice.roll(4) == 0
                {
                    store
                        .force_unlock("default", &held.holder.id)
                        .expect("breaks it");
                }
            }
            3 | 4 => return Actor::Idle,
            _ => {
                let Some(at) = dice.pick(&writable(&request.claim)).copied() else {
                    return Actor::Holding(workspace, request);
                };
                let next = number(&workspace.snapshot(), at) + 1;
                let event = set(&cell(at), &format!(r#"{{"n":{next}}}"#));
                if is_lost(workspace.commit(vec![event])) {
                    self.lost += 1;
                    return Actor::Idle;
                }
                self.done += 1;
                let counted = self.model.entry(at).or_insert(0);
                *counted += 1;
                assert_eq!(
                    next, *counted,
                    "cell {at} in schedule {seed}: an update was lost"
                );
                if dice.roll(16) == 0 {
                    let now = store.read("default").expect("reads");
                    assert_eq!(now, workspace.snapshot(), "schedule {seed}");
                }
            }
        }
        Actor::Holding(workspace, request)
    }
}
