//! The `encryption` block: read from all files and from `TF_ENCRYPTION`, laid over each other, its references resolved, its values computed.
//!
//! What the values mean (which key providers there are, how long a passphrase must be) is not for this room: that is said in
//! `state/encryption`. What is not used is not computed, so that a key provider of another environment may lack its variables.

mod decode;
mod resolve;

#[cfg(test)]
mod tests;

use super::Tree;
use crate::rules;
use decode::Decoded;
use ecow::EcoString;
use resolve::Resolver;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{FileId, SourceMap, Span};
use terrane_lang::syntax::body::Body;
use terrane_value::Value;

/// The settings of encryption, evaluated.
#[derive(Clone, Debug, Default)]
pub struct Encryption {
    /// The key providers that are used; each after the one that it is chained to.
    pub key_providers: Vec<EncryptionBlock>,
    /// The methods that are used.
    pub methods: Vec<EncryptionBlock>,
    /// `state`
    pub state: Option<EncryptionTarget>,
    /// `plan`
    pub plan: Option<EncryptionTarget>,
    /// `default` of `remote_state_data_sources`
    pub remote_default: Option<EncryptionTarget>,
    /// `remote_state_data_source` blocks, by label.
    pub remote: BTreeMap<EcoString, EncryptionTarget>,
    /// The text of `TF_ENCRYPTION`, if it is one of the sources: its lines must not be shown.
    pub environment: Option<FileId>,
}

/// A `key_provider` or `method` block.
#[derive(Clone, Debug)]
pub struct EncryptionBlock {
    /// The first label.
    pub kind: EcoString,
    /// The second label.
    pub name: EcoString,
    /// The arguments, with the place of each; nested blocks are tuples of objects.
    pub arguments: BTreeMap<EcoString, (Value, Span)>,
    /// `keys` of a method or `chain` of a key provider: a position in [`Encryption::key_providers`].
    pub keys: Option<(usize, Span)>,
    /// The header.
    pub span: Span,
}

/// `state`, `plan`, or what is said of the states of others.
#[derive(Clone, Debug)]
pub struct EncryptionTarget {
    /// Positions in [`Encryption::methods`]: `method`, then those of `fallback` blocks, outermost first.
    pub methods: Vec<usize>,
    /// `enforced`
    pub enforced: bool,
    /// The header.
    pub span: Span,
}

/// Evaluates the settings; `None`: there are none. `environment` is the text of `TF_ENCRYPTION`.
///
/// The values of variables and local values must be known to the tree already.
pub fn evaluate(
    tree: &Tree,
    sources: &mut SourceMap,
    environment: Option<&str>,
) -> (Option<Encryption>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let root = tree.modules.first();
    let blocks = root.map_or(&[][..], |root| root.decl.encryption.as_slice());
    let mut decoded = Decoded::default();
    for block in blocks {
        decoded.layer(&block.body, sources, &mut diagnostics);
    }
    let environment = environment.filter(|text| !text.trim().is_empty());
    if blocks.is_empty() && environment.is_none() {
        return (None, diagnostics);
    }
    let mut file = None;
    if let Some(text) = environment {
        let (id, body) = parse(text, sources, &mut diagnostics);
        file = Some(id);
        if let Some(body) = body {
            decoded.layer(&body, sources, &mut diagnostics);
        }
    }
    let mut encryption = Resolver::new(tree).resolve(decoded, &mut diagnostics);
    encryption.environment = file;
    if let Some(file) = file {
        diagnostics = without_text(diagnostics, file, environment.unwrap_or_default());
    }
    (Some(encryption), diagnostics)
}

fn parse(
    text: &str,
    sources: &mut SourceMap,
    diagnostics: &mut Diagnostics,
) -> (FileId, Option<Body>) {
    let is_json = text.trim_start().starts_with('{');
    // The ending says how strings are to be read.
    let path = if is_json {
        "TF_ENCRYPTION.json"
    } else {
        "TF_ENCRYPTION"
    };
    let file = FileId(u32::try_from(sources.iter().count()).unwrap_or(u32::MAX));
    let body = super::files::parse_file(
        sources,
        path.to_owned(),
        text.as_bytes(),
        is_json,
        diagnostics,
    );
    (file, body)
}

/// Messages about `TF_ENCRYPTION` name a line of it, but show none: passphrases are in it.
fn without_text(diagnostics: Diagnostics, file: FileId, text: &str) -> Diagnostics {
    let mut found = Diagnostics::new();
    for mut diagnostic in diagnostics {
        let outside = |place: &Span| place.file != file;
        if let Some(place) = diagnostic.subject.filter(|place| !outside(place)) {
            let start = usize::try_from(place.start).unwrap_or(0);
            let line = 1 + text
                .bytes()
                .take(start)
                .filter(|byte| *byte == b'\n')
                .count();
            diagnostic.subject = None;
            diagnostic.detail = format!(
                "In line {line} of the environment variable TF_ENCRYPTION: {}",
                diagnostic.detail
            );
            diagnostic.values = Vec::new();
        }
        diagnostic.context = diagnostic.context.filter(outside);
        diagnostic.related.retain(|(place, _)| outside(place));
        found.push(diagnostic);
    }
    found
}

/// A child module has no say in how the state is encrypted.
pub(super) fn ignored(span: Span) -> Diagnostic {
    Diagnostic::warning(
        &rules::encryption::IGNORED,
        "Encryption applies to the state of the entire configuration, so only the root module may configure it. This block has no effect.",
    )
    .at(span)
}
