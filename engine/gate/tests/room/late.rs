//! Decisions that are over: what was said last counts, also when it does not hold any more.

use crate::world::{Desk, HOUR, NOW, TWO, World, gates, key, people};
use terrane_gate::decision::DecisionKind::{self, Approve, Reject};
use terrane_gate::decision::{DecisionId, Statement};
use terrane_gate::facts::{Cost, Facts, Said};
use terrane_gate::verdict::agreed;
use terrane_gate::{ApprovedPlan, Consent, Policy};
use terrane_tests::engine::Made;

const ONE: &str = "gate \"g\" {\n  approvals {}\n}";

fn say(desk: &mut Desk, made: &Made, kind: DecisionKind, at_ms: u64, expires_ms: Option<u64>) {
    let items = desk.meaning(made).items.into_iter();
    let statement = Statement {
        id: DecisionId([u8::try_from(desk.decisions.len()).unwrap(); 16]),
        kind,
        place: desk.place.clone(),
        plan: crate::world::PLAN,
        items: items.map(|item| item.digest).collect(),
        comment: "".into(),
        at_ms,
        expires_ms,
    };
    desk.decisions.push(statement.sign(&key("ana")));
}

#[test]
fn what_was_said_before_does_not_come_back() {
    let gates = gates(&format!("{}{ONE}", people()));
    let made = World::new().plan(TWO);
    let soon = Some(NOW + HOUR);
    for (said, passes) in [
        (vec![(Approve, None)], true),
        // The rejection has ended; the approval before it stays taken back.
        (vec![(Approve, None), (Reject, soon)], false),
        (vec![(Approve, None), (Reject, soon), (Approve, None)], true),
        (vec![(Approve, None), (Approve, soon)], false),
        (vec![(Reject, None), (Approve, soon)], false),
        (vec![(Reject, soon)], false),
        (vec![(Reject, soon), (Approve, None)], true),
    ] {
        let mut desk = Desk::new();
        for (step, (kind, expires_ms)) in (0u64..).zip(&said) {
            say(&mut desk, &made, *kind, NOW + step, *expires_ms);
        }
        desk.now_ms = NOW + 2 * HOUR;
        let (verdict, text) = desk.judge(&made, &gates);
        assert_eq!(verdict.is_open(), passes, "{said:?}: {text}");
    }
}

/// Nobody takes an approval back in the name of somebody else by a decision that is over and that they never made.
#[test]
fn a_forged_decision_that_is_over_takes_nothing_back() {
    let gates = gates(&format!("{}{ONE}", people()));
    let made = World::new().plan(TWO);
    let mut desk = Desk::new();
    say(&mut desk, &made, Approve, NOW, None);
    say(&mut desk, &made, Reject, NOW + 1, Some(NOW + 2));
    desk.decisions[1].signature[0] ^= 1;
    desk.now_ms = NOW + HOUR;
    assert!(desk.judge(&made, &gates).0.is_open());
}

/// An approval that was given twice is good for one apply.
#[test]
fn a_second_approval_is_used_with_the_first() {
    let gates = gates(&format!("{}{ONE}", people()));
    let made = World::new().plan(TWO);
    let mut desk = Desk::new();
    say(&mut desk, &made, Approve, NOW, None);
    say(&mut desk, &made, Approve, NOW + 1, None);
    let passed = desk.approve(&made, &gates).unwrap();
    assert_eq!(passed.uses.len(), 2);
    desk.used.extend(passed.uses);
    assert!(desk.approve(&made, &gates).is_err());
    // Nor is one from before that turns up later.
    say(&mut desk, &made, Approve, NOW - 1, None);
    assert!(desk.approve(&made, &gates).is_err());
    say(&mut desk, &made, Approve, NOW + 2, None);
    assert!(desk.approve(&made, &gates).is_ok());
}

/// Between the verdict and the moment in which a plan begins to be applied there is time: it is judged once more.
#[test]
fn what_has_passed_is_judged_again() {
    let gates = gates(&format!(
        "{}gate \"g\" {{\n  confirm = true\n  approvals {{}}\n}}",
        people()
    ));
    let made = World::new().plan(TWO);
    let mut desk = Desk::new();
    say(&mut desk, &made, Approve, NOW, Some(NOW + HOUR));
    let confirmed = |desk: &Desk| {
        desk.with(&made, &gates, |case| {
            let plan = made.plan.clone().unwrap();
            ApprovedPlan::approve(plan, Policy::Gates(case), &Consent::Confirmed)
                .map(|approved| approved.passed().clone())
        })
    };
    let passed = confirmed(&desk).unwrap();
    let again = |desk: &Desk| desk.with(&made, &gates, |case| passed.again(&gates, case.facts));
    // The yes is remembered.
    assert_eq!(again(&desk), Ok(passed.clone()));
    desk.now_ms = NOW + 2 * HOUR;
    assert!(again(&desk).is_err(), "the approval has expired");
    desk.now_ms = NOW;
    desk.used.insert(passed.uses[0]);
    assert!(again(&desk).is_err(), "somebody else has used it");
    desk.used.clear();
    say(&mut desk, &made, Reject, NOW + 1, None);
    assert!(again(&desk).is_err(), "it was taken back");
}

#[test]
fn what_is_no_number_is_above_every_bound() {
    let gates = gates(&format!(
        "{}gate \"g\" {{\n  limit {{\n    cost = 100\n  }}\n}}",
        people()
    ));
    let made = World::new().plan(TWO);
    for (difference, passes) in [
        (f64::NAN, false),
        (f64::INFINITY, false),
        (f64::NEG_INFINITY, true),
        (100.0, true),
    ] {
        let mut desk = Desk::new();
        desk.cost = Some(Cost {
            difference,
            currency: "USD".into(),
            unpriced: Vec::new(),
        });
        let (verdict, text) = desk.judge(&made, &gates);
        assert_eq!(verdict.is_open(), passes, "{difference}: {text}");
    }
}

#[test]
fn other_gates_are_agreed_to_by_who_says_so_last_and_lately() {
    const ITEM: [u8; 32] = [7; 32];
    let agreed_to = |amend: &str, said: &[(&str, DecisionKind, u64)], now_ms: u64| {
        let gates = gates(&format!("{}{amend}", people()));
        let desk = Desk::new();
        let decisions: Vec<_> = said
            .iter()
            .enumerate()
            .map(|(at, (person, kind, at_ms))| {
                Statement {
                    id: DecisionId([u8::try_from(at).unwrap(); 16]),
                    kind: *kind,
                    place: desk.place.clone(),
                    plan: [0; 32],
                    items: vec![ITEM],
                    comment: "".into(),
                    at_ms: *at_ms,
                    expires_ms: None,
                }
                .sign(&key(person))
            })
            .collect();
        let facts = Facts {
            place: desk.place.clone(),
            plan: [0; 32],
            author: "".into(),
            decisions: &decisions,
            genuine: &desk.genuine,
            used: &desk.used,
            now_ms,
            past_ms: NOW - HOUR,
            confirmed: false,
            policies: &Said::default(),
            cost: None,
        };
        agreed(&gates, &ITEM, &facts).is_enough
    };
    let two = "amend {\n  count = 2\n  max_age = \"1h\"\n}\n";
    let both = [("ana", Approve, NOW), ("bob", Approve, NOW + HOUR)];
    assert!(agreed_to("", &[("ana", Approve, NOW)], NOW));
    assert!(!agreed_to("", &[("eve", Approve, NOW)], NOW));
    assert!(!agreed_to(two, &both[..1], NOW));
    assert!(agreed_to(two, &both, NOW + HOUR));
    // The first one is old by now.
    assert!(!agreed_to(two, &both, NOW + HOUR + 1));
    // Somebody has changed their mind, or is against it.
    let taken_back = [both[0], both[1], ("ana", Reject, NOW + 1)];
    assert!(!agreed_to(two, &taken_back, NOW + HOUR));
    let against = [both[0], both[1], ("cho", Reject, NOW)];
    assert!(!agreed_to(two, &against, NOW + HOUR));
    // The clock was set back.
    assert!(!agreed_to(
        "",
        &[("ana", Approve, NOW - 3 * HOUR)],
        NOW - 2 * HOUR
    ));
}
