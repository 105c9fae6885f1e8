//! Whatever a provider quotes in what it says, and however it fails: no secret is shown.

use terrane_lang::diagnostic::Diagnostics;
use terrane_model::provider::Call;
use terrane_plan::machine::PlanOptions;
use terrane_sim::World;
use terrane_tests::engine::{Chaos, Cloud, Project, Quoting, Session};

const MAIN: &str = r#"
terraform {
  required_providers {
    sim = {
      source = "terrane.dev/test/sim"
    }
  }
}
variable "secret" {
  type      = string
  sensitive = true
  default   = "canary-variable"
}
provider "sim" {
  region = sensitive("canary-region")
}
ephemeral "sim_session" "s" {
  user = sensitive("canary-user")
}
resource "sim_instance" "i" {
  name              = "i"
  image             = "IMAGE"
  password          = "${sensitive("canary-part")}-${var.secret}"
  secret_wo         = ephemeral.sim_session.s.token
  secret_wo_version = 1
}
data "sim_network" "d" {
  name = sensitive("canary-data")
}
"#;

type Calls = (&'static str, fn(&Call) -> bool);

const PLANNING: &[Calls] = &[
    ("validate provider", |call| {
        matches!(call, Call::ValidateProviderConfig { .. })
    }),
    ("configure", |call| matches!(call, Call::Configure { .. })),
    ("validate", |call| {
        matches!(call, Call::ValidateResource { .. })
    }),
    ("read", |call| matches!(call, Call::Read { .. })),
    ("read data", |call| {
        matches!(call, Call::ReadDataSource { .. })
    }),
    ("plan", |call| matches!(call, Call::Plan { .. })),
    ("validate session", |call| {
        matches!(call, Call::ValidateEphemeral { .. })
    }),
    ("open", |call| matches!(call, Call::OpenEphemeral { .. })),
];

const APPLYING: &[Calls] = &[
    ("configure", |call| matches!(call, Call::Configure { .. })),
    ("plan", |call| matches!(call, Call::Plan { .. })),
    ("apply", |call| matches!(call, Call::Apply { .. })),
    ("validate session", |call| {
        matches!(call, Call::ValidateEphemeral { .. })
    }),
    ("open", |call| matches!(call, Call::OpenEphemeral { .. })),
];

/// What was said has a quotation, and none of the secrets.
#[track_caller]
fn check(diagnostics: &Diagnostics, what: &str) {
    let said = format!("{diagnostics:?}");
    assert!(said.contains("it was asked"), "{what}: {said}");
    for secret in ["canary", "session-"] {
        assert!(!said.contains(secret), "{what}: {secret} in {said}");
    }
}

#[test]
fn no_secret_is_quoted() {
    let first = Project::of(&MAIN.replace("IMAGE", "img-1"));
    let second = Project::of(&MAIN.replace("IMAGE", "img-2"));
    let options = PlanOptions {
        refresh: true,
        ..PlanOptions::default()
    };
    let world = World::new(1);
    world.add_network("canary-data", "10.0.0.0/16");
    let mut session = Session::new(Cloud::new(world, 1));
    let made = session.plan(&first, &options, &mut Chaos::none());
    assert!(!made.diagnostics.has_errors(), "{:?}", made.diagnostics);
    let run = session.apply(&made, &mut Chaos::none());
    assert!(!run.diagnostics.has_errors(), "{:?}", run.diagnostics);
    for answers in [false, true] {
        for (name, calls) in PLANNING {
            let mut fork = session.fork();
            let calls = *calls;
            fork.cloud = fork.cloud.quoting(Some(Quoting { calls, answers }));
            let made = fork.plan(&second, &options, &mut Chaos::none());
            check(
                &made.diagnostics,
                &format!("{name} while planning, {answers}"),
            );
        }
        for (name, calls) in APPLYING {
            let mut fork = session.fork();
            let made = fork.plan(&second, &options, &mut Chaos::none());
            assert!(!made.diagnostics.has_errors(), "{:?}", made.diagnostics);
            let calls = *calls;
            fork.cloud = fork.cloud.quoting(Some(Quoting { calls, answers }));
            let run = fork.apply(&made, &mut Chaos::none());
            check(
                &run.diagnostics,
                &format!("{name} while applying, {answers}"),
            );
        }
    }
}
