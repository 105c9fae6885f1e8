//! What is asked: the instances of `list` blocks, evaluated.

use crate::console::scope::{Repeat, World};
use crate::rules;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::{Config, List, Reference, Repetition};
use terrane_config::repetition::{self, Unknown};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Compiled, Scope, Use};
use terrane_model::addr::InstanceKey;
use terrane_model::secrets::Secrets;
use terrane_plan::machine::ProviderInstance;
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// How many objects are listed where the block does not say.
const LIMIT: u64 = 100;

/// Everything that is to be asked.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Configurations of the providers that are asked, with marks.
    pub(super) providers: BTreeMap<ProviderInstance, Value>,
    /// In the order of the blocks.
    pub(super) listings: Vec<Asked>,
    /// What providers may quote, and must not be shown.
    pub(super) secrets: Secrets,
}

/// One instance of a block.
#[derive(Debug)]
pub(super) struct Asked {
    /// The block, by its place in the configuration.
    pub(super) list: usize,
    pub(super) key: Option<InstanceKey>,
    pub(super) addr: String,
    pub(super) type_name: EcoString,
    /// By which names of blocks begin that are generated for what it finds.
    pub(super) stem: String,
    pub(super) provider: ProviderInstance,
    /// What a generated block says of its provider.
    pub(super) provider_name: Option<String>,
    /// With marks.
    pub(super) config: Value,
    pub(super) include_objects: bool,
    pub(super) limit: u64,
    /// The user has not said how many.
    pub(super) is_usual_limit: bool,
    pub(super) span: terrane_lang::source::Span,
}

/// Which blocks can be asked at the same time, one after the other: those that refer to others come after them.
pub(super) fn rounds(config: &Config) -> Result<Vec<Vec<usize>>, Diagnostics> {
    let root = config.modules.first();
    let needs: Vec<BTreeSet<usize>> = config
        .lists
        .iter()
        .map(|list| {
            let mut found = BTreeSet::new();
            let mut look = |used: &Use| {
                let slot = root.and_then(|root| root.slots.get(used.slot.0 as usize));
                if let Some(Reference::List(at)) = slot {
                    found.extend(usize::try_from(*at));
                }
            };
            list.body.each_use(&mut look);
            let repeated = match &list.repetition {
                Repetition::Single => None,
                Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr) => {
                    Some(expr)
                }
            };
            let arguments = [&list.include_resource, &list.limit, &list.provider.key];
            let arguments = arguments.into_iter().flatten().chain(repeated);
            arguments.flat_map(Compiled::uses).for_each(&mut look);
            found
        })
        .collect();
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut done = BTreeSet::new();
    while done.len() < needs.len() {
        let ready: Vec<usize> = (0..needs.len())
            .filter(|at| !done.contains(at) && needs[*at].is_subset(&done))
            .collect();
        if ready.is_empty() {
            return Err(circle(config, &done));
        }
        done.extend(ready.iter().copied());
        rounds.push(ready);
    }
    Ok(rounds)
}

fn circle(config: &Config, done: &BTreeSet<usize>) -> Diagnostics {
    let left = config.lists.iter().enumerate();
    let left: Vec<&List> = left
        .filter(|(at, _)| !done.contains(at))
        .map(|(_, list)| list)
        .collect();
    let names: Vec<String> = left
        .iter()
        .map(|list| format!("list.{}.{}", list.type_name, list.name))
        .collect();
    let detail = format!(
        "These list blocks refer to each other, or wait for some that do, so none of them can be asked first: {}.",
        names.join(", ")
    );
    let problem = Diagnostic::error(&rules::query::CIRCLE, detail);
    match left.first() {
        Some(list) => problem.at(list.span).into(),
        None => problem.into(),
    }
}

/// Evaluates these blocks. `generating`: whole objects are needed in any case.
pub(super) fn prepare(
    world: &World<'_>,
    round: &[usize],
    generating: bool,
) -> Result<Prepared, Diagnostics> {
    let mut prepared = Prepared {
        providers: BTreeMap::new(),
        listings: Vec::new(),
        secrets: Secrets::default(),
    };
    let mut diagnostics = Diagnostics::new();
    for value in world.values {
        prepared.secrets.add(value);
    }
    let lists = world.config.lists.iter().enumerate();
    for (which, list) in lists.filter(|(which, _)| round.contains(which)) {
        let instances = match instances(world, list) {
            Ok(instances) => instances,
            Err(found) => {
                diagnostics.extend(found);
                continue;
            }
        };
        for (at, (key, repeat)) in instances.into_iter().enumerate() {
            match instance(world, (which, list), (at, key, repeat), generating) {
                Ok(asked) => {
                    prepared.secrets.add(&asked.config);
                    if let Err(found) = provider(world, &mut prepared, &asked) {
                        diagnostics.extend(found);
                    }
                    prepared.listings.push(asked);
                }
                Err(found) => diagnostics.extend(found),
            }
        }
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(prepared)
}

type Instance = (Option<InstanceKey>, Repeat);

fn instances(world: &World<'_>, list: &List) -> Result<Vec<Instance>, Diagnostics> {
    let scope = world.scope(Repeat::None).ok_or_else(Diagnostics::new)?;
    Ok(match &list.repetition {
        Repetition::Single | Repetition::Enabled(_) => vec![(None, Repeat::None)],
        Repetition::Count(expr) => {
            let count = repetition::count(expr, &scope, Unknown::Rejected)?.unwrap_or(0);
            let one = |index| (Some(InstanceKey::Int(index)), Repeat::Count(index));
            (0..count).map(one).collect()
        }
        Repetition::ForEach(expr) => {
            let each = repetition::for_each(expr, &scope, Unknown::Rejected)?.unwrap_or_default();
            let one = |(key, value): (EcoString, Value)| {
                let repeat = Repeat::Each(key.clone(), value);
                (Some(InstanceKey::Str(key)), repeat)
            };
            each.into_iter().map(one).collect()
        }
    })
}

fn instance(
    world: &World<'_>,
    (which, list): (usize, &List),
    (at, key, repeat): (usize, Option<InstanceKey>, Repeat),
    generating: bool,
) -> Result<Asked, Diagnostics> {
    let scope = world.scope(repeat).ok_or_else(Diagnostics::new)?;
    let shown = key.as_ref().map(ToString::to_string).unwrap_or_default();
    let addr = format!("list.{}.{}{shown}", list.type_name, list.name);
    let about = |diagnostics: Diagnostics| -> Diagnostics {
        let told = |diagnostic: Diagnostic| diagnostic.about(addr.clone());
        diagnostics.into_iter().map(told).collect()
    };
    let mut provider = ProviderInstance {
        config: list.provider.provider,
        key: None,
    };
    let mut provider_name = list.provider_name.as_ref().map(EcoString::to_string);
    if let Some(expr) = &list.provider.key {
        let value = expr.eval(&scope, &[]).map_err(about)?;
        let Kind::String(text) = value.unmarked().kind() else {
            let problem = "The key that chooses a provider instance must be a known string.";
            return Err(wrong(&rules::query::INVALID_ARGUMENT, expr, problem, &addr));
        };
        let key = InstanceKey::Str(text.clone());
        provider_name = provider_name.map(|name| format!("{name}{key}"));
        provider.key = Some(key);
    }
    let config = list.body.eval(&scope, &[]).map_err(about)?;
    if !config.is_wholly_known() {
        let problem = Diagnostic::error(
            &rules::query::UNKNOWN_CONFIG,
            "What is looked for depends on something that is not there yet: a query sees objects as the state holds them. Apply the configuration first, or give the value through a variable.",
        );
        return Err(problem.at(list.span).about(addr).into());
    }
    let limit = limit(list, &scope, &addr)?;
    Ok(Asked {
        include_objects: generating || include(list, &scope, &addr)?,
        limit: limit.unwrap_or(LIMIT),
        is_usual_limit: limit.is_none(),
        key: key.clone(),
        stem: match key {
            None => list.name.to_string(),
            Some(_) => format!("{}_{at}", list.name),
        },
        type_name: list.type_name.clone(),
        provider,
        provider_name,
        config,
        list: which,
        span: list.span,
        addr,
    })
}

fn wrong(
    rule: &'static terrane_lang::diagnostic::Rule,
    expr: &Compiled,
    problem: &str,
    addr: &str,
) -> Diagnostics {
    let problem = Diagnostic::error(rule, problem).at(expr.span());
    problem.about(addr).into()
}

fn include(list: &List, scope: &dyn Scope, addr: &str) -> Result<bool, Diagnostics> {
    let Some(expr) = &list.include_resource else {
        return Ok(false);
    };
    let value = expr.eval(scope, &[])?.unmark_deep();
    match convert(&value, &Type::Bool).as_ref().map(Value::kind) {
        Ok(Kind::Bool(include)) => Ok(include),
        Ok(Kind::Null(_)) => Ok(false),
        _ => Err(wrong(
            &rules::query::INVALID_ARGUMENT,
            expr,
            "The include_resource argument is true or false, and must be known.",
            addr,
        )),
    }
}

/// What the block says. `None`: nothing.
fn limit(list: &List, scope: &dyn Scope, addr: &str) -> Result<Option<u64>, Diagnostics> {
    let Some(expr) = &list.limit else {
        return Ok(None);
    };
    let value = expr.eval(scope, &[])?.unmark_deep();
    let limit = convert(&value, &Type::Number).ok();
    if limit.as_ref().is_some_and(Value::is_null) {
        return Ok(None);
    }
    let number = limit.as_ref().and_then(Value::as_number);
    match number.and_then(terrane_value::Number::to_u64) {
        Some(limit) if limit > 0 && i64::try_from(limit).is_ok() => Ok(Some(limit)),
        _ => Err(wrong(
            &rules::query::INVALID_ARGUMENT,
            expr,
            "The limit is a whole number from 1, and must be known.",
            addr,
        )),
    }
}

/// Evaluates the configuration of the provider that is asked, once.
fn provider(world: &World<'_>, prepared: &mut Prepared, asked: &Asked) -> Result<(), Diagnostics> {
    if prepared.providers.contains_key(&asked.provider) {
        return Ok(());
    }
    let declared = world.config.provider(asked.provider.config);
    let key = asked.provider.key.as_ref();
    let repeat = match (key, &declared.for_each) {
        (Some(InstanceKey::Str(key)), Some(each)) => match each.get(key) {
            Some(value) => Repeat::Each(key.clone(), value.clone()),
            None => {
                let problem = format!("{} has no instance \"{key}\".", declared.addr);
                let problem = Diagnostic::error(&rules::query::INVALID_ARGUMENT, problem);
                return Err(problem.at(asked.span).about(asked.addr.clone()).into());
            }
        },
        _ => Repeat::None,
    };
    let scope = world.scope(repeat).ok_or_else(Diagnostics::new)?;
    if declared.problems.has_errors() {
        return Err(declared.problems.clone());
    }
    let config = declared.eval(&scope, key)?;
    if !config.is_wholly_known() {
        let mut problem = Diagnostic::error(
            &rules::query::UNKNOWN_CONFIG,
            format!(
                "The configuration for {} depends on something that is not there yet: a query sees objects as the state holds them. Apply the configuration first, or give the value through a variable.",
                declared.addr
            ),
        );
        problem.subject = declared.span;
        return Err(problem.into());
    }
    prepared.secrets.add(&config);
    prepared.providers.insert(asked.provider.clone(), config);
    Ok(())
}
