//! The rules of overlap, as tables.

use super::{Access, Claim, Conflict, Part};
use crate::addr::{InstanceAddr, ModulePath, ProviderAddr, ProviderConfigAddr, Target};
use crate::event::{EventKind, ObjectAddr};
use crate::snapshot::Snapshot;

fn instance(text: &str) -> InstanceAddr {
    match text.parse().unwrap() {
        Target::Instance(instance) => instance,
        Target::Resource(resource) => resource.instance(None),
        Target::Module(module) => panic!("{module} is no instance"),
    }
}

/// `r:t.a` reads the instance `t.a`, `W:t.a` writes the whole resource, `w:output.x` writes an output; `w:*` writes everything.
fn claim(text: &str) -> Claim {
    let mut claim = Claim::nothing();
    for word in text.split_whitespace() {
        let (how, what) = word.split_once(':').unwrap();
        let access = match how {
            "r" | "R" => Access::Read,
            _ => Access::Write,
        };
        if what == "*" {
            return Claim::all(access);
        }
        let part = if let Some(name) = what.strip_prefix("output.") {
            Part::Output(name.into())
        } else if how == "R" || how == "W" {
            Part::Resource(instance(what).resource.config())
        } else {
            Part::Instance(instance(what))
        };
        claim.add(part, access);
    }
    claim
}

fn show(claim: &Claim) -> String {
    let parts = claim
        .parts()
        .map(|(part, access)| format!("{access:?} {part}"));
    let whole = claim.to_all().map(|access| format!("{access:?} all"));
    whole
        .into_iter()
        .chain(parts)
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn who_reads_shares_and_who_writes_is_alone() {
    for (a, b, expect) in [
        ("", "", None),
        ("w:t.a", "w:t.b", None),
        ("w:t.a", "w:t.a", Some("t.a")),
        ("r:t.a", "r:t.a", None),
        ("r:t.a", "w:t.a", Some("t.a")),
        ("w:t.a[0]", "w:t.a[1]", None),
        ("w:t.a[0]", "w:t.a", None),
        ("R:t.a", "w:t.a[1]", Some("t.a[1]")),
        ("R:t.a", "r:t.a[1]", None),
        ("W:t.a", "r:t.a[1]", Some("t.a[1]")),
        ("R:t.a", "R:t.a", None),
        ("R:t.a", "W:t.a", Some("t.a")),
        ("R:t.a w:t.a[0]", "w:t.a[1]", Some("t.a[1]")),
        ("R:t.a w:t.a[0]", "R:t.a", Some("t.a[0]")),
        ("R:t.a w:t.a[0]", "r:t.a[1]", None),
        (
            "R:module.m.t.a",
            "w:module.m[0].t.a",
            Some("module.m[0].t.a"),
        ),
        ("R:module.m.t.a", "w:module.n.t.a", None),
        ("w:data.t.a", "w:t.a", None),
        ("w:output.x", "w:output.y", None),
        ("w:output.x", "r:output.x", Some("output.x")),
        ("r:output.x", "r:output.x", None),
        ("w:*", "", Some("the whole state")),
        ("w:*", "w:*", Some("the whole state")),
        ("w:*", "r:*", Some("the whole state")),
        ("w:*", "r:t.a", Some("t.a")),
        ("r:*", "r:*", None),
        ("r:*", "", None),
        ("r:*", "r:t.a R:t.b", None),
        ("r:*", "r:t.a w:t.b", Some("t.b")),
    ] {
        for (a, b) in [(a, b), (b, a)] {
            let found = claim(a).conflict(&claim(b)).map(|part| part.to_string());
            assert_eq!(found.as_deref(), expect, "{a:?} and {b:?}");
            assert_eq!(claim(a).is_compatible(&claim(b)), expect.is_none());
        }
    }
}

#[test]
fn of_two_accesses_the_stronger_one_holds() {
    for (parts, expect) in [
        ("r:t.a w:t.a r:t.a", "Write t.a"),
        ("w:t.a[0] R:t.a", "Read t.a, Write t.a[0]"),
        ("r:t.a[0] R:t.a", "Read t.a"),
        ("R:t.a r:t.a[0]", "Read t.a"),
        ("w:t.a[0] W:t.a r:t.a[1]", "Write t.a"),
        ("r:output.x w:output.x", "Write output.x"),
        ("w:*", "Write all"),
    ] {
        assert_eq!(show(&claim(parts)), expect, "{parts}");
    }
    let mut all = Claim::all(Access::Read);
    all.add(Part::Output("x".into()), Access::Read);
    assert_eq!(show(&all), "Read all");
    all.add(Part::Output("x".into()), Access::Write);
    assert_eq!(show(&all), "Read all, Write output.x");
    assert!(!all.is_compatible(&claim("r:output.x")));
}

#[test]
fn many_parts_become_few_wider_ones() {
    for (parts, most, expect) in [
        ("w:t.a[0] w:t.a[1]", 2, "Write t.a[0], Write t.a[1]"),
        ("r:t.a[0] w:t.a[1]", 1, "Write t.a"),
        ("r:t.a[0] r:t.a[1] w:t.b", 1, "Write all"),
        ("r:t.a[0] r:t.a[1]", 1, "Read t.a"),
        ("r:t.a r:t.b", 1, "Read all"),
        ("w:*", 0, "Write all"),
        ("", 0, ""),
    ] {
        assert_eq!(
            show(&claim(parts).coarse(most)),
            expect,
            "{parts} to {most}"
        );
    }
}

/// What is wider conflicts with everything that the narrower one conflicts with.
#[test]
fn a_wider_claim_loses_no_conflict() {
    let all = [
        "w:t.a[0] w:t.a[1] r:t.b",
        "r:t.a[0] r:t.a[1]",
        "R:t.a",
        "W:t.b",
        "w:t.b",
        "r:t.b",
        "w:output.x r:t.a[1]",
        "w:*",
        "r:*",
        "",
    ];
    for a in all {
        for b in all {
            for most in 0..3 {
                if !claim(a).is_compatible(&claim(b)) {
                    assert!(
                        !claim(a).coarse(most).is_compatible(&claim(b)),
                        "{a} and {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn events_need_what_they_change() {
    let object = |text: &str| ObjectAddr {
        instance: instance(text),
        deposed: None,
    };
    let provider = ProviderConfigAddr {
        module: ModulePath::root(),
        provider: ProviderAddr::builtin(),
        alias: None,
    };
    let set = |text: &str| EventKind::Set {
        object: object(text),
        provider: provider.clone(),
        state: None,
    };
    let moved = |from: &str, to: &str| EventKind::Moved {
        from: instance(from),
        to: instance(to),
        provider: provider.clone(),
    };
    let output = |name: &str| EventKind::Output {
        name: name.into(),
        value: None,
    };
    for (parts, event, expect) in [
        ("w:t.a", set("t.a"), None),
        ("w:t.a", set("t.b"), Some("t.b")),
        ("w:t.a", set("data.t.b"), None),
        ("r:t.a", set("t.a"), Some("t.a")),
        ("W:t.a", set("t.a[3]"), None),
        ("R:t.a", set("t.a[3]"), Some("t.a[3]")),
        ("w:*", set("t.a"), None),
        ("r:*", set("t.a"), Some("t.a")),
        ("w:t.a w:t.b", moved("t.a", "t.b"), None),
        ("w:t.a", moved("t.a", "t.b"), Some("t.b")),
        ("w:output.x", output("x"), None),
        ("w:output.x", output("y"), Some("output.y")),
        ("", EventKind::Checked(Vec::new()), None),
        (
            "w:t.a",
            EventKind::Replaced(Box::<Snapshot>::default()),
            Some("the whole state"),
        ),
        ("w:*", EventKind::Replaced(Box::<Snapshot>::default()), None),
    ] {
        let found = claim(parts)
            .uncovered(&event)
            .as_ref()
            .map(Conflict::to_string);
        assert_eq!(found.as_deref(), expect, "{parts}: {event:?}");
    }
}
