//! Actions of a provider in Rust, in this engine. (The peer of these tests is older than actions.)

use crate::engine::Engine;
use crate::programs::terrane;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const CONFIG: &str = r#"
terraform {
  required_providers {
    notes = {
      source = "example/notes"
    }
  }
}

provider "notes" {
  folder = "notes"
}

variable "text" {
  default = "one"
}

resource "notes_note" "a" {
  title = "a"
  text  = var.text

  lifecycle {
    action_trigger {
      events  = [before_create]
      actions = [action.notes_log.begins]
    }
    action_trigger {
      events    = [after_create, after_update]
      condition = var.text != "quiet"
      actions   = [action.notes_log.is, action.notes_log.each["y"], action.notes_log.each]
    }
  }
}

action "notes_log" "begins" {
  config {
    line = "a is about to be made"
  }
}

action "notes_log" "is" {
  config {
    line = "a has ${notes_note.a.length} letters"
  }
}

action "notes_log" "each" {
  for_each = toset(["x", "y"])

  config {
    line = "each ${each.key}"
  }
}
"#;

fn log(engine: &Engine) -> Vec<String> {
    let text = std::fs::read_to_string(engine.folder.path().join("notes.log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What triggers them, in which order they are done, that they are done once, and alone.
pub(crate) fn actions(providers: &Path) {
    let engine = Engine::new(terrane(), "example/notes", providers);
    std::fs::write(engine.folder.path().join("main.tf"), CONFIG).unwrap();
    let run = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        let (well, text) = engine.run(&words);
        assert!(well, "{words:?}: {text}");
        text
    };
    run("init");
    let plan = run("plan -out=p.tfplan");
    for said in [
        "# action.notes_log.begins will be invoked before notes_note.a is created",
        "# action.notes_log.is will be invoked after notes_note.a is created",
        "Actions: 5 to invoke.",
    ] {
        assert!(plan.contains(said), "{said:?} is missing:\n{plan}");
    }
    let json = engine.json(&["show", "-json", "p.tfplan"]);
    let invocations = json["action_invocations"].as_array().unwrap();
    let addresses: Vec<&str> = invocations
        .iter()
        .map(|one| one["address"].as_str().unwrap())
        .collect();
    let expected = [
        "action.notes_log.begins",
        "action.notes_log.is",
        "action.notes_log.each[\"y\"]",
        "action.notes_log.each[\"x\"]",
        "action.notes_log.each[\"y\"]",
    ];
    assert_eq!(addresses, expected);
    let second = &invocations[1];
    assert_eq!(second["config_unknown"]["line"], true);
    let trigger = &second["lifecycle_action_trigger"];
    assert_eq!(trigger["triggering_resource_address"], "notes_note.a");
    assert_eq!(trigger["action_trigger_event"], "AfterCreate");
    assert_eq!(trigger["action_trigger_block_index"], 1);

    let applied = run("apply p.tfplan");
    assert!(
        applied.contains("action.notes_log.is: Invocation complete"),
        "{applied}"
    );
    let mut lines = vec![
        "a is about to be made",
        "a has 3 letters",
        "each y",
        "each x",
        "each y",
    ];
    assert_eq!(log(&engine), lines);

    // Nothing changes: nothing is done. A condition that does not hold: neither.
    run("apply -auto-approve");
    run("apply -auto-approve -var=text=quiet");
    assert_eq!(log(&engine), lines);

    // In place.
    run("apply -auto-approve -var=text=three");
    lines.extend(["a has 5 letters", "each y", "each x", "each y"]);
    assert_eq!(log(&engine), lines);

    // By itself, whatever else would change.
    let alone = run("apply -auto-approve -var=text=four -invoke=action.notes_log.each[\"x\"]");
    assert!(
        alone.contains("action.notes_log.each[\"x\"] will be invoked"),
        "{alone}"
    );
    lines.push("each x");
    assert_eq!(log(&engine), lines);
    let note = std::fs::read_to_string(engine.folder.path().join("notes/a.txt")).unwrap();
    assert_eq!(note, "three");

    // Destroying triggers nothing.
    run("destroy -auto-approve");
    assert_eq!(log(&engine), lines);
}

const SLOW: &str = r#"
terraform {
  required_providers {
    notes = {
      source = "example/notes"
    }
  }
}

provider "notes" {
  folder = "notes"
}

resource "notes_note" "a" {
  title = "a"
  text  = "one"

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.notes_log.done]
    }
  }
}

action "notes_log" "done" {
  config {
    line = "done"
  }
}
"#;

/// The engine dies while an action is under way: the next plan says so, and the action is not done again by itself.
pub(crate) fn cut_off(providers: &Path) {
    let engine = Engine::new(terrane(), "example/notes", providers);
    let folder = engine.folder.path();
    std::fs::write(folder.join("main.tf"), SLOW).unwrap();
    // Who writes to this waits until somebody reads.
    let log = folder.join("notes.log");
    let made = Command::new("mkfifo").arg(&log).status().unwrap();
    assert!(made.success());
    let mut child = engine
        .command(&["apply", "-auto-approve"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begun = lines
        .map_while(Result::ok)
        .any(|line| line.contains("action.notes_log.done: Invoking..."));
    assert!(begun, "the action was not begun");
    child.kill().unwrap();
    child.wait().unwrap();
    // The provider need not wait any longer, if it is still there.
    let mut open = std::fs::OpenOptions::new();
    drop(open.read(true).write(true).open(&log).unwrap());
    std::fs::remove_file(&log).unwrap();

    let (well, said) = engine.run(&["plan", "-json"]);
    assert!(well, "{said}");
    assert!(said.contains("T3408"), "{said}");
    let (_, said) = engine.run(&["apply", "-auto-approve"]);
    assert!(said.contains("No changes."), "{said}");
    assert!(!log.exists(), "it was done again");
    let (well, said) = engine.run(&["apply", "-auto-approve", "-invoke=action.notes_log.done"]);
    assert!(well, "{said}");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "done\n");
}
