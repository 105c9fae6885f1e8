//! Applies that are killed: nothing that was made is forgotten, and only what was under way is done again.
//!
//! What was made is known from a ledger, files outside of everything that the engine knows: one for each resource, with a line for each time that it was made.
#![cfg(target_os = "linux")]

use super::folder::{Folder, binary};
use super::places::{Place, places};
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How many pairs of resources there are. In each the second depends on the first.
const PAIRS: usize = 30;
/// How many are made at a time.
const PARALLEL: usize = 8;

/// How often each place is tried; more with `TERRANE_KILLS`.
fn kills() -> usize {
    let given = std::env::var("TERRANE_KILLS");
    given.map_or(2, |text| text.parse().expect("a number"))
}

fn configuration(place: &Place) -> String {
    let made = |name: &str| {
        format!(
            "  provisioner \"local-exec\" {{\n    command = \"echo made >> ledger/{name}-${{self.input[0]}}; sleep 0.05\"\n  }}\n"
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
fn chance(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::thread::yield_now();
    }
}

/// What was made: `a-0`, `b-0` …
fn made(folder: &Folder) -> BTreeSet<String> {
    std::fs::read_dir(folder.path().join("ledger"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// What was made more than once.
fn redone(folder: &Folder) -> BTreeSet<String> {
    made(folder)
        .into_iter()
        .filter(|name| folder.read(&format!("ledger/{name}")).lines().count() > 1)
        .collect()
}

/// Waits until none of the programs that a killed apply had started is left.
fn wait_for_orphans(folder: &Folder) {
    let here = folder.path().canonicalize().unwrap();
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
struct Attempt<'a> {
    place: &'a Place,
    folder: Folder,
}

impl Attempt<'_> {
    fn run(&self, words: &str) -> super::folder::Ran {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.folder.run_with(&words, &self.place.env(&[]), "")
    }

    fn listed(&self) -> BTreeSet<String> {
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

    fn apply(&self) -> Child {
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

/// Kills one apply, looks at what is left, and goes on.
fn kill(place: &Place, folder: &Folder, round: usize) {
    let attempt = Attempt {
        place,
        folder: Folder::new(&[("main.tf", &folder.read("main.tf")), ("ledger/.keep", "")]),
    };
    std::fs::remove_file(attempt.folder.path().join("ledger/.keep")).unwrap();
    attempt.run("init -input=false").ok();
    let seed = chance(round as u64);
    // Between nothing and everything, so that also its beginning and its end are cut off.
    let wanted = usize::try_from(seed % (2 * PAIRS as u64 + 1)).unwrap();
    let more = Duration::from_micros((seed >> 32) % 40_000);
    let mut child = attempt.apply();
    let began = Instant::now();
    while made(&attempt.folder).len() < wanted && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(120));
        std::thread::yield_now();
    }
    spin(more);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let begun = made(&attempt.folder);
    wait_for_orphans(&attempt.folder);

    let created = made(&attempt.folder);
    let recorded = attempt.listed();
    let lost: Vec<_> = created.difference(&recorded).collect();
    let what = format!("{}, kill {round}", place.name);
    assert!(lost.is_empty(), "{what}: forgotten: {lost:?}");
    attempt.run("plan -input=false").ok();
    let parallelism = format!("apply -auto-approve -input=false -parallelism={PARALLEL}");
    attempt.run(&parallelism).ok();
    assert_eq!(attempt.listed().len(), 2 * PAIRS, "{what}");
    let redone = redone(&attempt.folder);
    println!(
        "{{\"place\":{:?},\"kill\":{round},\"at\":{},\"ended\":{},\"created\":{},\"recorded\":{},\"lost\":0,\"redone\":{}}}",
        place.name,
        begun.len(),
        status.success(),
        created.len(),
        created.intersection(&recorded).count(),
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
    attempt.run("destroy -auto-approve -input=false").ok();
    assert!(attempt.listed().is_empty(), "{what}");
}

#[test]
fn a_killed_apply_forgets_nothing_wherever_the_state_is() {
    std::thread::scope(|scope| {
        for place in places() {
            // The name stands in the message of a failure.
            std::thread::Builder::new()
                .name(place.name.to_owned())
                .spawn_scoped(scope, move || {
                    let folder = Folder::new(&[("main.tf", &configuration(&place))]);
                    for round in 0..kills() {
                        kill(&place, &folder, round);
                    }
                })
                .unwrap();
        }
    });
}
