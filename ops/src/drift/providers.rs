//! How providers are configured where only the state is known.
//!
//! If the folder has a configuration, its provider configurations count. Else those of a file that the user names; or, if the state needs no others,
//! empty ones: then providers take what they need from the environment. A provider configuration that is guessed wrongly (another region) would make
//! everything look deleted, so nothing is guessed: what is not declared is an error.

use super::Request;
use crate::failure::{Failure, Report};
use crate::load::{Loaded, Origin, folder, load};
use crate::rules;
use crate::session::Session;
use crate::variables;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use terrane_config::load::{ModuleFile, ModuleFolder};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::SourceMap;
use terrane_model::addr::{ModulePath, ProviderAddr, ProviderConfigAddr};
use terrane_model::snapshot::Snapshot;
use terrane_value::Value;

/// What a survey needs.
pub(super) struct Prepared {
    pub(super) loaded: Loaded,
    /// The state, its objects under provider configurations that there are.
    pub(super) snapshot: Arc<Snapshot>,
    /// Root variables.
    pub(super) variables: Vec<Value>,
    /// By the configuration in the folder.
    pub(super) is_configured: bool,
}

pub(super) async fn prepare(
    session: &Session,
    request: &Request,
    stored: &Arc<Snapshot>,
) -> Result<Prepared, Failure> {
    let own = match &request.provider_config {
        Some(path) => Some(read(path)?),
        None => {
            let empty = folder(".").is_ok_and(|folder| folder.files.is_empty());
            empty.then(|| ModuleFile {
                name: "providers.tf".to_owned(),
                content: Vec::new(),
            })
        }
    };
    match own {
        None => declared(session, request, stored.clone()).await,
        Some(file) => {
            let named = request.provider_config.as_deref();
            let (file, snapshot) = alone(file, named, stored)?;
            let root = ModuleFolder {
                dir: ".".into(),
                files: vec![file],
            };
            let loaded = load(session, &snapshot, Origin::Saved(&[root]), &[]).await?;
            let none = variables::Collected::default();
            let resolved = variables::resolve(&loaded.config, none, None);
            fail(resolved.diagnostics, &loaded)?;
            Ok(Prepared {
                loaded,
                snapshot: Arc::new(snapshot),
                variables: resolved.values,
                is_configured: false,
            })
        }
    }
}

/// By the configuration in the folder.
async fn declared(
    session: &Session,
    request: &Request,
    snapshot: Arc<Snapshot>,
) -> Result<Prepared, Failure> {
    let early =
        variables::collect(&session.env, &request.variables, &mut SourceMap::default())?.values;
    let mut loaded = load(session, &snapshot, Origin::Disk, &early).await?;
    let collected = variables::collect(&session.env, &request.variables, &mut loaded.sources)?;
    let resolved = variables::resolve(&loaded.config, collected, None);
    fail(resolved.diagnostics, &loaded)?;
    Ok(Prepared {
        loaded,
        snapshot,
        variables: resolved.values,
        is_configured: true,
    })
}

fn fail(diagnostics: Diagnostics, loaded: &Loaded) -> Result<(), Failure> {
    if !diagnostics.has_errors() {
        return Ok(());
    }
    Err(Failure::Input(Report {
        diagnostics,
        sources: loaded.sources.clone(),
    }))
}

fn read(path: &str) -> Result<ModuleFile, Failure> {
    let content = std::fs::read(path).map_err(Failure::io(format!(
        "Reading the provider configuration {path} failed"
    )))?;
    let json = std::path::Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "json");
    Ok(ModuleFile {
        name: if json {
            "providers.tf.json"
        } else {
            "providers.tf"
        }
        .to_owned(),
        content,
    })
}

/// A configuration of nothing but providers, and the state with all its objects under them.
fn alone(
    file: ModuleFile,
    named: Option<&str>,
    stored: &Snapshot,
) -> Result<(ModuleFile, Snapshot), Failure> {
    let names = local_names(stored);
    let text = String::from_utf8_lossy(&file.content).into_owned();
    let blocks = blocks(&file, &text);
    let mut missing = BTreeSet::new();
    let mut snapshot = stored.clone();
    for resource in snapshot.resources.values_mut() {
        let addr = &resource.provider;
        let keyed = resource.instances.values().any(|instance| {
            let objects = instance.current.iter().chain(instance.deposed.values());
            objects
                .into_iter()
                .any(|object| object.provider_key.is_some())
        });
        let default = addr.alias.is_none();
        let declared = || {
            let alias = addr.alias.as_ref().map(ToString::to_string);
            let block = names
                .get(&addr.provider)
                .map(|local| (local.clone(), alias));
            block.is_some_and(|block| blocks.as_ref().is_none_or(|all| all.contains(&block)))
        };
        let known = match named {
            // A provider without arguments needs no block.
            Some(_) => default || declared(),
            None => default && addr.module.is_root(),
        };
        if keyed || !known {
            missing.insert(addr.to_string());
        }
        resource.provider = ProviderConfigAddr {
            module: ModulePath::root(),
            provider: addr.provider.clone(),
            alias: addr.alias.clone(),
        };
    }
    if !missing.is_empty() {
        return Err(not_declared(&missing, named));
    }
    let content = match blocks {
        None => text,
        // The user's lines keep their numbers.
        Some(_) => text + &requirements(&names),
    };
    let file = ModuleFile {
        content: content.into_bytes(),
        ..file
    };
    Ok((file, snapshot))
}

fn not_declared(missing: &BTreeSet<String>, named: Option<&str>) -> Failure {
    let list: Vec<&str> = missing.iter().map(String::as_str).collect();
    let list = list.join("\n  ");
    let detail = match named {
        Some(path) => format!(
            "The state has objects of provider configurations that {path} does not declare:\n  {list}\n\nDeclare a provider block with the same alias for each of them. Instances of a provider with for_each can only be \
             used from the configuration that declares them."
        ),
        None => format!(
            "The folder has no configuration, and the state has objects of provider configurations that have an alias, a key, or are those of a module:\n  {list}\n\nWrite a file with a provider block for each of \
             them (with the same alias), and name it with -provider-config=FILE; or run this in the folder of the configuration."
        ),
    };
    Failure::input(&rules::drift::PROVIDERS_NOT_DECLARED, detail)
}

/// A name for each provider of the state: that of its type, with a number where two have the same.
fn local_names(stored: &Snapshot) -> BTreeMap<ProviderAddr, String> {
    let all: BTreeSet<&ProviderAddr> = stored
        .resources
        .values()
        .map(|resource| &resource.provider.provider)
        .filter(|addr| **addr != ProviderAddr::builtin())
        .collect();
    let mut taken = BTreeSet::new();
    let mut names = BTreeMap::new();
    for addr in all {
        let mut name = addr.type_name.to_string();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{}-{number}", addr.type_name);
            number += 1;
        }
        names.insert(addr.clone(), name);
    }
    names
}

fn requirements(names: &BTreeMap<ProviderAddr, String>) -> String {
    let mut text = String::from("\nterraform {\n  required_providers {\n");
    for (addr, name) in names {
        let _written = writeln!(text, "    {name} = {{ source = \"{addr}\" }}");
    }
    text.push_str("  }\n}\n");
    text
}

/// The provider blocks of a file: local name and alias. `None` where providers may have other local names than those of [`local_names`]: it says itself what
/// it requires, or is JSON. What is wrong with it is said, with its place, when it is loaded.
fn blocks(file: &ModuleFile, text: &str) -> Option<BTreeSet<(String, Option<String>)>> {
    if file.name.ends_with(".json") {
        return None;
    }
    let body = hcl_edit::parser::parse_body(text).ok()?;
    let mut found = BTreeSet::new();
    for block in body.blocks() {
        match block.ident.as_str() {
            "provider" => {
                let alias = block.body.get_attribute("alias");
                let alias = alias.and_then(|alias| alias.value.as_str().map(str::to_owned));
                if let Some(label) = block.labels.first() {
                    found.insert((label.as_str().to_owned(), alias));
                }
            }
            "terraform" if block.body.get_blocks("required_providers").next().is_some() => {
                return None;
            }
            _ => {}
        }
    }
    Some(found)
}
