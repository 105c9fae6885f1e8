//! Applies that are killed: nothing that was made is forgotten, and only what was under way is done again.
//!
//! What was made is known from a ledger, files outside of everything that the engine knows: one for each resource, with a line for each time that it was made.
#![cfg(target_os = "linux")]

use super::folder::{Folder, binary};
use super::places::{Place, places};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How many pairs of resources there are. In each the second depends on the first.
pub(super) const PAIRS: usize = 30;
/// How many are made at a time.
pub(super) const PARALLEL: usize = 8;

/// How often each place is tried; more with `TERRANE_KILLS`.
fn kills() -> usize {
    let given = std::env::var("TERRANE_KILLS");
    given.map_or(2, |text| text.parse().expect("a number"))
}

/// `ledger`: the folder of the ledger.
pub(super) fn configuration(place: &Place, ledger: &Path) -> String {
    let ledger = ledger.display();
    let made = |name: &str| {
        format!(
            "  provisioner \"local-exec\" {{\n    command = \"echo made >> {ledger}/{name}-${{self.input[0]}}; sleep 0.05\"\n  }}\n"
        )
    };
    format!(
        "terraform {{\n{}}}\nresource \"terraform_data\" \"a\" {{\n  count = {PAIRS}\n  input = [count.index]\n{}}}\nresource \"terraform_data\" \"b\" {{\n  count = {PAIRS}\n  input = [count.index, terraform_data.a[count.index].id]\n{}}}\n",
        place.backend,
        made("a"),
        made("b"),
    )
}

/// Numbers without an order that could be the test's fault (splitmix64).
pub(super) fn chance(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What was made: `a-0`, `b-0` …
pub(super) fn made(ledger: &Path) -> BTreeSet<String> {
    std::fs::read_dir(ledger)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// What was made more than once.
pub(super) fn redone(ledger: &Path) -> BTreeSet<String> {
    let lines = |name: &String| {
        std::fs::read_to_string(ledger.join(name))
            .unwrap()
            .lines()
            .count()
    };
    made(ledger)
        .into_iter()
        .filter(|name| lines(name) > 1)
        .collect()
}

/// Waits until none of the programs that a killed apply had started is left.
pub(super) fn wait_for_orphans(folder: &Path) {
    // After a power cut it can not be looked at any more.
    let here = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let works_here = |process: std::io::Result<std::fs::DirEntry>| {
        let folder = process.map(|process| process.path().join("cwd"));
        folder.is_ok_and(|folder| std::fs::read_link(folder).is_ok_and(|folder| folder == here))
    };
    let began = Instant::now();
    while std::fs::read_dir("/proc").unwrap().any(works_here) {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One place: a folder, and the words with which it is worked in.
pub(super) struct Attempt<'a> {
    pub(super) place: &'a Place,
    pub(super) folder: Folder,
}

impl Attempt<'_> {
    pub(super) fn run(&self, words: &str) -> super::folder::Ran {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.folder.run_with(&words, &self.place.env(&[]), "")
    }

    pub(super) fn listed(&self) -> BTreeSet<String> {
        self.run("state list")
            .ok()
            .out
            .lines()
            .map(|line| {
                let inner = line.trim_start_matches("terraform_data.");
                inner.replace('[', "-").replace(']', "")
            })
            .collect()
    }

    pub(super) fn apply(&self) -> Child {
        let parallelism = format!("-parallelism={PARALLEL}");
        Command::new(binary())
            .args(["apply", "-auto-approve", "-input=false", &parallelism])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.place.env(&[]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// Starts an apply, and comes back when a share of it is done that follows from the seed.
pub(super) fn begun(attempt: &Attempt<'_>, ledger: &Path, seed: u64) -> Child {
    // Between nothing and everything, so that also its beginning and its end are cut off.
    let wanted = usize::try_from(seed % (2 * PAIRS as u64 + 1)).unwrap();
    let more = Duration::from_micros((seed >> 32) % 40_000);
    let mut child = attempt.apply();
    let began = Instant::now();
    while made(ledger).len() < wanted && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(more);
    child
}

/// What must hold after an apply was cut off when these had been made. Goes on from there, and clears all away.
#[expect(clippy::print_stdout, reason = "shown with --nocapture, to be counted")]
pub(super) fn settle(attempt: &Attempt<'_>, ledger: &Path, begun: &BTreeSet<String>, what: &str) {
    let created = made(ledger);
    let recorded = attempt.listed();
    let lost: Vec<_> = created.difference(&recorded).collect();
    assert!(lost.is_empty(), "{what}: forgotten: {lost:?}");
    attempt.run("plan -input=false").ok();
    let parallelism = format!("apply -auto-approve -input=false -parallelism={PARALLEL}");
    attempt.run(&parallelism).ok();
    assert_eq!(attempt.listed().len(), 2 * PAIRS, "{what}");
    let redone = redone(ledger);
    println!(
        "{{\"cut\":{what:?},\"at\":{},\"created\":{},\"recorded\":{},\"lost\":{},\"redone\":{}}}",
        begun.len(),
        created.len(),
        created.intersection(&recorded).count(),
        lost.len(),
        redone.len(),
    );
    assert!(redone.len() <= PARALLEL, "{what}: redone: {redone:?}");
    // What others began to depend on was on record.
    for name in &redone {
        let depends = name.replace("a-", "b-");
        assert!(
            depends == *name || !begun.contains(&depends),
            "{what}: {name} was made again, though {depends} had begun"
        );
    }
    attempt.run("plan -detailed-exitcode -input=false").ok();
    attempt.run("state fsck").ok();
    attempt.run("destroy -auto-approve -input=false").ok();
    assert!(attempt.listed().is_empty(), "{what}");
}

/// Kills one apply.
fn kill(place: &Place, round: usize) {
    let ledger = tempfile::tempdir().unwrap();
    let attempt = Attempt {
        place,
        folder: Folder::new(&[("main.tf", &configuration(place, ledger.path()))]),
    };
    attempt.run("init -input=false").ok();
    let mut child = begun(&attempt, ledger.path(), chance(round as u64));
    child.kill().unwrap();
    child.wait().unwrap();
    let begun = made(ledger.path());
    wait_for_orphans(attempt.folder.path());
    let what = format!("{}, kill {round}", place.name);
    settle(&attempt, ledger.path(), &begun, &what);
}

#[test]
fn a_killed_apply_forgets_nothing_wherever_the_state_is() {
    std::thread::scope(|scope| {
        for place in places() {
            // The name stands in the message of a failure.
            std::thread::Builder::new()
                .name(place.name.to_owned())
                .spawn_scoped(scope, move || {
                    for round in 0..kills() {
                        kill(&place, round);
                    }
                })
                .unwrap();
        }
    });
}
