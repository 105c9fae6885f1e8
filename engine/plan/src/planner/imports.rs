//! `import` blocks: which objects that exist are to be managed under which address (`opentofu.md` 5.6, 5.10).
//!
//! What is evaluated here is carried out in `adopt.rs`.

use super::Core;
use crate::rules;
use crate::world::{Place, Repeat};
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_config::config::{Import, ModuleId};
use terrane_config::repetition::{self, Unknown};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::expr::Compiled;
use terrane_lang::source::Span;
use terrane_model::addr::{InstanceAddr, InstanceKey, ModuleInstance, ModuleStep, ResourceAddr};
use terrane_model::provider::ImportTarget;
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// What is to be imported to one address.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) target: ImportTarget,
    /// The block.
    pub(super) span: Span,
    /// The `id` or `identity` argument.
    pub(super) target_span: Span,
}

/// An import block that is evaluated, once for each element of its `for_each`.
pub(super) type Evaluated = (InstanceAddr, Repeat, Wanted);

impl Core {
    /// Evaluates the import blocks of a resource: what is to be imported to which of its instances.
    pub(super) fn wanted_imports(
        &mut self,
        module: ModuleId,
        at: u32,
    ) -> BTreeMap<InstanceAddr, Wanted> {
        let config = self.config.clone();
        let mut wanted: BTreeMap<InstanceAddr, Wanted> = BTreeMap::new();
        for import in config
            .imports
            .iter()
            .filter(|import| import.resource == Some((module, at)))
        {
            for result in self.evaluate_import(import) {
                match result {
                    Ok((addr, _, found)) => match wanted.get(&addr) {
                        Some(earlier) => {
                            let problem = duplicate(&addr, &found, earlier);
                            self.diagnostics.push(problem);
                        }
                        None => {
                            wanted.insert(addr, found);
                        }
                    },
                    Err(diagnostics) => self.complain_once(diagnostics),
                }
            }
        }
        wanted
    }

    /// What is wrong with a block is wrong for each element of its `for_each`: said once is enough.
    pub(super) fn complain_once(&mut self, diagnostics: Diagnostics) {
        for diagnostic in diagnostics {
            let said = self.diagnostics.iter().any(|known| {
                known.subject == diagnostic.subject && known.detail == diagnostic.detail
            });
            if !said {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// One result for each element of `for_each`.
    pub(super) fn evaluate_import(&self, import: &Import) -> Vec<Result<Evaluated, Diagnostics>> {
        let Some(for_each) = &import.for_each else {
            return vec![self.one_import(import, Repeat::None)];
        };
        match self.import_repeats(for_each) {
            Ok(repeats) => repeats
                .into_iter()
                .map(|repeat| self.one_import(import, repeat))
                .collect(),
            Err(diagnostics) => vec![Err(diagnostics)],
        }
    }

    /// The elements of a `for_each`. Beside maps and sets it may be a tuple or a list.
    fn import_repeats(&self, for_each: &Compiled) -> Result<Vec<Repeat>, Diagnostics> {
        let scope = self.world.scope(Place::ROOT);
        let value = for_each.eval(&scope, &[])?;
        let (inner, marks) = value.unmark();
        if let (Kind::Tuple(items) | Kind::List(items), false, false) =
            (inner.kind(), marks.is_sensitive(), marks.is_ephemeral())
        {
            let items = (0u64..).zip(items.iter());
            return Ok(items
                .map(|(index, item)| Repeat::Item(index, item.clone()))
                .collect());
        }
        let found = repetition::for_each(for_each, &scope, Unknown::Rejected)?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| Repeat::Each(key, value))
            .collect())
    }

    fn one_import(&self, import: &Import, repeat: Repeat) -> Result<Evaluated, Diagnostics> {
        let scope = self.world.scope(Place::ROOT).repeated(repeat.clone());
        let mut modules: Vec<ModuleStep> = import.to.modules.clone();
        let Some(resource) = &import.to.resource else {
            return Err(Diagnostics::new());
        };
        let mut key = resource.key.clone();
        for (depth, expr) in &import.keys {
            let found = instance_key(expr, &expr.eval(&scope, &[])?)?;
            match modules.get_mut(*depth) {
                Some(step) => step.key = Some(found),
                None => key = Some(found),
            }
        }
        let addr = ResourceAddr {
            module: ModuleInstance(modules.into()),
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        };
        let (target, target_span) = match (&import.id, &import.identity) {
            (Some(id), _) => (import_id(id, &id.eval(&scope, &[])?)?, id.span()),
            (None, Some(identity)) => {
                let value = identity.eval(&scope, &[])?;
                (import_identity(identity, value)?, identity.span())
            }
            (None, None) => return Err(Diagnostics::new()),
        };
        let wanted = Wanted {
            target,
            span: import.span,
            target_span,
        };
        Ok((addr.instance(key), repeat, wanted))
    }

    /// Import blocks whose target has no configuration, where none is to be generated.
    pub(super) fn check_imports(&mut self) {
        for import in &self.config.imports {
            let (None, Some(to)) = (import.resource, &import.to.resource) else {
                continue;
            };
            let keyed = super::drafts::is_repeated(import);
            let to = format!("{}.{}", to.type_name, to.name);
            let missing = |detail: String| {
                Diagnostic::error(&rules::import::NO_CONFIGURATION, detail)
                    .at(import.to_span)
                    .within(import.span)
            };
            if !self.options.generate {
                let detail = format!(
                    "The configuration for the given import target {to} does not exist. All target instances must have an associated configuration to be imported."
                );
                let hint = if keyed {
                    format!("write a resource block for {to}")
                } else {
                    format!(
                        "write a resource block for {to}, or have it written: `terrane plan -generate-config-out=generated.tf`"
                    )
                };
                self.diagnostics.push(missing(detail).hint(hint));
            } else if keyed {
                self.diagnostics.push(missing(format!(
                    "The configuration for the given import target {to} does not exist, and it can't be generated: that is done for single resources only, not for those with \"count\" or \"for_each\". Write its block, or import the objects one by one to resources without keys."
                )));
            }
        }
    }

    /// Imports that no instance took up, because there is none with that address.
    pub(super) fn check_unused_imports(&mut self) {
        if self.diagnostics.has_errors() {
            return;
        }
        for (addr, wanted) in std::mem::take(&mut self.imports) {
            if self.is_expanded(&addr) {
                // State holds it already, or it is out of scope.
                continue;
            }
            let mut diagnostic = Diagnostic::error(
                &rules::import::NO_CONFIGURATION,
                format!("The configuration for the given import target {addr} does not exist. All target instances must have an associated configuration to be imported."),
            )
            .at(wanted.span)
            .about(addr.to_string());
            if let Some(keys) = self.expanded_keys(&addr) {
                diagnostic = diagnostic.hint(keys);
            }
            self.diagnostics.push(diagnostic);
        }
    }

    fn is_expanded(&self, addr: &InstanceAddr) -> bool {
        let Some((_, at)) = self.index.resource(&addr.resource) else {
            return false;
        };
        let cell = self
            .world
            .place_of(&addr.resource.module)
            .and_then(|place| self.world.resource_cell(place, at));
        // Where the expansion failed, was left out, or is put off, nothing is known.
        if self.world.is_open(&addr.resource, at) {
            return true;
        }
        cell.is_some_and(|cell| cell.failed || cell.keys.contains(&addr.key))
    }

    /// Which instances there are instead.
    fn expanded_keys(&self, addr: &InstanceAddr) -> Option<String> {
        let (_, at) = self.index.resource(&addr.resource)?;
        let place = self.world.place_of(&addr.resource.module)?;
        let cell = self.world.resource_cell(place, at)?;
        if cell.keys.is_empty() {
            return Some(format!("{} has no instances", addr.resource));
        }
        let mut names: Vec<String> = cell
            .keys
            .iter()
            .take(5)
            .map(|key| addr.resource.instance(key.clone()).to_string())
            .collect();
        if cell.keys.len() > names.len() {
            names.push("…".into());
        }
        Some(format!("its instances are {}", names.join(", ")))
    }

    /// A warning for each object that is imported to several addresses: each of them would manage it.
    pub(super) fn warn_about_shared_imports(&mut self) {
        let mut seen: BTreeMap<(EcoString, EcoString), InstanceAddr> = BTreeMap::new();
        let mut found = Vec::new();
        let mut changes: Vec<_> = self
            .changes
            .iter()
            .filter_map(|change| Some((&change.addr, change.importing.as_ref()?.id.clone()?)))
            .collect();
        changes.sort_unstable();
        for (addr, id) in changes {
            let name = (addr.resource.type_name.clone(), id.clone());
            if let Some(first) = seen.get(&name) {
                found.push(
                    Diagnostic::warning(
                        &rules::adoption::SHARED_IMPORT,
                        format!(
                            "The object with the id {id:?} is to be imported to {first} and to {addr}. Each of them would manage it on its own: what one changes the other would change back, and destroying one destroys the object of both."
                        ),
                    )
                    .about(addr.to_string()),
                );
            } else {
                seen.insert(name, addr.clone());
            }
        }
        self.diagnostics.extend(found);
    }
}

fn duplicate(addr: &InstanceAddr, wanted: &Wanted, earlier: &Wanted) -> Diagnostic {
    let by = if wanted.span == earlier.span {
        "by another element of the same \"for_each\""
    } else {
        "by another block"
    };
    let diagnostic = Diagnostic::error(
        rules::adoption::DUPLICATE_IMPORT
            .named(format!("Duplicate import configuration for \"{addr}\"")),
        format!(
            "Something is imported to {addr} {by} already. An address can have only one object."
        ),
    )
    .at(wanted.span);
    if wanted.span == earlier.span {
        diagnostic
    } else {
        diagnostic.related(earlier.span, "the other block")
    }
}

fn fail(rule: &'static Rule, detail: &str, expr: &Compiled) -> Diagnostics {
    Diagnostic::error(rule, detail).at(expr.span()).into()
}

fn instance_key(expr: &Compiled, value: &Value) -> Result<InstanceKey, Diagnostics> {
    let bad = |detail: &str| fail(&rules::import::INVALID_KEY, detail, expr);
    let (value, marks) = value.unmark();
    if marks.is_sensitive() || marks.is_ephemeral() {
        return Err(bad(
            "An instance key in the address of an import must not be derived from sensitive or ephemeral values, since addresses are shown and stored.",
        ));
    }
    match value.kind() {
        Kind::String(text) => Ok(InstanceKey::Str(text.clone())),
        Kind::Number(number) => number.to_u64().map(InstanceKey::Int).ok_or_else(|| {
            bad("An instance key must be a string, or a whole number that is not negative.")
        }),
        Kind::Null(_) => Err(bad("An instance key must not be null.")),
        Kind::Unknown(..) => Err(bad(
            "The instance key in the address of an import depends on values that cannot be determined until apply, so it can't be planned where to import to.",
        )),
        _ => Err(bad("An instance key must be a string or a whole number.")),
    }
}

fn import_id(expr: &Compiled, value: &Value) -> Result<ImportTarget, Diagnostics> {
    if let Some(problem) = terrane_config::validate::import_id_problem(value) {
        return Err(fail(&rules::import::INVALID_ID, &problem, expr));
    }
    let text = convert(value.unmarked(), &Type::String)
        .ok()
        .and_then(|text| text.as_str().map(EcoString::from));
    text.map(ImportTarget::Id).ok_or_else(|| {
        fail(
            &rules::import::INVALID_ID,
            "The import block \"id\" argument depends on resource attributes that cannot be determined until apply, so it can't be planned to import this resource. Use -target or -exclude to apply what it depends on first.",
            expr,
        )
    })
}

fn import_identity(expr: &Compiled, value: Value) -> Result<ImportTarget, Diagnostics> {
    let bad = |detail: &str| fail(&rules::adoption::INVALID_IDENTITY, detail, expr);
    let marks = value.marks_deep();
    if marks.is_sensitive() || marks.is_ephemeral() {
        return Err(bad(
            "The import identity must not hold sensitive or ephemeral values: it is shown and stored.",
        ));
    }
    let value = value.unmark_deep();
    match value.kind() {
        Kind::Null(_) => Err(bad("The import identity cannot be null.")),
        _ if !value.is_wholly_known() => Err(bad(
            "The import block \"identity\" argument depends on resource attributes that cannot be determined until apply, so it can't be planned to import this resource. Use -target or -exclude to apply what it depends on first.",
        )),
        Kind::Object(_) | Kind::Map(_) => Ok(ImportTarget::Identity(value)),
        _ => Err(bad(
            "The import identity must be an object, with the attributes that the resource type says.",
        )),
    }
}
