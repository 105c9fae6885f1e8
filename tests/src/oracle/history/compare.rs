//! Plays a history on both sides.

use super::model::History;
use super::normal;
use crate::oracle::peer::{Ran, run};
use serde_json::Value as Json;
use std::collections::BTreeSet;
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

/// What differs when a history is played on both sides: the step, and where.
///
/// # Panics
/// When the world does not let it run.
#[must_use]
pub fn compare(sides: Sides<'_>, history: &History) -> Vec<String> {
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
        let mut found = one_step(&ours, &theirs, &step.arguments);
        if let Err(found) = &mut found {
            for line in &mut *found {
                *line = format!("step {at}: {line}");
            }
            return std::mem::take(found);
        }
        if found == Ok(false) {
            // Neither of them plans it; what follows may still be planned.
            continue;
        }
    }
    Vec::new()
}

/// Plans and applies. `false`: neither side could plan.
fn one_step(ours: &Side<'_>, theirs: &Side<'_>, arguments: &[String]) -> Result<bool, Vec<String>> {
    let (our, their) = (ours.plan(arguments), theirs.plan(arguments));
    if our.exit != their.exit {
        return Err(vec![
            format!("plan exits with {}, theirs with {}", our.exit, their.exit),
            format!("ours says {}{}", our.out, our.err),
            format!("theirs says {}{}", their.out, their.err),
        ]);
    }
    if our.exit == 1 {
        return Ok(false);
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
    if found.is_empty() {
        Ok(true)
    } else {
        Err(found)
    }
}
