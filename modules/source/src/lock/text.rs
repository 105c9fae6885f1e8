//! The text of the lock file.

use super::{Lock, LockedPackage, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const HEADER: &str = "# This file is maintained by \"terrane init\": it says what each module package was when it was chosen.\n# Keep it in version control. \"terrane init -upgrade\" accepts other contents and newer versions.\n";

/// The only version of the format.
const VERSION: u64 = 1;

pub(super) fn write(lock: &Lock) -> String {
    let mut text = format!("{HEADER}\nformat = {VERSION}\n");
    for (PackageId { source, version }, package) in &lock.packages {
        let LockedPackage {
            revision,
            hash,
            files,
            calls,
        } = package;
        let mut fields = Vec::new();
        if !version.is_empty() {
            fields.push(("version", quoted(version)));
        }
        if let Some(revision) = revision {
            fields.push(("revision", quoted(revision)));
        }
        fields.push(("hash", quoted(hash)));
        let calls: Vec<String> = calls.iter().map(|call| quoted(call)).collect();
        fields.push(("calls", format!("[{}]", calls.join(", "))));
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        push(&mut text, format_args!("\nmodule {} {{\n", quoted(source)));
        for (name, value) in fields {
            push(&mut text, format_args!("  {name:width$} = {value}\n"));
        }
        if !files.is_empty() {
            text.push_str("  files = {\n");
            for (name, digest) in files {
                push(
                    &mut text,
                    format_args!("    {} = {}\n", quoted(name), quoted(digest)),
                );
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n");
    }
    for other in &lock.others {
        push(&mut text, format_args!("\n{}\n", other.trim_end()));
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line)
        .expect("writing to a text does not fail");
}

/// A text of HCL without templates.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([char, char]),
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

pub(super) fn parse(text: &str) -> Result<Lock, String> {
    let body = hcl::parse(text).map_err(|error| error.to_string())?;
    let mut lock = Lock::default();
    let mut format = None;
    for structure in body {
        match structure {
            hcl::Structure::Attribute(attribute) if attribute.key() == "format" => {
                format = match attribute.expr() {
                    hcl::Expression::Number(number) => number.as_u64(),
                    _ => None,
                };
            }
            hcl::Structure::Attribute(attribute) => {
                return Err(format!("there is an argument {}", attribute.key()));
            }
            hcl::Structure::Block(block) if block.identifier() == "module" => {
                let (id, package) = module(&block)?;
                if lock.packages.insert(id, package).is_some() {
                    return Err(String::from(
                        "a package is there twice; a merge may have left both",
                    ));
                }
            }
            // Others keep what is theirs in the same file.
            hcl::Structure::Block(block) => {
                let text = hcl::format::to_string(&block).map_err(|error| error.to_string())?;
                lock.others.push(text);
            }
        }
    }
    match format {
        Some(VERSION) => Ok(lock),
        Some(other) => Err(format!(
            "its format is {other}, which a later terrane writes"
        )),
        None => Err(String::from("it does not say its format")),
    }
}

fn module(block: &hcl::Block) -> Result<(PackageId, LockedPackage), String> {
    let [label] = block.labels() else {
        return Err(String::from("a module block has one label"));
    };
    let source = label.as_str().to_owned();
    let mut version = String::new();
    let mut package = LockedPackage::default();
    for structure in block.body() {
        let hcl::Structure::Attribute(attribute) = structure else {
            return Err(format!("the module {source:?} has a block"));
        };
        let value = attribute.expr();
        match attribute.key() {
            "version" => version = plain(value)?,
            "revision" => package.revision = Some(plain(value)?),
            "hash" => package.hash = plain(value)?,
            "calls" => package.calls = list(value)?,
            "files" => package.files = map(value)?,
            other => return Err(format!("the module {source:?} has an argument {other}")),
        }
    }
    if !package.hash.starts_with("h1:") {
        return Err(format!("the module {source:?} has no hash"));
    }
    Ok((PackageId { source, version }, package))
}

fn plain(value: &hcl::Expression) -> Result<String, String> {
    match value {
        hcl::Expression::String(text) => Ok(text.replace("$${", "${").replace("%%{", "%{")),
        hcl::Expression::TemplateExpr(template) => {
            let text = template.to_string();
            Ok(text.replace("$${", "${").replace("%%{", "%{"))
        }
        _ => Err(String::from("a text in quotes is expected")),
    }
}

fn list(value: &hcl::Expression) -> Result<BTreeSet<String>, String> {
    match value {
        hcl::Expression::Array(values) => values.iter().map(plain).collect(),
        _ => Err(String::from("a list is expected")),
    }
}

fn map(value: &hcl::Expression) -> Result<BTreeMap<String, String>, String> {
    let hcl::Expression::Object(members) = value else {
        return Err(String::from("an object is expected"));
    };
    let pair = |(key, value): (&hcl::ObjectKey, &hcl::Expression)| {
        let key = match key {
            hcl::ObjectKey::Identifier(name) => name.to_string(),
            hcl::ObjectKey::Expression(expression) => plain(expression)?,
            _ => return Err(String::from("a name is expected")),
        };
        Ok((key, plain(value)?))
    };
    members.iter().map(pair).collect()
}
