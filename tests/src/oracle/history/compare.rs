//! Plays a history on both sides.

use super::explained::{DESTROYED, WAITS, explained};
use super::model::{History, Step};
use super::names::Names;
use super::normal::{self, Difference};
use crate::oracle::peer::{Ran, run};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// The two programs.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// This engine.
    pub ours: &'a Path,
    /// The peer.
    pub theirs: &'a Path,
}

/// Something in which the two sides are not alike.
#[derive(Debug)]
pub(super) enum Unlike {
    /// A part of a plan or state.
    View(Difference),
    /// How planning ended.
    Plan {
        ours: Ran,
        theirs: Ran,
        /// How planning the same ends with us where everything is to be destroyed, if it is not.
        without_destroy: Option<i32>,
        /// The peer's plan, if it made one.
        planned: Json,
    },
    /// How applying ended.
    Apply { ours: Ran, theirs: Ran },
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, ours, theirs) = match self {
            Self::View(difference) => return difference.fmt(f),
            Self::Plan { ours, theirs, .. } => ("plan", ours, theirs),
            Self::Apply { ours, theirs } => ("apply", ours, theirs),
        };
        writeln!(
            f,
            "{what} exits with {}, theirs with {}",
            ours.exit, theirs.exit
        )?;
        writeln!(f, "ours says {}{}", ours.out, ours.err)?;
        write!(f, "theirs says {}{}", theirs.out, theirs.err)
    }
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

    /// The plan without further arguments, beside the one that is to be applied.
    fn plan_elsewhere(&self) -> Json {
        self.run(&["plan", "-no-color", "-out=other"]);
        self.json(&["show", "-json", "other"])
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
    let mut names = Names::default();
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
        names.add_config(&step.config);
        names.add_moves(step);
        let found = one_step(&ours, &theirs, step, &mut names);
        names.add_moves(step);
        // Neither of them plans it; what follows may still be planned.
        let Some(found) = found else {
            all.steps.1 += 1;
            continue;
        };
        all.steps.0 += 1;
        let (mut apart, mut ended) = (false, false);
        for unlike in found {
            if ended {
                break;
            }
            let reason = explained(&unlike, step, &names);
            // One side has applied what the other has not.
            ended |= reason.is_some() && matches!(unlike, Unlike::Apply { .. });
            ended |= matches!(reason, Some(WAITS | DESTROYED));
            match reason {
                Some(reason) => *all.explained.entry(reason).or_default() += 1,
                None => {
                    all.differences.push(format!("step {at}: {unlike}"));
                    // Where only views of the plan differ, the rest can still be compared.
                    apart |= !matches!(&unlike, Unlike::View(Difference { path, .. }) if path.starts_with('.'));
                }
            }
        }
        if apart || ended {
            break;
        }
    }
    if let Some(folder) = std::env::var_os("TERRANE_ORACLE_KEEP") {
        let folder = Path::new(&folder);
        std::fs::create_dir_all(folder).expect("folders can be made");
        for (dir, side) in dirs.into_iter().zip(["ours", "theirs"]) {
            drop(std::fs::rename(dir.keep(), folder.join(side)));
        }
    }
    all
}

/// Plans and applies: what differs. `None`: neither side could plan.
fn one_step(
    ours: &Side<'_>,
    theirs: &Side<'_>,
    step: &Step,
    names: &mut Names,
) -> Option<Vec<Unlike>> {
    let arguments = &step.arguments;
    let (our, their) = (ours.plan(arguments), theirs.plan(arguments));
    if our.exit != their.exit {
        let without_destroy = step.destroys().then(|| ours.plan(&[]).exit);
        return Some(vec![Unlike::Plan {
            ours: our,
            theirs: their,
            without_destroy,
            planned: theirs.json(&["show", "-json", "tfplan"]),
        }]);
    }
    if our.exit == 1 {
        return None;
    }
    let show = ["show", "-json", "tfplan"];
    let (our, their) = (ours.json(&show), theirs.json(&show));
    let plans = normal::differences("", &normal::plan(&our), &normal::plan(&their));
    let outputs = |difference: &Difference| {
        let path = &difference.path;
        path.starts_with(".output_changes") || path.starts_with(".prior_state.values.outputs")
    };
    names.planned = Json::Null;
    names.add_triggered(&step.config, &our, &their);
    if step.destroys() && plans.iter().any(outputs) {
        let planned = normal::plan(&ours.plan_elsewhere());
        if let Some(values) = planned.get("planned_values") {
            names.planned = match &values["outputs"] {
                Json::Null => Json::Object(Map::new()),
                outputs => outputs.clone(),
            };
        }
    }
    let mut found: Vec<Unlike> = plans.into_iter().map(Unlike::View).collect();
    let apply = ["apply", "-no-color", "tfplan"];
    let (our, their) = (ours.run(&apply), theirs.run(&apply));
    names.failed = our.exit == 1 && their.exit == 1;
    if our.exit != their.exit {
        found.push(Unlike::Apply {
            ours: our,
            theirs: their,
        });
    }
    let our = ours.json(&["state", "pull"]);
    let text = std::fs::read_to_string(theirs.dir.join("terraform.tfstate")).unwrap_or_default();
    let their = serde_json::from_str(&text).unwrap_or(Json::Null);
    names.add_state(&our);
    names.add_state(&their);
    let states = normal::differences("state", &normal::state(&our), &normal::state(&their));
    found.extend(states.into_iter().map(Unlike::View));
    Some(found)
}
