//! Reading policies and data from disk.

use crate::error::PolicyError;
use std::fs;
use std::path::{Path, PathBuf};

/// So deep are folders looked at: a link that leads back up must end somewhere.
const MAX_DEPTH: usize = 32;

/// A module, or a file with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path, for messages.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What a set of policies is made of.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Modules, in the order of their paths.
    pub policies: Vec<Source>,
    /// Files with data, each with the names of the folders that lead to it, from the root of the data: these are where its content is found
    /// (`data.regions` for `data/regions/allowed.json` under `data`).
    pub data: Vec<(Vec<String>, Source)>,
}

/// Reads all modules in these files and folders, and all data in those.
///
/// # Errors
/// When one can't be read, and when a place for policies has none.
pub fn read(policies: &[PathBuf], data: &[PathBuf]) -> Result<Sources, PolicyError> {
    let mut sources = Sources::default();
    for place in policies {
        let before = sources.policies.len();
        walk(place, &mut Vec::new(), &mut |path, _| {
            if path
                .extension()
                .is_some_and(|extension| extension == "rego")
            {
                sources.policies.push(source(path)?);
            }
            Ok(())
        })?;
        if sources.policies.len() == before {
            return Err(PolicyError::NoPolicy(place.clone()));
        }
    }
    for place in data {
        walk(place, &mut Vec::new(), &mut |path, folders| {
            if is_data(path) {
                sources.data.push((folders.to_vec(), source(path)?));
            }
            Ok(())
        })?;
    }
    Ok(sources)
}

pub(crate) fn is_data(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| matches!(extension, "json" | "yaml" | "yml"))
}

fn source(path: &Path) -> Result<Source, PolicyError> {
    let text = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
    Ok(Source {
        name: path.display().to_string(),
        text,
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> PolicyError {
    PolicyError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// What is done with a file, given the names of the folders that lead to it.
type Visit<'a> = dyn FnMut(&Path, &[String]) -> Result<(), PolicyError> + 'a;

/// Visits a file, or all files below a folder, in the order of their names. Hidden ones are left out.
fn walk(place: &Path, folders: &mut Vec<String>, visit: &mut Visit<'_>) -> Result<(), PolicyError> {
    let about = fs::metadata(place).map_err(|source| unreadable(place, source))?;
    if !about.is_dir() {
        return visit(place, folders);
    }
    if folders.len() >= MAX_DEPTH {
        let why = format!("there are more than {MAX_DEPTH} folders, each in the one before");
        return Err(unreadable(place, std::io::Error::other(why)));
    }
    let entries = fs::read_dir(place).map_err(|source| unreadable(place, source))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| unreadable(place, source))?;
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            folders.push(name);
            walk(&path, folders, visit)?;
            folders.pop();
        } else {
            visit(&path, folders)?;
        }
    }
    Ok(())
}
