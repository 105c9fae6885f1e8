//! Stories of several commands, with every word that they say: all in `tests/golden-stores`, to be read. `TERRANE_BLESS=1` writes them anew.
//!
//! What is another one each time stands there by its name: `ID`, `TIME`, `PORT`, `FOLDER`.
#![cfg(unix)]

use super::folder::{Folder, Ran, repository};
use super::leases::{Going, SLOW, wait_for};
use super::services::{Kind, Spot};
use regex::Regex;
use std::fmt::Write as _;

/// What was said.
struct Story {
    name: &'static str,
    text: String,
}

/// What is another one each time, and what stands for it.
const CHANGING: &[(&str, &str)] = &[
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\d{8}T\d{6}(\.?\d+)?Z", "TIME"),
    (r"(localhost|127\.0\.0\.1):\d+", "$1:PORT"),
    (r"process \d+", "process NUMBER"),
    (r"after (\d+h)?(\d+m)?\d+s", "after TIME"),
];

impl Story {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            text: String::new(),
        }
    }

    /// A sentence between the commands.
    fn tell(&mut self, text: &str) {
        writeln!(self.text, "# {text}\n").unwrap();
    }

    /// What a command said, and how it ended.
    fn add(&mut self, folder: &Folder, words: &str, ran: &Ran) {
        let mut said = format!("{}\n\n{}", ran.out.trim_end(), ran.err.trim_start());
        let path = folder.path().canonicalize().unwrap();
        for path in [path.to_str().unwrap(), folder.path().to_str().unwrap()] {
            said = said.replace(path, "FOLDER");
        }
        // Where a line ends follows from how long the number of a process is.
        let paragraphs = said
            .split("\n\n")
            .map(|text| match text.contains("process ") {
                true => text.replace('\n', " "),
                false => text.to_owned(),
            });
        let mut said = paragraphs.collect::<Vec<_>>().join("\n\n");
        for (pattern, name) in CHANGING {
            let pattern = Regex::new(pattern).unwrap();
            said = pattern.replace_all(&said, *name).into_owned();
        }
        let lines: Vec<&str> = said.trim().lines().map(str::trim_end).collect();
        let exit = match ran.exit {
            0 => String::new(),
            exit => format!("\n[exit code {exit}]"),
        };
        writeln!(self.text, "$ terrane {words}\n{}{exit}\n", lines.join("\n")).unwrap();
    }

    fn run(&mut self, folder: &Folder, words: &str) -> Ran {
        let arguments: Vec<&str> = words.split_whitespace().collect();
        let env = [("USER", "ana"), ("HOSTNAME", "host")];
        let ran = folder.run_with(&arguments, &env, "");
        self.add(folder, words, &ran);
        ran
    }

    fn end(self) {
        let path = repository().join(format!("tests/golden-stores/{}.txt", self.name));
        let found = format!("{}\n", self.text.trim_end());
        if std::env::var_os("TERRANE_BLESS").is_some() {
            std::fs::write(&path, found).unwrap();
            return;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn leases_on_parts() {
    let mut story = Story::new("leases");
    let folder = Folder::new(&[("main.tf", SLOW)]);
    story.tell("Somebody makes terraform_data.a, which takes long. terraform_data.c depends on it, terraform_data.b does not.");
    let words = "apply -auto-approve -target=terraform_data.a";
    let first = Going::start(&folder, words);
    wait_for(&folder, "begun");
    story.tell("Others go on with the rest of the same state.");
    story
        .run(&folder, "apply -auto-approve -target=terraform_data.b")
        .ok();
    story.tell("What is in use is refused at once, or waited for.");
    story
        .run(&folder, "apply -auto-approve -target=terraform_data.c")
        .exits(1);
    let waits = "taint -lock-timeout=2m terraform_data.a";
    let mut second = Going::start(&folder, waits);
    second.until("Waiting for the state");
    folder.write("go", "");
    first.end().ok();
    let second = second.end().ok();
    story.add(&folder, waits, &second);
    story.tell(
        "A plan that was saved before is of no use where it depends on what was changed since.",
    );
    story.run(&folder, "plan -out=whole.plan").ok();
    story
        .run(
            &folder,
            "plan -target=terraform_data.b -destroy -out=part.plan",
        )
        .ok();
    story.run(&folder, "untaint terraform_data.a").ok();
    story.run(&folder, "apply whole.plan").exits(1);
    story.run(&folder, "apply part.plan").ok();
    story.end();
}

#[test]
fn a_migration_that_fails_and_one_that_does_not() {
    let mut story = Story::new("migration");
    let resource = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";
    let folder = Folder::new(&[("main.tf", resource)]);
    story.tell("A state in the embedded store.");
    story.run(&folder, "apply -auto-approve").ok();
    story.tell("It is to go behind HTTP, where there is no room.");
    let spot = Spot::new(Kind::Http, 0).unwrap();
    let server = spot.http.as_ref().unwrap();
    server.with(|inner| inner.refuses_states = true);
    folder.write("main.tf", &format!("{}{resource}", spot.block));
    story.run(&folder, "plan").exits(1);
    story.run(&folder, "init -force-copy -input=false").exits(1);
    story.tell("Nothing has changed: without the block the state is where it was.");
    folder.write("main.tf", resource);
    story.run(&folder, "plan").ok();
    story.tell("Room was made.");
    server.with(|inner| inner.refuses_states = false);
    folder.write("main.tf", &format!("{}{resource}", spot.block));
    story.run(&folder, "init -force-copy -input=false").ok();
    story.run(&folder, "plan").ok();
    story.run(&folder, "state list").ok();
    story.end();
}
