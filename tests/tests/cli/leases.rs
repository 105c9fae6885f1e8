//! Several processes with one state.
#![cfg(unix)]

use super::folder::{Folder, Ran, binary};
use super::places;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// `a` is begun when there is a file `begun`, and made when there is a file `go`. `c` depends on `a`, `b` does not.
pub(super) const SLOW: &str = r#"
resource "terraform_data" "a" {
  input = 1
  provisioner "local-exec" {
    command = "touch begun; while [ ! -e go ]; do sleep 0.02; done"
  }
}
resource "terraform_data" "b" {
  input = 1
}
resource "terraform_data" "c" {
  input = terraform_data.a.output
}
"#;

/// A command that goes on.
pub(super) struct Going {
    child: Child,
    err: BufReader<ChildStderr>,
    said: String,
}

impl Going {
    pub(super) fn start(folder: &Folder, words: &str) -> Self {
        Self::start_with(folder, words, &[])
    }

    /// With more of an environment.
    fn start_with(folder: &Folder, words: &str, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary())
            .args(words.split_whitespace())
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "ana")
            .env("HOSTNAME", "host")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            err,
            said: String::new(),
        }
    }

    /// Reads what it says on standard error until a line holds this.
    pub(super) fn until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.err.read_line(&mut line).unwrap();
            assert!(read > 0, "it never said {text:?}, but {}", self.said);
            self.said.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(super) fn end(mut self) -> Ran {
        let mut out = String::new();
        let stdout = self.child.stdout.take();
        stdout.unwrap().read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut self.said).unwrap();
        Ran {
            exit: self.child.wait().unwrap().code().unwrap_or(-1),
            out,
            err: self.said,
        }
    }
}

pub(super) fn wait_for(folder: &Folder, file: &str) {
    let began = Instant::now();
    while !folder.has(file) {
        assert!(began.elapsed() < Duration::from_secs(120), "no file {file}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An apply that holds a lease on `a`, in the midst of making it.
fn slow(folder: &Folder) -> Going {
    let going = Going::start(folder, "apply -auto-approve -target=terraform_data.a");
    wait_for(folder, "begun");
    going
}

#[test]
fn two_applies_on_disjoint_parts_go_on_at_the_same_time_and_others_queue() {
    let folder = Folder::new(&[("main.tf", SLOW)]);
    let first = slow(&folder);
    // What goes on elsewhere is nobody's business.
    folder.run("plan").ok().says("3 to add");
    folder
        .run("apply -auto-approve -target=terraform_data.b")
        .ok()
        .says("1 added");
    // Whoever wants the same, or what depends on it, is told by whom it is held.
    for target in ["a", "c"] {
        let words = format!("apply -auto-approve -target=terraform_data.{target}");
        folder
            .run(&words)
            .exits(1)
            .says("in use by ana@host since")
            .says("the id of its lock is")
            .says("`terrane force-unlock ");
    }
    folder.run("taint terraform_data.b").exits(1).says("in use");
    let mut second = Going::start(&folder, "apply -auto-approve -lock-timeout=2m");
    let line = second.until("Waiting for the state");
    assert!(
        line.contains("position 1, held by ana@host since") && line.contains("(apply, process"),
        "{line}"
    );
    let mut third = Going::start(&folder, "taint -lock-timeout=2m terraform_data.b");
    let line = third.until("Waiting for the state");
    assert!(line.contains("position 2"), "{line}");
    folder.write("go", "");
    first.end().ok().says("1 added");
    // What it had planned is not what is to be done any more.
    second.end().ok().says("Planning again");
    third.end().ok();
    assert_eq!(
        folder.run("state list").ok().out,
        "terraform_data.a\nterraform_data.b\nterraform_data.c\n"
    );
    // Whoever plans again goes to the end of the queue: the one who tainted was before.
    folder.run("plan -detailed-exitcode").ok();
}

#[test]
fn a_lease_that_was_broken_is_a_fence() {
    let folder = Folder::new(&[("main.tf", SLOW)]);
    let first = slow(&folder);
    folder
        .run("force-unlock -force nonsense")
        .exits(1)
        .says("there is no lock with the id");
    let refused = folder.run("taint terraform_data.a").exits(1);
    let id = refused
        .err
        .split("the id of its lock is")
        .nth(1)
        .unwrap()
        .split(|char: char| !(char.is_ascii_alphanumeric() || char == '-'))
        .find(|word| word.len() == 36)
        .unwrap()
        .to_owned();
    folder
        .run(&format!("force-unlock {id}"))
        .exits(1)
        .says("cancelled");
    folder
        .run_with(&["force-unlock", &id], &[], "yes\n")
        .ok()
        .says("was held by ana@host");
    folder
        .run("apply -auto-approve -target=terraform_data.b")
        .ok();
    folder.write("go", "");
    let ran = first.end().exits(1).says("lost:");
    let ran = ran.says("nothing was written since: run `terrane plan`");
    assert!(!ran.err.contains("disk space"), "{}", ran.err);
    // What it had begun is on record, and is settled by the next one.
    folder.run("apply -auto-approve").ok();
    folder.run("plan -detailed-exitcode").ok();
}

#[test]
fn a_dead_holder_holds_nothing() {
    let folder = Folder::new(&[("main.tf", SLOW)]);
    let mut first = slow(&folder);
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    folder.write("go", "");
    folder.run("apply -auto-approve").ok();
}

#[test]
fn a_saved_plan_is_refused_for_what_it_reads_and_for_nothing_else() {
    let text = |b: u32| {
        format!(
            "resource \"terraform_data\" \"a\" {{\n  input = 1\n}}\nresource \"terraform_data\" \"b\" {{\n  input = [terraform_data.a.output, {b}]\n}}\nresource \"terraform_data\" \"c\" {{\n  input = 1\n}}\n"
        )
    };
    let folder = Folder::new(&[("main.tf", &text(1))]);
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", &text(2));
    folder.run("plan -out=p.plan").ok().says("1 to change");
    folder.run("taint terraform_data.c").ok();
    folder.run("apply p.plan").ok().says("1 changed");
    folder.write("main.tf", &text(3));
    folder.run("plan -target=terraform_data.b -out=q.plan").ok();
    folder.run("taint terraform_data.a").ok();
    let refused = folder.run("apply q.plan").exits(1).says("stale");
    let refused = refused.says("terraform_data.a");
    assert!(!refused.err.contains("terraform_data.c"), "{}", refused.err);
}

#[test]
fn without_a_lock_nobody_is_waited_for() {
    let folder = Folder::new(&[("main.tf", SLOW)]);
    let first = slow(&folder);
    folder
        .run("apply -auto-approve -lock=false -target=terraform_data.b")
        .ok();
    folder.write("go", "");
    first.end().ok();
    assert_eq!(
        folder.run("state list").ok().out,
        "terraform_data.a\nterraform_data.b\n"
    );
}

/// Two machines and a database with a row for each resource: as two processes with one embedded store.
#[test]
fn machines_share_a_state_in_rows() {
    let place = places::pg("rows");
    let text = format!("terraform {{\n{}}}\n{SLOW}", place.backend);
    let (here, there) = (
        Folder::new(&[("main.tf", &text)]),
        Folder::new(&[("main.tf", &text)]),
    );
    let env = place.env(&[]);
    let run = |folder: &Folder, words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        folder.run_with(&words, &env, "")
    };
    run(&here, "init").ok();
    run(&there, "init").ok();
    let first = Going::start_with(&here, "apply -auto-approve -target=terraform_data.a", &env);
    wait_for(&here, "begun");
    run(&there, "plan").ok().says("3 to add");
    run(&there, "apply -auto-approve -target=terraform_data.b")
        .ok()
        .says("1 added");
    for target in ["a", "c"] {
        let words = format!("apply -auto-approve -target=terraform_data.{target}");
        run(&there, &words)
            .exits(1)
            .says("in use by ana@host since")
            .says("`terrane force-unlock ");
    }
    // A plan that reads what is changed meanwhile is refused, and says what that was.
    run(
        &there,
        "plan -target=terraform_data.b -destroy -out=old.plan",
    )
    .ok();
    run(
        &here,
        "apply -auto-approve -replace=terraform_data.b -target=terraform_data.b",
    )
    .ok();
    let refused = run(&there, "apply old.plan").exits(1).says("stale");
    refused.says("terraform_data.b");
    let waits = "apply -auto-approve -lock-timeout=2m";
    let mut second = Going::start_with(&there, waits, &env);
    let line = second.until("Waiting for the state");
    assert!(
        line.contains("position 1, held by ana@host since"),
        "{line}"
    );
    let mut third = Going::start_with(&there, "taint -lock-timeout=2m terraform_data.b", &env);
    let line = third.until("Waiting for the state");
    assert!(line.contains("position 2"), "{line}");
    here.write("go", "");
    first.end().ok().says("1 added");
    second.end().ok().says("Planning again");
    third.end().ok();
    for folder in [&here, &there] {
        assert_eq!(
            run(folder, "state list").ok().out,
            "terraform_data.a\nterraform_data.b\nterraform_data.c\n"
        );
        run(folder, "plan -detailed-exitcode").ok();
    }
}
