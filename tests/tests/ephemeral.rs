//! Ephemeral resources under every order of events: whatever happens, a session is open while its token is used, closed afterwards, and
//! its token is kept nowhere.

use terrane_lang::diagnostic::Diagnostics;
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::PlanMode;
use terrane_sim::{FaultPlan, Operation, World};
use terrane_tests::engine::{Chaos, Cloud, Project, Session};

/// Sessions that are used by an object, by another session, by providers (one of which is known only when something was made), by a module.
const MAIN: &str = r#"
terraform {
  required_providers {
    sim = {
      source = "terrane.dev/test/sim"
    }
  }
}
provider "sim" {}
provider "sim" {
  alias  = "token"
  secret = ephemeral.sim_session.inner.token
}
provider "sim" {
  alias  = "late"
  secret = local.late
}
locals {
  late = ephemeral.sim_session.late.token
}
ephemeral "sim_session" "outer" {
  user   = "outer"
  ttl_ms = 40
}
ephemeral "sim_session" "inner" {
  user   = substr(ephemeral.sim_session.outer.token, 0, 7)
  ttl_ms = 30
}
ephemeral "sim_session" "unused" {
  count = 2
  user  = "unused${count.index}"
}
ephemeral "sim_session" "late" {
  user = sim_network.n.id
}
resource "sim_network" "n" {
  name = "n"
  cidr = "CIDR"
}
resource "sim_network" "t" {
  provider = sim.token
  count    = 2
  name     = "t${count.index}"
  cidr     = "10.1.${count.index}.0/24"
}
resource "sim_subnet" "l" {
  provider   = sim.late
  cidr       = "10.1.0.0/28"
  network_id = sim_network.t[0].id
}
resource "sim_instance" "i" {
  for_each          = toset(["a", "b"])
  name              = each.key
  image             = "img"
  secret_wo         = each.key == "a" ? ephemeral.sim_session.inner.token : local.late
  secret_wo_version = 1
}
module "m" {
  source = "./m"
  token  = ephemeral.sim_session.outer.token
}
resource "sim_instance" "m" {
  name      = "m"
  image     = "img"
  secret_wo = module.m.token
}
"#;

const MODULE: &str = r#"
variable "token" {
  type      = string
  ephemeral = true
}
ephemeral "sim_session" "s" {
  user = substr(var.token, 0, 9)
}
resource "sim_instance" "s" {
  name      = "s"
  image     = "img"
  secret_wo = var.token
}
output "token" {
  value     = ephemeral.sim_session.s.token
  ephemeral = true
}
"#;

fn project(cidr: &str) -> Project {
    Project::of(&MAIN.replace("CIDR", cidr)).file("m", "main.tf", MODULE)
}

/// A session, and the claims that are made after each command.
struct Case {
    session: Session,
    seed: u64,
    name: &'static str,
}

impl Case {
    fn new(seed: u64, name: &'static str) -> Self {
        let session = Session::new(Cloud::new(World::new(seed), seed));
        Self {
            session,
            seed,
            name,
        }
    }

    fn world(&self) -> &World {
        &self.session.cloud.world
    }

    /// Plans and applies; whether that went well.
    fn run(&mut self, cidr: &str, mode: PlanMode, plan: Chaos, apply: Chaos) -> bool {
        let project = project(cidr);
        let options = PlanOptions {
            mode,
            refresh: true,
            ..PlanOptions::default()
        };
        let open = self.world().open_sessions();
        let failed = self.failed_closes();
        let mut chaos = plan;
        let made = self.session.plan(&project, &options, &mut chaos);
        self.claim(&made.diagnostics, made.crashed, open, failed);
        let Some(planned) = made.plan.as_ref().filter(|plan| !plan.errored) else {
            return false;
        };
        let violations = terrane_plan::check::check(planned);
        assert!(violations.is_empty(), "{}: {violations:?}", self.label());
        let shown = format!("{planned:?}");
        assert!(!shown.contains("session-"), "{}: {shown}", self.label());
        let open = self.world().open_sessions();
        let failed = self.failed_closes();
        let mut chaos = apply;
        let run = self.session.apply(&made, &mut chaos);
        assert!(!run.stuck, "{}", self.label());
        self.claim(&run.diagnostics, run.crashed, open, failed);
        !run.crashed
            && !run.diagnostics.has_errors()
            && run.applied.is_some_and(|applied| !applied.cancelled)
    }

    fn label(&self) -> String {
        format!("{} with seed {}", self.name, self.seed)
    }

    fn failed_closes(&self) -> usize {
        let log = self.world().log();
        let closes = log
            .iter()
            .filter(|entry| entry.operation == Operation::Close);
        closes.filter(|entry| !entry.ok).count()
    }

    fn claim(&self, diagnostics: &Diagnostics, crashed: bool, open: usize, failed: usize) {
        for diagnostic in diagnostics.iter() {
            let text = format!("{} {}", diagnostic.summary, diagnostic.detail);
            assert!(!text.contains("session has ended"), "{}", self.label());
            assert!(!text.contains("session-"), "{}: {text}", self.label());
        }
        if !crashed && self.failed_closes() == failed {
            assert_eq!(self.world().open_sessions(), open, "{}", self.label());
        }
        let journal = format!("{:?}", self.session.store.journal);
        assert!(!journal.contains("session-"), "{}", self.label());
    }
}

/// In any order of answers: applied, empty afterwards, changed, destroyed.
#[test]
fn any_order_converges() {
    for seed in 0..20 {
        let mut case = Case::new(seed, "order");
        let chaos = |more: u64| Chaos::shuffled(seed * 7 + more);
        assert!(case.run("10.0.0.0/16", PlanMode::Normal, chaos(0), chaos(1)));
        let made = case.session.plan(
            &project("10.0.0.0/16"),
            &PlanOptions {
                refresh: true,
                ..PlanOptions::default()
            },
            &mut chaos(2),
        );
        assert!(made.plan.is_some_and(|plan| plan.is_empty()), "{seed}");
        assert!(case.run("10.9.0.0/16", PlanMode::Normal, chaos(3), chaos(4)));
        assert!(case.run("10.9.0.0/16", PlanMode::Destroy, chaos(5), chaos(6)));
        assert!(case.world().objects().is_empty(), "{seed}");
    }
}

/// The user interrupts the plan, then the apply, at each moment in turn.
#[test]
fn interrupts_leave_nothing_open() {
    for moment in (0..90).step_by(3) {
        let mut case = Case::new(moment, "interrupt");
        let chaos = || Chaos::shuffled(moment).cancel_after(moment);
        let calm = Chaos::none;
        case.run("10.0.0.0/16", PlanMode::Normal, chaos(), calm());
        case.run("10.0.0.0/16", PlanMode::Normal, calm(), chaos());
        assert!(case.run("10.0.0.0/16", PlanMode::Normal, calm(), calm()));
        case.run("10.0.0.0/16", PlanMode::Destroy, calm(), chaos());
        assert!(case.run("10.0.0.0/16", PlanMode::Destroy, calm(), calm()));
        assert!(case.world().objects().is_empty(), "{moment}");
    }
}

/// The process dies at each moment in turn: what was open runs out by itself, and the next run opens its own.
#[test]
fn after_a_crash_it_goes_on() {
    for moment in (0..80).step_by(3) {
        let mut case = Case::new(moment, "crash");
        let crash = Chaos::shuffled(moment).crash_after(moment);
        case.run("10.0.0.0/16", PlanMode::Normal, Chaos::none(), crash);
        let calm = Chaos::none;
        // What can't be told after the crash may need another look.
        let done = (0..3).any(|_| case.run("10.0.0.0/16", PlanMode::Normal, calm(), calm()));
        assert!(done, "{moment}");
        assert!(case.world().flaws().is_empty(), "{moment}");
    }
}

/// On a bad day calls fail in all ways; what was opened is closed all the same.
#[test]
fn storms_leave_nothing_open() {
    for seed in 0..20 {
        let mut case = Case::new(seed, "storm");
        case.world().set_faults(FaultPlan::stormy());
        for round in 0..4 {
            let chaos = |more: u64| Chaos::shuffled(seed * 31 + round * 2 + more);
            case.run("10.0.0.0/16", PlanMode::Normal, chaos(0), chaos(1));
        }
        case.world().set_faults(FaultPlan::NONE);
        let calm = Chaos::none;
        let done = (0..3).any(|_| case.run("10.0.0.0/16", PlanMode::Normal, calm(), calm()));
        assert!(done, "{seed}");
    }
}

/// A session that must be renewed is, as often as it says, for as long as it is used.
#[test]
fn renewed_while_it_is_used() {
    let mut case = Case::new(1, "renewal");
    let leaping = || Chaos::none().leaping();
    assert!(case.run("10.0.0.0/16", PlanMode::Normal, leaping(), leaping()));
    let renewed = case
        .world()
        .log()
        .into_iter()
        .filter(|entry| entry.operation == Operation::Renew && entry.ok);
    assert!(renewed.count() > 10);
}
