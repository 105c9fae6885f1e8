//! Plays a history on both sides.

use super::explained::explained;
use super::model::{History, Step};
use super::normal;
use crate::oracle::peer::{Ran, run};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The two programs.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// This engine.
    pub ours: &'a Path,
    /// The peer.
    pub theirs: &'a Path,
}

/// One side at work.
struct Side<'a> {
    program: &'a Path,
    dir: &'a Path,
}

impl Side<'_> {
    fn run(&self, arguments: &[&str]) -> Ran {
        run(self.program, self.dir, arguments, "")
    }

    fn json(&self, arguments: &[&str]) -> Json {
        serde_json::from_str(&self.run(arguments).out).unwrap_or(Json::Null)
    }

    fn plan(&self, arguments: &[String]) -> Ran {
        let mut all = vec!["plan", "-no-color", "-detailed-exitcode", "-out=tfplan"];
        all.extend(arguments.iter().map(String::as_str));
        self.run(&all)
    }
}

/// What came of playing a history on both sides.
#[derive(Debug, Default)]
pub struct Found {
    /// What differs: the step, and where.
    pub differences: Vec<String>,
    /// Why something differs on purpose, and how often it does.
    pub explained: BTreeMap<&'static str, usize>,
    /// Steps that both sides planned and applied, and steps that both refused.
    pub steps: (usize, usize),
}

/// Plays a history on both sides, until something differs that should not.
///
/// # Panics
/// When the world does not let it run.
#[must_use]
pub fn compare(sides: Sides<'_>, history: &History) -> Found {
    let mut all = Found::default();
    let dirs = [tempfile::tempdir(), tempfile::tempdir()]
        .map(|dir| dir.expect("there is room for a folder"));
    let [ours, theirs] = [
        Side {
            program: sides.ours,
            dir: dirs[0].path(),
        },
        Side {
            program: sides.theirs,
            dir: dirs[1].path(),
        },
    ];
    let mut before = BTreeSet::new();
    for (at, step) in history.steps.iter().enumerate() {
        let files = step.config.files();
        for side in [&ours, &theirs] {
            for name in &before {
                drop(std::fs::remove_file(side.dir.join(name)));
            }
            for (name, text) in &files {
                let path = side.dir.join(name);
                let folder = path.parent().expect("a file is in a folder");
                std::fs::create_dir_all(folder).expect("folders can be made");
                std::fs::write(path, text).expect("files can be written");
            }
        }
        before = files.into_keys().collect();
        match one_step(&ours, &theirs, step) {
            // Neither of them plans it; what follows may still be planned.
            None => all.steps.1 += 1,
            Some(lines) => {
                all.steps.0 += 1;
                for line in lines {
                    match explained(&line, step) {
                        Some(reason) => *all.explained.entry(reason).or_default() += 1,
                        None => all.differences.push(format!("step {at}: {line}")),
                    }
                }
            }
        }
        if !all.differences.is_empty() {
            break;
        }
    }
    all
}

/// Plans and applies: what differs. `None`: neither side could plan.
fn one_step(ours: &Side<'_>, theirs: &Side<'_>, step: &Step) -> Option<Vec<String>> {
    let arguments = &step.arguments;
    let (our, their) = (ours.plan(arguments), theirs.plan(arguments));
    if our.exit != their.exit {
        return Some(vec![
            format!("plan exits with {}, theirs with {}", our.exit, their.exit),
            format!("ours says {}{}", our.out, our.err),
            format!("theirs says {}{}", their.out, their.err),
        ]);
    }
    if our.exit == 1 {
        return None;
    }
    let show = ["show", "-json", "tfplan"];
    let (our, their) = (ours.json(&show), theirs.json(&show));
    let mut found = normal::differences(&normal::plan(&our), &normal::plan(&their));
    let apply = ["apply", "-no-color", "tfplan"];
    let (our, their) = (ours.run(&apply), theirs.run(&apply));
    if our.exit != their.exit {
        found.push(format!(
            "apply exits with {}, theirs with {}",
            our.exit, their.exit
        ));
        found.push(format!("ours says {}{}", our.out, our.err));
        found.push(format!("theirs says {}{}", their.out, their.err));
    }
    let our = ours.json(&["state", "pull"]);
    let text = std::fs::read_to_string(theirs.dir.join("terraform.tfstate")).unwrap_or_default();
    let their = serde_json::from_str(&text).unwrap_or(Json::Null);
    let states = normal::differences(&normal::state(&our), &normal::state(&their));
    found.extend(states.into_iter().map(|line| format!("state{line}")));
    Some(found)
}
