//! Random configurations with a history. `TERRANE_ORACLE_CONFIGURATIONS` says how many.

use crate::{ABSENT, number};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use terrane_tests::oracle::binary;
use terrane_tests::oracle::history::{Sides, compare, history};
use terrane_tests::oracle::peer;

/// How many are played at the same time.
const AT_ONCE: usize = 2;

#[test]
fn configurations() {
    let Some(theirs) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };
    let sides = Sides {
        ours: binary::path(),
        theirs,
    };
    let next = AtomicU64::new(number("TERRANE_ORACLE_FROM", 0));
    let until = next.load(Ordering::Relaxed) + number("TERRANE_ORACLE_CONFIGURATIONS", 4);
    let show = usize::try_from(number("TERRANE_ORACLE_SHOW", 5)).unwrap();
    let failed: Mutex<Vec<(u64, Vec<String>)>> = Mutex::default();
    let explained: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let steps: Mutex<(usize, usize)> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= until || failed.lock().unwrap().len() >= show {
                        break;
                    }
                    let found = compare(sides, &history(seed));
                    if std::env::var_os("TERRANE_ORACLE_TRACE").is_some() {
                        eprintln!("{seed}: {} differences", found.differences.len());
                    }
                    for (reason, times) in found.explained {
                        *explained.lock().unwrap().entry(reason).or_default() += times;
                    }
                    let mut steps = steps.lock().unwrap();
                    *steps = (steps.0 + found.steps.0, steps.1 + found.steps.1);
                    drop(steps);
                    if !found.differences.is_empty() {
                        failed.lock().unwrap().push((seed, found.differences));
                    }
                }
            });
        }
    });
    let (applied, refused) = steps.into_inner().unwrap();
    println!("{applied} steps planned and applied by both, {refused} refused by both");
    for (reason, times) in explained.into_inner().unwrap() {
        println!("{times} times: {reason}");
    }
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    let mut text = String::new();
    for (seed, found) in &failed {
        text.extend([format!(
            "######## seed {seed}\n{}\n{}\n",
            history(*seed).show(),
            found.join("\n")
        )]);
    }
    assert!(failed.is_empty(), "\n{text}");
}
