//! The compiled configuration. Plain data; everything is found by index.

use crate::body::CompiledBody;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::{Compiled, Scope};
use terrane_lang::source::Span;
use terrane_model::addr::{
    InstanceKey, Mode, ModuleInstance, ModulePath, ModuleStep, ProviderAddr, ProviderConfigAddr,
};
use terrane_model::schema::Schema;
use terrane_value::{Path, Type, Value};

/// Index of a module in [`Config::modules`]. The root is 0; a child comes after its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// Index of a provider configuration in [`Config::providers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(pub u32);

/// A whole configuration. A module that is called with `count` or `for_each` is here once; one whose source is called by two calls is here twice.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// All modules.
    pub modules: Vec<Module>,
    /// All provider configurations that something uses or that are written down; implied empty ones are here too.
    pub providers: Vec<ProviderConfig>,
    /// `import` blocks (of the root module).
    pub imports: Vec<Import>,
    /// `list` blocks of query files, in source order.
    pub lists: Vec<List>,
    /// Module instances that are not really there: a test gives their outputs.
    pub doubles: Vec<ModuleDouble>,
}

/// Module instances whose outputs are given, and in which nothing is evaluated or managed.
#[derive(Clone, Debug)]
pub struct ModuleDouble {
    /// Which instances: a step without a key stands for all of its call.
    pub instances: Vec<ModuleStep>,
    /// Values of outputs; the others are null.
    pub outputs: BTreeMap<EcoString, Value>,
}

/// One module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its index.
    pub id: ModuleId,
    /// Its place in the tree.
    pub path: ModulePath,
    /// Its folder, relative to the root module's, as `path.module` shows it (`.` for the root).
    pub dir: EcoString,
    /// The module that calls it, and the index of the call there.
    pub parent: Option<(ModuleId, u32)>,
    /// In source order.
    pub variables: Vec<Variable>,
    /// In source order.
    pub locals: Vec<Local>,
    /// In source order.
    pub outputs: Vec<Output>,
    /// In source order.
    pub calls: Vec<ModuleCall>,
    /// Managed, data and ephemeral ones, in source order. Data sources within `check` blocks are here too.
    pub resources: Vec<Resource>,
    /// In source order.
    pub checks: Vec<Check>,
    /// In source order.
    pub moved: Vec<Moved>,
    /// In source order.
    pub removed: Vec<Removed>,
    /// What providers are told beside each resource of this module.
    pub provider_metas: Vec<ProviderMeta>,
    /// What each [`terrane_lang::expr::Slot`] of this module's expressions means.
    pub slots: Vec<Reference>,
}

/// What an expression can refer to, by index within its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `var.x`
    Variable(u32),
    /// `local.x`
    Local(u32),
    /// `T.n`, `data.T.n`, `ephemeral.T.n`; keyed reads pick an instance.
    Resource(u32),
    /// `module.m` as a whole; keyed reads pick an instance.
    Call(u32),
    /// `module.m.out` or `module.m[k].out` (keyed): the call, and the index of the output in the called module.
    CallOutput(u32, u32),
    /// `count.index`
    CountIndex,
    /// `each.key`
    EachKey,
    /// `each.value`
    EachValue,
    /// `self`
    SelfObject,
    /// `path.module`
    PathModule,
    /// `path.root`
    PathRoot,
    /// `path.cwd`
    PathCwd,
    /// `terraform.workspace`
    Workspace,
    /// `terraform.applying`
    Applying,
    /// What a provider is configured with, for its functions: `provider::NAME::ALIAS::f(…)`.
    Provider(ProviderId),
    /// `list.T.n`, in `list` blocks of query files: what another one has found.
    List(u32),
}

/// An input variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// For people.
    pub description: EcoString,
    /// The constraint, perhaps with optional attributes; `dynamic` if there is none.
    pub ty: Type,
    /// Defaults of optional attributes.
    pub defaults: Option<Arc<terrane_value::convert::Defaults>>,
    /// The default value, converted. `None`: a value is required.
    pub default: Option<Value>,
    /// Marks its value sensitive.
    pub sensitive: bool,
    /// Marks its value ephemeral.
    pub ephemeral: bool,
    /// Whether null may be given; else null means the default.
    pub nullable: bool,
    /// Whether it must be known before anything is planned.
    pub constant: bool,
    /// A message for whoever sets it.
    pub deprecated: Option<EcoString>,
    /// Whether text from the environment or `-var` is the value itself rather than an expression.
    pub literal: bool,
    /// Rules.
    pub validations: Vec<Condition>,
}

/// A local value.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: EcoString,
    /// The definition.
    pub span: Span,
    /// The value.
    pub value: Compiled,
}

/// An output value.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// For people.
    pub description: EcoString,
    /// The value.
    pub value: Compiled,
    /// Never shown.
    pub sensitive: bool,
    /// Never stored.
    pub ephemeral: bool,
    /// A message for whoever uses it.
    pub deprecated: Option<EcoString>,
    /// Further dependencies.
    pub depends_on: Vec<Dependency>,
    /// Rules.
    pub preconditions: Vec<Condition>,
}

/// A condition with its message.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must be true.
    pub condition: Compiled,
    /// What to say if it is not.
    pub message: Compiled,
    /// The block header.
    pub span: Span,
}

/// An entry of `depends_on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What is depended on, as a whole.
    pub on: Reference,
    /// The entry.
    pub span: Span,
}

/// How many instances there are.
#[derive(Clone, Debug)]
pub enum Repetition {
    /// One, without a key.
    Single,
    /// `count`
    Count(Compiled),
    /// `for_each`
    ForEach(Compiled),
    /// `lifecycle { enabled }`: one without a key, or none.
    Enabled(Compiled),
}

/// A call of a module.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// The `source` argument.
    pub source: EcoString,
    /// The `version` argument.
    pub version: Option<EcoString>,
    /// The called module.
    pub module: ModuleId,
    /// How many.
    pub repetition: Repetition,
    /// One per variable of the called module, in its order; `None`: not set.
    pub inputs: Vec<Option<Compiled>>,
    /// Further dependencies.
    pub depends_on: Vec<Dependency>,
}

/// A provider configuration.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Its address.
    pub addr: ProviderConfigAddr,
    /// The module in which its expressions are evaluated.
    pub module: ModuleId,
    /// The block header; `None` if it is implied.
    pub span: Option<Span>,
    /// Its arguments.
    pub body: CompiledBody,
    /// `for_each`, evaluated before anything is planned: keys and values.
    pub for_each: Option<BTreeMap<EcoString, Value>>,
    /// The values of its instances, where they are not those of its arguments: a test gives them.
    pub fixed: Option<BTreeMap<Option<EcoString>, Value>>,
    /// Whether anything in the configuration uses it. Objects in the state may need it all the same.
    pub used: bool,
    /// Mistakes in its block that count only if something needs it.
    pub problems: Diagnostics,
}

impl ProviderConfig {
    /// The value of one instance, with marks.
    ///
    /// # Errors
    /// When an argument has no value.
    pub fn eval(&self, scope: &dyn Scope, key: Option<&InstanceKey>) -> Result<Value, Diagnostics> {
        let Some(fixed) = &self.fixed else {
            return self.body.eval(scope, &[]);
        };
        let key = match key {
            Some(InstanceKey::Str(key)) => Some(key.clone()),
            Some(InstanceKey::Int(_) | InstanceKey::Any) | None => None,
        };
        fixed.get(&key).cloned().ok_or_else(Diagnostics::new)
    }
}

/// Which provider configuration manages a resource.
#[derive(Clone, Debug)]
pub struct ProviderUse {
    /// The configuration (that of the calling module, if it was passed in).
    pub provider: ProviderId,
    /// The expression of its key, if it has `for_each`.
    pub key: Option<Compiled>,
    /// `Some`: the key was given by the `providers` argument of this call (module, index there), and is evaluated as that call's
    /// arguments are. `None`: it stands in the resource's own block.
    pub key_from: Option<(ModuleId, u32)>,
    /// Where `provider = …` stands, or the block header.
    pub span: Span,
}

/// A `resource`, `data` or `ephemeral` block.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its kind.
    pub mode: Mode,
    /// Its type.
    pub type_name: EcoString,
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// How many.
    pub repetition: Repetition,
    /// Managed by.
    pub provider: ProviderUse,
    /// Its schema.
    pub schema: Arc<Schema>,
    /// Its arguments.
    pub body: CompiledBody,
    /// Further dependencies.
    pub depends_on: Vec<Dependency>,
    /// Its life cycle.
    pub lifecycle: Lifecycle,
    /// Its provisioners, in source order.
    pub provisioners: Vec<Provisioner>,
    /// The index of the `check` block that holds it, if one does.
    pub within_check: Option<u32>,
}

/// A `list` block of a query file: what a provider is asked to look for.
#[derive(Clone, Debug)]
pub struct List {
    /// The resource type.
    pub type_name: EcoString,
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// How many.
    pub repetition: Repetition,
    /// Who is asked.
    pub provider: ProviderUse,
    /// The `provider` argument without its key, where a resource of the type would have to give it, too.
    pub provider_name: Option<EcoString>,
    /// What is looked for: the arguments of the `config` block.
    pub body: CompiledBody,
    /// `include_resource`
    pub include_resource: Option<Compiled>,
    /// `limit`
    pub limit: Option<Compiled>,
}

/// The `lifecycle` block.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// `create_before_destroy`; `None`: not set, so that dependents decide.
    pub create_before_destroy: Option<bool>,
    /// `prevent_destroy`
    pub prevent_destroy: Option<Compiled>,
    /// `destroy = false`: forget instead of destroy.
    pub skip_destroy: bool,
    /// `ignore_changes`
    pub ignore_changes: IgnoreChanges,
    /// `replace_triggered_by`
    pub replace_triggered_by: Vec<Trigger>,
    /// `action_trigger` blocks, in source order.
    pub action_triggers: Vec<ActionTrigger>,
    /// Checked before planning and applying.
    pub preconditions: Vec<Condition>,
    /// Checked after.
    pub postconditions: Vec<Condition>,
}

/// What changes of the configuration are not looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IgnoreChanges {
    /// None is ignored.
    #[default]
    None,
    /// All are ignored.
    All,
    /// These.
    Paths(Vec<(Path, Span)>),
}

/// One entry of `replace_triggered_by`.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Index of the resource in this module.
    pub resource: u32,
    /// The key, if it names an instance.
    pub key: Option<Compiled>,
    /// The attribute, if it names one; else empty.
    pub path: Path,
    /// The entry.
    pub span: Span,
}

/// An `action_trigger` block: what else is done when an object is made or changed.
#[derive(Clone, Debug)]
pub struct ActionTrigger {
    /// The block header.
    pub span: Span,
    /// When.
    pub events: Vec<ActionEvent>,
    /// Whether.
    pub condition: Option<Compiled>,
    /// What, in this order.
    pub actions: Vec<ActionUse>,
}

/// An entry of `actions` in an `action_trigger` block.
#[derive(Clone, Debug)]
pub struct ActionUse {
    /// Index of the action among the resources of this module.
    pub action: u32,
    /// The key, if it names an instance; else all are meant.
    pub key: Option<Compiled>,
    /// The entry.
    pub span: Span,
}

/// What an `action_trigger` block waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionEvent {
    /// `before_create`
    BeforeCreate,
    /// `after_create`
    AfterCreate,
    /// `before_update`
    BeforeUpdate,
    /// `after_update`
    AfterUpdate,
}

impl ActionEvent {
    /// All of them, by the words of the language.
    pub const ALL: [(&'static str, Self); 4] = [
        ("before_create", Self::BeforeCreate),
        ("after_create", Self::AfterCreate),
        ("before_update", Self::BeforeUpdate),
        ("after_update", Self::AfterUpdate),
    ];

    /// Whether the action comes first.
    #[must_use]
    pub fn is_before(self) -> bool {
        matches!(self, Self::BeforeCreate | Self::BeforeUpdate)
    }

    /// As JSON output names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeCreate => "BeforeCreate",
            Self::AfterCreate => "AfterCreate",
            Self::BeforeUpdate => "BeforeUpdate",
            Self::AfterUpdate => "AfterUpdate",
        }
    }
}

/// A `provisioner` block.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// `local-exec`, `remote-exec`, `file`.
    pub type_name: EcoString,
    /// The block header.
    pub span: Span,
    /// Whether it runs before destroying instead of after creating.
    pub on_destroy: bool,
    /// `on_failure = continue`
    pub continue_on_failure: bool,
    /// Its arguments.
    pub body: CompiledBody,
    /// Its connection (its own, or that of the resource).
    pub connection: Option<CompiledBody>,
}

/// A `check` block. Its data source, if any, is among the resources.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// Its assertions.
    pub assertions: Vec<Condition>,
}

/// One end of a `moved`, `removed` or `import` block: relative to the module that holds the block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Steps into child modules; a step without a key stands for every instance of the call, unless the call has none.
    pub modules: Vec<ModuleStep>,
    /// The resource; `None`: the module itself is meant.
    pub resource: Option<EndpointResource>,
}

impl Endpoint {
    /// Whether it means one instance: its last step has a key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        match &self.resource {
            Some(resource) => resource.key.is_some(),
            None => self.modules.last().is_some_and(|step| step.key.is_some()),
        }
    }
}

/// A resource or an instance of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndpointResource {
    /// Its kind.
    pub mode: Mode,
    /// Its type.
    pub type_name: EcoString,
    /// Its name.
    pub name: EcoString,
    /// Its key, if an instance is meant.
    pub key: Option<InstanceKey>,
}

/// A `moved` block.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The old address.
    pub from: Endpoint,
    /// The new one, of the same kind.
    pub to: Endpoint,
    /// The block header.
    pub span: Span,
}

/// A `removed` block.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What is not managed any more; no instance keys.
    pub from: Endpoint,
    /// Whether the objects are destroyed.
    pub destroy: bool,
    /// Provisioners that run before destroying.
    pub provisioners: Vec<Provisioner>,
    /// The block header.
    pub span: Span,
}

/// A `provider_meta` block.
#[derive(Clone, Debug)]
pub struct ProviderMeta {
    /// Who is told.
    pub provider: ProviderAddr,
    /// What, of the type that its schema says. `None`: it takes nothing of the kind, so that its resources can't be planned in this module.
    pub value: Option<Value>,
    /// The block header.
    pub span: Span,
}

/// An `import` block.
#[derive(Clone, Debug)]
pub struct Import {
    /// The resource, by module and index there; `None` if it is not configured (its configuration is to be generated).
    pub resource: Option<(ModuleId, u32)>,
    /// Where to, as far as it is static.
    pub to: Endpoint,
    /// Keys that are expressions: (how many modules deep, the expression); the depth of the resource itself is `to.modules.len()`.
    pub keys: Vec<(usize, Compiled)>,
    /// `for_each`
    pub for_each: Option<Compiled>,
    /// `id`
    pub id: Option<Compiled>,
    /// `identity`
    pub identity: Option<Compiled>,
    /// Which provider configuration is asked, where the resource is not configured; a configured one says that itself.
    pub provider: Option<ProviderUse>,
    /// The `provider` argument as written, without the key of an instance: what a generated block names.
    pub provider_name: Option<EcoString>,
    /// The `to` argument.
    pub to_span: Span,
    /// The block header.
    pub span: Span,
}

impl ModuleDouble {
    /// The value of an output.
    #[must_use]
    pub fn output(&self, name: &str) -> Value {
        self.outputs.get(name).cloned().unwrap_or(Value::NULL)
    }

    /// How many keys it names, if it stands for this instance.
    fn fit(&self, instance: &ModuleInstance) -> Option<usize> {
        if self.instances.len() != instance.0.len() {
            return None;
        }
        let mut keys = 0;
        for (step, real) in self.instances.iter().zip(instance.0.iter()) {
            if step.name != real.name || step.key.is_some() && step.key != real.key {
                return None;
            }
            keys += usize::from(step.key.is_some());
        }
        Some(keys)
    }
}

impl Config {
    /// How a reference is written in a module, with a key (`[0]`) where one belongs: `var.x`, `terraform_data.a[0]`, `module.m["k"].out`.
    #[must_use]
    pub fn name_of(&self, module: &Module, reference: Reference, key: &str) -> EcoString {
        let name = module.reference_name(reference);
        let Reference::CallOutput(call, output) = reference else {
            return format!("{name}{key}").into();
        };
        let called = module.calls.get(call as usize);
        let called = called.and_then(|call| self.modules.get(call.module.0 as usize));
        match called.and_then(|called| called.outputs.get(output as usize)) {
            Some(output) => format!("{name}{key}.{}", output.name).into(),
            None => format!("{name}{key}").into(),
        }
    }

    /// What stands in for a module instance: of several the one that names most keys, of those the first.
    #[must_use]
    pub fn double(&self, instance: &ModuleInstance) -> Option<&ModuleDouble> {
        let mut best: Option<(usize, &ModuleDouble)> = None;
        for double in &self.doubles {
            if let Some(keys) = double.fit(instance)
                && best.is_none_or(|(most, _)| keys > most)
            {
                best = Some((keys, double));
            }
        }
        best.map(|(_, double)| double)
    }

    /// The module with this index.
    ///
    /// # Panics
    /// When the index is of another configuration.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The provider configuration with this address, if it has only one instance.
    #[must_use]
    pub fn single_provider(&self, addr: &ProviderConfigAddr) -> Option<ProviderId> {
        let single = |provider: &ProviderConfig| {
            let keyed = |fixed: &BTreeMap<_, _>| fixed.keys().any(Option::is_some);
            provider.for_each.is_none() && !provider.fixed.as_ref().is_some_and(keyed)
        };
        let at = self
            .providers
            .iter()
            .position(|provider| provider.addr == *addr && single(provider))?;
        u32::try_from(at).ok().map(ProviderId)
    }

    /// The provider configuration with this index.
    ///
    /// # Panics
    /// When the index is of another configuration.
    #[must_use]
    pub fn provider(&self, id: ProviderId) -> &ProviderConfig {
        &self.providers[id.0 as usize]
    }
}

impl Module {
    /// What a provider is told beside each resource of this module; null: nothing.
    #[must_use]
    pub fn meta(&self, provider: &ProviderAddr) -> Value {
        self.provider_metas
            .iter()
            .find(|meta| meta.provider == *provider)
            .and_then(|meta| meta.value.clone())
            .unwrap_or(Value::NULL)
    }

    /// How a reference is written in this module: `var.x`, `data.aws_ami.y`, `module.m.out`.
    #[must_use]
    pub fn reference_name(&self, reference: Reference) -> EcoString {
        let named = |prefix: &str, name: Option<&EcoString>| -> EcoString {
            format!("{prefix}{}", name.map_or("", EcoString::as_str)).into()
        };
        match reference {
            Reference::Variable(at) => named(
                "var.",
                self.variables.get(at as usize).map(|found| &found.name),
            ),
            Reference::Local(at) => named(
                "local.",
                self.locals.get(at as usize).map(|found| &found.name),
            ),
            Reference::Resource(at) => {
                self.resources
                    .get(at as usize)
                    .map_or_else(EcoString::new, |resource| {
                        let prefix = match resource.mode {
                            Mode::Managed => "",
                            Mode::Data => "data.",
                            Mode::Ephemeral => "ephemeral.",
                            Mode::Action => "action.",
                        };
                        format!("{prefix}{}.{}", resource.type_name, resource.name).into()
                    })
            }
            Reference::Call(at) | Reference::CallOutput(at, _) => named(
                "module.",
                self.calls.get(at as usize).map(|found| &found.name),
            ),
            Reference::CountIndex => "count.index".into(),
            Reference::EachKey => "each.key".into(),
            Reference::EachValue => "each.value".into(),
            Reference::SelfObject => "self".into(),
            Reference::PathModule => "path.module".into(),
            Reference::PathRoot => "path.root".into(),
            Reference::PathCwd => "path.cwd".into(),
            Reference::Workspace => "terraform.workspace".into(),
            Reference::Applying => "terraform.applying".into(),
            Reference::Provider(_) => "provider".into(),
            // The configuration has them, and not the module.
            Reference::List(_) => "list".into(),
        }
    }
}
