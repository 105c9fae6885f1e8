//! Messages that hold whatever else is wrong.
//!
//! Where a file can't be read as configuration, what it declares is missing, and most of what is said then would only echo that. What is wrong
//! in other files all the same is worth saying in the same run.

use super::{Schemas, compile};
use crate::load::Tree;
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use terrane_lang::source::{FileId, SourceMap, Span};

/// Files and folders with mistakes.
struct Broken<'a> {
    sources: &'a SourceMap,
    /// Files that could not be read as a whole.
    files: BTreeSet<FileId>,
    /// Folders with files that have mistakes of any kind, so that declarations may be missing, and these files.
    folders: BTreeMap<&'a str, BTreeSet<FileId>>,
    /// Places of calls of modules in such folders.
    calls: BTreeSet<Span>,
}

/// The errors that compiling finds beside those that were found when the tree was read, without those that may follow from them.
pub fn beside(
    tree: &Tree,
    sources: &SourceMap,
    schemas: &Schemas,
    found: &Diagnostics,
) -> Diagnostics {
    let mut broken = Broken {
        sources,
        files: BTreeSet::new(),
        folders: BTreeMap::new(),
        calls: BTreeSet::new(),
    };
    for one in found.iter().filter(|one| one.severity == Severity::Error) {
        let Some(subject) = one.subject else {
            continue;
        };
        let mistaken = broken.folders.entry(folder(sources, subject.file));
        mistaken.or_default().insert(subject.file);
        // Mistakes of syntax, and of encoding.
        if family(one) < 3 || one.is(&rules::files::INVALID_ENCODING) {
            broken.files.insert(subject.file);
        }
    }
    for module in &tree.modules {
        for (call, child) in module.decl.calls.iter().zip(&module.children) {
            let there = child.and_then(|child| tree.modules.get(child));
            if there.is_none_or(|child| broken.folders.contains_key(normal(&child.dir))) {
                let (attributes, _) = call.body.just_attributes();
                broken.calls.insert(call.span);
                broken
                    .calls
                    .extend(attributes.iter().map(|attribute| attribute.name.span));
            }
        }
    }
    let (_, compiled) = compile(tree, sources, schemas);
    compiled
        .into_iter()
        .filter(|one| one.severity == Severity::Error && broken.holds(one))
        .collect()
}

impl Broken<'_> {
    /// Whether a message does not follow from what is broken.
    fn holds(&self, one: &Diagnostic) -> bool {
        let Some(subject) = one.subject else {
            return false;
        };
        if self.files.contains(&subject.file) {
            return false;
        }
        match family(one) {
            // Blocks of one kind against their schema: sure, but for calls of modules whose variables may be missing.
            3 => !self.calls.contains(&subject),
            // Provider configurations may be anywhere, and so may what is moved, removed or imported.
            14 | 17 | 19 => false,
            // References: what they name may be missing in this folder or in that of a module which is called.
            15 => match self.folders.get(folder(self.sources, subject.file)) {
                None => self.calls.is_empty(),
                Some(mistaken) => {
                    UNDECLARED.iter().any(|rule| one.is(rule)) && self.is_in_none(subject, mistaken)
                }
            },
            _ => true,
        }
    }

    /// Whether the last name of a reference is a word of none of these files, so that they can't declare it.
    fn is_in_none(&self, reference: Span, files: &BTreeSet<FileId>) -> bool {
        let text = |file: FileId| self.sources.get(file).map(|file| &*file.text);
        let place = reference.start as usize..reference.end as usize;
        let Some(written) = text(reference.file).and_then(|text| text.get(place)) else {
            return false;
        };
        let name = written.rsplit('.').next().unwrap_or(written).trim();
        !name.is_empty()
            && files
                .iter()
                .all(|file| text(*file).is_some_and(|text| !text.contains(name)))
    }
}

/// Messages that something in this very folder is not declared.
const UNDECLARED: [&Rule; 4] = [
    &rules::reference::UNDECLARED_VARIABLE,
    &rules::reference::UNDECLARED_LOCAL,
    &rules::reference::UNDECLARED_MODULE,
    &rules::reference::UNDECLARED_RESOURCE,
];

/// The first two digits of a code: `T0303` is in 3.
fn family(one: &Diagnostic) -> u32 {
    let digits = one.code.and_then(|code| code.get(1..3));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn folder(sources: &SourceMap, file: FileId) -> &str {
    let path = sources.get(file).map_or("", |file| file.path.as_str());
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

fn normal(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}
