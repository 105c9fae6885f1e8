//! Compiling: from declarations and schemas to a [`Config`].
//!
//! In reading order: the tables of names and the binder over them, bodies, what a module declares (named values, resources, calls),
//! provider configurations, statements about addresses, expressions from outside.

mod action;
mod attr_blocks;
mod beside;
pub(crate) mod bind;
pub(crate) mod body;
mod call;
mod cover;
mod functions;
mod lifecycle;
mod list;
mod meta;
mod named;
pub mod outside;
pub(crate) mod provider;
mod provisioner;
mod refactor;
mod resource;
mod roots;

pub use beside::beside;
pub use cover::uncovered;
pub use functions::provider_function;

use crate::config::{Config, Module, ModuleId, Repetition};
use crate::load::Tree;
use crate::load::decl::{ModuleDecl, OutputDecl, RepetitionDecl, ResourceDecl};
use crate::load::providers::{local_name, provider_addr};
use crate::rules;
use crate::suggest::did_you_mean;
use bind::{CallInfo, Place, Repeats, ResourceInfo, Tables};
use body::{Compiler, Shapes};
use ecow::EcoString;
use functions::FunctionNames;
use provider::Providers;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::schema::{ProviderSchema, Schema};

/// The schemas of all providers that are needed.
pub type Schemas = BTreeMap<ProviderAddr, Arc<ProviderSchema>>;

/// Binds all names, checks all rules that can be checked without values, and compiles all bodies against the schemas.
///
/// Where there are errors the configuration is good for further messages ([`crate::validate::validate`]), but not for planning.
pub fn compile(tree: &Tree, sources: &SourceMap, schemas: &Schemas) -> (Config, Diagnostics) {
    let mut session = Session {
        tree,
        schemas,
        diagnostics: Diagnostics::new(),
        missing: BTreeSet::new(),
        tables: Vec::new(),
        providers: Providers::default(),
        shapes: Shapes::default(),
    };
    for at in 0..tree.modules.len() {
        let tables = session.tables(at);
        session.tables.push(tables);
    }
    session.find_providers();
    let mut config = Config::default();
    for at in 0..tree.modules.len() {
        let module = session.module(at);
        config.modules.push(module);
    }
    config.lists = session.lists();
    config.providers = session.provider_configs();
    config.imports = session.imports();
    for (module, tables) in config.modules.iter_mut().zip(session.tables) {
        module.slots = tables.slots;
        session.diagnostics.extend(tables.warnings);
    }
    let mut diagnostics = session.diagnostics;
    diagnostics.extend(refactor::check(&config, sources));
    (config, diagnostics)
}

/// What all steps of compiling share.
struct Session<'a> {
    tree: &'a Tree,
    schemas: &'a Schemas,
    diagnostics: Diagnostics,
    /// Providers whose absence was reported.
    missing: BTreeSet<ProviderAddr>,
    /// By module.
    tables: Vec<Tables>,
    providers: Providers,
    shapes: Shapes,
}

/// The position of something in its list; lists are of less than 2^32.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn table<'n>(names: impl Iterator<Item = &'n EcoString>) -> BTreeMap<EcoString, u32> {
    names
        .enumerate()
        .map(|(at, name)| (name.clone(), index(at)))
        .collect()
}

fn repeats(decl: &RepetitionDecl) -> Repeats {
    if decl.count.is_some() {
        Repeats::Count
    } else if decl.for_each.is_some() {
        Repeats::ForEach
    } else {
        Repeats::Single
    }
}

impl<'a> Session<'a> {
    fn decl(&self, at: usize) -> Arc<ModuleDecl> {
        self.tree.modules[at].decl.clone()
    }

    /// All names of a module.
    fn tables(&mut self, at: usize) -> Tables {
        let here = &self.tree.modules[at];
        let decl = here.decl.clone();
        let call_infos = decl
            .calls
            .iter()
            .zip(&here.children)
            .map(|(call, child)| CallInfo {
                repeats: repeats(&call.repetition),
                outputs: child.map(|child| {
                    table(
                        self.tree.modules[child]
                            .decl
                            .outputs
                            .iter()
                            .map(|output| &output.name),
                    )
                }),
                deprecated: child.map_or_else(BTreeMap::new, |child| {
                    let outputs = self.tree.modules[child].decl.outputs.iter();
                    let told = |(at, output): (usize, &OutputDecl)| {
                        Some((index(at), (output.deprecated.clone()?, output.span)))
                    };
                    outputs.enumerate().filter_map(told).collect()
                }),
            })
            .collect();
        let resources = decl
            .resources
            .iter()
            .enumerate()
            .map(|(at, resource)| {
                let key = (
                    resource.mode,
                    resource.type_name.clone(),
                    resource.name.clone(),
                );
                (key, index(at))
            })
            .collect();
        let resource_infos = decl
            .resources
            .iter()
            .map(|resource| ResourceInfo {
                mode: resource.mode,
                type_name: resource.type_name.clone(),
                name: resource.name.clone(),
                repeats: repeats(&resource.repetition),
                within_check: resource.within_check.map(index),
                schema: self.resource_schema(&decl, resource),
            })
            .collect();
        Tables {
            path: here.path.clone(),
            functions: Arc::new(FunctionNames::new(&decl, self.schemas)),
            variables: table(decl.variables.iter().map(|variable| &variable.name)),
            locals: table(decl.locals.iter().map(|local| &local.name)),
            calls: table(decl.calls.iter().map(|call| &call.name)),
            resources,
            call_infos,
            resource_infos,
            ..Tables::default()
        }
    }

    /// The schemas of a provider. Says once if they can't be had.
    fn provider_schema(
        &mut self,
        addr: &ProviderAddr,
        span: terrane_lang::source::Span,
    ) -> Option<&'a ProviderSchema> {
        if let Some(schema) = self.schemas.get(addr) {
            return Some(schema);
        }
        if self.missing.insert(addr.clone()) {
            let detail = format!(
                "This configuration requires provider {addr}, but that provider isn't available. You may be able to install it automatically by running:\n  terrane init"
            );
            self.diagnostics
                .push(Diagnostic::error(&rules::provider::MISSING_PROVIDER, detail).at(span));
        }
        None
    }

    fn resource_schema(
        &mut self,
        module: &ModuleDecl,
        resource: &ResourceDecl,
    ) -> Option<Arc<Schema>> {
        let addr = provider_addr(module, &local_name(resource));
        let schemas = self.provider_schema(&addr, resource.span)?;
        let (of_kind, what, summary) = match resource.mode {
            Mode::Managed => (
                &schemas.resources,
                "resource type",
                &rules::resource::INVALID_RESOURCE_TYPE,
            ),
            Mode::Data => (
                &schemas.data_sources,
                "data source",
                &rules::resource::INVALID_DATA_SOURCE,
            ),
            Mode::Ephemeral => (
                &schemas.ephemeral_resources,
                "ephemeral resource type",
                &rules::resource::INVALID_EPHEMERAL_RESOURCE,
            ),
            Mode::Action => (
                &schemas.actions,
                "action type",
                &rules::resource::INVALID_ACTION_TYPE,
            ),
        };
        let type_name = &resource.type_name;
        if let Some(schema) = of_kind.get(type_name) {
            return Some(schema.clone());
        }
        let mut detail = format!(
            "The provider {} does not support {what} \"{type_name}\".",
            addr.for_display()
        );
        let others = [
            (
                Mode::Managed,
                &schemas.resources,
                "managed resource type",
                "resource",
            ),
            (Mode::Data, &schemas.data_sources, "data source", "data"),
            (
                Mode::Ephemeral,
                &schemas.ephemeral_resources,
                "ephemeral resource",
                "ephemeral",
            ),
            (Mode::Action, &schemas.actions, "action", "action"),
        ];
        let other = others
            .iter()
            .find(|(mode, known, ..)| *mode != resource.mode && known.contains_key(type_name));
        match other {
            Some((_, _, name, keyword)) => {
                let own = match resource.mode {
                    Mode::Managed => "resource",
                    Mode::Data => "data",
                    Mode::Ephemeral => "ephemeral",
                    Mode::Action => "action",
                };
                detail.extend([format!("\n\nDid you intend to use the {name} \"{type_name}\"? If so, declare this using a \"{keyword}\" block instead of a \"{own}\" block.")]);
            }
            None => {
                detail.push_str(&did_you_mean(
                    type_name,
                    of_kind.keys().map(EcoString::as_str),
                ));
            }
        }
        self.diagnostics
            .push(Diagnostic::error(summary, detail).at(resource.type_span));
        None
    }

    fn compiler(&mut self, at: usize, place: Place) -> Compiler<'_> {
        Compiler {
            tables: &mut self.tables[at],
            place,
            diagnostics: &mut self.diagnostics,
            shapes: &mut self.shapes,
        }
    }

    fn module(&mut self, at: usize) -> Module {
        let here = &self.tree.modules[at];
        Module {
            id: ModuleId(index(at)),
            path: here.path.clone(),
            dir: here.dir.clone(),
            parent: here
                .parent
                .map(|(parent, call)| (ModuleId(index(parent)), index(call))),
            variables: self.variables(at),
            locals: self.locals(at),
            outputs: self.outputs(at),
            calls: self.calls(at),
            resources: self.resources(at),
            checks: self.checks(at),
            moved: self.moved(at),
            removed: self.removed(at),
            provider_metas: self.provider_metas(at),
            slots: Vec::new(),
        }
    }

    /// `count`, `for_each` or `enabled`. They may not refer to the instance that they make.
    fn repetition(&mut self, at: usize, decl: &RepetitionDecl, own: Option<u32>) -> Repetition {
        let place = Place {
            own,
            ..Place::default()
        };
        self.repetition_in(at, decl, place)
    }

    fn repetition_in(&mut self, at: usize, decl: &RepetitionDecl, place: Place) -> Repetition {
        let mut compiler = self.compiler(at, place);
        if let Some((expr, _)) = &decl.count {
            Repetition::Count(compiler.expr(expr))
        } else if let Some((expr, _)) = &decl.for_each {
            Repetition::ForEach(compiler.expr(expr))
        } else if let Some((expr, _)) = &decl.enabled {
            Repetition::Enabled(compiler.expr(expr))
        } else {
            Repetition::Single
        }
    }

    fn place_of(decl: &RepetitionDecl) -> Place {
        Place {
            count: decl.count.is_some(),
            each: decl.for_each.is_some(),
            ..Place::default()
        }
    }
}
