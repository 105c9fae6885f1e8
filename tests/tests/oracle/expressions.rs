//! Random expressions.

use crate::{ABSENT, number};
use std::collections::BTreeMap;
use terrane_tests::oracle::expression::{compare, explained, expression, shrink};
use terrane_tests::oracle::peer;

/// How many are asked for at once.
const BATCH: u64 = 100;

#[test]
fn expressions() {
    let Some(terraform) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };
    let from = number("TERRANE_ORACLE_FROM", 0);
    let until = from + number("TERRANE_ORACLE_EXPRESSIONS", 300);
    let show = usize::try_from(number("TERRANE_ORACLE_SHOW", 20)).unwrap();
    let mut explanations: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    for first in (from..until).step_by(100) {
        let nodes: Vec<_> = (first..until.min(first + BATCH))
            .map(|seed| expression(seed, u32::try_from(1 + seed % 4).unwrap()))
            .collect();
        for difference in compare(terraform, &nodes) {
            match explained(terraform, &difference) {
                Some(reason) => *explanations.entry(reason).or_default() += 1,
                None => differences.push(difference),
            }
        }
    }
    for (reason, times) in &explanations {
        println!("{times} times: {reason}");
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in &differences {
        *kinds.entry(difference.kind()).or_default() += 1;
    }
    let total = differences.len();
    let mut shown: Vec<String> = differences
        .into_iter()
        .take(show)
        .map(|difference| shrink(terraform, difference).to_string())
        .collect();
    shown.sort();
    shown.dedup();
    assert!(
        total == 0,
        "{total} of {} expressions differ {kinds:?}; the first of them, made small:\n{}",
        until - from,
        shown.join("\n")
    );
}
