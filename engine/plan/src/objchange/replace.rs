//! Which of the attributes that a provider says need a new object really change.

use super::access::at_path;
use terrane_model::schema::{Attribute, Block};
use terrane_value::{Path, PathStep, Value, ops};

/// What [`filter_replace_paths`] finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplacePaths {
    /// Paths whose value changes, in the order of the provider, each once.
    pub changed: Vec<Path>,
    /// Paths that are in neither object: the provider is wrong.
    pub missing: Vec<Path>,
    /// Whether a write-only attribute is among the changed ones: these count always, for nobody knows what they were.
    pub write_only: bool,
}

/// Keeps the paths whose value differs between the two objects; unknown differs from everything. Marks do not matter.
#[must_use]
pub fn filter_replace_paths(
    block: &Block,
    before: &Value,
    planned: &Value,
    paths: &[Path],
) -> ReplacePaths {
    let mut found = ReplacePaths::default();
    if before.is_null() {
        return found;
    }
    for path in paths {
        if found.changed.contains(path) || found.missing.contains(path) {
            continue;
        }
        if attribute_at(block, path).is_some_and(|attribute| attribute.write_only) {
            found.write_only = true;
            found.changed.push(path.clone());
            continue;
        }
        let differs = match (at_path(before, path), at_path(planned, path)) {
            (None, None) => {
                found.missing.push(path.clone());
                continue;
            }
            (Some(one), None) | (None, Some(one)) => !one.is_null(),
            (Some(before), Some(planned)) => {
                let equal = ops::equal(&before.unmark_deep(), &planned.unmark_deep());
                equal.as_bool() != Some(true)
            }
        };
        if differs {
            found.changed.push(path.clone());
        }
    }
    found
}

/// The attribute that a path leads to or into.
pub(super) fn attribute_at<'a>(block: &'a Block, path: &Path) -> Option<&'a Attribute> {
    let mut block = block;
    let mut steps = path.0.iter().filter_map(|step| match step {
        PathStep::Attr(name) => Some(name),
        PathStep::Index(_) => None,
    });
    loop {
        let name = steps.next()?;
        if let Some(nested) = block.blocks.get(name) {
            block = &nested.block;
            continue;
        }
        let mut attribute = block.attributes.get(name)?;
        while let Some(nested) = attribute.nested()
            && let Some(name) = steps.next()
        {
            attribute = nested.attributes.get(name)?;
        }
        return Some(attribute);
    }
}
