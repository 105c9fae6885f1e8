//! The files of gates that ship as examples.

use crate::world::{Desk, HOUR, NOW, TWO, World, gates};
use terrane_gate::decision::DecisionKind::{self, Approve, Author, BreakGlass};

const SMALL_TEAM: &str = include_str!("../../../../examples/gates/small-team.tfgate.hcl");
const PRODUCTION: &str = include_str!("../../../../examples/gates/production.tfgate.hcl");
const WORKSPACES: &str = include_str!("../../../../examples/gates/workspaces.tfgate.hcl");
const FREEZE: &str = include_str!("../../../../examples/gates/freeze.tfgate.hcl");

const PASSWORD: &str = "resource \"random_password\" \"p\" {\n  length = 9\n}\n";
/// The night from Thursday to Friday, in Berlin.
const NIGHT: u64 = NOW - 35 * HOUR;

/// (file, workspace, whether a password is deleted, time, decisions, whether it passes)
type Story<'a> = (
    &'a str,
    &'a str,
    bool,
    u64,
    &'a [(&'a str, DecisionKind)],
    bool,
);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of stories")]
fn examples_do_what_they_say() {
    let nobody: &[(&str, DecisionKind)] = &[];
    let stories: &[Story<'_>] = &[
        (SMALL_TEAM, "default", false, NOW, nobody, true),
        (SMALL_TEAM, "default", true, NOW, nobody, false),
        (SMALL_TEAM, "default", true, NOW, &[("cho", Approve)], false),
        (SMALL_TEAM, "default", true, NOW, &[("ana", Approve)], true),
        (
            SMALL_TEAM,
            "default",
            true,
            NOW,
            &[("cho", BreakGlass)],
            true,
        ),
        (
            PRODUCTION,
            "default",
            false,
            NOW,
            &[("ana", Approve)],
            false,
        ),
        (
            PRODUCTION,
            "default",
            false,
            NOW,
            &[("cho", Author), ("ana", Approve)],
            true,
        ),
        (
            PRODUCTION,
            "default",
            true,
            NIGHT,
            &[("ana", Author), ("bob", Approve), ("cho", Approve)],
            false,
        ),
        (WORKSPACES, "default", true, NOW, nobody, true),
        (WORKSPACES, "dev-1", true, NOW, nobody, true),
        (WORKSPACES, "test", true, NOW, nobody, false),
        (WORKSPACES, "test", true, NOW, &[("ana", Approve)], true),
        (WORKSPACES, "prod-eu", true, NOW, &[("ana", Approve)], false),
        (
            WORKSPACES,
            "prod-eu",
            true,
            NOW,
            &[("ana", Approve), ("bob", Approve)],
            true,
        ),
        (
            WORKSPACES,
            "other",
            false,
            NOW,
            &[("ana", Approve), ("bob", Approve)],
            false,
        ),
        (
            FREEZE,
            "default",
            false,
            NOW,
            &[("ana", Approve), ("bob", Approve)],
            false,
        ),
        (FREEZE, "default", false, NOW, &[("ana", BreakGlass)], true),
    ];
    for (number, (file, workspace, deletes, now_ms, decisions, passes)) in
        stories.iter().enumerate()
    {
        let mut world = World::new();
        let mut made = if *deletes {
            world.apply(PASSWORD);
            world.plan("locals {}\n")
        } else {
            world.plan(TWO)
        };
        made.plan.as_mut().unwrap().workspace = (*workspace).into();
        let mut desk = Desk::new();
        desk.place.workspace = (*workspace).into();
        for (step, (person, kind)) in (0_u64..).zip(*decisions) {
            desk.decide(&made, person, *kind, step);
        }
        for decision in &mut desk.decisions {
            // Signed at the time of the story.
            let mut statement = decision.statement.clone();
            statement.at_ms = now_ms + statement.at_ms - NOW;
            *decision = statement.sign(&crate::world::key(
                ["ana", "bob", "cho"]
                    .into_iter()
                    .find(|name| crate::world::key(name).public() == decision.key)
                    .unwrap(),
            ));
        }
        desk.now_ms = *now_ms;
        desk.past_ms = now_ms - HOUR;
        let gates = gates(file);
        let (verdict, text) = desk.judge(&made, &gates);
        assert_eq!(verdict.is_open(), *passes, "story {number}: {text}");
        assert_eq!(
            desk.approve(&made, &gates).is_ok(),
            *passes,
            "story {number}"
        );
    }
}
