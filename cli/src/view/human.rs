//! Text for people.

use super::Output;
use super::diagnostics::{self, Telling};
use super::ephemeral::Ephemerals;
use super::installing::{self, Downloads};
use super::migration;
use super::progress::Live;
use super::resource::{action_words, elapsed};
use ecow::EcoString;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};
use terrane_ops::applying::{Applied, Progress as Applying};
use terrane_ops::failure::Report;
use terrane_ops::install::Event;
use terrane_ops::model::addr::InstanceAddr;
use terrane_ops::planning::ephemeral::{EphemeralProgress, EphemeralStage};
use terrane_ops::planning::machine::Progress as Planning;
use terrane_ops::planning::plan::Action;
use terrane_ops::ui::{Question, Ui};

/// How often what takes long is mentioned, where there is no live line.
const STILL: Duration = Duration::from_secs(10);

/// Writes text, and the live line where there is a terminal.
pub(crate) struct Human<'a> {
    out: &'a mut Output,
    live: Live,
    telling: Telling,
    bold: (&'static str, &'static str),
    running: BTreeMap<(InstanceAddr, Option<EcoString>), Running>,
    /// Reads of planning that have begun and not ended.
    reading: HashMap<InstanceAddr, Instant>,
    ephemerals: Ephemerals,
    downloads: Downloads,
    done: usize,
    /// How many steps there are in all, where that is known.
    total: Option<usize>,
}

struct Running {
    since: Instant,
    mentioned: Instant,
    action: Action,
    id: Option<(EcoString, EcoString)>,
}

impl<'a> Human<'a> {
    pub(crate) fn new(out: &'a mut Output, telling: Telling) -> Self {
        let live = Live::new(out.is_terminal() && std::io::stderr().is_terminal());
        let bold = if out.color() {
            ("\u{1b}[1m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        Self {
            out,
            live,
            telling,
            bold,
            running: BTreeMap::new(),
            reading: HashMap::new(),
            ephemerals: Ephemerals::default(),
            downloads: Downloads::default(),
            done: 0,
            total: None,
        }
    }

    /// So many steps are going to be done.
    pub(crate) fn expect(&mut self, steps: usize) {
        self.total = Some(steps);
    }

    fn line(&mut self, text: &str) {
        let (on, off) = self.bold;
        for part in [on, text, off, "\n"] {
            self.out.print(part);
        }
    }

    /// `addr (deposed object 12ab34cd)`.
    fn name(addr: &InstanceAddr, deposed: Option<&EcoString>) -> String {
        match deposed {
            Some(key) => format!("{addr} (deposed object {key})"),
            None => addr.to_string(),
        }
    }

    fn mention_long(&mut self) {
        let now = Instant::now();
        let mut lines = Vec::new();
        for ((addr, deposed), running) in &mut self.running {
            if now.duration_since(running.mentioned) < STILL {
                continue;
            }
            running.mentioned = now;
            let (_, still, _) = action_words(running.action);
            let inside = running
                .id
                .as_ref()
                .map_or_else(String::new, |(key, value)| format!("{key}={value}, "));
            lines.push(format!(
                "{}: Still {still}... [{inside}{} elapsed]",
                Self::name(addr, deposed.as_ref()),
                elapsed(now.duration_since(running.since))
            ));
        }
        let long = self.ephemerals.long(STILL).into_iter();
        lines.extend(long.map(|(_, said)| said.message));
        for line in lines {
            self.line(&line);
        }
    }

    fn ephemeral(&mut self, progress: &EphemeralProgress) {
        let said = self.ephemerals.told(progress);
        // A failure has its own message.
        if progress.stage != EphemeralStage::Failed {
            self.line(&said.message);
        }
    }

    fn began(&mut self, addr: &InstanceAddr, deposed: Option<&EcoString>, running: Running) {
        let (doing, ..) = action_words(running.action);
        let suffix = bracket(running.id.as_ref());
        let name = Self::name(addr, deposed);
        self.line(&format!("{name}: {doing}...{suffix}"));
        self.running
            .insert((addr.clone(), deposed.cloned()), running);
    }

    fn ended(&mut self, addr: &InstanceAddr, deposed: Option<&EcoString>) -> Duration {
        self.done += 1;
        self.running
            .remove(&(addr.clone(), deposed.cloned()))
            .map_or(Duration::ZERO, |running| running.since.elapsed())
    }
}

impl Drop for Human<'_> {
    fn drop(&mut self) {
        self.live.clear();
        // The first failure to write is kept for the end of the program.
        drop(self.out.flush());
    }
}

fn bracket(id: Option<&(EcoString, EcoString)>) -> String {
    id.map_or_else(String::new, |(key, value)| format!(" [{key}={value}]"))
}

impl Ui for Human<'_> {
    fn planning(&mut self, progress: &Planning) {
        let bracket = |id: &Option<EcoString>| {
            id.as_ref()
                .map_or_else(String::new, |id| format!(" [id={id}]"))
        };
        match progress {
            Planning::ImportStart(addr, what) => {
                self.line(&format!("{addr}: Importing the object with {what}..."));
            }
            Planning::RefreshStart(addr, id) => {
                self.line(&format!("{addr}: Refreshing state...{}", bracket(id)));
                // How long it takes is seen in the live line and nowhere else.
                if self.live.is_on() {
                    self.reading.insert(addr.clone(), Instant::now());
                }
            }
            Planning::RefreshDone(addr, _) => {
                self.done += 1;
                if self.live.is_on() {
                    self.reading.remove(addr);
                }
            }
            Planning::ReadStart(addr) => {
                self.line(&format!("{addr}: Reading..."));
                self.reading.insert(addr.clone(), Instant::now());
            }
            Planning::ReadDone(addr, id) => {
                self.done += 1;
                let passed = self
                    .reading
                    .remove(addr)
                    .map_or(Duration::ZERO, |since| since.elapsed());
                self.line(&format!(
                    "{addr}: Read complete after {}{}",
                    elapsed(passed),
                    bracket(id)
                ));
            }
            Planning::Planned(_) => {}
            Planning::Ephemeral(progress) => self.ephemeral(progress),
        }
    }

    fn applying(&mut self, progress: &Applying) {
        match progress {
            Applying::Start {
                addr,
                deposed,
                action,
                id,
            } => {
                let now = Instant::now();
                let running = Running {
                    since: now,
                    mentioned: now,
                    action: *action,
                    id: id.clone(),
                };
                self.began(addr, deposed.as_ref(), running);
            }
            Applying::Done {
                addr,
                deposed,
                action,
                id,
            } => {
                let passed = elapsed(self.ended(addr, deposed.as_ref()));
                let (.., done) = action_words(*action);
                let suffix = match action {
                    Action::Delete => String::new(),
                    _ => bracket(id.as_ref()),
                };
                let name = Self::name(addr, deposed.as_ref());
                self.line(&format!("{name}: {done} complete after {passed}{suffix}"));
            }
            Applying::Failed { addr, deposed, .. } => {
                self.ended(addr, deposed.as_ref());
            }
            Applying::ProvisionStart(addr, provisioner) => {
                self.line(&format!("{addr}: Provisioning with '{provisioner}'..."));
            }
            Applying::ProvisionDone(..) => {}
            Applying::InvokeStart(addr) => self.line(&format!("{addr}: Invoking...")),
            Applying::InvokeSays(addr, text) => {
                for line in text.lines() {
                    self.provisioner_output(addr, "action", line);
                }
            }
            Applying::InvokeDone(addr, true) => {
                self.line(&format!("{addr}: Invocation complete"));
            }
            Applying::InvokeDone(_, false) => {}
            Applying::Ephemeral(progress) => self.ephemeral(progress),
        }
    }

    fn provisioner_output(&mut self, addr: &InstanceAddr, provisioner: &str, line: &str) {
        let (on, off) = self.bold;
        let safe: String = line
            .chars()
            .filter(|char| !char.is_control() || matches!(char, '\t' | '\u{1b}'))
            .collect();
        self.out
            .print(&format!("{on}{addr} ({provisioner}):{off} {safe}\n"));
    }

    fn waiting(&mut self, in_flight: usize, queued: usize) {
        if !self.live.is_on() {
            self.mention_long();
            // The first failure to write is kept for the end of the program.
            drop(self.out.flush());
            return;
        }
        let out = &mut *self.out;
        self.live.aside(|| drop(out.flush()));
        let mut running: Vec<(String, Instant)> = self
            .running
            .iter()
            .map(|((addr, deposed), running)| (Self::name(addr, deposed.as_ref()), running.since))
            .chain(
                self.reading
                    .iter()
                    .map(|(addr, since)| (addr.to_string(), *since)),
            )
            .collect();
        running.sort_unstable_by(|(a, a_since), (b, b_since)| (a_since, a).cmp(&(b_since, b)));
        let left = self
            .total
            .map_or(in_flight + queued, |total| total.saturating_sub(self.done));
        self.live.draw(self.done, left, &running);
    }

    fn still(&mut self, text: &str) {
        self.line(text);
        let out = &mut *self.out;
        // The first failure to write is kept for the end of the program.
        self.live.aside(|| drop(out.flush()));
    }

    fn installing(&mut self, event: &Event) {
        if let Event::Progress { addr, bytes, total } = event {
            if self.live.is_on() {
                self.downloads.progress(addr, *bytes, *total);
            }
            return;
        }
        if let Event::Installed { addr, .. } | Event::Cached { addr, .. } = event {
            self.downloads.done(addr);
        }
        let Some(line) = installing::line(event) else {
            return;
        };
        let out = &mut *self.out;
        self.downloads.aside(|| {
            out.print(&format!("{line}\n"));
            // What could not be written is known at the end of the program.
            drop(out.flush());
        });
    }

    fn installed(&mut self) {
        self.downloads.clear();
        self.out.print("\n");
    }

    fn note(&mut self, text: &str) {
        let out = &mut *self.out;
        self.live.aside(|| out.error(&format!("\n{text}\n\n")));
    }

    fn report(&mut self, report: &Report) {
        let (out, telling) = (&mut *self.out, self.telling);
        self.live.aside(|| diagnostics::print(out, report, telling));
    }

    fn ask(&mut self, question: &Question) -> Option<String> {
        self.live.clear();
        match question {
            Question::Variable {
                name,
                description,
                sensitive,
            } => {
                let description = if description.is_empty() {
                    String::new()
                } else {
                    format!("  {}\n\n", description.replace('\n', "\n  "))
                };
                let text = format!("var.{name}\n{description}  Enter a value: ");
                prompt(self.out, &text, *sensitive)
            }
            Question::BackendArgument {
                backend,
                name,
                description,
                sensitive,
            } => {
                let description = if description.is_empty() {
                    String::new()
                } else {
                    format!("  {}\n\n", description.replace('\n', "\n  "))
                };
                let text =
                    format!("{name} (of the backend {backend:?})\n{description}  Enter a value: ");
                prompt(self.out, &text, *sensitive)
            }
            Question::Migrate { .. }
            | Question::Overwrite { .. }
            | Question::OnlyCurrentWorkspace { .. } => {
                prompt(self.out, &migration::question(question), false)
            }
        }
    }
}

/// Asks on standard output and reads a line from standard input. `None` at its end.
pub(crate) fn prompt(out: &mut Output, text: &str, secret: bool) -> Option<String> {
    out.print(text);
    drop(out.flush());
    let answer = if secret && std::io::stdin().is_terminal() {
        console::Term::stdout().read_secure_line().ok()
    } else {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
        }
    };
    out.print("\n");
    drop(std::io::stdout().lock().flush());
    answer
}

/// What is said when everything was applied.
pub(crate) fn complete(applied: &Applied, destroy: bool) -> String {
    let Applied {
        added,
        changed,
        destroyed,
        imported,
        forgotten,
        diagnostics: _,
        cancelled: _,
    } = applied;
    if destroy {
        let forgotten = match forgotten {
            0 => String::new(),
            count => format!(", {count} forgotten"),
        };
        return format!("Destroy complete! Resources: {destroyed} destroyed{forgotten}.");
    }
    let imported = match imported {
        0 => String::new(),
        count => format!("{count} imported, "),
    };
    let forgotten = match forgotten {
        0 => String::new(),
        count => format!(", {count} forgotten"),
    };
    format!(
        "Apply complete! Resources: {imported}{added} added, {changed} changed, {destroyed} destroyed{forgotten}."
    )
}
