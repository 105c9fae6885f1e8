//! `state backup` and `state restore`.

use crate::audit::{self, LogFate};
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::files::not_configuration;
use crate::rules;
use crate::session::Session;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use terrane_model::addr::InstanceAddr;
use terrane_model::event::EventKind;
use terrane_store::StoreError;
use terrane_store::backup::{self, Manifest, Written};
use terrane_store::pieces::Sealer;

/// Writes every version of the current workspace to a file, which appears whole or not at all. Works while another process writes the state.
///
/// # Errors
/// When the state can't be read, or the file not written.
pub fn run(session: &Session, path: &str) -> Result<Written, Failure> {
    not_configuration(path, "a backup")?;
    let doing = || format!("Writing the backup {path} failed");
    let manifest = Manifest {
        workspace: session.workspace()?,
        at_ms: now_ms(),
        who: session.who(),
        terrane: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let target = Path::new(path);
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let draft = target.with_file_name(name);
    let file = create_private(&draft).map_err(Failure::io(doing()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let sealer = Sealer::new(session.seal()?);
    let written = backup::write(session.store()?, &manifest, &sealer, &mut out)
        .map_err(Failure::store(doing()))
        .and_then(|written| {
            let mut finish = || -> std::io::Result<()> {
                out.flush()?;
                out.get_ref().sync_all()?;
                std::fs::rename(&draft, target)?;
                sync_above(target)
            };
            finish().map_err(Failure::io(doing()))?;
            Ok(written)
        });
    if written.is_err() {
        // What is left of a backup that failed is of no use.
        drop(std::fs::remove_file(&draft));
    }
    written
}

fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn sync_above(path: &Path) -> std::io::Result<()> {
    let above = path
        .parent()
        .filter(|above| !above.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    terrane_store::journal::sync_folder(&above)
}

/// What restoring did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// The serial of the state in it.
    pub of: u64,
    /// The serial of the state now.
    pub serial: u64,
    /// How many versions came with it: all, where the workspace held nothing.
    pub versions: usize,
    /// What the state held and the backup does not: the objects stay as they are, and are not managed any more.
    pub forgotten: Vec<InstanceAddr>,
    /// What became of the audit log in the backup; `None`: it has none.
    pub log: Option<LogFate>,
}

/// Makes the state of a backup the present one, as a new version. A workspace that holds nothing gets all versions of the backup.
///
/// # Errors
/// When the file is no backup or damaged; when it is of another lineage and `force` is not given; when the state can't be written.
pub fn restore(session: &Session, path: &str, force: bool) -> Result<Restored, Failure> {
    let doing = || format!("Restoring the backup {path} failed");
    let bytes = std::fs::read(path).map_err(Failure::io(doing()))?;
    let sealer = Sealer::new(session.seal()?);
    let backup = backup::read(&bytes, Path::new(path), &sealer)
        .map_err(|error| match error {
            // The way out of a damaged state is none out of a damaged backup.
            StoreError::Damaged { what, problem } => StoreError::Refused(format!(
                "{what} is damaged: {problem}. Nothing was changed; take another backup"
            )),
            other => other,
        })
        .map_err(Failure::store(doing()))?;
    drop(bytes);
    let name = session.workspace()?;
    let present = match session.store()?.read(&name) {
        Err(StoreError::NoWorkspace(_)) => 0,
        read => {
            read.map_err(Failure::store("Reading the state failed"))?
                .serial
        }
    };
    let mut versions = 0;
    if present == 0
        && let Some(store) = session.store()?.maintain()
    {
        match backup.refill(store, &name) {
            Ok(()) => versions = backup.versions.len(),
            // Somebody was faster: held against the backup below.
            Err(StoreError::Refused(_)) => {}
            Err(error) => return Err(Failure::store(doing())(error)),
        }
    }
    let mut workspace = session.open()?;
    let present = workspace.snapshot();
    if present.serial > 0 && present.lineage != backup.snapshot.lineage && !force {
        return Err(Failure::input(
            &rules::state::OTHER_LINEAGE,
            format!(
                "The backup is of the state with lineage {:?} (workspace {:?}), and the present one has lineage {:?}. If it shall take its place all the same, give the -force option: the present state stays in the history.",
                backup.snapshot.lineage, backup.manifest.workspace, present.lineage
            ),
        ));
    }
    let log = backup
        .audit
        .as_ref()
        .map(|log| audit::put(log, session.store()?, &name).map_err(audit::failed))
        .transpose()?;
    let of = backup.snapshot.serial;
    let forgotten = present
        .instances()
        .map(|(addr, ..)| addr)
        .filter(|addr| backup.snapshot.instance(addr).is_none())
        .collect();
    let change = EventKind::Replaced(Box::new(backup.snapshot));
    workspace
        .commit(session.run(vec![change]))
        .map_err(Failure::store("Writing the state failed"))?;
    let serial = workspace.snapshot().serial;
    session.close(workspace)?;
    Ok(Restored {
        at_ms: backup.manifest.at_ms,
        of,
        serial,
        versions,
        forgotten,
        log,
    })
}
