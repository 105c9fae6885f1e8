//! Pieces of the engine's work, each on its own.

use crate::shapes;
use std::collections::BTreeMap;
use std::hint::black_box;
use terrane_lang::source::FileId;
use terrane_lang::syntax::parse::parse_body;
use terrane_plan::file::{SavedPlan, decode, encode};
use terrane_plan::machine::PlanOptions;
use terrane_sim::World;
use terrane_store::statefile::{WriteOptions, read, write};
use terrane_tests::engine::{Chaos, Cloud, Made, Project, Session};

/// A piece of work, ready to be done as often as one likes.
pub type Ready = Box<dyn FnMut()>;

/// A piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// Makes what it needs; what that costs is not measured.
    pub prepare: fn() -> Ready,
}

/// All of them.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "parse",
        prepare: parse,
    },
    Workload {
        name: "compile",
        prepare: || compile("blocks"),
    },
    Workload {
        name: "compile-modules",
        prepare: || compile("variables"),
    },
    Workload {
        name: "evaluate",
        prepare: evaluate,
    },
    Workload {
        name: "plan-create-count",
        prepare: || plan("count", State::Empty),
    },
    Workload {
        name: "plan-create-blocks",
        prepare: || plan("blocks", State::Empty),
    },
    Workload {
        name: "plan-no-op-blocks",
        prepare: || plan("blocks", State::Applied),
    },
    Workload {
        name: "plan-no-op-modules",
        prepare: || plan("modules", State::Applied),
    },
    Workload {
        name: "plan-no-op-wide",
        prepare: || plan("wide", State::Applied),
    },
    Workload {
        name: "plan-one-chains",
        prepare: || plan("chains", State::Changed),
    },
    Workload {
        name: "apply-blocks",
        prepare: apply,
    },
    Workload {
        name: "plan-file-write",
        prepare: plan_file_write,
    },
    Workload {
        name: "plan-file-read",
        prepare: plan_file_read,
    },
    Workload {
        name: "state-file-write",
        prepare: state_file_write,
    },
    Workload {
        name: "state-file-read",
        prepare: state_file_read,
    },
];

/// Those that are only done by name: on several threads, so that no count of instructions is the same twice.
pub const BY_NAME: &[Workload] = &[Workload {
    name: "gates-blocks",
    prepare: gates,
}];

/// How many resource instances the configurations of these have.
const SIZE: usize = 400;

/// The workload of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Workload> {
    let mut all = WORKLOADS.iter().chain(BY_NAME);
    all.find(|workload| workload.name == name)
}

/// What the state holds before a plan.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Empty,
    Applied,
    /// Of the same configuration before one small change.
    Changed,
}

fn project(shape: &str, changed: bool) -> Project {
    let shape = shapes::find(shape).expect("the workloads name shapes that there are");
    // Those of `variables` are modules, each with 60 of them.
    let size = if shape.name == "variables" {
        SIZE / 20
    } else {
        SIZE
    };
    let mut project = Project::default();
    for (path, text) in (shape.files)(size, changed) {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", &path));
        project = project.file(folder, name, &text);
    }
    project
}

fn session() -> Session {
    Session::new(Cloud::new(World::new(1), 1))
}

/// # Panics
/// When the configuration is refused: a fault of the shape.
fn made(session: &mut Session, project: &Project) -> Made {
    let made = session.plan(project, &PlanOptions::default(), &mut Chaos::none());
    assert!(
        made.plan.is_some(),
        "{}",
        made.compiled.explain(&made.diagnostics)
    );
    made
}

/// A session in which the project is applied.
fn applied(project: &Project) -> Session {
    let mut session = session();
    let made = made(&mut session, project);
    let run = session.apply(&made, &mut Chaos::none());
    assert!(run.applied.is_some(), "{:?}", run.diagnostics);
    session
}

fn parse() -> Ready {
    let files = shapes::find("blocks").map(|shape| (shape.files)(SIZE * 5, false));
    let text = files
        .and_then(|mut files| files.pop())
        .map(|(_, text)| text)
        .unwrap_or_default();
    Box::new(move || {
        let (body, diagnostics) = parse_body(FileId(0), black_box(&text));
        assert!(!diagnostics.has_errors(), "the shape parses");
        black_box(body);
    })
}

fn compile(shape: &str) -> Ready {
    let project = project(shape, false);
    let session = session();
    Box::new(move || {
        black_box(project.compile(&session.cloud, &session.store.snapshot()));
    })
}

/// Expressions without a resource: what is left of a plan then is their evaluation.
fn evaluate() -> Ready {
    let project = Project::of(
        r#"
locals {
  numbers = range(1000)
  texts   = [for i in local.numbers : format("host-%04d.example.com", i)]
  objects = { for i, name in local.texts : name => { index = i, labels = split(".", name), even = i % 2 == 0 } }
  picked  = { for name, one in local.objects : upper(name) => one.labels[0] if one.even }
  grouped = { for name, one in local.objects : one.labels[1] => one.index... }
  merged  = merge(local.picked, { extra = jsonencode(local.grouped) })
  text    = join("\n", [for name, label in local.merged : "${name} = ${replace(label, "host", "node")}"])
  lines   = flatten([for name in local.texts : [name, regexall("[0-9]+", name)]])
}
output "length" { value = length(local.text) + length(local.lines) }
"#,
    );
    planned(session(), project)
}

fn planned(mut session: Session, project: Project) -> Ready {
    made(&mut session, &project);
    Box::new(move || {
        black_box(made(&mut session, &project));
    })
}

fn plan(shape: &str, state: State) -> Ready {
    let before = project(shape, false);
    let session = match state {
        State::Empty => session(),
        State::Applied | State::Changed => applied(&before),
    };
    planned(session, project(shape, state == State::Changed))
}

fn apply() -> Ready {
    let project = project("blocks", false);
    let mut session = session();
    let made = made(&mut session, &project);
    Box::new(move || {
        let mut fresh = session.fork();
        let run = fresh.apply(&made, &mut Chaos::none());
        assert!(run.applied.is_some(), "{:?}", run.diagnostics);
    })
}

fn gates() -> Ready {
    let mut session = session();
    let made = made(&mut session, &project("blocks", false));
    Box::new(move || crate::gated::passes(&made, &session.cloud))
}

fn saved() -> SavedPlan {
    let made = made(&mut session(), &project("blocks", false));
    SavedPlan {
        version: String::new(),
        plan: made.plan.expect("there is one"),
        sources: Vec::new(),
        extra: BTreeMap::new(),
    }
}

fn plan_file_write() -> Ready {
    let saved = saved();
    Box::new(move || {
        black_box(encode(&saved).expect("it can be saved"));
    })
}

fn plan_file_read() -> Ready {
    let bytes = encode(&saved()).expect("it can be saved");
    Box::new(move || {
        black_box(decode(black_box(&bytes)).expect("it was written by us"));
    })
}

fn state_file_write() -> Ready {
    let snapshot = applied(&project("payload", false)).store.snapshot();
    Box::new(move || {
        black_box(write(&snapshot, &WriteOptions::default()).expect("it can be written"));
    })
}

fn state_file_read() -> Ready {
    let snapshot = applied(&project("payload", false)).store.snapshot();
    let text = write(&snapshot, &WriteOptions::default()).expect("it can be written");
    Box::new(move || {
        black_box(read("the state", black_box(text.as_bytes())).expect("it was written by us"));
    })
}
