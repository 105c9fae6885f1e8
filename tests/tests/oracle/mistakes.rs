//! Configurations with mistakes. `TERRANE_ORACLE_MISTAKES` says how many.

use crate::{ABSENT, number};
use terrane_tests::oracle::history::Sides;
use terrane_tests::oracle::{binary, mutation, peer};

#[test]
fn mistakes() {
    let Some(theirs) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };
    let sides = Sides {
        ours: binary::path(),
        theirs,
    };
    let from = number("TERRANE_ORACLE_FROM", 0);
    let until = from + number("TERRANE_ORACLE_MISTAKES", 6);
    let show = usize::try_from(number("TERRANE_ORACLE_SHOW", 5)).unwrap();
    let mut failed = Vec::new();
    let (mut refused, mut accepted, mut later) = (0, 0, 0);
    for seed in from..until {
        let verdict = mutation::ask(sides, seed);
        match (verdict.ours.is_empty(), verdict.theirs.is_empty()) {
            (false, false) => refused += 1,
            (true, true) => accepted += 1,
            _ if verdict.later => later += 1,
            _ => {}
        }
        if verdict.differs() {
            let mut text = format!("######## seed {seed}\n");
            for (name, content) in &verdict.files {
                text.extend([format!("=== {name}\n{content}\n")]);
            }
            text.extend([format!(
                "ours: {:#?}\ntheirs: {:#?}\n",
                verdict.ours, verdict.theirs
            )]);
            failed.push(text);
            if failed.len() >= show {
                break;
            }
        }
    }
    println!(
        "{refused} refused by both, {accepted} accepted by both, {later} that the peer refuses only when it plans"
    );
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
