//! What names mean: the tables of one module, and the binder that looks them up for one place in it.

use super::functions::FunctionNames;
use super::roots::{attribute, path, terraform};
use crate::config::{ProviderId, Reference};
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Headline};
use terrane_lang::expr::{Binder, Bound, Slot};
use terrane_lang::functions::{ConfiguredFunction, ProviderNames};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{ExprKind, Ident, Step, StepKind};
use terrane_model::addr::{Mode, ModulePath};
use terrane_model::schema::{AttributeType, Block, Nesting, Schema};

/// How something repeats, as far as references must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    Single,
    Count,
    ForEach,
}

/// A resource, as far as references must know.
#[derive(Debug)]
pub(crate) struct ResourceInfo {
    pub(crate) mode: Mode,
    pub(crate) type_name: EcoString,
    pub(crate) name: EcoString,
    pub(crate) repeats: Repeats,
    /// The `check` block that it belongs to: others may not refer to it.
    pub(crate) within_check: Option<u32>,
    /// `None`: not known, which was reported; then nothing more is said about its attributes.
    pub(crate) schema: Option<Arc<Schema>>,
}

/// A module call, as far as references must know.
#[derive(Debug)]
pub(crate) struct CallInfo {
    pub(crate) repeats: Repeats,
    /// `None`: the called module could not be had, which was reported.
    pub(crate) outputs: Option<BTreeMap<EcoString, u32>>,
    /// Outputs that are deprecated: the message of each, and where it is declared.
    pub(crate) deprecated: BTreeMap<u32, (EcoString, Span)>,
}

/// All that expressions of a module can refer to, and the slots given out so far.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) path: ModulePath,
    pub(crate) variables: BTreeMap<EcoString, u32>,
    pub(crate) locals: BTreeMap<EcoString, u32>,
    pub(crate) calls: BTreeMap<EcoString, u32>,
    pub(crate) resources: BTreeMap<(Mode, EcoString, EcoString), u32>,
    /// The `list` blocks of query files, by type and name.
    pub(crate) lists: BTreeMap<(EcoString, EcoString), u32>,
    pub(crate) call_infos: Vec<CallInfo>,
    pub(crate) resource_infos: Vec<ResourceInfo>,
    pub(crate) functions: Arc<FunctionNames>,
    /// The configurations whose functions may be called, by local name and alias.
    pub(crate) configured: BTreeMap<(EcoString, Option<EcoString>), ProviderId>,
    pub(crate) slots: Vec<Reference>,
    pub(crate) slot_of: BTreeMap<Reference, Slot>,
    /// Uses of what is deprecated.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Tables {
    pub(crate) fn slot(&mut self, reference: Reference) -> Slot {
        if let Some(slot) = self.slot_of.get(&reference) {
            return *slot;
        }
        let slot = Slot(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.slots.push(reference);
        self.slot_of.insert(reference, slot);
        slot
    }

    /// The module, as messages name it.
    fn place(&self) -> String {
        if self.path.is_root() {
            "the root module".into()
        } else {
            self.path.to_string()
        }
    }
}

/// Where an expression stands: what it may refer to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// `count.index`
    pub(crate) count: bool,
    /// `each.key`, `each.value`
    pub(crate) each: bool,
    /// `self`
    pub(crate) self_object: bool,
    /// The resource whose block it is: by name it may not be referred to.
    pub(crate) own: Option<u32>,
    /// The kind of the condition block it stands in: `precondition`, `postcondition`.
    pub(crate) condition: Option<&'static str>,
    /// Whether it is part of a destroy-time provisioner.
    pub(crate) destroying: bool,
    /// The local value that it defines.
    pub(crate) local: Option<u32>,
    /// The `check` block that it is part of.
    pub(crate) check: Option<u32>,
    /// It is part of a `list` block, and may refer to others.
    pub(crate) list: bool,
}

/// Binds names for one place in a module.
#[derive(Debug)]
pub(crate) struct ModuleBinder<'a> {
    pub(crate) tables: &'a mut Tables,
    pub(crate) place: Place,
}

/// What the first steps of a chain refer to.
pub(super) struct Found {
    reference: Reference,
    consumed: usize,
    key_at: Option<usize>,
}

impl Found {
    pub(super) fn new(reference: Reference, consumed: usize) -> Self {
        Self {
            reference,
            consumed,
            key_at: None,
        }
    }
}

type Result<T> = std::result::Result<T, Diagnostic>;

impl Binder for ModuleBinder<'_> {
    /// Which outputs a module has may differ from version to version: `try(module.m.new, …)`.
    fn fails_late(&self, diagnostic: &Diagnostic) -> bool {
        diagnostic.is(&rules::reference::UNDECLARED_OUTPUT)
            || diagnostic.is(&rules::reference::UNSUPPORTED_MODULE_ATTRIBUTE)
    }

    fn bind(&mut self, root: &Ident, steps: &[Step]) -> Result<Bound> {
        let mut found = self.resolve(root, steps)?;
        // In a provisioner the name of its resource means the instance that it runs for.
        if self.place.self_object
            && self.place.condition.is_none()
            && let Reference::Resource(index) = found.reference
            && self.place.own == Some(index)
            && self.tables.resource_infos[index as usize].repeats == Repeats::Single
        {
            found.reference = Reference::SelfObject;
        }
        self.check(root, steps, &found)?;
        self.warn_about_deprecated(root, steps, &found);
        Ok(Bound {
            slot: self.tables.slot(found.reference),
            consumed: found.consumed,
            key_at: found.key_at,
        })
    }

    fn provider_names(&mut self) -> Option<Arc<dyn ProviderNames>> {
        Some(self.tables.functions.clone())
    }

    fn configured_function(&mut self, name: &str) -> Option<ConfiguredFunction> {
        // What is left of an object that is destroyed must not need values of others.
        if self.place.destroying {
            return None;
        }
        let tables = &mut *self.tables;
        let found = tables.functions.on_configuration(name)?;
        let key = (found.local.into(), found.alias.map(EcoString::from));
        let id = *tables.configured.get(&key)?;
        let slot = tables.slot(Reference::Provider(id));
        let known = tables.functions.known(&found);
        let provider = tables.functions.address(&found)?;
        Some(ConfiguredFunction {
            provider,
            name: found.function.into(),
            known,
            slot,
        })
    }
}

impl ModuleBinder<'_> {
    /// Tells of a reference to a deprecated output: of one instance, or through a splat of all.
    fn warn_about_deprecated(&mut self, root: &Ident, steps: &[Step], found: &Found) {
        let (call, output, end) = match found.reference {
            Reference::CallOutput(call, output) => {
                let last = found.consumed.checked_sub(1).and_then(|at| steps.get(at));
                (call, output, last.map_or(root.span, |step| step.span))
            }
            Reference::Call(call) => {
                let Some(Step { kind, .. }) = steps.get(found.consumed) else {
                    return;
                };
                let (StepKind::AttrSplat(inner) | StepKind::FullSplat(inner)) = kind else {
                    return;
                };
                let Some(Step {
                    kind: StepKind::Attr(name),
                    span,
                }) = inner.first()
                else {
                    return;
                };
                let outputs = self.tables.call_infos[call as usize].outputs.as_ref();
                match outputs.and_then(|outputs| outputs.get(name)) {
                    Some(output) => (call, *output, *span),
                    None => return,
                }
            }
            _ => return,
        };
        let info = &self.tables.call_infos[call as usize];
        let Some((message, declared)) = info.deprecated.get(&output) else {
            return;
        };
        let named = |names: &BTreeMap<EcoString, u32>, at: u32| {
            let found = names.iter().find(|(_, known)| **known == at);
            found.map(|(name, _)| name.to_string()).unwrap_or_default()
        };
        let address = format!(
            "module.{}.{}",
            named(&self.tables.calls, call),
            info.outputs
                .as_ref()
                .map(|outputs| named(outputs, output))
                .unwrap_or_default()
        );
        let detail = format!(
            "This value is derived from {address}, which is deprecated with the following message:\n{message}"
        );
        let warning = Diagnostic::warning(&rules::declaration::DEPRECATED_OUTPUT, detail)
            .at(root.span.to(end))
            .related(*declared, "the output is declared here");
        if !self.tables.warnings.contains(&warning) {
            self.tables.warnings.push(warning);
        }
    }

    /// Resolves a reference to something as a whole, for `depends_on`: what it is, and how many steps name it.
    pub(crate) fn whole(&mut self, root: &Ident, steps: &[Step]) -> Result<(Reference, usize)> {
        let found = self.resolve(root, steps)?;
        Ok((found.reference, found.consumed))
    }

    fn resolve(&mut self, root: &Ident, steps: &[Step]) -> Result<Found> {
        match root.name.as_str() {
            "var" => self.variable(root, steps),
            "local" => self.local(root, steps),
            "module" => self.call(root, steps),
            "count" => self.count(root, steps),
            "each" => self.each(root, steps),
            "self" => {
                if self.place.self_object {
                    Ok(Found::new(Reference::SelfObject, 0))
                } else {
                    Err(error(
                        &rules::reference::SELF_NOT_AVAILABLE,
                        "The \"self\" object is not available in this context. This object can be used only in resource provisioner, connection, and postcondition blocks.",
                        root.span,
                    ))
                }
            }
            "list" if self.place.list => self.list(root, steps),
            "path" => path(root, steps),
            "terraform" | "tofu" => terraform(root, steps),
            "data" => self.resource(Mode::Data, root.span, steps, 0),
            "ephemeral" => self.resource(Mode::Ephemeral, root.span, steps, 0),
            "resource" => self.resource(Mode::Managed, root.span, steps, 0),
            "template" | "lazy" | "arg" => Err(error(
                &rules::reference::RESERVED_SYMBOL,
                format!(
                    "The symbol name \"{}\" is reserved for use in a future version. If you are using a provider that already uses this as a resource type name, add the prefix \"resource.\" to force interpretation as a resource type name.",
                    root.name
                ),
                root.span,
            )),
            _ => self.managed(root, steps),
        }
    }

    fn variable(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let (name, span) = attribute(root, steps)?;
        match self.tables.variables.get(name) {
            Some(index) => Ok(Found::new(Reference::Variable(*index), 1)),
            None => {
                let mut hint =
                    did_you_mean(name, self.tables.variables.keys().map(EcoString::as_str));
                if hint.is_empty() {
                    hint = format!(
                        " This variable can be declared with a variable \"{name}\" {{}} block."
                    );
                }
                let detail = format!(
                    "An input variable with the name \"{name}\" has not been declared.{hint}"
                );
                Err(error(&rules::reference::UNDECLARED_VARIABLE, detail, span))
            }
        }
    }

    fn local(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let (name, span) = attribute(root, steps)?;
        match self.tables.locals.get(name) {
            Some(index) if self.place.local == Some(*index) => Err(error(
                &rules::reference::SELF_REFERENCING_LOCAL,
                format!(
                    "Local value local.{name} cannot use its own result as part of its expression."
                ),
                span,
            )),
            Some(index) => Ok(Found::new(Reference::Local(*index), 1)),
            None => {
                let hint = did_you_mean(name, self.tables.locals.keys().map(EcoString::as_str));
                let detail =
                    format!("A local value with the name \"{name}\" has not been declared.{hint}");
                Err(error(&rules::reference::UNDECLARED_LOCAL, detail, span))
            }
        }
    }

    fn count(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let (name, span) = attribute(root, steps)?;
        if name != "index" {
            let detail = format!(
                "The \"count\" object does not have an attribute named \"{name}\". The only supported attribute is count.index, which is the index of each instance of a resource block that has the \"count\" argument set."
            );
            return Err(error(&rules::reference::COUNT_ATTRIBUTE, detail, span));
        }
        if !self.place.count {
            return Err(error(
                &rules::reference::COUNT_NOT_AVAILABLE,
                "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and only when the \"count\" argument is set.",
                span,
            ));
        }
        Ok(Found::new(Reference::CountIndex, 1))
    }

    fn each(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let (name, span) = attribute(root, steps)?;
        let reference = match name.as_str() {
            "key" => Reference::EachKey,
            "value" => Reference::EachValue,
            _ => {
                let detail = format!(
                    "The \"each\" object does not have an attribute named \"{name}\". The supported attributes are each.key and each.value, the current key and value pair of the \"for_each\" attribute set."
                );
                return Err(error(&rules::reference::EACH_ATTRIBUTE, detail, span));
            }
        };
        if !self.place.each {
            return Err(error(
                &rules::reference::EACH_NOT_AVAILABLE,
                "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \"for_each\" argument is set.",
                span,
            ));
        }
        Ok(Found::new(reference, 1))
    }

    fn call(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let (name, span) = attribute(root, steps)?;
        let Some(index) = self.tables.calls.get(name) else {
            let hint = did_you_mean(name, self.tables.calls.keys().map(EcoString::as_str));
            let detail = format!(
                "No module call named \"{name}\" is declared in {}.{hint}",
                self.tables.place()
            );
            return Err(error(&rules::reference::UNDECLARED_MODULE, detail, span));
        };
        let info = &self.tables.call_infos[*index as usize];
        let Some(outputs) = &info.outputs else {
            return Ok(Found::new(Reference::Call(*index), 1));
        };
        let keyed = info.repeats != Repeats::Single && steps.get(1).is_some_and(is_index);
        let at = if keyed { 2 } else { 1 };
        let mut found = Found::new(Reference::Call(*index), at);
        found.key_at = keyed.then_some(1);
        let Some(Step {
            kind: StepKind::Attr(output),
            span,
        }) = steps.get(at)
        else {
            return Ok(found);
        };
        if info.repeats != Repeats::Single && !keyed {
            let (what, key) = match info.repeats {
                Repeats::ForEach => ("a map of objects", "each.key"),
                _ => ("a list of objects", "count.index"),
            };
            let detail = format!(
                "Can't access attributes on {what}. Because module.{name} is called more than once, its outputs must be read from one of its instances: module.{name}[{key}].{output}, or module.{name}[*].{output} for all of them."
            );
            return Err(error(
                &rules::reference::UNSUPPORTED_MODULE_ATTRIBUTE,
                detail,
                *span,
            ));
        }
        match outputs.get(output) {
            Some(output) => {
                found.reference = Reference::CallOutput(*index, *output);
                found.consumed = at + 1;
                Ok(found)
            }
            None => {
                let hint = did_you_mean(output, outputs.keys().map(EcoString::as_str));
                let detail =
                    format!("This object does not have an attribute named \"{output}\".{hint}");
                Err(error(&rules::reference::UNDECLARED_OUTPUT, detail, *span))
            }
        }
    }

    /// A managed resource, whose reference begins with its type.
    /// `list.T.n`
    fn list(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let [
            Step {
                kind: StepKind::Attr(type_name),
                ..
            },
            Step {
                kind: StepKind::Attr(name),
                span,
            },
            ..,
        ] = steps
        else {
            return Err(error(
                &rules::reference::BARE_RESOURCE_TYPE,
                "The \"list\" object must be followed by two attribute names: the type and the name of a list block.",
                root.span,
            ));
        };
        let key = (type_name.clone(), name.clone());
        if let Some(index) = self.tables.lists.get(&key) {
            return Ok(Found::new(Reference::List(*index), 2));
        }
        let known: Vec<String> = (self.tables.lists.keys())
            .map(|(type_name, name)| format!("{type_name}.{name}"))
            .collect();
        let wanted = format!("{type_name}.{name}");
        let hint = did_you_mean(&wanted, known.iter().map(String::as_str));
        let detail = format!(
            "A list block \"{type_name}\" \"{name}\" has not been declared in the query files.{hint}"
        );
        let span = root.span.to(*span);
        Err(error(&rules::reference::UNDECLARED_RESOURCE, detail, span))
    }

    fn managed(&self, root: &Ident, steps: &[Step]) -> Result<Found> {
        let Some(Step {
            kind: StepKind::Attr(name),
            span,
        }) = steps.first()
        else {
            return Err(self.incomplete(root));
        };
        self.lookup(Mode::Managed, &root.name, name, root.span.to(*span))
            .map(|index| self.instance(index, steps, 1))
    }

    /// A name with nothing behind it: the type of a resource, or a bare word.
    #[inline(never)]
    fn incomplete(&self, root: &Ident) -> Diagnostic {
        const DETAIL: &str = "A reference to a resource type must be followed by at least one attribute access, specifying the resource name.";
        let name = root.name.as_str();
        let own: Vec<&EcoString> = (self.tables.resources.keys())
            .filter(|(mode, type_name, _)| *mode == Mode::Managed && *type_name == root.name)
            .map(|(_, _, name)| name)
            .collect();
        if let Some(first) = own.first() {
            let diagnostic = error(&rules::reference::BARE_RESOURCE_TYPE, DETAIL, root.span);
            return diagnostic.hint(format!("write {name}.{first}, or {name}.{first}.ATTRIBUTE"));
        }
        let mut meant = Vec::new();
        if self.tables.variables.contains_key(&root.name) {
            meant.push(format!("var.{name}"));
        }
        if self.tables.locals.contains_key(&root.name) {
            meant.push(format!("local.{name}"));
        }
        if self.tables.calls.contains_key(&root.name) {
            meant.push(format!("module.{name}"));
        }
        let hint = match meant.as_slice() {
            [] => format!("if it is meant as text, put it in quotes: \"{name}\""),
            meant => format!("did you mean {}?", meant.join(" or ")),
        };
        error(&rules::reference::BARE_WORD, DETAIL, root.span).hint(hint)
    }

    /// `data.T.n`, `ephemeral.T.n`, `resource.T.n`.
    fn resource(&self, mode: Mode, root: Span, steps: &[Step], from: usize) -> Result<Found> {
        let names = (
            steps.get(from).map(|step| &step.kind),
            steps.get(from + 1).map(|step| (&step.kind, step.span)),
        );
        let (Some(StepKind::Attr(type_name)), Some((StepKind::Attr(name), end))) = names else {
            let (word, what) = match mode {
                Mode::Data => ("data", "the data source type and name"),
                Mode::Ephemeral => ("ephemeral", "the ephemeral resource type and name"),
                Mode::Managed => ("resource", "the resource type and name"),
                Mode::Action => ("action", "the action type and name"),
            };
            let detail =
                format!("The \"{word}\" object must be followed by two attribute names: {what}.");
            return Err(error(&rules::reference::INCOMPLETE_REFERENCE, detail, root));
        };
        self.lookup(mode, type_name, name, root.to(end))
            .map(|index| self.instance(index, steps, from + 2))
    }

    fn lookup(
        &self,
        mode: Mode,
        type_name: &EcoString,
        name: &EcoString,
        span: Span,
    ) -> Result<u32> {
        let key = (mode, type_name.clone(), name.clone());
        if let Some(index) = self.tables.resources.get(&key) {
            return Ok(*index);
        }
        let what = match mode {
            Mode::Managed => "managed",
            Mode::Data => "data",
            Mode::Ephemeral => "ephemeral",
            Mode::Action => "action",
        };
        let mut detail = format!(
            "A {what} resource \"{type_name}\" \"{name}\" has not been declared in {}.",
            self.tables.place()
        );
        let other = |mode| (mode, type_name.clone(), name.clone());
        if mode == Mode::Managed && self.tables.resources.contains_key(&other(Mode::Data)) {
            detail.extend([format!(
                "\n\nDid you mean the data resource data.{type_name}.{name}?"
            )]);
        } else {
            let near = self
                .tables
                .resources
                .keys()
                .filter(|(known, of, _)| *known == mode && of == type_name)
                .map(|(_, _, name)| name.as_str());
            if let Some(near) = crate::suggest::suggestion(name, near) {
                detail.extend([format!(" Did you mean \"{near}\"?")]);
            } else {
                detail.push_str(&self.similar_resource(mode, type_name, name));
            }
        }
        Err(error(&rules::reference::UNDECLARED_RESOURCE, detail, span))
    }

    /// A resource of another type that may be meant: its type is mistyped, or it is the only one of the name.
    fn similar_resource(&self, mode: Mode, type_name: &str, name: &str) -> String {
        let of_mode = || {
            let keys = self.tables.resources.keys();
            keys.filter(move |(known, ..)| *known == mode)
        };
        let types: BTreeSet<&str> = of_mode()
            .filter(|(_, _, known)| known == name)
            .map(|(_, of, _)| of.as_str())
            .collect();
        let near = crate::suggest::suggestion(type_name, types.iter().copied());
        let only = types.iter().next().copied().filter(|_| types.len() == 1);
        let prefix = match mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
            Mode::Action => "action.",
        };
        near.or(only)
            .map(|of| format!(" Did you mean {prefix}{of}.{name}?"))
            .unwrap_or_default()
    }

    /// Takes an index that picks an instance as part of the reference.
    fn instance(&self, index: u32, steps: &[Step], at: usize) -> Found {
        let repeats = self.tables.resource_infos[index as usize].repeats;
        let mut found = Found::new(Reference::Resource(index), at);
        if repeats != Repeats::Single && steps.get(at).is_some_and(is_index) {
            found.consumed = at + 1;
            found.key_at = Some(at);
        }
        found
    }

    /// Rules about references that are resolved.
    fn check(&self, root: &Ident, steps: &[Step], found: &Found) -> Result<()> {
        let end = found
            .consumed
            .checked_sub(1)
            .and_then(|last| steps.get(last))
            .map_or(root.span, |step| root.span.to(step.span));
        let allowed_in_destroy = !matches!(
            found.reference,
            Reference::Variable(_)
                | Reference::Local(_)
                | Reference::Resource(_)
                | Reference::Call(_)
                | Reference::CallOutput(..)
                | Reference::EachValue
        );
        if self.place.destroying && !allowed_in_destroy {
            return Err(error(
                &rules::reference::OUTSIDE_REFERENCE_AT_DESTROY,
                "Destroy-time provisioners and their connection configurations may only reference attributes of the related resource, via 'self', 'count.index', or 'each.key'.\n\nReferences to other resources during the destroy phase can cause dependency cycles and interact poorly with create_before_destroy.",
                end,
            ));
        }
        let resource = match found.reference {
            Reference::Resource(index) => index,
            Reference::SelfObject => match self.place.own {
                Some(own) => {
                    let rest = steps.get(found.consumed..).unwrap_or(&[]);
                    return self.check_attributes(own, rest);
                }
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let info = &self.tables.resource_infos[resource as usize];
        if info.within_check.is_some() && info.within_check != self.place.check {
            let detail = format!(
                "The referenced data resource \"{}\" \"{}\" is not available from this context.",
                info.type_name, info.name
            );
            return Err(error(&rules::reference::SCOPED_RESOURCE, detail, end));
        }
        if self.place.own == Some(resource) {
            let address = info.address();
            let summary = match self.place.condition {
                Some(kind) => rules::reference::SELF_REFERENCE_IN_CONDITION
                    .named(format!("Invalid reference in {kind}")),
                None => (&rules::reference::SELF_REFERENCE).into(),
            };
            let detail = format!("Configuration for {address} may not refer to itself.");
            return Err(error(summary, detail, end));
        }
        let rest = steps.get(found.consumed..).unwrap_or(&[]);
        match (info.repeats, rest.first()) {
            (Repeats::Single, Some(step)) if is_literal_index(step) => {
                return Err(unexpected_key(&info.address(), step.span));
            }
            (Repeats::Count | Repeats::ForEach, Some(step))
                if found.key_at.is_none() && matches!(step.kind, StepKind::Attr(_)) =>
            {
                return Err(missing_key(info, step, end));
            }
            (Repeats::Count | Repeats::ForEach, _) if found.key_at.is_none() => return Ok(()),
            _ => {}
        }
        self.check_attributes(resource, rest)
    }

    fn check_attributes(&self, resource: u32, steps: &[Step]) -> Result<()> {
        let info = &self.tables.resource_infos[resource as usize];
        match &info.schema {
            Some(schema) => check_steps(&schema.block, steps),
            None => Ok(()),
        }
    }
}

/// An attribute of all instances at once.
fn missing_key(info: &ResourceInfo, step: &Step, span: Span) -> Diagnostic {
    let (argument, example) = match info.repeats {
        Repeats::ForEach => ("for_each", "each.key"),
        _ => ("count", "count.index"),
    };
    let address = info.address();
    let attribute = attribute_text(step);
    let hint = match info.repeats {
        Repeats::ForEach => {
            format!("values({address})[*]{attribute} is a list with that of all instances")
        }
        _ => format!(
            "{address}[*]{attribute} is a list with that of all instances; where there is one or none, one({address}[*]{attribute})"
        ),
    };
    let detail = format!(
        "Because {address} has \"{argument}\" set, its attributes must be accessed on specific instances.\n\nFor example, to correlate with indices of a referring resource, use:\n    {address}[{example}]"
    );
    let diagnostic = error(&rules::reference::MISSING_INSTANCE_KEY, detail, span);
    diagnostic.hint(hint)
}

fn attribute_text(step: &Step) -> String {
    match &step.kind {
        StepKind::Attr(name) => format!(".{name}"),
        _ => String::new(),
    }
}

impl ResourceInfo {
    /// Its address within the module.
    pub(crate) fn address(&self) -> String {
        let prefix = match self.mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
            Mode::Action => "action.",
        };
        format!("{prefix}{}.{}", self.type_name, self.name)
    }
}

/// Whether attribute steps lead somewhere, as far as the schema tells without types.
pub(crate) fn check_steps(block: &Block, steps: &[Step]) -> Result<()> {
    let mut block = block;
    for step in steps {
        let StepKind::Attr(name) = &step.kind else {
            return Ok(());
        };
        if block.attributes.contains_key(name) {
            return Ok(());
        }
        let Some(nested) = block.blocks.get(name) else {
            let known = block.attributes.keys().chain(block.blocks.keys());
            let hint = did_you_mean(name, known.map(EcoString::as_str));
            let detail = format!(
                "This object has no argument, nested block, or exported attribute named \"{name}\".{hint}"
            );
            return Err(error(
                &rules::reference::UNSUPPORTED_ATTRIBUTE,
                detail,
                step.span,
            ));
        };
        if !matches!(nested.nesting, Nesting::Single | Nesting::Group) {
            return Ok(());
        }
        block = &nested.block;
    }
    Ok(())
}

/// Whether an attribute of the schema is decided by the provider alone.
pub(crate) fn is_read_only(attribute: &terrane_model::schema::Attribute) -> bool {
    attribute.computed
        && !attribute.optional
        && !attribute.required
        && matches!(
            attribute.ty,
            AttributeType::Plain(_) | AttributeType::Nested(_)
        )
}

/// The message about an index behind something that has only one instance.
pub(crate) fn unexpected_key(address: &str, span: Span) -> Diagnostic {
    let detail = format!(
        "Because {address} does not have \"count\" or \"for_each\" set, references to it must not include an index key. Remove the bracketed index to refer to the single instance of this resource."
    );
    error(&rules::reference::UNEXPECTED_INSTANCE_KEY, detail, span)
}

pub(crate) fn is_index(step: &Step) -> bool {
    matches!(step.kind, StepKind::Index(_) | StepKind::LegacyIndex(_))
}

fn is_literal_index(step: &Step) -> bool {
    match &step.kind {
        StepKind::LegacyIndex(_) => true,
        StepKind::Index(index) => {
            matches!(index.kind, ExprKind::Number(_) | ExprKind::String(_))
        }
        _ => false,
    }
}

pub(super) fn error(
    headline: impl Into<Headline>,
    detail: impl Into<String>,
    span: Span,
) -> Diagnostic {
    Diagnostic::error(headline, detail).at(span)
}
