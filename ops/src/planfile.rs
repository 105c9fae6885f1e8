//! Saved plans: a file that holds a plan and the configuration that it was made from, so that exactly it can be applied later.
//!
//! The file is a line that names the format, a line with the length of the header, the header (JSON: the workspace and the texts of all
//! modules), and the plan in the engine's own form. It holds values as they are, sensitive ones too, so only its owner may read it.

use crate::apply::{Approved, approve_parts};
use crate::failure::{Failure, Report};
use crate::load::{Loaded, Origin, load as load_config};
use crate::plan::Made;
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use terrane_config::load::{ModuleFile, ModuleFolder};
use terrane_config::variables::{Given, GivenSource, GivenValue, root_variables};
use terrane_gate::{Decision, Policy};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{FileId, SourceMap, Span};
use terrane_model::snapshot::Snapshot;
use terrane_plan::plan::Plan;

/// The first line of a saved plan. A new format gets a new line.
const FIRST_LINE: &[u8] = b"terrane plan 1\n";

/// A saved plan, read.
#[derive(Debug)]
pub struct Saved {
    /// The plan.
    pub plan: Plan,
    /// Names the content of the file: a plan is applied once.
    pub digest: String,
    /// The configuration that it was made from.
    pub loaded: Loaded,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// The version of the program that wrote it, for people.
    terrane: String,
    workspace: String,
    folders: Vec<FolderRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FolderRecord {
    dir: String,
    files: Vec<FileRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FileRecord {
    name: String,
    text: String,
}

/// Saves a plan.
///
/// # Errors
/// When the file can't be written.
pub fn save(session: &Session, made: &Made, path: &str) -> Result<(), Failure> {
    let header = Header {
        terrane: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: session.workspace()?,
        folders: made.loaded.folders.iter().map(record).collect(),
    };
    let header = serde_json::to_vec(&header).map_err(|error| Failure::Io {
        doing: format!("Saving the plan to {path} failed"),
        source: error.into(),
    })?;
    let plan = encode(&made.plan)?;
    let mut bytes = FIRST_LINE.to_vec();
    bytes.extend(format!("{}\n", header.len()).into_bytes());
    bytes.extend(header);
    bytes.extend(plan);
    write_private(path, &bytes).map_err(Failure::io(format!("Saving the plan to {path} failed")))
}

fn record(folder: &ModuleFolder) -> FolderRecord {
    FolderRecord {
        dir: folder.dir.to_string(),
        files: folder
            .files
            .iter()
            .map(|file| FileRecord {
                name: file.name.clone(),
                // A configuration that is not UTF-8 makes no plan.
                text: String::from_utf8_lossy(&file.content).into_owned(),
            })
            .collect(),
    }
}

fn write_private(path: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a saved plan and compiles its configuration.
///
/// # Errors
/// When it can't be read, is no saved plan, or belongs to another workspace.
pub async fn load(session: &Session, path: &str) -> Result<Saved, Failure> {
    let bytes = std::fs::read(path).map_err(Failure::io(format!(
        "Failed to load {path:?} as a plan file"
    )))?;
    let damaged = |problem: &str| {
        Failure::input(
            format!("Failed to load {path:?} as a plan file"),
            format!("{problem} Make a plan with `terrane plan -out={path}`."),
        )
    };
    let (header, plan) = split(&bytes).ok_or_else(|| {
        damaged("The file is not a plan that this version of terrane has saved, or it is damaged.")
    })?;
    let header: Header = serde_json::from_slice(header)
        .map_err(|error| damaged(&format!("Its header is damaged: {error}.")))?;
    let plan =
        decode(plan).map_err(|error| damaged(&format!("The plan in it is damaged: {error}.")))?;
    let workspace = session.workspace()?;
    if header.workspace != workspace {
        return Err(Failure::input(
            "Saved plan is for another workspace",
            format!(
                "The plan {path:?} was made for the workspace {:?}, and {workspace:?} is selected. Switch with `terrane workspace select`.",
                header.workspace
            ),
        ));
    }
    let folders: Vec<ModuleFolder> = header
        .folders
        .into_iter()
        .map(|folder| ModuleFolder {
            dir: folder.dir.into(),
            files: folder
                .files
                .into_iter()
                .map(|file| ModuleFile {
                    name: file.name,
                    content: file.text.into_bytes(),
                })
                .collect(),
        })
        .collect();
    let given = planned_values(&plan);
    let snapshot = providers_of(&plan);
    let loaded = load_config(session, &snapshot, Origin::Saved(&folders), &given).await?;
    Ok(Saved {
        plan,
        digest: digest(&bytes),
        loaded,
    })
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(FIRST_LINE)?;
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let (length, rest) = rest.split_at_checked(line)?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    rest.get(1..)?.split_at_checked(length)
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a string never fails.
        drop(write!(text, "{byte:02x}"));
        text
    })
}

/// The values of variables that a plan keeps.
fn planned_values(plan: &Plan) -> Vec<GivenValue> {
    plan.variables
        .iter()
        .map(|(name, value)| GivenValue {
            name: name.clone(),
            source: GivenSource::Env,
            value: Given::Value(value.unmark_deep(), Span::new(FileId(u32::MAX), 0, 0)),
        })
        .collect()
}

/// A state that needs the providers that the plan needs.
fn providers_of(plan: &Plan) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for change in &plan.changes {
        snapshot
            .resources
            .entry(change.addr.resource.clone())
            .or_insert_with(|| terrane_model::snapshot::ResourceState {
                provider: change.provider.clone(),
                instances: std::collections::BTreeMap::new(),
            });
    }
    snapshot
}

/// Approves a saved plan: saving it was the approval. Only values of ephemeral variables may be given again.
///
/// # Errors
/// When other variables are given, or the plan has errors.
pub fn approve(
    session: &Session,
    saved: Saved,
    arguments: &[VariableArgument],
) -> Result<Approved, Failure> {
    let Saved {
        plan,
        digest,
        mut loaded,
    } = saved;
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let mut diagnostics = collected.diagnostics;
    let mut given = planned_values(&plan);
    let root = loaded.config.modules.first();
    let is_ephemeral = |name: &str| {
        root.is_some_and(|root| {
            root.variables
                .iter()
                .any(|variable| variable.name == name && variable.ephemeral)
        })
    };
    for value in collected.values {
        if is_ephemeral(&value.name) {
            given.push(value);
        } else if value.source == GivenSource::CommandLine {
            diagnostics.push(Diagnostic::error(
                "Can't change variable when applying a saved plan",
                format!("The variable {:?} can't be set with -var here: a saved plan keeps the values that it was made with.", value.name),
            ));
        }
    }
    let (values, found) = root.map_or_else(
        || (Vec::new(), Diagnostics::new()),
        |root| root_variables(root, &given),
    );
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources: loaded.sources,
        }));
    }
    loaded.warnings = Diagnostics::new();
    approve_parts(
        plan,
        loaded,
        values,
        digest,
        (Policy::AutoApprove, &Decision::Auto),
    )
    .map_err(|_| {
        Failure::input(
            "Plan can't be applied",
            "Errors were found when this plan was made, so it can only be shown.",
        )
    })
}

fn encode(_: &Plan) -> Result<Vec<u8>, Failure> {
    Err(Failure::input("Plans can't be saved yet", ""))
}

fn decode(_: &[u8]) -> Result<Plan, String> {
    Err(String::from("plans can't be read yet"))
}
