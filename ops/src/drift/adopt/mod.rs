//! The edit of the configuration that accepts drift: arguments of resource blocks get the values that objects have.
//!
//! Only literals are written over. Where an argument is an expression, somebody has decided where its value comes from: it is left, and told with its
//! line. Files are changed where something changes, byte by byte; everything else in them stays as it is.

mod editor;
#[cfg(test)]
mod tests;

use super::{Class, Difference, Drifted, Found};
use crate::failure::Failure;
use editor::{Editor, start};
use hcl_edit::structure::{Block, Body};
use similar::TextDiff;
use std::collections::BTreeMap;
use std::ops::Range;
use terrane_config::config::{Config, Module};
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::{InstanceAddr, Mode};
use terrane_model::schema::{NestedObject, Nesting, Schema};
use terrane_plan::objchange::at_path as at_value_path;
use terrane_value::{EcoString, Kind, PathStep, Type, Value};

/// What is to be edited, and what is not.
#[derive(Debug, Default)]
pub struct Adoption {
    /// Files with their texts, by path.
    pub files: Vec<Edited>,
    /// How many attributes are taken over.
    pub taken: usize,
    /// What is left for people.
    pub left: Vec<Left>,
}

/// A file that changes.
#[derive(Debug)]
pub struct Edited {
    /// Its path, from the folder of the root module.
    pub path: String,
    /// Its text.
    pub before: String,
    /// As it is to be.
    pub after: String,
}

/// A difference that is not accepted by an edit.
#[derive(Debug)]
pub struct Left {
    /// The object.
    pub address: String,
    /// The attribute; empty: all of it.
    pub attribute: String,
    /// File and line.
    pub place: Option<String>,
    /// Why.
    pub why: String,
}

impl Edited {
    /// The change, as a unified diff. Only lines that change are shown: others may hold secrets.
    #[must_use]
    pub fn diff(&self) -> String {
        TextDiff::from_lines(&self.before, &self.after)
            .unified_diff()
            .context_radius(0)
            .header(&self.path, &self.path)
            .to_string()
    }
}

/// Writes a file, if it is still as it was read.
///
/// # Errors
/// When it can't be written, or somebody else has changed it meanwhile.
pub fn write(file: &Edited) -> Result<(), Failure> {
    let doing = format!("Writing {} failed", file.path);
    let now = std::fs::read_to_string(&file.path).map_err(Failure::io(doing.clone()))?;
    if now != file.before {
        let changed = std::io::Error::other("it was changed by somebody else meanwhile");
        return Err(Failure::io(doing)(changed));
    }
    std::fs::write(&file.path, &file.after).map_err(Failure::io(doing))
}

/// Text in the place of other text.
#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    text: String,
}

/// Why an argument is not edited where it differs.
enum Not {
    /// The whole argument would have to be written.
    Here,
    /// It is not to be: why, and where.
    ToBe(String, Option<usize>),
    /// Nothing of the blocks that it is in is to be: editing a part of them would say something that is not so.
    Any(String, Option<usize>),
}

/// A file of the configuration.
struct File {
    path: String,
    text: String,
    body: Body,
    edits: Vec<Edit>,
}

/// What has to be edited to accept all differences that are not harmless. Nothing is written.
#[must_use]
pub fn adopt(found: &Found) -> Adoption {
    let mut adoption = Adoption::default();
    let mut files: BTreeMap<String, Option<File>> = BTreeMap::new();
    for drifted in &found.drifted {
        if drifted.class() == Class::Harmless || drifted.deposed.is_some() {
            continue;
        }
        if let Err((why, place)) = one(found, drifted, &mut files, &mut adoption) {
            adoption.left.push(Left {
                address: drifted.addr.to_string(),
                attribute: String::new(),
                place,
                why,
            });
        }
    }
    for file in files.into_values().flatten() {
        let File {
            path,
            text,
            mut edits,
            ..
        } = file;
        if edits.is_empty() {
            continue;
        }
        if text.contains("\r\n") {
            for edit in &mut edits {
                edit.text = edit.text.replace('\n', "\r\n");
            }
        }
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut after = text.clone();
        for edit in edits.iter().rev() {
            after.replace_range(edit.range.clone(), &edit.text);
        }
        adoption.files.push(Edited {
            path,
            before: text,
            after,
        });
    }
    adoption
}

/// The block of a resource: where it is, and in which module.
fn declared<'c>(config: &'c Config, addr: &InstanceAddr) -> Option<(&'c Module, Span)> {
    let resource = &addr.resource;
    let names = |path: &[EcoString]| {
        let steps = resource.module.0.iter().map(|step| &step.name);
        steps.eq(path.iter())
    };
    let module = config.modules.iter().find(|module| names(&module.path.0))?;
    let found = module.resources.iter().find(|declared| {
        declared.mode == Mode::Managed
            && declared.type_name == resource.type_name
            && declared.name == resource.name
    });
    found.map(|declared| (module, declared.span))
}

/// Whether several calls lead to the folder of a module: what is written there is said of each.
fn is_shared(config: &Config, module: &Module) -> bool {
    let same = config.modules.iter().filter(|one| one.dir == module.dir);
    same.count() > 1
}

/// A file that overrides what a block says, if there is one beside it.
fn overriding(sources: &SourceMap, path: &str, labels: [&str; 2]) -> Option<String> {
    let folder = |path: &str| {
        path.rsplit_once('/')
            .map_or(String::new(), |(dir, _)| dir.to_owned())
    };
    let beside = sources.iter().map(|(_, file)| file);
    let mut beside = beside.filter(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        folder(file.path.trim_start_matches("./")) == folder(path)
            && (stem == "override" || stem.ends_with("_override"))
    });
    let found = beside.find(|file| match hcl_edit::parser::parse_body(&file.text) {
        Ok(body) if !file.path.ends_with(".json") => block_of(&body, labels).is_some(),
        // What can't be looked into may say anything.
        _ => file.text.contains(labels[1]),
    });
    found.map(|file| file.path.clone())
}

/// The block of a resource in a file.
fn block_of<'b>(body: &'b Body, labels: [&str; 2]) -> Option<&'b Block> {
    body.blocks().find(|block| {
        block.ident.as_str() == "resource"
            && block.labels.iter().map(|label| label.as_str()).eq(labels)
    })
}

fn one(
    found: &Found,
    drifted: &Drifted,
    files: &mut BTreeMap<String, Option<File>>,
    adoption: &mut Adoption,
) -> Result<(), (String, Option<String>)> {
    let addr = &drifted.addr;
    let config = &found.loaded.config;
    let (module, span) = declared(config, addr)
        .ok_or_else(|| ("the configuration has no block for it".to_owned(), None))?;
    let sources = &found.loaded.sources;
    let place = Some(sources.place(span));
    let source = sources
        .get(span.file)
        .ok_or_else(|| ("its block is in no file".to_owned(), None))?;
    if drifted.after.is_null() {
        let why = "the object is gone: remove its block, or let `terrane reconcile` make it again";
        return Err((why.to_owned(), place));
    }
    let keyed = addr.key.is_some() || addr.resource.module.0.iter().any(|step| step.key.is_some());
    if keyed {
        let why = "its block stands for several instances";
        return Err((why.to_owned(), place));
    }
    if is_shared(config, module) {
        let why = "its module is called from several places";
        return Err((why.to_owned(), place));
    }
    let path = source.path.trim_start_matches("./").to_owned();
    if path.ends_with(".json") {
        return Err(("its block is written in JSON".to_owned(), place));
    }
    if path.starts_with('.') || path.starts_with('/') {
        return Err(("its module comes from elsewhere".to_owned(), place));
    }
    let labels = [
        addr.resource.type_name.as_str(),
        addr.resource.name.as_str(),
    ];
    if let Some(other) = overriding(sources, &path, labels) {
        return Err((format!("the file {other} may override its block"), place));
    }
    let file = files.entry(path.clone()).or_insert_with(|| {
        let text = source.text.to_string();
        let body = hcl_edit::parser::parse_body(&text).ok()?;
        Some(File {
            path,
            text,
            body,
            edits: Vec::new(),
        })
    });
    let Some(file) = file else {
        return Err(("its file can't be edited".to_owned(), place));
    };
    let block = block_of(&file.body, labels);
    let Some(block) = block.cloned() else {
        return Err(("its block was not found again".to_owned(), place));
    };
    let schema = found.loaded.registry.schema(
        &drifted.provider.provider,
        Mode::Managed,
        &addr.resource.type_name,
    );
    let Some(schema) = schema else {
        return Err(("its type is not known".to_owned(), place));
    };
    arguments(file, &block, drifted, &schema, adoption);
    Ok(())
}

/// Edits the arguments of a block, one after the other.
fn arguments(
    file: &mut File,
    block: &Block,
    drifted: &Drifted,
    schema: &Schema,
    adoption: &mut Adoption,
) {
    let mut roots: BTreeMap<&EcoString, Vec<&Difference>> = BTreeMap::new();
    for difference in &drifted.differences {
        let counts = difference.configurable && difference.class != Class::Harmless;
        let counts = counts && !follows(drifted, difference);
        if let Some(root) = difference.root().filter(|_| counts) {
            roots.entry(root).or_default().push(difference);
        }
    }
    for (root, differences) in roots {
        let editor = Editor::new(&file.text, schema);
        let nested = schema.block.attributes.get(root);
        let nested = nested.and_then(|attribute| attribute.nested());
        let mut edits = Vec::new();
        let (mut whole, mut none) = (false, None);
        for difference in &differences {
            if is_element(drifted, difference) && !schema.block.blocks.contains_key(root) {
                whole = true;
                continue;
            }
            // Objects of which the provider sets a part are written without that.
            if nested.is_some() && !difference.after.children().is_empty() {
                whole = true;
                continue;
            }
            match editor.difference(block, difference) {
                Ok(edit) => edits.push(edit),
                Err(Not::Here) => whole = true,
                Err(Not::ToBe(why, at)) => adoption.left.push(Left {
                    address: drifted.addr.to_string(),
                    attribute: shown(difference),
                    place: Some(file_line(file, at.or_else(|| start(block)))),
                    why,
                }),
                Err(Not::Any(why, at)) => none = Some((why, at)),
            }
        }
        if let Some((why, at)) = none {
            adoption.left.push(Left {
                address: drifted.addr.to_string(),
                attribute: root.to_string(),
                place: Some(file_line(file, at.or_else(|| start(block)))),
                why,
            });
            continue;
        }
        if whole {
            let wanted = wanted(drifted, root);
            let wanted = match nested {
                Some(nested) if !wanted.contains_marks() => settable(nested, &wanted),
                _ => wanted,
            };
            match editor.whole(block, root, &wanted) {
                Ok(edit) => edits = vec![edit],
                Err((why, at)) => {
                    adoption.left.push(Left {
                        address: drifted.addr.to_string(),
                        attribute: root.to_string(),
                        place: Some(file_line(file, at.or_else(|| start(block)))),
                        why,
                    });
                    continue;
                }
            }
        }
        adoption.taken += edits.len();
        file.edits.extend(edits);
    }
}

/// Whether a difference is that of an element of a set: it has no place of its own.
fn is_element(drifted: &Drifted, difference: &Difference) -> bool {
    [&drifted.before, &drifted.after].into_iter().any(|object| {
        let value = at_value_path(object, &difference.path);
        value.is_some_and(|value| matches!(value.unmarked().kind(), Kind::Set(_)))
    })
}

/// Whether a difference follows from another one: providers show all tags of an object once more, together with those that they add.
fn follows(drifted: &Drifted, difference: &Difference) -> bool {
    let [PathStep::Attr(name), key] = difference.path.0.as_slice() else {
        return false;
    };
    let mut others = drifted.differences.iter();
    name == "tags_all"
        && others.any(|other| match other.path.0.as_slice() {
            [PathStep::Attr(name), its_key] => {
                name == "tags" && its_key == key && other.after == difference.after
            }
            _ => false,
        })
}

fn shown(difference: &Difference) -> String {
    let path = difference.path.to_string();
    path.trim_start_matches('.').to_owned()
}

/// Objects without what only the provider sets, and what is not set. As a text it is the same whatever these are in.
fn settable(nested: &NestedObject, value: &Value) -> Value {
    let one = |object: &Value| {
        if object.is_null() {
            return object.clone();
        }
        let attributes = nested.attributes.iter();
        let set = attributes.filter(|(_, one)| (one.required || one.optional) && !one.write_only);
        Value::object(set.filter_map(|(name, attribute)| {
            let inner = object.get(name).filter(|inner| !inner.is_null())?;
            let inner = match attribute.nested() {
                Some(nested) => settable(nested, inner),
                None => inner.clone(),
            };
            Some((name.clone(), inner))
        }))
    };
    match (nested.nesting, value.kind()) {
        (_, Kind::List(items) | Kind::Set(items) | Kind::Tuple(items)) => {
            Value::tuple(items.iter().map(one).collect())
        }
        (Nesting::Map, Kind::Map(map)) => {
            Value::object(map.iter().map(|(key, item)| (key.clone(), one(item))))
        }
        (Nesting::Map, Kind::Object(map)) => {
            Value::object(map.iter().map(|(key, item)| (key.clone(), one(item))))
        }
        _ => one(value),
    }
}

fn file_line(file: &File, at: Option<usize>) -> String {
    let before = at.and_then(|at| file.text.get(..at)).unwrap_or_default();
    format!("{}:{}", file.path, before.matches('\n').count() + 1)
}

/// What an argument is to say: what the object has, without what the cloud has set in it by itself.
fn wanted(drifted: &Drifted, root: &EcoString) -> Value {
    let value = drifted.after.get(root).cloned();
    let value = value.unwrap_or_else(|| Value::null(Type::Dynamic));
    let Kind::Map(map) = value.kind() else {
        return value;
    };
    let foreign: Vec<&str> = drifted
        .differences
        .iter()
        .filter(|one| one.class == Class::Harmless && one.before.is_null())
        .filter(|one| one.root() == Some(root))
        .filter_map(|one| match one.path.0.get(1) {
            Some(PathStep::Index(key)) => key.as_str(),
            _ => None,
        })
        .collect();
    let entries = map
        .iter()
        .filter(|(name, _)| !foreign.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()));
    Value::map(map.element_type().clone(), entries.collect())
}
