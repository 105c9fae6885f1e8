//! `fmt`: the standard layout of configuration files.

use crate::failure::{Failure, Report};
use crate::rules;
use std::io::{Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_lang::syntax::format::format;

/// Files that have a standard layout.
const ENDINGS: [&str; 8] = [
    ".tf",
    ".tofu",
    ".tfvars",
    ".tftest.hcl",
    ".tofutest.hcl",
    ".tfmock.hcl",
    ".tofumock.hcl",
    ".tfquery.hcl",
];

/// What is to be done.
#[derive(Clone, Copy, Debug, Default)]
pub struct FormatOptions {
    /// Look into subfolders too.
    pub recursive: bool,
    /// Write files that differ.
    pub write: bool,
    /// Keep the standard layout of every file, whether it differed or not.
    pub keep: bool,
}

/// A file that was not in the standard layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its path.
    pub path: String,
    /// As it was.
    pub before: String,
    /// As it should be.
    pub after: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Formatted {
    /// In the order of paths.
    pub changed: Vec<Changed>,
    /// If it was to be kept, the layout of all files.
    pub kept: String,
    /// Files that can't be read or parsed.
    pub report: Report,
}

/// Lays out the files of the targets: files, or folders with all files in them.
///
/// # Errors
/// When a file can't be written.
pub fn run(targets: &[String], options: FormatOptions) -> Result<Formatted, Failure> {
    let mut formatted = Formatted::default();
    let mut files = Vec::new();
    let here = [String::from(".")];
    let targets = if targets.is_empty() { &here } else { targets };
    for target in targets {
        let path = Path::new(target);
        let diagnostics = &mut formatted.report.diagnostics;
        if path.is_dir() {
            folder(path, options.recursive, &mut files)
                .map_err(Failure::io(format!("Reading the folder {target} failed")))?;
        } else if !path.exists() {
            diagnostics.push(Diagnostic::error(
                rules::folder::NO_SUCH_FILE.named(format!("No file or directory at {target}")),
                "",
            ));
        } else if ENDINGS.iter().any(|ending| target.ends_with(ending)) {
            files.push(path.to_path_buf());
        } else {
            diagnostics.push(Diagnostic::error(
                rules::folder::NOT_FORMATTABLE.named(format!("Can't format {target}")),
                "Only files that end in .tf, .tofu, .tfvars, .tftest.hcl, .tofutest.hcl, .tfmock.hcl, .tofumock.hcl or .tfquery.hcl have a standard layout.",
            ));
        }
    }
    let here = std::env::current_dir().unwrap_or_default();
    for path in files {
        let shown = relative(&path, &here).to_string_lossy().into_owned();
        match std::fs::read_to_string(&path) {
            Ok(before) => file(&shown, before, options, &mut formatted)?,
            Err(error) => formatted.report.diagnostics.push(Diagnostic::error(
                rules::folder::FILE_NOT_READABLE.named(format!("Reading {shown} failed")),
                format!("{}.", crate::files::why(&error)),
            )),
        }
    }
    Ok(formatted)
}

/// Lays out the text on standard input. `Err` of the inner result: messages about it.
///
/// # Errors
/// When it can't be read.
pub fn stdin() -> Result<Result<Changed, Report>, Failure> {
    let mut before = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut before)
        .map_err(Failure::io("Reading standard input failed"))?;
    let mut sources = SourceMap::default();
    Ok(match layout("<stdin>", &before, &mut sources) {
        Ok(mut after) => {
            // Nothing is in the standard layout already.
            if !after.is_empty() && !after.ends_with('\n') {
                after.push('\n');
            }
            Ok(Changed {
                path: String::from("<stdin>"),
                before,
                after,
            })
        }
        Err(diagnostics) => Err(Report {
            diagnostics,
            sources,
        }),
    })
}

fn file(
    path: &str,
    before: String,
    options: FormatOptions,
    formatted: &mut Formatted,
) -> Result<(), Failure> {
    let after = match layout(path, &before, &mut formatted.report.sources) {
        Ok(after) => after,
        Err(diagnostics) => {
            formatted.report.diagnostics.extend(diagnostics);
            return Ok(());
        }
    };
    if options.keep {
        formatted.kept.push_str(&after);
    }
    if after == before {
        return Ok(());
    }
    if options.write {
        replace(path, &after).map_err(Failure::io(format!("Writing {path} failed")))?;
    }
    formatted.changed.push(Changed {
        path: path.to_owned(),
        before,
        after,
    });
    Ok(())
}

/// Writes in place, so that links and permissions stay as they are.
fn replace(path: &str, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn layout(path: &str, text: &str, sources: &mut SourceMap) -> Result<String, Diagnostics> {
    format(text).map_err(|mut diagnostics| {
        // The formatter knows one file only.
        let file = sources.add(path, text);
        for diagnostic in diagnostics.iter_mut() {
            diagnostic.map_spans(&mut |span| span.file = file);
        }
        diagnostics
    })
}

/// The path from `here`, an absolute folder, without detours: `./x.tf` is shown as `x.tf`.
fn relative(path: &Path, here: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = here.components().collect();
    let depth = parts.len();
    for part in path.components() {
        match part {
            Component::CurDir => continue,
            Component::ParentDir if parts.len() > 1 => drop(parts.pop()),
            Component::RootDir | Component::Prefix(_) => {
                parts.clear();
                parts.push(part);
            }
            Component::ParentDir | Component::Normal(_) => parts.push(part),
        }
    }
    let shared = here.components().zip(&parts);
    let shared = shared.take_while(|(ours, theirs)| ours == *theirs).count();
    let up = std::iter::repeat_n(Component::ParentDir, depth - shared);
    up.chain(parts.into_iter().skip(shared)).collect()
}

/// All files with a standard layout in a folder, by name; hidden folders are left out.
fn folder(dir: &Path, recursive: bool, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    entries.sort_unstable();
    for path in entries {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if recursive && !path.is_symlink() {
                folder(&path, recursive, files)?;
            }
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.ends_with('~') {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::relative;
    use std::path::Path;

    #[test]
    fn paths_are_shown_from_here() {
        for (path, expect) in [
            ("./x.tf", "x.tf"),
            ("a/../x.tf", "x.tf"),
            ("../b/x.tf", "x.tf"),
            ("/a/b/c/x.tf", "c/x.tf"),
            ("/a/x.tf", "../x.tf"),
            ("../../x.tf", "../../x.tf"),
            ("/x.tf", "../../x.tf"),
        ] {
            let found = relative(Path::new(path), Path::new("/a/b"));
            assert_eq!(found, Path::new(expect), "{path}");
        }
    }
}
