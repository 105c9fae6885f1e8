//! Runs a story.

use super::show::{describe_plan, describe_state};
use crate::engine::{Chaos, Cloud, Made, Project, Session};
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_model::addr::{InstanceAddr, Target};
use terrane_model::provider::ImportTarget;
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::PlanMode;
use terrane_sim::{Fault, Operation, Script, Traits, World};
use terrane_value::{Type, Value, json};

/// Runs a story and gives its account.
///
/// # Errors
/// A sentence, when the story itself is wrong.
pub fn run(story: &str) -> Result<String, String> {
    let traits = Traits {
        resolves_tokens: !story.contains("\n--- world forgets tokens\n"),
        ..Traits::default()
    };
    let mut teller = Teller {
        session: Session::new(Cloud::new(World::with_traits(7, traits), 7)),
        project: Project::default(),
        crash: None,
        names: BTreeMap::new(),
        marks: BTreeMap::new(),
        interrupt: None,
        clock_leaps: false,
        account: String::new(),
    };
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in story.lines() {
        match line.strip_prefix("--- ") {
            Some(command) => commands.push((command, String::new())),
            None => match commands.last_mut() {
                Some((_, text)) => {
                    text.push_str(line);
                    text.push('\n');
                }
                None if line.starts_with('#') || line.is_empty() => {}
                None => return Err(format!("a story begins with a command, not with {line:?}")),
            },
        }
    }
    for (command, text) in &commands {
        let (named, told) = (teller.named(text), teller.named(command));
        teller.tell(command, &told, &named)?;
    }
    Ok(teller.account)
}

struct Teller {
    session: Session,
    project: Project,
    crash: Option<u64>,
    /// Ids of objects by the name that the story gave them.
    names: BTreeMap<String, String>,
    /// Serials by the name that the story gave them.
    marks: BTreeMap<String, u64>,
    interrupt: Option<u64>,
    clock_leaps: bool,
    account: String,
}

impl Teller {
    /// The text with ids in place of `{{NAME}}`.
    fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, id)| {
            text.replace(&format!("{{{{{name}}}}}"), id)
        })
    }

    /// `written`: the command as the story has it, with names instead of ids.
    fn tell(&mut self, written: &str, command: &str, text: &str) -> Result<(), String> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        if !matches!(verb, "file" | "drop") {
            self.account.extend([format!("--- {written}\n")]);
        }
        match (verb, words.as_slice()) {
            ("file", [path]) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
                self.project = self.project.clone().file(folder, name, text);
            }
            ("drop", [path]) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
                self.project = self.project.clone().without(folder, name);
            }
            ("plan", options) => {
                self.plan(options)?;
            }
            ("apply", options) => self.apply(options)?,
            ("mark", [name]) => {
                let serial = self.session.store.snapshot().serial;
                self.marks.insert((*name).to_owned(), serial);
            }
            ("show", ["back", name]) => self.show_back(name)?,
            ("world", ["remove", addr]) => {
                let id = self.id(addr)?;
                self.session.cloud.world.remove(&id);
            }
            ("world", ["set", addr, attribute, value @ ..]) => {
                self.mutate(addr, attribute, &value.join(" "))?;
            }
            ("fault", [operation, type_name, fault]) => {
                let script = Script::next(operation_of(operation)?, type_name, fault_of(fault)?);
                self.session.cloud.world.script(script);
            }
            ("taint", [addr]) => self.taint(addr)?,
            // Said of the whole story, at its beginning.
            ("world", ["forgets", "tokens"]) => {}
            ("keep", [name, "newest", type_name]) => {
                let log = self.session.cloud.world.log();
                let made = log.into_iter().rev().find(|entry| {
                    entry.operation == Operation::Create && entry.type_name == *type_name
                });
                let id = made.and_then(|entry| entry.id).unwrap_or_default();
                self.names.insert((*name).to_owned(), id.to_string());
            }
            ("keep", [name, addr]) => {
                let id = self.id(addr)?;
                self.names.insert((*name).to_owned(), id);
            }
            ("import", [addr, id]) => {
                let target = ImportTarget::Id((*id).into());
                let found = self
                    .session
                    .take_over(&self.project, Self::instance(addr)?, target);
                self.complain(&found);
                self.show_state();
            }
            ("crash", [actions]) => self.crash = actions.parse().ok(),
            ("interrupt", [actions]) => self.interrupt = actions.parse().ok(),
            ("clock", ["leaps"]) => self.clock_leaps = true,
            ("store", ["fails", "after", commits]) => {
                self.session.store.fails_after = commits.parse().ok();
            }
            ("store", ["works"]) => self.session.store.fails_after = None,
            _ => return Err(format!("unknown command {command:?}")),
        }
        Ok(())
    }

    fn marked(&self, name: &str) -> Result<u64, String> {
        let serial = self.marks.get(name).copied();
        serial.ok_or_else(|| format!("there is no mark {name}"))
    }

    /// The configuration that leads back.
    fn show_back(&mut self, name: &str) -> Result<(), String> {
        let serial = self.marked(name)?;
        let options = options_of(&[])?;
        let mut session = self.session.clone();
        let (_, folders) = session.plan_back(&self.project, serial, &options, &mut self.chaos());
        for folder in folders {
            for file in folder.files {
                let text = self.masked(&String::from_utf8_lossy(&file.content));
                let head = format!("=== {}/{}", folder.dir, file.name);
                self.say(&head);
                self.say(text.trim_end());
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.account.push_str(text);
        self.account.push('\n');
    }

    fn complain(&mut self, diagnostics: &Diagnostics) {
        let mut lines: Vec<String> = diagnostics
            .iter()
            .map(|diagnostic| {
                let severity = if diagnostic.severity == Severity::Error {
                    "error"
                } else {
                    "warning"
                };
                let about = diagnostic
                    .address
                    .as_deref()
                    .map(|addr| format!(" ({addr})"))
                    .unwrap_or_default();
                self.masked(&format!(
                    "{severity}: {}{about}: {}",
                    diagnostic.summary,
                    diagnostic.detail.replace('\n', " ")
                ))
            })
            .collect();
        lines.sort_unstable();
        for line in lines {
            self.say(&line);
        }
    }

    fn plan(&mut self, options: &[&str]) -> Result<Made, String> {
        let back = options.iter().find_map(|word| word.strip_prefix("-to="));
        let back = back.map(|name| self.marked(name)).transpose()?;
        let plain: Vec<&str> = options
            .iter()
            .copied()
            .filter(|word| !word.starts_with("-to="))
            .collect();
        let options = options_of(&plain)?;
        let mut chaos = self.chaos();
        let from = self.session.cloud.world.log().len();
        let made = match back {
            Some(serial) => {
                let session = &mut self.session;
                session
                    .plan_back(&self.project, serial, &options, &mut chaos)
                    .0
            }
            None => self.session.plan(&self.project, &options, &mut chaos),
        };
        self.complain(&made.diagnostics);
        match &made.plan {
            Some(plan) => {
                let text = describe_plan(plan);
                self.say(&text);
                for violation in terrane_plan::check::check(plan) {
                    self.say(&format!("CHECK {violation}"));
                }
            }
            None => self.say("no plan"),
        }
        for generated in &made.generated {
            let text = self.masked(&generated.text);
            self.say(text.trim_end());
        }
        self.sessions(from, &format!("{:?}", made.plan));
        let asked = self.asked(from, |operation| {
            matches!(
                operation,
                Operation::Open | Operation::Renew | Operation::Close
            )
        });
        if !asked.is_empty() {
            self.say(&format!("world while planning: {asked}"));
        }
        Ok(made)
    }

    fn apply(&mut self, options: &[&str]) -> Result<(), String> {
        let made = self.plan(options)?;
        let mut chaos = self.chaos();
        if let Some(actions) = self.crash.take() {
            chaos = chaos.crash_after(actions);
        }
        if let Some(actions) = self.interrupt.take() {
            chaos = chaos.cancel_after(actions);
        }
        if made.plan.as_ref().is_none_or(|plan| plan.errored) {
            return Ok(());
        }
        let from = self.session.cloud.world.log().len();
        let run = self.session.apply(&made, &mut chaos);
        self.complain(&run.diagnostics);
        if run.stuck {
            self.say("STUCK");
        }
        if run.crashed {
            self.say("crashed");
        }
        if let Some(applied) = &run.applied {
            let counts = format!(
                "{} added, {} changed, {} destroyed, {} forgotten",
                applied.added, applied.changed, applied.destroyed, applied.forgotten
            );
            self.say(&counts);
        }
        let changing = self.asked(from, |operation| {
            !matches!(operation, Operation::Read | Operation::Other)
        });
        if !changing.is_empty() {
            self.say(&format!("world: {changing}"));
        }
        if !run.crashed {
            let journal = format!("{:?}", self.session.store.journal);
            self.sessions(from, &journal);
        }
        self.show_state();
        for flaw in self.session.cloud.world.flaws() {
            self.say(&format!("FLAW {flaw}"));
        }
        let replayed = self.session.store.replayed();
        if replayed != *self.session.store.snapshot() {
            self.say("FLAW the journal does not give the state");
        }
        Ok(())
    }

    fn show_state(&mut self) {
        let infos = self.session.cloud.infos().clone();
        let schema = |type_name: &str, data: bool| {
            infos.values().find_map(|info| {
                let schemas = if data {
                    &info.schema.data_sources
                } else {
                    &info.schema.resources
                };
                schemas.get(type_name).map(|schema| schema.block.clone())
            })
        };
        let state = describe_state(&self.session.store.snapshot(), &schema);
        self.say("state:");
        if !state.is_empty() {
            self.say(
                &state
                    .lines()
                    .map(|line| format!("  {line}"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
        }
    }

    /// The text with names in place of ids.
    fn masked(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, id)| {
            text.replace(id.as_str(), &format!("{{{{{name}}}}}"))
        })
    }

    fn chaos(&self) -> Chaos {
        let chaos = Chaos::none();
        if self.clock_leaps {
            chaos.leaping()
        } else {
            chaos
        }
    }

    /// What the world was asked from there on.
    fn asked(&self, from: usize, wanted: fn(Operation) -> bool) -> String {
        let asked = self.session.cloud.world.log().into_iter().skip(from);
        let asked = asked.filter(|entry| wanted(entry.operation)).map(|entry| {
            let failed = if entry.ok { "" } else { " (failed)" };
            format!("{:?} {}{failed}", entry.operation, entry.type_name)
        });
        asked.collect::<Vec<_>>().join(", ")
    }

    /// Sessions must be closed, and their tokens be nowhere.
    fn sessions(&mut self, from: usize, kept: &str) {
        let world = self.session.cloud.world.clone();
        let used = |entry: &terrane_sim::LogEntry| entry.operation == Operation::Open;
        if world.log().iter().skip(from).any(used) && world.open_sessions() > 0 {
            self.say(&format!("FLAW {} sessions are open", world.open_sessions()));
        }
        if kept.contains("session-") {
            self.say("FLAW the token of a session is kept");
        }
    }

    fn instance(addr: &str) -> Result<InstanceAddr, String> {
        addr.parse().map_err(|_| format!("{addr} is no address"))
    }

    fn id(&self, addr: &str) -> Result<String, String> {
        let snapshot = self.session.store.snapshot();
        let object = snapshot
            .instance(&Self::instance(addr)?)
            .and_then(|instance| instance.current.clone())
            .ok_or_else(|| format!("state holds no {addr}"))?;
        let ty = Type::object([("id", Type::String)]);
        let value = terrane_plan::stored::decode(&object.attributes, &ty)?;
        value
            .get("id")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| format!("{addr} has no id"))
    }

    fn mutate(&mut self, addr: &str, attribute: &str, text: &str) -> Result<(), String> {
        let id = self.id(addr)?;
        let mut problem = None;
        self.session.cloud.world.mutate(&id, |state| {
            let ty = state.get(attribute).map_or(Type::Dynamic, Value::ty);
            match json::decode(text, &ty) {
                Ok(value) => terrane_provider::args::with(state, attribute, value),
                Err(error) => {
                    problem = Some(error.to_string());
                    state.clone()
                }
            }
        });
        problem.map_or(Ok(()), Err)
    }

    fn taint(&mut self, addr: &str) -> Result<(), String> {
        let instance = Self::instance(addr)?;
        match self.session.taint(&instance) {
            true => Ok(()),
            false => Err(format!("state holds no {addr}")),
        }
    }
}

fn options_of(words: &[&str]) -> Result<PlanOptions, String> {
    let mut options = PlanOptions {
        refresh: true,
        ..PlanOptions::default()
    };
    let target = |text: &str| {
        text.parse::<Target>()
            .map_err(|error| format!("{text}: {error}"))
    };
    for word in words {
        match word.split_once('=') {
            None if *word == "-destroy" => options.mode = PlanMode::Destroy,
            None if *word == "-generate" => options.generate = true,
            None if *word == "-allow-deferral" => options.allow_deferral = true,
            None if *word == "-refresh-only" => options.mode = PlanMode::RefreshOnly,
            Some(("-refresh", "false")) => options.refresh = false,
            Some(("-target", addr)) => options.targets.push(target(addr)?),
            Some(("-exclude", addr)) => options.excludes.push(target(addr)?),
            Some(("-replace", addr)) => options.replace.push(Teller::instance(addr)?),
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(options)
}

fn operation_of(word: &str) -> Result<Operation, String> {
    Ok(match word {
        "create" => Operation::Create,
        "update" => Operation::Update,
        "delete" => Operation::Delete,
        "read" => Operation::Read,
        "open" => Operation::Open,
        "renew" => Operation::Renew,
        "close" => Operation::Close,
        _ => return Err(format!("unknown operation {word}")),
    })
}

fn fault_of(word: &str) -> Result<Fault, String> {
    Ok(match word {
        "error-before" => Fault::ErrorBefore,
        "error-after" => Fault::ErrorAfter,
        "partial" => Fault::Partial,
        "lost-request" => Fault::LostRequest,
        "lost-answer" => Fault::LostAnswer,
        "throttled" => Fault::Throttled(100),
        "stale" => Fault::Stale,
        _ => return Err(format!("unknown fault {word}")),
    })
}
