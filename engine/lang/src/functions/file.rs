//! Files and paths.

use super::args::text;
use super::encoding::to_base64;
use super::glob;
use super::string::shown;
use super::table::{Context, Fault, Function, Param, Ty};
use std::sync::Arc;
use terrane_value::{Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "abspath",
        &[PATH],
        Ty::String,
        abspath,
        "The path from the root.",
    ),
    Function::new(
        "basename",
        &[PATH],
        Ty::String,
        basename,
        "The last part of a path.",
    ),
    Function::new(
        "dirname",
        &[PATH],
        Ty::String,
        dirname,
        "The path without its last part.",
    ),
    Function::new("file", &[PATH], Ty::String, file, "The content of a file."),
    Function::new(
        "filebase64",
        &[PATH],
        Ty::String,
        filebase64,
        "The content of a file, in base64.",
    ),
    Function::new(
        "fileexists",
        &[PATH],
        Ty::Bool,
        fileexists,
        "Whether there is a file.",
    ),
    Function::new(
        "fileset",
        &[PATH, Param::new("pattern", Ty::String)],
        Ty::SetString,
        fileset,
        "The paths of files that match a pattern.",
    ),
    Function::new(
        "pathexpand",
        &[PATH],
        Ty::String,
        pathexpand,
        "The path with ~ replaced by the home directory.",
    ),
];

const PATH: Param = Param::new("path", Ty::String);

/// A path with `~` replaced.
fn expanded(path: &str, context: &Context<'_>) -> Result<String, Fault> {
    let Some(rest) = path.strip_prefix('~') else {
        return Ok(path.to_owned());
    };
    if !(rest.is_empty() || rest.starts_with('/')) {
        return Err(Fault::new("cannot expand user-specific home dir"));
    }
    let home = context.functions.files.home();
    let home = home.ok_or_else(|| Fault::new("the home directory is not known"))?;
    Ok(clean(&format!("{home}/{rest}")))
}

/// The place of a file: without `~`, and cleaned.
fn place(path: &str, context: &Context<'_>) -> Result<String, Fault> {
    expanded(path, context).map(|path| clean(&path))
}

/// The content of the file that the first argument names.
pub(super) fn read(args: &[Value], context: &Context<'_>) -> Result<Arc<[u8]>, Fault> {
    read_path(text(args, 0), context)
}

pub(super) fn read_path(path: &str, context: &Context<'_>) -> Result<Arc<[u8]>, Fault> {
    let files = &context.functions.files;
    let place = place(path, context).map_err(|fault| fault.at(0))?;
    files.read(&place).map_err(|why| {
        let why = match files.exists(&place) {
            Ok(false) => format!(
                "no file exists at {}; this function works only with files that are distributed as part of the configuration source code, so if this file will be created by a resource in this configuration you must instead obtain this result from an attribute of that resource",
                shown(path, context)
            ),
            _ => format!("failed to read {}: {why}", shown(path, context)),
        };
        Fault::new(why).at(0).safe()
    })
}

/// The content of a file as text.
pub(super) fn read_text(path: &str, context: &Context<'_>) -> Result<String, Fault> {
    let bytes = read_path(path, context)?;
    match std::str::from_utf8(&bytes) {
        Ok(content) => Ok(content.to_owned()),
        Err(_) => Err(Fault::new(format!(
            "contents of {} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead",
            shown(path, context)
        ))
        .at(0)),
    }
}

fn file(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let content = read_text(text(args, 0), context)?;
    Ok(Value::string_nfc(&content))
}

fn filebase64(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::string(to_base64(&read(args, context)?)))
}

fn fileexists(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let path = place(text(args, 0), context)?;
    let found = context.functions.files.exists(&path);
    found.map(Value::bool).map_err(|why| {
        let why = why
            .strip_prefix("it is ")
            .map_or_else(|| format!(": {why}"), |what| format!(" is {what}"));
        Fault::new(format!("{}{why}", shown(&path, context))).safe()
    })
}

fn abspath(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let path = context.functions.files.absolute(text(args, 0));
    Ok(Value::string_nfc(&path))
}

fn pathexpand(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::string_nfc(&expanded(text(args, 0), context)?))
}

/// The shortest path to the same place, as text: without `.`, `..` where it can be, and doubled slashes.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => String::from("."),
        (false, false) => joined,
    }
}

fn basename(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let path = text(args, 0);
    let trimmed = path.trim_end_matches('/');
    let base = match (path.is_empty(), trimmed.rsplit('/').next()) {
        (true, _) => ".",
        (false, None | Some("")) => "/",
        (false, Some(base)) => base,
    };
    Ok(Value::string_nfc(base))
}

fn dirname(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let dir = match text(args, 0).rsplit_once('/') {
        Some(("", _)) => String::from("/"),
        Some((dir, _)) => clean(dir),
        None => String::from("."),
    };
    Ok(Value::string_nfc(&dir))
}

/// Paths from `dir` of all regular files that a pattern, put behind `dir`, matches. As with the peers, both together are one pattern,
/// and what `..` takes away is taken away before anything is looked for.
fn fileset(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let (dir, pattern) = (text(args, 0), text(args, 1));
    let whole = joined(dir, pattern);
    let bad = || {
        Fault::new(format!(
            "failed to glob pattern {}: syntax error in pattern",
            shown(&whole, context)
        ))
    };
    // Plain directories at the beginning narrow what must be looked through.
    let mut rest = whole.as_str();
    while let Some((part, behind)) = rest.split_once('/') {
        if part.contains(['*', '?', '[', '{', '\\']) {
            break;
        }
        rest = behind;
    }
    let base = whole.get(..whole.len() - rest.len()).unwrap_or_default();
    let regex = glob::compile(rest).ok_or_else(bad)?;
    let levels = if rest.contains("**") || rest.contains('{') {
        usize::MAX
    } else {
        rest.split('/').count()
    };
    let root = if base.is_empty() { "." } else { base };
    let files = context.functions.files.list_to_depth(root, levels);
    let from = clean(dir);
    let mut found: Vec<Value> = files
        .map_err(|why| Fault::new(format!("failed to glob pattern: {why}")))?
        .iter()
        .filter(|file| regex.is_match(file))
        .map(|file| Value::string_nfc(&relative(&from, &format!("{base}{file}"))))
        .collect();
    found.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    found.dedup();
    Ok(Value::set(Type::String, found))
}

/// Two parts of a path as one, cleaned.
fn joined(dir: &str, rest: &str) -> String {
    match (dir.is_empty(), rest.is_empty()) {
        (true, _) => clean(rest),
        (_, true) => clean(dir),
        _ => clean(&format!("{dir}/{rest}")),
    }
}

/// The way from one clean path to another, which are both absolute or both not.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .map(String::from)
            .collect()
    };
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let down = to.iter().skip(common).map(String::as_str);
    up.chain(down).collect::<Vec<_>>().join("/")
}
