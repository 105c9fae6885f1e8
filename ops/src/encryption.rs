//! Encryption of state and plans: from the `encryption` block and `TF_ENCRYPTION` to what seals and opens.
//!
//! The engine evaluates the block, `state/encryption` knows what the values mean; here mistakes get their places.

use crate::failure::{Failure, Report};
use crate::files::functions_for_validate;
use crate::load;
use crate::rules;
use crate::session::Session;
use crate::variables;
use terrane_config::load::encryption::{
    Encryption as Declared, EncryptionBlock, EncryptionTarget, evaluate,
};
use terrane_config::load::{Loader, ModuleFolder, Surroundings as Within, Tree};
use terrane_encryption::{
    Block, Encryption, Mistake, MistakeKind, Part, Settings, Surroundings, Target,
};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};

/// The environment variable whose settings count more than those of files.
const VARIABLE: &str = "TF_ENCRYPTION";
/// Arguments whose lines are not shown: what is wrong with them may stand there in the clear.
const SECRET: &[&str] = &[
    "aad",
    "access_key",
    "access_token",
    "client_certificate",
    "client_certificate_password",
    "client_secret",
    "credentials",
    "oidc_request_token",
    "oidc_token",
    "passphrase",
    "secret_key",
    "token",
];

/// The encryption of this command. Where nothing is said about it, nothing but the texts of the root module is looked at.
///
/// # Errors
/// When the root module can't be read or has errors, or the settings have.
pub(crate) fn configured(session: &Session) -> Result<Encryption, Failure> {
    let root = load::folder(session.root()).map_err(|problem| {
        let diagnostic = Diagnostic::error(&rules::folder::UNREADABLE_CONFIGURATION, problem)
            .hint("make the file readable, or take it out of the folder");
        Failure::Input(Report::plain(diagnostic))
    })?;
    if environment(session).is_none() && !may_declare(&root) {
        return Ok(Encryption::default());
    }
    let given =
        variables::collect(&session.env, &session.variables, &mut SourceMap::default())?.values;
    let loader = Loader::with_variables(root, &given).within(Within {
        workspace: Some(session.workspace()?.into()),
        cwd: Some(session.cwd.as_str().into()),
        functions: Some(functions_for_validate()),
    });
    let (tree, mut sources, mut diagnostics) = loader.root();
    let mut found = Encryption::default();
    if !diagnostics.has_errors() {
        let (encryption, problems) = build(session, &tree, &mut sources);
        diagnostics.extend(problems);
        found = encryption.unwrap_or_default();
    }
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    Ok(found)
}

/// What is wrong with the settings of a configuration, with its texts.
pub(crate) fn check(session: &Session, tree: &Tree, sources: &mut SourceMap) -> Diagnostics {
    build(session, tree, sources).1
}

fn environment(session: &Session) -> Option<&str> {
    session
        .env
        .get(VARIABLE)
        .map(String::as_str)
        .filter(|text| !text.trim().is_empty())
}

/// Whether a block can be among the declarations: most configurations do not even have the word.
fn may_declare(root: &ModuleFolder) -> bool {
    const WORD: &[u8] = b"encryption";
    root.files.iter().any(|file| {
        let text = &file.content;
        text.windows(WORD.len()).any(|window| window == WORD)
            || (file.name.ends_with(".json") && text.windows(2).any(|window| window == b"\\u"))
    })
}

fn build(
    session: &Session,
    tree: &Tree,
    sources: &mut SourceMap,
) -> (Option<Encryption>, Diagnostics) {
    let (declared, mut diagnostics) = evaluate(tree, sources, environment(session));
    let Some(declared) = declared else {
        return (None, diagnostics);
    };
    if diagnostics.has_errors() {
        return (None, diagnostics);
    }
    let surroundings = Surroundings {
        env: session.env.clone(),
        ..Surroundings::default()
    };
    match Encryption::build(&settings(&declared), &surroundings) {
        Ok(encryption) => (Some(encryption), diagnostics),
        Err(mistakes) => {
            for mistake in mistakes {
                diagnostics.push(told(mistake, &declared));
            }
            (None, diagnostics)
        }
    }
}

fn settings(declared: &Declared) -> Settings {
    let block = |block: &EncryptionBlock| Block {
        kind: block.kind.to_string(),
        name: block.name.to_string(),
        arguments: block
            .arguments
            .iter()
            .map(|(name, (value, _))| (name.to_string(), value.clone()))
            .collect(),
        keys: block.keys.map(|(at, _)| at),
    };
    let target = |target: &EncryptionTarget| Target {
        methods: target.methods.clone(),
        enforced: target.enforced,
    };
    Settings {
        key_providers: declared.key_providers.iter().map(block).collect(),
        methods: declared.methods.iter().map(block).collect(),
        state: declared.state.as_ref().map(target),
        plan: declared.plan.as_ref().map(target),
        remote_default: declared.remote_default.as_ref().map(target),
        remote: declared
            .remote
            .iter()
            .map(|(name, decl)| (name.to_string(), target(decl)))
            .collect(),
    }
}

/// A mistake as a message, with its place. Of `TF_ENCRYPTION` only the line is told, since passphrases are in it.
fn told(mistake: Mistake, declared: &Declared) -> Diagnostic {
    let Mistake {
        part,
        argument,
        kind,
        detail,
    } = mistake;
    let rule = match kind {
        MistakeKind::UnknownType => &rules::encryption::UNKNOWN_TYPE,
        MistakeKind::NotAvailable => &rules::encryption::NOT_AVAILABLE,
        MistakeKind::MissingArgument
        | MistakeKind::UnsupportedArgument
        | MistakeKind::InvalidValue => &rules::encryption::INVALID_SETTING,
        MistakeKind::Enforced => &rules::encryption::ENFORCED,
    };
    let Some(place) = place(part, argument.as_deref(), declared) else {
        return Diagnostic::error(rule, detail);
    };
    if Some(place.file) == declared.environment {
        return Diagnostic::error(
            rule,
            format!("In {VARIABLE}, {}: {detail}", name(part, declared)),
        );
    }
    Diagnostic::error(rule, detail).at(place)
}

fn name(part: Part, declared: &Declared) -> String {
    let labels = |what: &str, blocks: &[EncryptionBlock], at: usize| {
        blocks.get(at).map_or_else(String::new, |block| {
            format!("{what} \"{}\" \"{}\"", block.kind, block.name)
        })
    };
    match part {
        Part::KeyProvider(at) => labels("key_provider", &declared.key_providers, at),
        Part::Method(at) => labels("method", &declared.methods, at),
        Part::State => String::from("state"),
        Part::Plan => String::from("plan"),
    }
}

fn place(part: Part, argument: Option<&str>, declared: &Declared) -> Option<Span> {
    let within = |block: Option<&EncryptionBlock>| {
        let block = block?;
        let argument = argument.filter(|name| !SECRET.contains(name));
        let found = argument.and_then(|name| match name {
            "keys" | "chain" => block.keys.map(|(_, span)| span),
            name => block.arguments.get(name).map(|(_, span)| *span),
        });
        Some(found.unwrap_or(block.span))
    };
    match part {
        Part::KeyProvider(at) => within(declared.key_providers.get(at)),
        Part::Method(at) => within(declared.methods.get(at)),
        Part::State => declared.state.as_ref().map(|target| target.span),
        Part::Plan => declared.plan.as_ref().map(|target| target.span),
    }
}
