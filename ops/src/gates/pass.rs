//! Passing a plan through the gates.

use super::book::{APPLIED, Book, USED};
use crate::apply::Parts;
use crate::audit;
use crate::failure::Failure;
use crate::install::Programs;
use crate::load::Loaded;
use crate::planfile;
use crate::policy::{PlanText, Seen};
use crate::rules;
use crate::session::Session;
use ecow::EcoString;
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_apply::Applied;
use terrane_gate::decision::{Decision, Genuine};
use terrane_gate::facts::{Cost, Facts, Said};
use terrane_gate::meaning::Meaning;
use terrane_gate::verdict::{Verdict, explain, judge};
use terrane_gate::{ApprovedPlan, Case, Closed, Consent, Ground, Passed, Policy, Refusal, Weighed};
use terrane_model::addr::ProviderAddr;
use terrane_plan::basis::Hash;
use terrane_plan::plan::Plan;
use terrane_store::audit::AuditError;

/// The kind of log entries that say that a plan begins to be applied.
const APPLY: &str = "apply";
/// The kind of those that say how that ended.
const APPLIED_KIND: &str = "applied";

/// How often a plan is judged anew, where others record something all the time.
const TRIES: usize = 20;

/// Everything that gates look at beside the plan itself. For one plan: what policies and prices say of it is found out once.
#[derive(Debug)]
pub struct Gating {
    /// Gates and log.
    pub book: Book,
    /// Decisions that are not in the log: from beside the plan, or made just now.
    pub beside: Vec<Decision>,
    /// Who made the plan.
    pub author: String,
    /// The digest of its file.
    pub digest: Hash,
    /// The programs that are its providers.
    programs: BTreeMap<ProviderAddr, EcoString>,
    says: OnceCell<Says>,
    /// What was found of decisions.
    genuine: Genuine,
}

/// What tells plans apart.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Who made it.
    pub author: &'a str,
    /// The digest of its file, as text.
    pub digest: &'a str,
}

/// What a plan means, and what the gates say to it.
#[derive(Debug)]
pub struct Looked {
    /// What it means.
    pub meaning: Arc<Meaning>,
    /// What the gates say.
    pub verdict: Verdict,
}

/// What is said about a plan by what gates name.
#[derive(Clone, Debug, Default)]
struct Says {
    policies: Said,
    cost: Option<Cost>,
}

impl Gating {
    /// What judges a plan; `None`: there are no gates.
    ///
    /// # Errors
    /// When the policies or prices that the gates name can't be used.
    pub fn new(
        book: Option<Book>,
        plan: &Plan,
        named: Named<'_>,
        programs: BTreeMap<ProviderAddr, EcoString>,
    ) -> Result<Option<Self>, Failure> {
        let Named { author, digest } = named;
        let Some(mut book) = book else {
            return Ok(None);
        };
        book.rules.compiled()?;
        book.place.lineage = plan.base.lineage.clone();
        let digest = hex::decode(digest).ok();
        Ok(Some(Self {
            book,
            beside: Vec::new(),
            author: author.to_owned(),
            digest: digest
                .and_then(|digest| digest.try_into().ok())
                .unwrap_or_default(),
            programs,
            says: OnceCell::new(),
            genuine: Genuine::default(),
        }))
    }

    /// Judges a plan, without approving it.
    #[must_use]
    pub fn look(&self, seen: &Seen<'_>) -> Looked {
        self.with_case(seen, |case| {
            looked(case, Arc::new(case.ground.meaning(seen.plan())))
        })
    }

    /// The same of one that is to be approved. What it means is found out once.
    #[must_use]
    pub fn weigh(&self, parts: &Parts) -> Looked {
        self.with_case(&parts.seen(), |case| {
            looked(case, parts.weighed().meaning(&case.ground).clone())
        })
    }

    /// What the policies and prices that the gates name say about a plan.
    fn says(&self, seen: &Seen<'_>) -> &Says {
        self.says.get_or_init(|| {
            // They were understood when this was made.
            let compiled = self.book.rules.compiled().ok();
            let policies = compiled.and_then(|compiled| compiled.policies.as_ref());
            let prices = compiled.and_then(|compiled| compiled.prices.as_ref());
            Says {
                policies: Said::new(policies.map_or_else(Vec::new, |policies| policies.say(seen))),
                // A cost that can't be found out is not known, and gates that ask for it stay closed.
                cost: prices
                    .and_then(|prices| prices.of_plan(seen).ok())
                    .map(|estimate| crate::cost::fact(&estimate)),
            }
        })
    }

    /// Approves a plan, if the gates let it pass.
    pub(crate) fn approve(
        &self,
        plan: Weighed,
        (loaded, text): (&Loaded, PlanText),
        consent: &Consent,
    ) -> Result<ApprovedPlan, Refusal> {
        self.says(&Seen::with(plan.plan(), loaded, text));
        let made_at = plan.plan().timestamp.clone();
        self.case(loaded, &made_at, |case| {
            ApprovedPlan::approve(plan, Policy::Gates(case), consent)
        })
    }

    /// Calls something with what the gates judge by.
    fn with_case<T>(&self, seen: &Seen<'_>, call: impl FnOnce(&Case<'_>) -> T) -> T {
        self.says(seen);
        self.case(seen.loaded(), &seen.plan().timestamp, call)
    }

    fn case<T>(&self, loaded: &Loaded, made_at: &str, call: impl FnOnce(&Case<'_>) -> T) -> T {
        with_ground(loaded, &self.book.secret, &self.programs, |ground| {
            self.with_facts(made_at, |facts| {
                call(&Case {
                    gates: &self.book.rules.gates,
                    facts,
                    ground,
                })
            })
        })
    }

    /// Finds out which decisions are what was signed. That is kept for when they are counted.
    pub(crate) fn look_at_signatures(&self, decisions: &[Decision]) {
        for decision in decisions {
            let _kept = self.genuine.is(decision);
        }
    }

    /// Finds out what a plan means, and does something else meanwhile.
    pub(crate) fn weigh_beside<T>(
        &self,
        plan: &Weighed,
        loaded: &Loaded,
        work: impl FnOnce() -> T,
    ) -> T {
        weigh_beside((plan, loaded), &self.book.secret, &self.programs, work)
    }

    /// Judges again what was looked at, by what is known now.
    #[must_use]
    pub fn judge_again(&self, made_at: &str, meaning: &Meaning) -> Verdict {
        let gates = &self.book.rules.gates;
        self.with_facts(made_at, |facts| judge(gates, meaning, facts))
    }

    /// Calls something with what is known beside the plan. What policies and prices say was found out before.
    fn with_facts<T>(&self, made_at: &str, call: impl FnOnce(&Facts<'_>) -> T) -> T {
        let made = made_at.parse::<jiff::Timestamp>().ok();
        let made = made.and_then(|at| u64::try_from(at.as_millisecond()).ok());
        let decisions: Vec<Decision> = (self.book.decisions.iter())
            .chain(&self.beside)
            .cloned()
            .collect();
        let nothing = Says::default();
        let says = self.says.get().unwrap_or(&nothing);
        call(&Facts {
            place: self.book.place.clone(),
            plan: self.digest,
            author: self.author.as_str().into(),
            decisions: &decisions,
            genuine: &self.genuine,
            used: &self.book.used,
            now_ms: crate::clock::now_ms(),
            past_ms: self.book.past_ms().max(made.unwrap_or(0)),
            confirmed: false,
            policies: &says.policies,
            cost: says.cost.as_ref(),
        })
    }
}

/// Calls something with what says what a plan means.
fn with_ground<T>(
    loaded: &Loaded,
    secret: &Hash,
    programs: &BTreeMap<ProviderAddr, EcoString>,
    call: impl FnOnce(Ground<'_>) -> T,
) -> T {
    let registry = loaded.registry.clone();
    let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
    call(Ground {
        config: &loaded.config,
        sources: &loaded.sources,
        schemas: &schemas,
        secret,
        programs,
    })
}

/// Finds out what a plan means, and does something else meanwhile.
pub(crate) fn weigh_beside<T>(
    (plan, loaded): (&Weighed, &Loaded),
    secret: &Hash,
    programs: &BTreeMap<ProviderAddr, EcoString>,
    work: impl FnOnce() -> T,
) -> T {
    with_ground(loaded, secret, programs, |ground| {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| plan.weigh(&ground));
            work()
        })
    })
}

fn looked(case: &Case<'_>, meaning: Arc<Meaning>) -> Looked {
    Looked {
        verdict: judge(case.gates, &meaning, case.facts),
        meaning,
    }
}

/// The programs of a plan, as its meaning takes them in.
#[must_use]
pub fn programs_text(programs: &Programs) -> BTreeMap<ProviderAddr, EcoString> {
    programs
        .iter()
        .map(|(addr, program)| (addr.clone(), program.to_string().into()))
        .collect()
}

/// What is said of a plan that was not saved here.
pub(crate) fn unknown_plan() -> Failure {
    Failure::input(
        &rules::gates::UNKNOWN_PLAN,
        "Where there are gates, each plan that is saved is recorded in the audit log of its workspace, and this one is not: it was changed after it was saved, or saved for another state. Make a new plan; approvals of what means the same are kept.",
    )
}

/// What the gates say to a plan that was made just now, and is not applied; `None`: there are no gates.
///
/// # Errors
/// When gates, their policies or the log can't be used.
pub fn preview(session: &Session, seen: &Seen<'_>) -> Result<Option<(Gating, Looked)>, Failure> {
    let Some(book) = Book::open(session)? else {
        return Ok(None);
    };
    let digest = planfile::digest_of(session, seen.plan(), seen.loaded(), Some(&book));
    let named = Named {
        author: &session.who(),
        digest: &digest,
    };
    let programs = planfile::programs_of(session, seen.loaded())?;
    let gating = Gating::new(Some(book), seen.plan(), named, programs)?;
    Ok(gating.map(|gating| {
        let looked = gating.look(seen);
        (gating, looked)
    }))
}

/// A refusal as a message.
#[must_use]
pub fn refused(closed: &Closed) -> Failure {
    let text = explain::text(&closed.verdict, &closed.meaning);
    let way_out = if closed.verdict.only_lacks_confirmation() {
        "No approval gives what is missing: run `terrane apply`, without a saved plan and without -auto-approve, at a terminal and answer yes."
    } else {
        "Whoever can give what is missing does it with `terrane approve PLAN`, for a plan that was saved with `terrane plan -out=PLAN`. `terrane gates PLAN` shows what a plan needs and has."
    };
    Failure::input(
        &rules::gates::CLOSED,
        format!("Nothing was changed. Not all gates are open for this plan:\n\n{text}\n{way_out}"),
    )
}

/// What is recorded when a plan begins to be applied. With gates, decisions and plan are used up by it; and it is judged once more, by what is recorded until
/// just then: between the first verdict and this moment somebody may have waited for a lease, or for an answer.
pub(crate) fn begin(
    session: &Session,
    run: &str,
    digest: &str,
    changes: &str,
    passed: &Passed,
    gating: Option<(&mut Gating, &str)>,
) -> Result<(), Failure> {
    let body = json!({
        "run": run,
        "plan": digest,
        "command": session.command,
        "changes": changes,
    });
    let (Some(meaning), Some((gating, made_at))) = (&passed.meaning, gating) else {
        audit::note(session, APPLY, body);
        return Ok(());
    };
    let names =
        |names: &[EcoString]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    for _ in 0..TRIES {
        gating.book.reread(session)?;
        let gates = &gating.book.rules.gates;
        let again = gating.with_facts(made_at, |facts| passed.again(gates, facts));
        let passed = again.map_err(|refusal| not_approved(&refusal))?;
        let used: Vec<String> = passed.uses.iter().map(ToString::to_string).collect();
        let mut body = body.clone();
        if let Some(body) = body.as_object_mut() {
            body.insert("meaning".into(), hex::encode(meaning.digest).into());
            body.insert("decisions".into(), json!(used));
            body.insert("gates".into(), json!(names(&passed.gates)));
            body.insert("approved_by".into(), json!(names(&passed.approved_by)));
            if !passed.broken_by.is_empty() {
                body.insert("broken_by".into(), json!(names(&passed.broken_by)));
            }
        }
        let once = used.iter().map(|id| format!("{USED}{id}"));
        let once = once.chain([format!("{APPLIED}{digest}")]).collect();
        let head = gating.book.log.head();
        if audit::record_behind(session, head, APPLY, body, once)? {
            return Ok(());
        }
    }
    Err(audit::failed(AuditError::Moved))
}

/// What is recorded when a plan was applied.
pub(crate) fn end(session: &Session, run: &str, applied: Option<&Applied>) {
    let body = match applied {
        None => json!({"run": run, "outcome": "stopped"}),
        Some(applied) => {
            let outcome = if applied.cancelled {
                "cancelled"
            } else if applied.diagnostics.has_errors() {
                "failed"
            } else {
                "done"
            };
            json!({
                "run": run,
                "outcome": outcome,
                "added": applied.added,
                "changed": applied.changed,
                "destroyed": applied.destroyed,
            })
        }
    };
    audit::note(session, APPLIED_KIND, body);
}

/// What a plan file keeps of how it was made.
pub(crate) fn mark(session: &Session, book: &Book) -> Vec<u8> {
    let mark = json!({
        "author": session.who(),
        "gates": book.rules.digest(),
    });
    mark.to_string().into_bytes()
}

/// The same, read.
#[derive(Clone, Debug, Default)]
pub struct Mark {
    /// Who made the plan.
    pub author: String,
    /// The digest of the gates under which it was made.
    pub gates: String,
}

impl Mark {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |key: &str| {
            json.get(key)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned()
        };
        Self {
            author: text("author"),
            gates: text("gates"),
        }
    }
}

/// Checks that a saved plan was made under the gates that are in force.
///
/// # Errors
/// When it was not.
pub(crate) fn check_mark(book: &Book, mark: Option<&Mark>) -> Result<(), Failure> {
    book.check_unchanged()?;
    let made_under = mark.map_or("", |mark| &mark.gates);
    if made_under == book.rules.digest() {
        return Ok(());
    }
    let detail = if made_under.is_empty() {
        "The plan was made when there were no gates. Make a new one."
    } else {
        "The plan was made when other gates were in force. Make a new one: approvals of what means the same are kept."
    };
    Err(Failure::input(&rules::gates::OTHER_GATES, detail))
}

/// The message for a plan that did not pass, whatever the reason.
#[must_use]
pub fn not_approved(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Closed(closed) => refused(closed),
        Refusal::Unsound(violations) => {
            let list: Vec<String> = violations
                .iter()
                .map(|violation| format!("- {violation}"))
                .collect();
            Failure::input(
                &rules::usage::BROKEN_PLAN,
                format!(
                    "Nothing was changed. This is a bug in terrane, or a saved plan was tampered with. If it was made just now, please report it with the configuration that led to it.\n\n{}",
                    list.join("\n")
                ),
            )
        }
        Refusal::Errored | Refusal::Declined | Refusal::NotAsked => Failure::input(
            &rules::planning::PLAN_WITH_ERRORS,
            "Errors were found when this plan was made, so it can only be shown.",
        ),
    }
}
