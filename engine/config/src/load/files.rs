//! Which files of a folder count, in which order, and how they become declarations.

use super::decl::{BackendDecl, ModuleDecl};
use super::decode::Decoder;
use super::{ModuleFile, ModuleFolder};
use crate::rules;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::body::Body;
use terrane_lang::syntax::{json, parse};
use terrane_value::Value;

/// Extensions, longest first, and whether they are this language's own and whether they mean JSON.
const EXTENSIONS: [(&str, bool, bool); 4] = [
    (".tofu.json", true, true),
    (".tf.json", false, true),
    (".tofu", true, false),
    (".tf", false, false),
];

/// Extensions of query files, and whether they mean JSON. Nobody gives such files to the loader but a query.
const QUERIES: [(&str, bool); 2] = [(".tfquery.json", true), (".tfquery.hcl", false)];

struct Name<'a> {
    stem: &'a str,
    own: bool,
    json: bool,
    query: bool,
}

/// Whether this is the name of a query file.
#[must_use]
pub fn is_query(name: &str) -> bool {
    classify(name).is_some_and(|name| name.query)
}

fn classify(name: &str) -> Option<Name<'_>> {
    let backup = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    if backup {
        return None;
    }
    let query = QUERIES.iter().find_map(|(extension, json)| {
        let stem = name.strip_suffix(extension)?;
        Some(Name {
            stem,
            own: false,
            json: *json,
            query: true,
        })
    });
    query.or_else(|| {
        EXTENSIONS.iter().find_map(|(extension, own, json)| {
            let stem = name.strip_suffix(extension)?;
            Some(Name {
                stem,
                own: *own,
                json: *json,
                query: false,
            })
        })
    })
}

/// The files that count, in lexical order, those that override last.
fn select(files: &[ModuleFile]) -> (Vec<&ModuleFile>, Vec<&ModuleFile>) {
    let own: BTreeSet<(&str, bool)> = files
        .iter()
        .filter_map(|file| classify(&file.name))
        .filter(|name| name.own)
        .map(|name| (name.stem, name.json))
        .collect();
    let mut chosen: Vec<(&ModuleFile, bool)> = files
        .iter()
        .filter_map(|file| {
            let name = classify(&file.name)?;
            let shadowed = !name.own && !name.query && own.contains(&(name.stem, name.json));
            let overrides =
                !name.query && (name.stem == "override" || name.stem.ends_with("_override"));
            (!shadowed).then_some((file, overrides))
        })
        .collect();
    chosen.sort_by(|left, right| left.0.name.cmp(&right.0.name));
    let pick = |wanted: bool| {
        chosen
            .iter()
            .filter(|(_, overrides)| *overrides == wanted)
            .map(|(file, _)| *file)
            .collect()
    };
    (pick(false), pick(true))
}

/// Reads all files of a folder.
pub(super) fn decode_folder(
    sources: &mut SourceMap,
    folder: ModuleFolder,
) -> (ModuleDecl, Diagnostics) {
    let (primary, overriding) = select(&folder.files);
    let mut module = ModuleDecl::default();
    let mut diagnostics = Diagnostics::new();
    let files = primary
        .into_iter()
        .map(|file| (file, false))
        .chain(overriding.into_iter().map(|file| (file, true)));
    for (file, overriding) in files {
        let Some(name) = classify(&file.name) else {
            continue;
        };
        let path = if folder.dir.is_empty() || folder.dir == "." {
            file.name.clone()
        } else {
            format!("{}/{}", folder.dir, file.name)
        };
        let Some(body) = parse_file(sources, path, &file.content, name.json, &mut diagnostics)
        else {
            continue;
        };
        let mut decoder = Decoder {
            sources,
            diagnostics: Diagnostics::new(),
            overriding,
            own_extension: name.own,
        };
        if name.query {
            decoder.query_file(&body, &mut module);
        } else {
            decoder.file(&body, &mut module);
        }
        diagnostics.extend(decoder.diagnostics);
    }
    (module, diagnostics)
}

pub(crate) fn parse_file(
    sources: &mut SourceMap,
    path: String,
    content: &[u8],
    is_json: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Body> {
    let text = match str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => {
            let good = String::from_utf8_lossy(content.get(..error.valid_up_to()).unwrap_or(&[]));
            let end = u32::try_from(good.len()).unwrap_or(u32::MAX);
            let id = sources.add(path, good.into_owned());
            diagnostics.push(
                Diagnostic::error(
                    &rules::files::INVALID_ENCODING,
                    "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your editor.",
                )
                .at(Span::new(id, end, end)),
            );
            return None;
        }
    };
    let id = sources.add(path, text);
    if is_json {
        let (body, found) = json::parse_body(id, text);
        let failed = found.has_errors();
        diagnostics.extend(found);
        (!failed).then(|| Body::Json(Arc::new(body)))
    } else {
        let (body, found) = parse::parse_body(id, text);
        diagnostics.extend(found);
        Some(Body::Native(Arc::new(body)))
    }
}

/// What is wrong with the arguments of the backends that are built in.
pub(super) fn backend_problems(
    decl: &BackendDecl,
    arguments: &BTreeMap<EcoString, (Value, Span)>,
) -> Diagnostics {
    let known: &[&str] = match decl.type_name.as_str() {
        "local" => &["path", "workspace_dir"],
        "http" => &[
            "address",
            "update_method",
            "lock_address",
            "unlock_address",
            "lock_method",
            "unlock_method",
            "username",
            "password",
            "skip_cert_verification",
            "retry_max",
            "retry_wait_min",
            "retry_wait_max",
            "client_ca_certificate_pem",
            "client_certificate_pem",
            "client_private_key_pem",
            "headers",
        ],
        _ => return Diagnostics::new(),
    };
    arguments
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, (_, span))| {
            let hint = crate::suggest::did_you_mean(name, known.iter().copied());
            let detail = format!("An argument named \"{name}\" is not expected here.{hint}");
            Diagnostic::error(
                &terrane_lang::rules::structure::UNSUPPORTED_ARGUMENT,
                detail,
            )
            .at(*span)
        })
        .collect()
}

/// Values that must not be used to configure a backend: it writes them down.
pub(super) fn backend_values(arguments: &BTreeMap<EcoString, (Value, Span)>) -> Diagnostics {
    arguments
        .iter()
        .filter_map(|(name, (value, span))| {
            let marks = value.marks_deep();
            let why = if marks.is_sensitive() {
                "is derived from a sensitive value"
            } else if marks.is_ephemeral() {
                "is derived from an ephemeral value"
            } else if !value.is_wholly_known() {
                "is not known before anything is planned"
            } else {
                return None;
            };
            let detail = format!(
                "The argument \"{name}\" {why}, and can't be used to configure a backend, whose settings are written down. Pass secrets in the environment, or with -backend-config."
            );
            Some(Diagnostic::error(
                rules::static_value::BACKEND_VALUE.named(format!("Invalid backend argument \"{name}\"")),
                detail,
            ).at(*span))
        })
        .collect()
}
