//! Finding and reading test files.

use crate::failure::Failure;
use crate::rules;
use std::path::Path;
use terrane_config::test_file::{Mock, TestFile, add_mock_file, decode_file, is_test_file, select};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_modules::join;

/// Where test files are, beside the folder of the root module itself.
pub const TEST_DIRECTORY: &str = "tests";

/// Endings of the files that a mock provider's folder may hold.
const MOCK_ENDINGS: [&str; 4] = [
    ".tfmock.hcl",
    ".tfmock.json",
    ".tofumock.hcl",
    ".tofumock.json",
];

/// A test file, not decoded.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Relative to the root module's folder.
    pub(crate) path: String,
    /// Whether it is in the test directory, whose variables files count for it.
    pub(crate) in_directory: bool,
    content: Vec<u8>,
}

/// All test files in the order in which they are executed: those of the root folder, then those of the test directory.
///
/// # Errors
/// When a folder or file can't be read.
pub(crate) fn find(directory: &str) -> Result<(Vec<Found>, Diagnostics), Failure> {
    let mut diagnostics = Diagnostics::new();
    let mut found = read(".", false)?;
    let clean = join(".", directory);
    if clean == "." {
        return Ok((found, diagnostics));
    }
    if Path::new(directory).is_absolute() || clean.starts_with("..") {
        return Err(Failure::input(
            &rules::test::TEST_DIRECTORY,
            format!(
                "The test directory {directory:?} must be a relative path within the folder of the root module, so that what it refers to can be found from there."
            ),
        ));
    }
    if Path::new(&clean).is_dir() {
        found.extend(read(&clean, true)?);
    } else if directory != TEST_DIRECTORY {
        diagnostics.push(Diagnostic::warning(
            &rules::test::NO_TEST_DIRECTORY,
            format!("Requested test directory {directory} does not exist."),
        ));
    }
    Ok((found, diagnostics))
}

fn read(folder: &str, in_directory: bool) -> Result<Vec<Found>, Failure> {
    let names = names(folder, &|name| is_test_file(name))?;
    select(names)
        .into_iter()
        .map(|name| {
            let path = join(folder, &name);
            let content = std::fs::read(&path)
                .map_err(Failure::io(format!("Reading the test file {path} failed")))?;
            Ok(Found {
                path,
                in_directory,
                content,
            })
        })
        .collect()
}

/// Names of the files of a folder that fit, sorted.
fn names(folder: &str, fits: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Failure> {
    let doing = || format!("Reading the folder {folder} failed");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Failure::io(doing()))? {
        let entry = entry.map_err(Failure::io(doing()))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if fits(&name) && !entry.path().is_dir() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Decodes a test file, with the files of its mock providers.
pub(crate) fn decode(sources: &mut SourceMap, found: &Found) -> (TestFile, Diagnostics) {
    let (mut file, mut diagnostics) = decode_file(sources, &found.path, &found.content);
    for provider in &mut file.providers {
        if let Some(mock) = &mut provider.mock {
            diagnostics.extend(mock_folder(sources, mock));
        }
    }
    (file, diagnostics)
}

fn mock_folder(sources: &mut SourceMap, mock: &mut Mock) -> Diagnostics {
    let Some((source, span)) = mock.source.clone() else {
        return Diagnostics::new();
    };
    let fits = |name: &str| {
        let hidden = name.starts_with('.') || name.ends_with('~');
        !hidden && MOCK_ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    let folder = join(".", &source);
    let folder = if Path::new(source.as_str()).is_absolute() {
        source.to_string()
    } else {
        folder
    };
    let Ok(names) = names(&folder, &fits) else {
        return Diagnostic::error(
            &rules::test::MOCK_FOLDER,
            format!("Mock data directory {source} does not exist or cannot be read."),
        )
        .at(span)
        .into();
    };
    let mut diagnostics = Diagnostics::new();
    for name in names {
        let path = join(&folder, &name);
        match std::fs::read(&path) {
            Ok(content) => diagnostics.extend(add_mock_file(sources, &path, &content, mock)),
            Err(error) => diagnostics.push(
                Diagnostic::error(
                    &rules::test::MOCK_FILE,
                    format!(
                        "Mock data file {path} cannot be read: {}.",
                        crate::files::why(&error)
                    ),
                )
                .at(span),
            ),
        }
    }
    diagnostics
}

/// Checks the test files of the working directory by themselves.
///
/// # Errors
/// When they can't be read.
pub(crate) fn check(
    directory: &str,
    sources: &mut SourceMap,
) -> Result<(Vec<TestFile>, Diagnostics), Failure> {
    let (found, mut diagnostics) = find(directory)?;
    let mut files = Vec::new();
    for found in &found {
        let (file, messages) = decode(sources, found);
        diagnostics.extend(messages);
        files.push(file);
    }
    Ok((files, diagnostics))
}
