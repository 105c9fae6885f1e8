use super::live_at;
use serde_json::json;
use std::collections::BTreeSet;
use terrane_gate::decision::{DecisionId, DecisionKind, Place, Statement};
use terrane_gate::key::PrivateKey;
use terrane_gate::record;
use terrane_store::MemoryStore;
use terrane_store::audit::{Draft, append, read};

const DAY: u64 = 24 * 3_600_000;
const NOW: u64 = 100 * DAY;

struct World {
    store: MemoryStore,
    names: Vec<(u64, &'static str)>,
    key: PrivateKey,
}

impl World {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            names: vec![(0, "founded")],
            key: PrivateKey::from_seed(&[7; 32]),
        }
    }

    fn entry(
        &mut self,
        name: &'static str,
        (kind, at_ms): (&str, u64),
        once: &[String],
        body: serde_json::Value,
    ) {
        let draft = Draft {
            at_ms,
            who: String::from("ana@desk"),
            kind: kind.to_owned(),
            once: once.to_vec(),
            body,
        };
        append(&self.store, "default", &[draft]).unwrap();
        self.names.push((self.names.len() as u64, name));
    }

    /// A decision about some actions that was made so many days ago, and ends so many days after that.
    fn decision(
        &mut self,
        name: &'static str,
        kind: DecisionKind,
        (ago, ends): (u64, Option<u64>),
        items: &[u8],
    ) -> DecisionId {
        let number = u8::try_from(self.names.len()).unwrap();
        let id = DecisionId([number; 16]);
        let at_ms = NOW - ago * DAY;
        let decision = Statement {
            id,
            kind,
            place: Place {
                ledger: [0; 16],
                workspace: "default".into(),
                lineage: "".into(),
            },
            plan: [1; 32],
            items: items.iter().map(|item| [*item; 32]).collect(),
            comment: "".into(),
            at_ms,
            expires_ms: ends.map(|days| at_ms + days * DAY),
        }
        .sign(&self.key);
        let body = json!({"record": record::to_json(&decision)});
        self.entry(name, ("decision", at_ms), &[], body);
        id
    }

    /// What would go along.
    fn live(&self) -> Vec<&'static str> {
        let log = read(&self.store, "default").unwrap();
        let live = live_at(NOW, &log, |entry| Some(entry.draft.body.clone())).unwrap();
        let named = self.names.iter().filter(|(seq, _)| live.contains(seq));
        named.map(|(_, name)| *name).collect()
    }
}

#[test]
fn gates_clocks_and_the_latest_time_go_along() {
    let mut world = World::new();
    world.entry("old gates", ("gates", 1), &[], json!({}));
    world.entry("gates", ("gates", 2), &[], json!({}));
    world.entry("wrong clock", ("apply", 9_000), &[], json!({}));
    world.entry("clock", ("clock", 3), &[], json!({}));
    world.entry("latest", ("apply", 50), &[], json!({}));
    world.entry("other", ("apply", 40), &[], json!({}));
    assert_eq!(world.live(), ["gates", "clock", "latest"]);
}

#[test]
fn plans_that_can_be_applied_go_along_with_who_made_them() {
    let mut world = World::new();
    let plan = |byte: u8| hex::encode([byte; 32]);
    world.entry(
        "too old",
        ("plan", NOW - 40 * DAY),
        &[],
        json!({"plan": plan(2)}),
    );
    world.entry(
        "applied",
        ("plan", NOW - DAY),
        &[],
        json!({"plan": plan(3)}),
    );
    world.entry("plan", ("plan", NOW - DAY), &[], json!({"plan": plan(1)}));
    let once = [format!("plan:{}", plan(3))];
    world.entry("apply", ("apply", NOW), &once, json!({}));
    world.decision("author", DecisionKind::Author, (1, None), &[]);
    assert_eq!(world.live(), ["plan", "apply", "author"]);
    let once = [format!("plan:{}", plan(1))];
    world.entry("second", ("apply", NOW + 1), &once, json!({}));
    assert_eq!(world.live(), ["second"]);
}

#[test]
fn decisions_go_along_while_they_or_what_they_take_back_count() {
    let mut world = World::new();
    world.decision("over", DecisionKind::Approve, (20, Some(7)), &[1]);
    world.decision("holds", DecisionKind::Approve, (3, Some(7)), &[1, 2]);
    world.decision("takes back", DecisionKind::Approve, (2, Some(1)), &[2]);
    world.decision("elsewhere", DecisionKind::Approve, (2, Some(1)), &[9]);
    world.decision("no", DecisionKind::Reject, (90, None), &[5]);
    let used = world.decision("used", DecisionKind::Approve, (80, None), &[5]);
    world.decision("unused", DecisionKind::Approve, (80, None), &[6]);
    let spent = world.decision("spent", DecisionKind::Approve, (1, Some(7)), &[8]);
    world.decision("glass", DecisionKind::BreakGlass, (1, Some(0)), &[1]);
    let once = [format!("decision:{used}"), format!("decision:{spent}")];
    world.entry("apply", ("apply", NOW), &once, json!({}));
    assert_eq!(
        world.live(),
        ["holds", "takes back", "no", "used", "unused", "apply"]
    );
}

/// What can't be read may be anything.
#[test]
fn nothing_is_left_behind_where_something_can_not_be_read() {
    let mut world = World::new();
    world.entry("plan", ("plan", NOW), &[], json!({"plan": "a"}));
    let log = read(&world.store, "default").unwrap();
    assert_eq!(live_at(NOW, &log, |_| None), None);
    world.entry("decision", ("decision", NOW), &[], json!({"record": 1}));
    let log = read(&world.store, "default").unwrap();
    let open = |entry: &terrane_store::audit::Entry| Some(entry.draft.body.clone());
    assert_eq!(live_at(NOW, &log, open), None);
    let all: BTreeSet<u64> = log.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(all.len(), 3);
}
