//! Gates x decisions x plans: plans are made by the planner over a fake cloud, decisions are signed, and what comes of them is looked at.

use crate::world::{Desk, HOUR, NOW, TWO, World, gates, people};
use terrane_gate::decision::DecisionKind::{self, Approve, Author, BreakGlass, Reject};
use terrane_gate::facts::{Cost, PolicyLevel, PolicyResult, Said};
use terrane_gate::verdict::{Blocked, Ignored, Lack};

/// One story: gates, who decides what, and whether the plan of two creations passes.
struct Story {
    name: &'static str,
    gates: &'static str,
    decisions: &'static [(&'static str, DecisionKind)],
    passes: bool,
    says: &'static str,
}

const STORIES: &[Story] = &[
    Story {
        name: "no gate is about anything",
        gates: "",
        decisions: &[("ana", Approve), ("bob", Approve)],
        passes: false,
        says: "No gate is about",
    },
    Story {
        name: "a gate that is always open",
        gates: "gate \"g\" {\n  auto_approve = true\n}",
        decisions: &[],
        passes: true,
        says: "",
    },
    Story {
        name: "a gate that is about something else",
        gates: "gate \"g\" {\n  match {\n    actions = [\"delete\"]\n  }\n  auto_approve = true\n}",
        decisions: &[],
        passes: false,
        says: "No gate is about",
    },
    Story {
        name: "one approval is missing",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[],
        passes: false,
        says: "needs 1 more approval: from ana, bob",
    },
    Story {
        name: "one approval is there",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("ana", Approve)],
        passes: true,
        says: "",
    },
    Story {
        name: "nobody approves their own plan",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("cho", Approve)],
        passes: false,
        says: "own",
    },
    Story {
        name: "two of two",
        gates: "gate \"g\" {\n  approvals {\n    count = 2\n  }\n}",
        decisions: &[("ana", Approve), ("bob", Approve)],
        passes: true,
        says: "",
    },
    Story {
        name: "the same person twice is one",
        gates: "gate \"g\" {\n  approvals {\n    count = 2\n  }\n}",
        decisions: &[("ana", Approve), ("ana", Approve)],
        passes: false,
        says: "needs 1 more approval: from bob",
    },
    Story {
        name: "of a group",
        gates: "gate \"g\" {\n  approvals {\n    from = [\"dba\"]\n  }\n}",
        decisions: &[("ana", Approve)],
        passes: false,
        says: "from bob",
    },
    Story {
        name: "by a member of the group",
        gates: "gate \"g\" {\n  approvals {\n    from = [\"dba\"]\n  }\n}",
        decisions: &[("bob", Approve)],
        passes: true,
        says: "",
    },
    Story {
        name: "owners of the type",
        gates: "owners {\n  types = [\"terraform_*\"]\n  people = [\"bob\"]\n}\ngate \"g\" {\n  approvals {\n    owners = true\n  }\n}",
        decisions: &[("ana", Approve)],
        passes: false,
        says: "from bob",
    },
    Story {
        name: "owners of another type",
        gates: "owners {\n  types = [\"aws_*\"]\n  people = [\"bob\"]\n}\ngate \"g\" {\n  approvals {\n    owners = true\n  }\n}",
        decisions: &[("bob", Approve)],
        passes: false,
        says: "nobody can give it",
    },
    Story {
        name: "every gate must be open",
        gates: "gate \"a\" {\n  auto_approve = true\n}\ngate \"b\" {\n  approvals {}\n}",
        decisions: &[],
        passes: false,
        says: "Gate \"b\" is closed",
    },
    Story {
        name: "a rejection counts more than approvals",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("ana", Approve), ("bob", Reject)],
        passes: false,
        says: "bob rejected",
    },
    Story {
        name: "a rejection closes what is always open",
        gates: "gate \"g\" {\n  auto_approve = true\n}",
        decisions: &[("bob", Reject)],
        passes: false,
        says: "bob rejected",
    },
    Story {
        name: "whoever rejected can change their mind",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("bob", Reject), ("bob", Approve)],
        passes: true,
        says: "",
    },
    Story {
        name: "or take an approval back",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("bob", Approve), ("bob", Reject)],
        passes: false,
        says: "bob rejected",
    },
    Story {
        name: "never",
        gates: "gate \"g\" {\n  deny = \"the year is over\"\n}",
        decisions: &[("ana", Approve), ("bob", Approve)],
        passes: false,
        says: "the year is over",
    },
    Story {
        name: "too much at once",
        gates: "gate \"g\" {\n  limit {\n    actions = 1\n  }\n}",
        decisions: &[],
        passes: false,
        says: "allows 1 actions, and there are 2",
    },
    Story {
        name: "not too much",
        gates: "gate \"g\" {\n  limit {\n    actions = 2\n    deletes = 0\n  }\n}",
        decisions: &[],
        passes: true,
        says: "",
    },
    Story {
        name: "it is not the time",
        gates: "gate \"g\" {\n  window {\n    cron = \"0 3 * * *\"\n    duration = \"1h\"\n  }\n}",
        decisions: &[],
        passes: false,
        says: "opens next at",
    },
    Story {
        name: "it is the time",
        gates: "gate \"g\" {\n  window {\n    cron = \"0 3 * * *\"\n    duration = \"1h\"\n  }\n  window {\n    cron = \"0 12 * * *\"\n    duration = \"1h\"\n  }\n}",
        decisions: &[],
        passes: true,
        says: "",
    },
    Story {
        name: "nobody was asked",
        gates: "gate \"g\" {\n  confirm = true\n}",
        decisions: &[],
        passes: false,
        says: "needs a yes",
    },
    Story {
        name: "the glass is not there",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("ana", BreakGlass)],
        passes: false,
        says: "needs 1 more",
    },
    Story {
        name: "the glass is broken by who may",
        gates: "gate \"g\" {\n  deny = \"never\"\n}\nbreak_glass {\n  from = [\"ana\"]\n}",
        decisions: &[("ana", BreakGlass)],
        passes: true,
        says: "broken by ana",
    },
    Story {
        name: "also for one's own plan",
        gates: "gate \"g\" {\n  approvals {}\n}\nbreak_glass {\n  from = [\"cho\"]\n}",
        decisions: &[("cho", BreakGlass)],
        passes: true,
        says: "broken by cho",
    },
    Story {
        name: "the glass is hit by who may not",
        gates: "gate \"g\" {\n  deny = \"never\"\n}\nbreak_glass {\n  from = [\"ana\"]\n}",
        decisions: &[("bob", BreakGlass)],
        passes: false,
        says: "never",
    },
    Story {
        name: "plans must be signed",
        gates: "signed_plans = true\ngate \"g\" {\n  auto_approve = true\n}",
        decisions: &[],
        passes: false,
        says: "signed by who makes them",
    },
    Story {
        name: "a plan is signed",
        gates: "signed_plans = true\ngate \"g\" {\n  auto_approve = true\n}",
        decisions: &[("ana", Author)],
        passes: true,
        says: "",
    },
    Story {
        name: "whoever signed a plan can't approve it, whatever the account says",
        gates: "gate \"g\" {\n  approvals {}\n}",
        decisions: &[("ana", Author), ("ana", Approve)],
        passes: false,
        says: "own",
    },
];

#[test]
fn plans_pass_if_and_only_if_the_gates_are_open() {
    let mut world = World::new();
    let made = world.plan(TWO);
    for story in STORIES {
        let gates = gates(&format!("{}{}", people(), story.gates));
        let mut desk = Desk::new();
        for (step, (person, kind)) in (0_u64..).zip(story.decisions) {
            desk.decide(&made, person, *kind, step);
        }
        let (verdict, text) = desk.judge(&made, &gates);
        assert_eq!(verdict.is_open(), story.passes, "{}: {text}", story.name);
        assert!(text.contains(story.says), "{}: {text}", story.name);
        let approved = desk.approve(&made, &gates);
        assert_eq!(approved.is_ok(), story.passes, "{}", story.name);
    }
}

/// The decision is altered in one way, or the world around it is: then it counts for nothing.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of changes")]
fn decisions_count_only_where_and_when_they_were_made() {
    let gates = gates(&format!("{}gate \"g\" {{\n  approvals {{}}\n}}", people()));
    let mut world = World::new();
    let made = world.plan(TWO);
    type Change = fn(&mut Desk);
    let changes: &[(&str, Change, Ignored)] = &[
        (
            "another store",
            |desk| desk.place.ledger = [9; 16],
            Ignored::OtherPlace,
        ),
        (
            "another workspace",
            |desk| desk.decisions[0].statement.place.workspace = "test".into(),
            Ignored::OtherPlace,
        ),
        (
            "another state",
            |desk| desk.decisions[0].statement.place.lineage = "x".into(),
            Ignored::OtherPlace,
        ),
        (
            "a comment",
            |desk| desk.decisions[0].statement.comment = "x".into(),
            Ignored::NotGenuine,
        ),
        (
            "more actions",
            |desk| desk.decisions[0].statement.items.push([0xff; 32]),
            Ignored::NotGenuine,
        ),
        (
            "a later end",
            |desk| desk.decisions[0].statement.expires_ms = Some(NOW + 99 * HOUR),
            Ignored::NotGenuine,
        ),
        (
            "a later time",
            |desk| desk.decisions[0].statement.at_ms += 1,
            Ignored::NotGenuine,
        ),
        (
            "a rejection",
            |desk| desk.decisions[0].statement.kind = Reject,
            Ignored::NotGenuine,
        ),
        (
            "a byte of the signature",
            |desk| desk.decisions[0].signature[3] ^= 1,
            Ignored::NotGenuine,
        ),
        (
            "the key of somebody else",
            |desk| desk.decisions[0].key = crate::world::key("bob").public(),
            Ignored::NotGenuine,
        ),
        (
            "a key of nobody",
            |desk| {
                let statement = desk.decisions[0].statement.clone();
                desk.decisions[0] = statement.sign(&crate::world::key("eve"));
            },
            Ignored::UnknownKey,
        ),
        (
            "after its end",
            |desk| desk.now_ms = NOW + 25 * HOUR,
            Ignored::Expired,
        ),
        (
            "used",
            |desk| {
                desk.used.insert(desk.decisions[0].statement.id);
            },
            Ignored::Used,
        ),
        (
            "the clock is set back",
            |desk| desk.now_ms = NOW - 24 * HOUR,
            Ignored::Future,
        ),
    ];
    for (name, change, why) in changes {
        let mut desk = Desk::new();
        desk.decide(&made, "ana", Approve, 0);
        assert!(desk.approve(&made, &gates).is_ok(), "{name}");
        change(&mut desk);
        let (verdict, text) = desk.judge(&made, &gates);
        assert!(desk.approve(&made, &gates).is_err(), "{name}: {text}");
        let found: Vec<_> = verdict.ignored.iter().map(|one| one.why).collect();
        assert_eq!(found, [*why], "{name}");
    }
}

/// A clock that is behind what is recorded can't bring expired approvals back.
#[test]
fn a_clock_that_was_set_back_is_noticed() {
    let gates = gates(&format!("{}gate \"g\" {{\n  approvals {{}}\n}}", people()));
    let mut world = World::new();
    let made = world.plan(TWO);
    let mut desk = Desk::new();
    desk.decide(&made, "ana", Approve, 0);
    desk.past_ms = NOW + 30 * HOUR;
    let (verdict, text) = desk.judge(&made, &gates);
    assert!(
        matches!(verdict.blocked[..], [Blocked::Clock { .. }]),
        "{text}"
    );
    assert!(
        verdict
            .ignored
            .iter()
            .any(|one| one.why == Ignored::Expired)
    );
    assert!(desk.approve(&made, &gates).is_err());
}

/// The log keeps every decision for ever: those about other plans and other actions are no news here, and those about this one have names.
#[test]
fn only_decisions_about_the_plan_are_told_of() {
    let gates = gates(&format!("{}gate \"g\" {{\n  approvals {{}}\n}}", people()));
    let mut world = World::new();
    let made = world.plan(TWO);
    let mut desk = Desk::new();
    desk.decide(&made, "ana", Approve, 0);
    desk.used
        .extend(desk.decisions.iter().map(|one| one.statement.id));
    let (_, text) = desk.judge(&made, &gates);
    assert!(
        text.contains(" of ana does not count: it was used by an earlier apply."),
        "{text}"
    );
    for decision in &mut desk.decisions {
        decision.statement.plan = [9; 32];
        decision.statement.items = vec![[9; 32]];
    }
    let (verdict, text) = desk.judge(&made, &gates);
    assert_eq!(verdict.ignored, [], "{text}");
}

#[test]
fn keys_expire_and_approvals_get_old() {
    let expired = people().replace(
        "accounts = [\"ana@*\"]",
        "expires = \"2026-11-20T00:00:00Z\"",
    );
    let mut world = World::new();
    let made = world.plan(TWO);
    for (text, why) in [
        (
            format!("{expired}gate \"g\" {{\n  approvals {{}}\n}}"),
            Some(Ignored::KeyExpired),
        ),
        (
            format!(
                "{}gate \"g\" {{\n  approvals {{\n    max_age = \"1h\"\n  }}\n}}",
                people()
            ),
            None,
        ),
    ] {
        let gates = gates(&text);
        let mut desk = Desk::new();
        desk.decide(&made, "ana", Approve, 0);
        desk.now_ms = NOW + 2 * HOUR;
        let (verdict, said) = desk.judge(&made, &gates);
        assert!(!verdict.is_open(), "{said}");
        assert_eq!(verdict.ignored.first().map(|one| one.why), why);
    }
}

#[test]
fn a_new_plan_of_the_same_meaning_keeps_its_approvals() {
    let gates = gates(&format!("{}gate \"g\" {{\n  approvals {{}}\n}}", people()));
    let mut world = World::new();
    let made = world.plan(TWO);
    let mut desk = Desk::new();
    desk.decide(&made, "ana", Approve, 0);
    // Layout and comments change nothing; nor does something elsewhere.
    let same = TWO.replace("input = 1", "# one\n  input    = 1");
    for text in [
        TWO.to_owned(),
        same,
        format!("{TWO}\nlocals {{\n  unused = 1\n}}\n"),
    ] {
        let again = world.plan(&text);
        assert!(desk.approve(&again, &gates).is_ok(), "{text}");
    }
    // What is changed, and only that, is to be approved anew.
    for (text, missing) in [
        (
            TWO.replace("input = 1", "input = 2"),
            vec!["terraform_data.a"],
        ),
        (
            TWO.replace("terraform_data.a.output", "upper(terraform_data.a.output)"),
            vec!["terraform_data.b"],
        ),
        (
            format!("{TWO}resource \"terraform_data\" \"c\" {{\n}}\n"),
            vec!["terraform_data.c"],
        ),
        // What is run is in no value of the plan.
        (
            TWO.replace(
                "input = 1",
                "input = 1\n  provisioner \"local-exec\" {\n    command = \"true\"\n  }",
            ),
            vec!["terraform_data.a"],
        ),
    ] {
        let again = world.plan(&text);
        let (verdict, said) = desk.judge(&again, &gates);
        let meaning = desk.meaning(&again);
        let items: Vec<_> = verdict.gates[0]
            .lacks
            .iter()
            .flat_map(|lack| match lack {
                Lack::Approvals { items, .. } => items.clone(),
                other => panic!("{other:?}"),
            })
            .map(|at| meaning.items[at].address.to_string())
            .collect();
        assert_eq!(items, missing, "{said}");
    }
}

#[test]
fn what_leads_to_a_value_is_part_of_its_meaning() {
    let text = "variable \"x\" {\n  default = 1\n}\nlocals {\n  y = var.x\n  z = 3\n}\nresource \"terraform_data\" \"a\" {\n  input = [local.y, timestamp()]\n}\nresource \"terraform_data\" \"b\" {\n  input = local.z\n}\n";
    let mut world = World::new();
    let desk = Desk::new();
    let made = world.plan(text);
    let before = desk.meaning(&made);
    for (from, to, changed) in [
        ("default = 1", "default = 2", "terraform_data.a"),
        ("y = var.x", "y = var.x + 0", "terraform_data.a"),
        ("z = 3", "z = 4", "terraform_data.b"),
        ("z = 3", "z = 1 + 2", "terraform_data.b"),
    ] {
        let made = world.plan(&text.replace(from, to));
        let after = desk.meaning(&made);
        assert_ne!(before.digest, after.digest);
        let differ: Vec<_> = before
            .items
            .iter()
            .zip(&after.items)
            .filter(|(before, after)| before.digest != after.digest)
            .map(|(item, _)| item.address.as_str())
            .collect();
        assert_eq!(differ, [changed], "{from} -> {to}");
    }
}

#[test]
fn part_of_a_plan_can_be_approved() {
    let text = format!(
        "{}gate \"a\" {{\n  match {{\n    addresses = [\"*.a\"]\n  }}\n  approvals {{\n    from = [\"ana\"]\n  }}\n}}\ngate \"b\" {{\n  match {{\n    addresses = [\"*.b\"]\n  }}\n  approvals {{\n    from = [\"bob\"]\n  }}\n}}",
        people()
    );
    let gates = gates(&text);
    let mut world = World::new();
    let made = world.plan(TWO);
    let mut desk = Desk::new();
    desk.decide_about(&made, "ana", Approve, 0, Some("terraform_data.a"));
    assert!(desk.approve(&made, &gates).is_err());
    desk.decide_about(&made, "bob", Approve, 1, Some("terraform_data.a"));
    assert!(desk.approve(&made, &gates).is_err());
    desk.decide_about(&made, "bob", Approve, 2, Some("terraform_data.b"));
    let passed = desk.approve(&made, &gates).unwrap();
    // Only what it rests on is used up.
    assert_eq!(passed.uses.len(), 2);
    assert_eq!(passed.approved_by, ["ana", "bob"]);
}

#[test]
fn selectors_select_by_what_an_action_is() {
    let mut world = World::new();
    world.apply(TWO);
    let changed = "resource \"terraform_data\" \"a\" {\n  input = 2\n}\nresource \"random_password\" \"p\" {\n  length = 9\n}\n";
    let made = world.plan(changed);
    let all = ["random_password.p", "terraform_data.a", "terraform_data.b"];
    for (selector, expect) in [
        ("", &all[..]),
        ("actions = [\"delete\"]", &["terraform_data.b"]),
        ("actions = [\"destroy\"]", &["terraform_data.b"]),
        (
            "actions = [\"create\", \"update\"]",
            &["random_password.p", "terraform_data.a"],
        ),
        ("types = [\"random_*\"]", &["random_password.p"]),
        (
            "addresses = [\"terraform_data.*\"]",
            &["terraform_data.a", "terraform_data.b"],
        ),
        ("risks = [\"lossy\", \"disruptive\"]", &[]),
        ("workspaces = [\"prod*\"]", &[]),
        ("workspaces = [\"def*\"]", &all),
        ("deletes_above = 0", &all),
        ("deletes_above = 1", &[]),
        ("actions_above = 3", &[]),
        ("providers = [\"*random\"]", &["random_password.p"]),
        ("policies = [\"tags.*\"]", &["terraform_data.a"]),
        ("policies = [\"warn\"]", &["terraform_data.a"]),
        // What it costs is not known, so it may be too much.
        ("cost_above = 100", &all),
    ] {
        let text = format!(
            "{}gate \"g\" {{\n  match {{\n{selector}\n  }}\n  confirm = true\n}}\ngate \"rest\" {{\n  auto_approve = true\n}}",
            people()
        );
        let gates = gates(&text);
        let mut desk = Desk::new();
        desk.policies = Said::new(vec![PolicyResult {
            level: PolicyLevel::Warn,
            rule: "tags.owner".into(),
            message: "no owner".into(),
            addresses: vec!["terraform_data.a".into()],
        }]);
        let (verdict, _) = desk.judge(&made, &gates);
        let meaning = desk.meaning(&made);
        let gate = verdict.gates.iter().find(|gate| gate.name == "g");
        let found: Vec<_> = gate
            .map_or(&[][..], |gate| gate.items.as_slice())
            .iter()
            .map(|at| meaning.items[*at].address.as_str())
            .collect();
        assert_eq!(found, expect, "{selector}");
    }
}

#[test]
fn policies_and_cost_are_looked_at() {
    let open = format!(
        "{}gate \"g\" {{\n  limit {{\n    cost = 100\n  }}\n}}",
        people()
    );
    let gates = gates(&open);
    let mut world = World::new();
    let made = world.plan(TWO);
    let cost = |difference: f64, unpriced: &[&str]| Cost {
        difference,
        currency: "USD".into(),
        unpriced: unpriced.iter().map(|addr| (*addr).into()).collect(),
    };
    for (given, passes) in [
        (None, false),
        (Some(cost(99.0, &[])), true),
        (Some(cost(101.0, &[])), false),
        (Some(cost(1.0, &["terraform_data.a"])), false),
    ] {
        let mut desk = Desk::new();
        desk.cost = given.clone();
        assert_eq!(desk.judge(&made, &gates).0.is_open(), passes, "{given:?}");
    }
    for (level, decided, passes) in [
        (PolicyLevel::Warn, false, true),
        (PolicyLevel::RequireApproval, false, false),
        (PolicyLevel::RequireApproval, true, true),
        (PolicyLevel::Deny, true, false),
    ] {
        let mut desk = Desk::new();
        desk.cost = Some(cost(0.0, &[]));
        desk.policies = Said::new(vec![PolicyResult {
            level,
            rule: "p".into(),
            message: "because".into(),
            addresses: vec!["terraform_data.a".into()],
        }]);
        if decided {
            desk.decide(&made, "ana", Approve, 0);
        }
        let (verdict, text) = desk.judge(&made, &gates);
        assert_eq!(verdict.is_open(), passes, "{level:?} {decided}: {text}");
    }
}

#[test]
fn nothing_to_do_needs_nobody() {
    let gates = gates(&format!(
        "{}gate \"g\" {{\n  deny = \"never\"\n}}",
        people()
    ));
    let mut world = World::new();
    world.apply(TWO);
    let made = world.plan(TWO);
    assert!(Desk::new().approve(&made, &gates).is_ok());
}
