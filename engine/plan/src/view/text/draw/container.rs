//! Drawing things that have parts.

use super::super::diff::{Blocks, Diff};
use super::{
    Options, begin, draw, forces_replacement, hidden, name, null_suffix, quoted, spaces, warnings,
    width,
};
use crate::plan::Action;
use ecow::EcoString;

/// Attributes that are shown even if they stay: people know their objects by these.
const ALWAYS_SHOWN: [&str; 3] = ["id", "name", "tags"];

/// One `name = value` line, the name filled up to the column.
fn entry(
    out: &mut String,
    label: &str,
    column: usize,
    diff: &Diff,
    indent: usize,
    options: Options,
) {
    warnings(out, diff, indent, options);
    begin(out, indent, diff.action, options);
    out.push_str(label);
    spaces(out, column.saturating_sub(width(label)));
    out.push_str(" = ");
    draw(out, diff, indent, options);
    out.push('\n');
}

fn widest<'a>(labels: impl Iterator<Item = &'a EcoString>) -> usize {
    labels.map(|label| width(label)).max().unwrap_or(0)
}

pub(super) fn object(
    out: &mut String,
    diff: &Diff,
    entries: &[(EcoString, Diff)],
    plain: bool,
    indent: usize,
    options: Options,
) {
    if entries.is_empty() {
        out.push_str("{}");
        null_suffix(out, diff.action, options);
        forces_replacement(out, diff.replace, options);
        return;
    }
    out.push('{');
    forces_replacement(out, diff.replace, options);
    out.push('\n');
    let inner = Options {
        no_null: plain,
        forces: false,
        ..options
    };
    let labels: Vec<EcoString> = entries.iter().map(|(key, _)| name(key)).collect();
    let column = widest(labels.iter());
    let mut unchanged = 0;
    for (label, (_, part)) in labels.iter().zip(entries) {
        if part.action == Action::NoOp && !options.unchanged {
            unchanged += 1;
        } else {
            entry(out, label, column, part, indent + 1, inner);
        }
    }
    if unchanged > 0 {
        hidden(out, indent + 1, unchanged, "attribute", options);
    }
    begin(out, indent, Action::NoOp, options);
    out.push('}');
    null_suffix(out, diff.action, options);
}

pub(super) fn map(
    out: &mut String,
    diff: &Diff,
    entries: &[(EcoString, Diff)],
    plain: bool,
    indent: usize,
    options: Options,
) {
    if entries.is_empty() {
        out.push_str("{}");
        null_suffix(out, diff.action, options);
        forces_replacement(out, diff.replace, options);
        return;
    }
    out.push('{');
    forces_replacement(out, diff.replace, options);
    out.push('\n');
    let inner = Options {
        no_null: options.no_null || !plain || diff.action == Action::Delete,
        forces: false,
        ..options
    };
    let labels: Vec<EcoString> = entries.iter().map(|(key, _)| quoted(key).into()).collect();
    let column = if plain { widest(labels.iter()) } else { 0 };
    let mut unchanged = 0;
    for (label, (_, part)) in labels.iter().zip(entries) {
        if part.action == Action::NoOp && !options.unchanged {
            unchanged += 1;
        } else {
            entry(out, label, column, part, indent + 1, inner);
        }
    }
    if unchanged > 0 {
        hidden(out, indent + 1, unchanged, "element", options);
    }
    begin(out, indent, Action::NoOp, options);
    out.push('}');
    null_suffix(out, diff.action, options);
}

/// One element on lines of its own.
fn element(out: &mut String, diff: &Diff, indent: usize, options: Options) {
    warnings(out, diff, indent, options);
    begin(out, indent, diff.action, options);
    draw(out, diff, indent, options);
    out.push_str(",\n");
}

pub(super) fn list(
    out: &mut String,
    diff: &Diff,
    elements: &[Diff],
    context: bool,
    indent: usize,
    options: Options,
) {
    if elements.is_empty() {
        out.push_str("[]");
        null_suffix(out, diff.action, options);
        forces_replacement(out, diff.replace, options);
        return;
    }
    out.push('[');
    forces_replacement(out, diff.replace, options);
    out.push('\n');
    let changed = Options {
        no_null: true,
        forces: false,
        ..options
    };
    let as_context = Options {
        unchanged: true,
        forces: false,
        ..options
    };
    // A changed element is shown between its neighbours, for order matters; of longer runs that stay only the length is shown.
    let mut skipped: &[Diff] = &[];
    let mut start = 0;
    let mut after_change = false;
    for (at, part) in elements.iter().enumerate() {
        let stays = part.action == Action::NoOp;
        if stays && !after_change && !options.unchanged {
            skipped = &elements[start..=at];
            continue;
        }
        after_change = false;
        if context {
            if let Some((last, rest)) = skipped.split_last() {
                if !rest.is_empty() {
                    hidden(out, indent + 1, rest.len(), "element", options);
                }
                element(out, last, indent + 1, as_context);
            }
            skipped = &[];
            after_change = !stays;
        }
        start = if context { at + 1 } else { start };
        let how = if stays { as_context } else { changed };
        element(out, part, indent + 1, how);
    }
    let left = if context {
        skipped.len()
    } else {
        let stays = |part: &&Diff| part.action == Action::NoOp && !options.unchanged;
        elements.iter().filter(stays).count()
    };
    if left > 0 {
        hidden(out, indent + 1, left, "element", options);
    }
    begin(out, indent, Action::NoOp, options);
    out.push(']');
    null_suffix(out, diff.action, options);
}

pub(super) fn set(
    out: &mut String,
    diff: &Diff,
    elements: &[Diff],
    push: bool,
    indent: usize,
    options: Options,
) {
    let own = diff.replace && !push;
    if elements.is_empty() {
        out.push_str("[]");
        null_suffix(out, diff.action, options);
        forces_replacement(out, diff.replace, options);
        return;
    }
    out.push('[');
    forces_replacement(out, own, options);
    out.push('\n');
    let inner = Options {
        no_null: true,
        forces: diff.replace && push,
        ..options
    };
    let mut unchanged = 0;
    for part in elements {
        if part.action == Action::NoOp && !options.unchanged {
            unchanged += 1;
        } else {
            element(out, part, indent + 1, inner);
        }
    }
    if unchanged > 0 {
        hidden(out, indent + 1, unchanged, "element", options);
    }
    begin(out, indent, Action::NoOp, options);
    out.push(']');
    null_suffix(out, diff.action, options);
}

pub(super) fn block(
    out: &mut String,
    diff: &Diff,
    attributes: &[(EcoString, Diff)],
    blocks: &[Blocks],
    indent: usize,
    options: Options,
) {
    out.push('{');
    if attributes.is_empty() && blocks.is_empty() {
        out.push('}');
        forces_replacement(out, diff.replace, options);
        return;
    }
    forces_replacement(out, diff.replace, options);
    out.push('\n');
    let inner = Options {
        forces: false,
        ..options
    };
    let labels: Vec<EcoString> = attributes.iter().map(|(key, _)| name(key)).collect();
    let column = widest(labels.iter());
    let mut unchanged = 0;
    for (label, (key, part)) in labels.iter().zip(attributes) {
        let always = ALWAYS_SHOWN.contains(&key.as_str());
        if part.action == Action::NoOp && !options.unchanged && !always {
            unchanged += 1;
            continue;
        }
        let how = Options {
            unchanged: inner.unchanged || always,
            ..inner
        };
        entry(out, label, column, part, indent + 1, how);
    }
    if unchanged > 0 {
        hidden(out, indent + 1, unchanged, "attribute", options);
    }
    nested(out, blocks, !attributes.is_empty(), indent, inner);
    begin(out, indent, Action::NoOp, options);
    out.push('}');
}

/// Nested blocks, each type set off by an empty line.
fn nested(
    out: &mut String,
    blocks: &[Blocks],
    has_attributes: bool,
    indent: usize,
    options: Options,
) {
    let mut unchanged = 0;
    for group in blocks {
        let mut first = true;
        for (label, part) in &group.items {
            if part.action == Action::NoOp && !options.unchanged {
                unchanged += 1;
                continue;
            }
            if first && has_attributes {
                out.push('\n');
            }
            first = false;
            let how = Options {
                forces: group.replace,
                ..options
            };
            warnings(out, part, indent + 1, how);
            begin(out, indent + 1, part.action, how);
            out.push_str(&name(&group.name));
            if let Some(label) = label {
                out.push(' ');
                out.push_str(&quoted(label));
            }
            out.push(' ');
            draw(out, part, indent + 1, how);
            out.push('\n');
        }
    }
    if unchanged > 0 {
        out.push('\n');
        hidden(out, indent + 1, unchanged, "block", options);
    }
}
