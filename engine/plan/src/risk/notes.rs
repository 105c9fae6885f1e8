//! What a configuration says itself of the risk of its resources.
//!
//! Nobody knows what a module keeps as well as who wrote it. A comment in a resource block, or above it, says it, and every program that reads the
//! configuration overlooks it:
//!
//! ```hcl
//! # terrane:risk=lossy the only copy of what customers upload
//! resource "acme_drawer" "uploads" {}
//! ```
//!
//! `terrane:risk` is about destroying the object, `terrane:update-risk` about changing it. Such a comment makes a risk worse, never less: it is not part of what is
//! approved, and gates go by risks.

use super::{Risk, RiskClass};
use crate::plan::{Action, ResourceChange};
use crate::rules::planning::RISK_NOTE;
use ecow::{EcoString, eco_format};
use std::collections::BTreeMap;
use terrane_config::config::Config;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{FileId, SourceMap, Span};
use terrane_lang::syntax::outline::{Outline, comments};
use terrane_model::addr::{ConfigResource, Mode};

/// What such a comment begins with.
const MARK: &str = "terrane:";
const DESTROY: &str = "risk";
const UPDATE: &str = "update-risk";
/// Reasons are cut here, in characters.
const LONGEST: usize = 200;

/// What is said of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What is lost when it is destroyed.
    destroy: Option<Said>,
    /// What happens when it is changed.
    update: Option<Said>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    class: RiskClass,
    reason: EcoString,
}

/// What the comments of a configuration say, by resource. Comments that say nothing that can be understood are told of.
pub fn notes(
    config: &Config,
    sources: &SourceMap,
) -> (BTreeMap<ConfigResource, Notes>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut files: BTreeMap<FileId, InFile<'_>> = BTreeMap::new();
    for (id, file) in sources.iter() {
        // Most files have none, and JSON has no comments.
        if file.text.contains(MARK) && !file.path.ends_with(".json") {
            files.insert(id, in_file(id, &file.text, &mut diagnostics));
        }
    }
    let mut found = BTreeMap::new();
    for module in &config.modules {
        let managed = module
            .resources
            .iter()
            .filter(|one| one.mode == Mode::Managed);
        for resource in managed {
            let Some(file) = files.get(&resource.span.file) else {
                continue;
            };
            let item = file.outline.item_at(resource.span.start);
            if let Some(notes) = item.and_then(|item| file.notes.get(&item)) {
                let addr = ConfigResource {
                    module: module.path.clone(),
                    mode: resource.mode,
                    type_name: resource.type_name.clone(),
                    name: resource.name.clone(),
                };
                found.insert(addr, notes.clone());
            }
        }
    }
    (found, diagnostics)
}

/// What the comments of a file say, by the block that they belong to.
struct InFile<'a> {
    outline: Outline<'a>,
    notes: BTreeMap<usize, Notes>,
}

fn in_file<'a>(id: FileId, text: &'a str, diagnostics: &mut Diagnostics) -> InFile<'a> {
    let outline = Outline::new(text);
    let mut notes: BTreeMap<usize, Notes> = BTreeMap::new();
    for (start, comment) in comments(text) {
        let Some(said) = comment.strip_prefix(MARK) else {
            continue;
        };
        let end = start.saturating_add(u32::try_from(comment.len()).unwrap_or(u32::MAX));
        let mut wrong = |problem: String| {
            diagnostics
                .push(Diagnostic::warning(&RISK_NOTE, problem).at(Span::new(id, start, end)));
        };
        let Some((is_update, said)) = read(said, &mut wrong) else {
            continue;
        };
        // In a block, or above the next one.
        let item = outline.item_at(start).or_else(|| outline.item_after(start));
        let Some(item) = item.filter(|item| outline.kind(*item) == "resource") else {
            wrong("It is neither in a resource block nor above one.".to_owned());
            continue;
        };
        let notes = notes.entry(item).or_default();
        let place = if is_update {
            &mut notes.update
        } else {
            &mut notes.destroy
        };
        // Of several the worst counts.
        if place.as_ref().is_none_or(|other| said.class > other.class) {
            *place = Some(said);
        }
    }
    InFile { outline, notes }
}

/// `risk=lossy the only copy`. Whether it is about updates, and what is said.
fn read(said: &str, wrong: &mut impl FnMut(String)) -> Option<(bool, Said)> {
    let (name, rest) = said.split_once('=').unwrap_or((said, ""));
    let is_update = match name.trim() {
        DESTROY => false,
        UPDATE => true,
        other => {
            // Comments of other tools of the house begin so, too.
            if other.contains("risk") {
                wrong(format!(
                    "There is `{MARK}{DESTROY}` and `{MARK}{UPDATE}`, and no `{MARK}{other}`."
                ));
            }
            return None;
        }
    };
    let (class, reason) = rest
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((rest.trim(), ""));
    let Ok(class) = class.parse::<RiskClass>() else {
        let known = RiskClass::ALL.map(RiskClass::name).join(", ");
        wrong(format!("{class:?} is no risk. There are {known}."));
        return None;
    };
    let reason = reason
        .trim()
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    Some((
        is_update,
        Said {
            class,
            reason: reason.take(LONGEST).collect(),
        },
    ))
}

impl Notes {
    /// The risk of a change of the resource, which is otherwise known as this.
    pub(super) fn applied(&self, change: &ResourceChange, known: Risk) -> Risk {
        let (said, what) = match change.action {
            Action::Delete => (&self.destroy, "it is deleted"),
            Action::DeleteThenCreate | Action::CreateThenDelete => {
                (&self.destroy, "it is replaced")
            }
            Action::Update => (&self.update, "it is changed"),
            Action::NoOp
            | Action::Read
            | Action::Create
            | Action::Forget
            | Action::ForgetThenCreate => return known,
        };
        let Some(said) = said.as_ref().filter(|said| said.class >= known.class) else {
            return known;
        };
        let reason = match said.reason.as_str() {
            "" => eco_format!("{what}, which its configuration calls {}", said.class),
            reason => eco_format!("{what}, and its configuration says: {reason}"),
        };
        Risk {
            class: said.class,
            reason,
        }
    }
}
