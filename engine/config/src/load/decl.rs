//! Declarations as decoded: names not bound, expressions still syntax trees.

use crate::config::ActionEvent;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, Ident, Step};
use terrane_lang::syntax::body::Body;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_value::convert::Defaults;
use terrane_value::{Type, Value};

use crate::config::{Endpoint, Variable};

/// All declarations of one folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModuleDecl {
    pub(crate) required_providers: RequiredProviders,
    pub(crate) backend: Option<BackendDecl>,
    /// The `encryption` blocks, those of override files last.
    pub(crate) encryption: Vec<terrane_lang::syntax::body::Block>,
    pub(crate) provider_metas: Vec<ProviderMetaDecl>,
    pub(crate) providers: Vec<ProviderDecl>,
    pub(crate) variables: Vec<VariableDecl>,
    pub(crate) locals: Vec<LocalDecl>,
    pub(crate) outputs: Vec<OutputDecl>,
    pub(crate) calls: Vec<CallDecl>,
    pub(crate) resources: Vec<ResourceDecl>,
    /// Of query files.
    pub(crate) lists: Vec<ListDecl>,
    pub(crate) checks: Vec<CheckDecl>,
    pub(crate) moved: Vec<MovedDecl>,
    pub(crate) removed: Vec<RemovedDecl>,
    pub(crate) imports: Vec<ImportDecl>,
    /// Where each name is in its list, so that duplicates are found quickly.
    pub(crate) index: DeclIndex,
    /// Whether all other messages are withheld, because the module says that it is for another engine.
    pub(crate) incompatible: bool,
}

/// Positions by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeclIndex {
    pub(crate) variables: BTreeMap<EcoString, usize>,
    pub(crate) locals: BTreeMap<EcoString, usize>,
    pub(crate) outputs: BTreeMap<EcoString, usize>,
    pub(crate) calls: BTreeMap<EcoString, usize>,
    pub(crate) resources: BTreeMap<(Mode, EcoString, EcoString), usize>,
    /// The headers of import blocks for one address that is written out.
    pub(crate) imports: BTreeMap<Endpoint, Span>,
}

/// A reference that can be read without evaluating anything.
#[derive(Clone, Debug)]
pub(crate) struct Traversal {
    pub(crate) root: Ident,
    pub(crate) steps: Vec<Step>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RequiredProviders {
    pub(crate) span: Option<Span>,
    pub(crate) entries: BTreeMap<EcoString, RequiredProvider>,
}

#[derive(Clone, Debug)]
pub(crate) struct RequiredProvider {
    pub(crate) addr: ProviderAddr,
    pub(crate) constraint: Option<(EcoString, Span)>,
    pub(crate) aliases: Vec<(EcoString, Span)>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct BackendDecl {
    pub(crate) type_name: EcoString,
    pub(crate) body: Body,
    pub(crate) span: Span,
    /// Whether it is a `cloud` block.
    pub(crate) cloud: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ProviderMetaDecl {
    pub(crate) name: EcoString,
    /// Its arguments, which are constant.
    pub(crate) arguments: Vec<(Ident, Value, Span)>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct ProviderDecl {
    pub(crate) name: EcoString,
    pub(crate) alias: Option<(EcoString, Span)>,
    pub(crate) version: Option<(EcoString, Span)>,
    pub(crate) for_each: Option<Expr>,
    pub(crate) body: Body,
    pub(crate) escape: Option<Body>,
    pub(crate) span: Span,
    /// Set where a test gives the arguments, which are not expressions of this module.
    pub(crate) outside: Option<Outside>,
}

/// A provider configuration whose values come from outside of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    /// Keys and values, if it has several instances.
    pub(crate) instances: Option<BTreeMap<EcoString, Value>>,
}

#[derive(Clone, Debug)]
pub(crate) struct VariableDecl {
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) description: Option<EcoString>,
    pub(crate) ty: Option<TypeDecl>,
    pub(crate) default: Option<(Value, Span)>,
    pub(crate) sensitive: Option<bool>,
    pub(crate) ephemeral: Option<bool>,
    pub(crate) nullable: Option<bool>,
    pub(crate) constant: Option<bool>,
    pub(crate) deprecated: Option<EcoString>,
    pub(crate) validations: Vec<ConditionDecl>,
}

impl VariableDecl {
    /// The variable, but for its rules, whose names are not bound yet.
    pub(crate) fn without_rules(&self) -> Variable {
        let (ty, defaults) = match &self.ty {
            Some(ty) => (ty.ty.clone(), ty.defaults.clone()),
            None => (Type::Dynamic, None),
        };
        Variable {
            name: self.name.clone(),
            span: self.span,
            description: self.description.clone().unwrap_or_default(),
            literal: self.ty.is_none() || ty.is_primitive(),
            ty,
            defaults,
            default: self.default.as_ref().map(|(value, _)| value.clone()),
            sensitive: self.sensitive.unwrap_or(false),
            ephemeral: self.ephemeral.unwrap_or(false),
            nullable: self.nullable.unwrap_or(true),
            constant: self.constant.unwrap_or(false),
            deprecated: self.deprecated.clone(),
            validations: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct TypeDecl {
    pub(crate) ty: Type,
    pub(crate) defaults: Option<Arc<Defaults>>,
}

#[derive(Clone, Debug)]
pub(crate) struct LocalDecl {
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) value: Expr,
}

#[derive(Clone, Debug)]
pub(crate) struct OutputDecl {
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) description: Option<EcoString>,
    pub(crate) value: Option<Expr>,
    pub(crate) sensitive: Option<bool>,
    pub(crate) ephemeral: Option<bool>,
    pub(crate) deprecated: Option<EcoString>,
    pub(crate) depends_on: Vec<Traversal>,
    pub(crate) preconditions: Vec<ConditionDecl>,
}

#[derive(Clone, Debug)]
pub(crate) struct ConditionDecl {
    pub(crate) condition: Expr,
    pub(crate) message: Expr,
    pub(crate) span: Span,
}

/// `count`, `for_each` and `enabled` as written; at most one in a valid configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct RepetitionDecl {
    pub(crate) count: Option<(Expr, Span)>,
    pub(crate) for_each: Option<(Expr, Span)>,
    pub(crate) enabled: Option<(Expr, Span)>,
}

#[derive(Clone, Debug)]
pub(crate) struct CallDecl {
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) source: Option<Expr>,
    pub(crate) version: Option<Expr>,
    pub(crate) repetition: RepetitionDecl,
    pub(crate) depends_on: Vec<Traversal>,
    /// `None`: there is no such argument.
    pub(crate) providers: Option<Vec<PassedProvider>>,
    /// The bodies that may set inputs; later ones (override files) win.
    pub(crate) body: Body,
    pub(crate) escape: Option<Body>,
}

/// An entry of `providers = {}`.
#[derive(Clone, Debug)]
pub(crate) struct PassedProvider {
    pub(crate) child: ProviderRef,
    pub(crate) parent: ProviderRef,
}

/// A provider configuration as a module names it.
#[derive(Clone, Debug)]
pub(crate) struct ProviderRef {
    pub(crate) name: EcoString,
    pub(crate) alias: Option<EcoString>,
    pub(crate) key: Option<Expr>,
    pub(crate) span: Span,
}

impl ProviderRef {
    /// Whether both name the same configurations, by whatever key.
    pub(crate) fn names_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.alias == other.alias
            && self.key.is_some() == other.key.is_some()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ResourceDecl {
    pub(crate) mode: Mode,
    pub(crate) type_name: EcoString,
    pub(crate) type_span: Span,
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) repetition: RepetitionDecl,
    pub(crate) provider: Option<ProviderRef>,
    pub(crate) depends_on: Vec<Traversal>,
    pub(crate) lifecycle: LifecycleDecl,
    pub(crate) provisioners: Vec<ProvisionerDecl>,
    pub(crate) connection: Option<(Body, Span)>,
    pub(crate) body: Body,
    pub(crate) escape: Option<Body>,
    /// The index of the `check` block that holds it.
    pub(crate) within_check: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct ListDecl {
    pub(crate) type_name: EcoString,
    pub(crate) type_span: Span,
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) repetition: RepetitionDecl,
    /// `None`: it is missing or wrong, which was reported.
    pub(crate) provider: Option<ProviderRef>,
    pub(crate) include_resource: Option<Expr>,
    pub(crate) limit: Option<Expr>,
    /// The `config` block.
    pub(crate) config: Option<(Body, Span)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct LifecycleDecl {
    pub(crate) create_before_destroy: Option<bool>,
    pub(crate) prevent_destroy: Option<Expr>,
    pub(crate) destroy: Option<bool>,
    pub(crate) ignore_all: bool,
    pub(crate) ignore_changes: Option<Vec<Traversal>>,
    pub(crate) replace_triggered_by: Vec<Expr>,
    pub(crate) action_triggers: Vec<ActionTriggerDecl>,
    pub(crate) preconditions: Vec<ConditionDecl>,
    pub(crate) postconditions: Vec<ConditionDecl>,
}

#[derive(Clone, Debug)]
pub(crate) struct ActionTriggerDecl {
    pub(crate) span: Span,
    pub(crate) events: Vec<ActionEvent>,
    pub(crate) condition: Option<Expr>,
    pub(crate) actions: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) struct ProvisionerDecl {
    pub(crate) type_name: EcoString,
    pub(crate) type_span: Span,
    pub(crate) span: Span,
    pub(crate) on_destroy: bool,
    pub(crate) continue_on_failure: bool,
    pub(crate) body: Body,
    pub(crate) escape: Option<Body>,
    pub(crate) connection: Option<(Body, Span)>,
}

#[derive(Clone, Debug)]
pub(crate) struct CheckDecl {
    pub(crate) name: EcoString,
    pub(crate) span: Span,
    pub(crate) assertions: Vec<ConditionDecl>,
}

#[derive(Clone, Debug)]
pub(crate) struct MovedDecl {
    pub(crate) from: Endpoint,
    pub(crate) to: Endpoint,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct RemovedDecl {
    pub(crate) from: Endpoint,
    pub(crate) destroy: bool,
    pub(crate) provisioners: Vec<ProvisionerDecl>,
    pub(crate) connection: Option<(Body, Span)>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct ImportDecl {
    pub(crate) to: Expr,
    pub(crate) for_each: Option<(Expr, Span)>,
    pub(crate) id: Option<Expr>,
    pub(crate) identity: Option<Expr>,
    pub(crate) provider: Option<ProviderRef>,
    pub(crate) span: Span,
}
