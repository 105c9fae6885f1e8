//! Names behind roots that mean nothing alone: `path.module`, `terraform.workspace`.

use super::bind::{Found, error};
use crate::config::Reference;
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Ident, Step, StepKind};

type Result<T> = std::result::Result<T, Diagnostic>;

/// What `path.…` means.
pub(super) fn path(root: &Ident, steps: &[Step]) -> Result<Found> {
    let (name, span) = attribute(root, steps)?;
    let reference = match name.as_str() {
        "module" => Reference::PathModule,
        "root" => Reference::PathRoot,
        "cwd" => Reference::PathCwd,
        _ => {
            let hint = did_you_mean(name, ["cwd", "module", "root"]);
            let detail =
                format!("The \"path\" object does not have an attribute named \"{name}\".{hint}");
            return Err(error(&rules::reference::PATH_ATTRIBUTE, detail, span));
        }
    };
    Ok(Found::new(reference, 1))
}

/// What `terraform.…` (or `tofu.…`) means.
pub(super) fn terraform(root: &Ident, steps: &[Step]) -> Result<Found> {
    let (name, span) = attribute(root, steps)?;
    let reference = match name.as_str() {
        "workspace" => Reference::Workspace,
        "applying" => Reference::Applying,
        "env" => {
            return Err(error(
                rules::reference::ENV_ATTRIBUTE
                    .named(format!("Invalid \"{}\" attribute", root.name)),
                format!(
                    "The attribute {}.env was removed: the \"state environment\" concept was renamed to \"workspace\", so refer to it as {}.workspace.",
                    root.name, root.name
                ),
                span,
            ));
        }
        _ => {
            let root = &root.name;
            let detail = format!(
                "The \"{root}\" object does not have an attribute named \"{name}\". The only supported attributes are {root}.workspace, the name of the currently-selected workspace, and {root}.applying, a boolean which is true only during apply."
            );
            return Err(error(
                rules::reference::WORKSPACE_ATTRIBUTE
                    .named(format!("Invalid \"{root}\" attribute")),
                detail,
                span,
            ));
        }
    };
    Ok(Found::new(reference, 1))
}

/// The attribute name behind a root that means nothing alone, and the place of both.
pub(super) fn attribute<'s>(root: &Ident, steps: &'s [Step]) -> Result<(&'s EcoString, Span)> {
    match steps.first() {
        Some(Step {
            kind: StepKind::Attr(name),
            span,
        }) => Ok((name, root.span.to(*span))),
        Some(step) => Err(error(
            &rules::reference::UNSUPPORTED_OPERATION,
            format!(
                "The \"{}\" object does not support this operation.",
                root.name
            ),
            step.span,
        )),
        None => Err(error(
            &rules::reference::WHOLE_OBJECT,
            format!(
                "The \"{}\" object cannot be accessed directly. Instead, access one of its attributes.",
                root.name
            ),
            root.span,
        )),
    }
}
