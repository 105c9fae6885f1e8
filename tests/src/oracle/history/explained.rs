//! The differences between plans and states that are there on purpose. Each has its reason; what is not here is a mistake of ours.

use super::compare::Unlike;
use super::model::{Call, Config, Expr, Module, Repeat, Resource, Step, Variable};
use super::names::{Names, has_word};
use super::normal::Difference;
use crate::oracle::peer::Ran;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Why a difference is on purpose, if it is. `names` knows what depended on what, before and after the step, and what was moved.
pub(super) fn explained(unlike: &Unlike, step: &Step, names: &Names) -> Option<&'static str> {
    match unlike {
        Unlike::View(difference) => variables(difference, &step.config)
            .or_else(|| never_there(difference, &names.planned))
            .or_else(|| relevant(difference, step, names))
            .or_else(|| dependencies(difference, names))
            .or_else(|| forgotten(difference))
            .or_else(|| created_by_triggers(difference))
            .or_else(|| triggered_by_creation(difference, names))
            .or_else(|| husk(difference))
            .or_else(|| waits_for_more(difference, names, &step.config))
            .or_else(|| spreads_through_modules(difference, &step.config))
            .or_else(|| spreads_from_what_is_apart(difference, step, names))
            .or_else(|| left_behind(difference, step))
            .or_else(|| empty_module(difference))
            .or_else(|| of_the_deposed(difference))
            .or_else(|| not_checked(difference, step))
            .or_else(|| removed_while_destroying(difference, step))
            .or_else(|| sensitive(difference, &step.config, names)),
        Unlike::Plan {
            ours,
            theirs,
            without_destroy,
            planned,
        } => destroys_all_the_same(ours.exit, theirs.exit, *without_destroy)
            .or_else(|| nothing_to_apply(ours.exit, theirs.exit, planned, step))
            .or_else(|| stricter(ours, theirs.exit, &step.config))
            .or_else(|| triggered(ours, theirs.exit))
            .or_else(|| runs_in_a_circle(ours.exit, theirs))
            .or_else(|| nothing_to_destroy(ours, theirs))
            .or_else(|| apart(ours.exit, theirs, step))
            .or_else(|| not_there(ours.exit, theirs, step))
            .or_else(|| moved_from(ours.exit, theirs.exit, &theirs.err, step)),
        Unlike::Apply { ours, theirs } if unset(ours, theirs, &step.config) => Some(
            "an ephemeral variable that is null when its plan is made may be null when it is applied",
        ),
        Unlike::Apply { ours, theirs }
            if step.destroys() && ours.err.contains("[T5217]") && theirs.exit == 0 =>
        {
            Some(KEPT)
        }
        Unlike::Apply { ours, theirs } => {
            let refused = theirs.err.contains("Cannot apply non-applyable plan");
            (ours.exit == 0 && theirs.exit == 1 && refused && step.refreshes()).then_some(
                "a plan that only records moves, or outputs that are gone, can be applied",
            )
        }
    }
}

/// The peer takes an ephemeral variable for one that was not given where it was given as null and can't be null, and refuses to be told the same again.
fn unset(ours: &Ran, theirs: &Ran, config: &Config) -> bool {
    let said = "Error: Ephemeral variable was not set during planning";
    let null = |variable: &Variable| {
        let has = |line: &str| variable.body.iter().any(|other| other == line);
        has("ephemeral = true")
            && has("nullable = false")
            && variable.value.as_deref() == Some("null")
            && theirs
                .err
                .contains(&format!("variable \"{}\" was not set", variable.name))
    };
    ours.exit == 0
        && theirs.exit == 1
        && theirs.err.matches("Error: ").count() == theirs.err.matches(said).count()
        && config.root.variables.iter().any(null)
}

/// The peer shows the values of some ephemeral variables.
fn variables(difference: &Difference, config: &Config) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let ephemeral = |name: &str| {
        let mut variables = config.root.variables.iter();
        variables.any(|variable| {
            variable.name == name && variable.body.iter().any(|line| line == "ephemeral = true")
        })
    };
    let only = match (path.strip_prefix(".variables")?, theirs) {
        ("", Some(Json::Object(all))) => all.keys().all(|name| ephemeral(name)),
        (name, Some(_)) => ephemeral(name.strip_prefix('.')?),
        _ => false,
    };
    (ours.is_none() && only).then_some("ephemeral variables are not shown")
}

/// Stored dependencies are the direct ones, by their present names. The peer stores those behind them too, keeps old names beside new ones
/// until the object changes, and shows now those of the state, now those of the configuration.
fn dependencies(difference: &Difference, names: &Names) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let before = path.strip_suffix(".dependencies");
    let before = before.or_else(|| path.strip_suffix(".depends_on"))?;
    let of = names.resource_at(before)?;
    let list = |side: &Option<Json>| -> BTreeSet<String> {
        let items = side.iter().filter_map(Json::as_array).flatten();
        items.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let (ours, theirs) = (list(ours), list(theirs));
    let behind = names.behind(&of);
    let known = ours
        .symmetric_difference(&theirs)
        .all(|name| behind.contains(name));
    known.then_some("dependencies are direct ones, by their present names")
}

/// The peer gives a trigger as the reason also where an instance is created that was not there before. (That the actions are the same is compared
/// beside; that a replacement has its reason is a golden story.)
fn created_by_triggers(difference: &Difference) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let triggers = theirs.as_ref().and_then(Json::as_str) == Some("replace_by_triggers");
    let reason = path.starts_with(".resource_changes[") && path.ends_with("].action_reason");
    (reason && triggers && ours.is_none()).then_some("what is created is not replaced by triggers")
}

/// What the peer leaves of a resource without instances when something fails.
fn husk(difference: &Difference) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let empty = theirs.as_ref()?["instances"].as_array()?.is_empty();
    (path.starts_with("state.resources[") && ours.is_none() && empty)
        .then_some("a resource without instances is not in the state")
}

/// With `-target`, the peer replaces what its target depends on, but does not destroy the old object that its plan destroys after the new one was made.
fn left_behind(difference: &Difference, step: &Step) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let mut arguments = step.arguments.iter();
    let targeted = arguments.any(|argument| argument.starts_with("-target="));
    let at = path.starts_with("state.resources[") && path.ends_with("].instances");
    let current = theirs.as_ref()?.as_array()?.iter();
    let current = current.filter(|instance| instance.get("deposed").is_none());
    let same = current.eq(ours.as_ref()?.as_array()?);
    (targeted && at && same).then_some(DESTROYED)
}

/// What the peer shows of a module in which only such resources are left.
fn empty_module(difference: &Difference) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let bare = |module: &Json| {
        let keys = module.as_object();
        keys.is_some_and(|keys| keys.keys().eq(["address"]))
    };
    let modules = theirs.as_ref()?.as_array()?;
    (path.ends_with(".child_modules") && ours.is_none() && modules.iter().all(bare))
        .then_some("a resource without instances is not in the state")
}

/// An object that makes way for its successor is stored as it was.
fn of_the_deposed(difference: &Difference) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    (path.ends_with(" <deposed>].create_before_destroy")
        && ours.is_none()
        && theirs.as_ref()? == &Json::Bool(true))
        .then_some("an object that makes way for its successor is stored as it was")
}

/// An object with `create_before_destroy` that is configured no more is to be destroyed after the successor of what it depended on was made, with the peer, and
/// before the predecessor of that is destroyed.
fn runs_in_a_circle(ours: i32, theirs: &Ran) -> Option<&'static str> {
    let cycle = theirs
        .err
        .lines()
        .find(|line| line.contains("Error: Cycle: "))?;
    (ours != 1 && theirs.exit == 1 && cycle.matches(" (destroy)").count() > 1)
        .then_some("what is configured no more is destroyed first, and runs in no circle")
}

/// What is destroyed after those that need it were changed waits, with the peer, for those behind them too, and stays where one of these fails.
fn waits_for_more(difference: &Difference, names: &Names, config: &Config) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let of = path.strip_prefix("state.resources[")?.strip_suffix(']')?;
    let instances = theirs.as_ref()?["instances"].as_array()?;
    let later = instances
        .iter()
        .all(|instance| instance["create_before_destroy"] == true);
    let mut resources = config.modules().flat_map(|module| &module.resources);
    let gone = !resources.any(|resource| resource.name == of);
    (names.failed && ours.is_none() && later && gone).then_some(WAITS)
}

/// After this the two sides have different objects.
pub(super) const WAITS: &str = "what is destroyed waits for those that depend on it directly";

/// After this too.
pub(super) const DESTROYED: &str = "with -target too, the old object is destroyed as planned";

/// The peer takes a module that is named as a whole for all that is in it.
fn spreads_through_modules(difference: &Difference, config: &Config) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let within = path.strip_prefix("state.resources[module.")?;
    let set = path.ends_with(".create_before_destroy") && theirs.as_ref()? == &Json::Bool(true);
    let name = within.split(['[', '.', ' ']).next()?;
    let whole = |resource: &Resource| {
        let text = config.root.resource_text(resource);
        text.contains("create_before_destroy = true")
            && (text.contains(&format!("in module.{name} :"))
                || text.contains(&format!("module.{name}[*]")))
    };
    (set && ours.is_none() && config.root.resources.iter().any(whole))
        .then_some("a module that is named as a whole stands for its outputs")
}

/// With `-target`, the peer's plan does not spread `create_before_destroy` from what takes no part, but its states note it all the same.
fn spreads_from_what_is_apart(
    difference: &Difference,
    step: &Step,
    names: &Names,
) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let before = path.strip_suffix(".create_before_destroy")?;
    let of = names.resource_at(before)?;
    let targets: Vec<&str> = (step.arguments.iter())
        .filter_map(|argument| argument.strip_prefix("-target="))
        .collect();
    let config = &step.config;
    let calls = config.root.calls.iter().filter_map(|call| {
        let child = config.children.get(call.child)?;
        Some((format!("module.{}.", call.name), child))
    });
    let mut modules = std::iter::once((String::new(), &config.root)).chain(calls);
    let spreads = |within: &str, module: &Module| {
        let asks = |resource: &&Resource| {
            let mut lines = resource.lifecycle.iter().map(|line| module.expr(line));
            lines.any(|line| line == "create_before_destroy = true")
        };
        let mut resources = module.resources.iter().filter(asks);
        resources.any(|resource| {
            let name = format!("{within}terraform_data.{}", resource.name);
            let mut targets = targets.iter();
            names.reaches(&name, &of) && !targets.any(|target| names.reaches(target, &name))
        })
    };
    let spreads = modules.any(|(within, module)| spreads(&within, module));
    let only_theirs = ours.is_none() && theirs.as_ref()? == &Json::Bool(true);
    (only_theirs && !targets.is_empty() && spreads)
        .then_some("what takes no part does not spread create_before_destroy")
}

/// The replacement that a created resource triggers, where the peer changes nothing or updates; what is checked of the new object is not known yet.
fn triggered_by_creation(difference: &Difference, names: &Names) -> Option<&'static str> {
    let reason = |address: &String| {
        let at = format!(".resource_changes[{address} ");
        difference.path.starts_with(&at) && difference.path.ends_with("].action_reason")
    };
    if names.replaced_anyway.iter().any(reason) {
        return Some(TRIGGERED);
    }
    let mut triggered = names.triggered.iter();
    triggered
        .any(|address| {
            let checks = format!(".checks[{address}]");
            difference.path.contains(&format!("[{address} "))
                || difference.path.starts_with(&checks)
        })
        .then_some(TRIGGERED)
}

const TRIGGERED: &str = "replace_triggered_by looks at creations too, as in OpenTofu 1.12";

/// The peer plans everything anew before it destroys everything, and takes the outputs that this would give for those that were there.
/// (`planned`: the outputs that we plan for the same configuration, where everything is to be destroyed.)
fn never_there(difference: &Difference, planned: &Json) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    if let (".output_changes" | ".prior_state.values.outputs", None, Some(Json::Object(all))) =
        (path.as_str(), ours, theirs)
    {
        // None of them is stored.
        let each = |(name, theirs): (&String, &Json)| {
            let one = Difference {
                path: format!("{path}.{name}"),
                ours: None,
                theirs: Some(theirs.clone()),
            };
            never_there(&one, planned).is_some()
        };
        return (!all.is_empty() && all.iter().all(each)).then_some(NEVER_THERE);
    }
    if let (".output_changes" | ".prior_state.values.outputs", Some(Json::Object(all)), None) =
        (path.as_str(), ours, theirs)
    {
        return all
            .keys()
            .all(|name| would_be_null(name, planned))
            .then_some(NEVER_THERE);
    }
    let changes = path.strip_prefix(".output_changes.");
    let stored = path.strip_prefix(".prior_state.values.outputs.");
    let name = changes.or(stored)?;
    if ours.is_some() && theirs.is_none() && would_be_null(name, planned) {
        return Some(NEVER_THERE);
    }
    let Some((name, rest)) = name.split_once('.') else {
        // None of it is stored.
        let part = if changes.is_some() { "before" } else { "value" };
        let same = planned.get(name)?.get("value") == theirs.as_ref()?.get(part);
        return (ours.is_none() && same).then_some(NEVER_THERE);
    };
    let output = planned.get(name)?;
    // `before` of a change; `value` and `type` of what is stored, and parts of them.
    let (part, inner) = rest.split_once('.').unwrap_or((rest, ""));
    let part = match (part, changes.is_some()) {
        ("before", true) => "value",
        ("value" | "type", false) => part,
        // Parts of a type, which is an array.
        (part, false) if part.starts_with("type[") => return Some(NEVER_THERE),
        _ => return None,
    };
    let mut value = output.get(part);
    for step in inner.split('.').filter(|step| !step.is_empty()) {
        value = value.and_then(|value| value.get(step));
    }
    (value == theirs.as_ref()).then_some(NEVER_THERE)
}

/// Whether an output would be null, which is as if it were not there.
fn would_be_null(name: &str, planned: &Json) -> bool {
    planned.is_object() && planned[name]["value"].is_null()
}

/// What took part in deciding what only we do: in outputs that are destroyed and that the peer takes for gone, in replacements that created resources trigger.
fn relevant(difference: &Difference, step: &Step, names: &Names) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    if path != ".relevant_attributes" {
        return None;
    }
    let all = |side: &Option<Json>| side.as_ref().and_then(Json::as_array).cloned();
    let (ours, theirs) = (
        all(ours).unwrap_or_default(),
        all(theirs).unwrap_or_default(),
    );
    if !theirs.iter().all(|one| ours.contains(one)) {
        return None;
    }
    let more: Vec<&str> = (ours.iter().filter(|one| !theirs.contains(one)))
        .filter_map(|one| one["resource"].as_str())
        .collect();
    let root = &step.config.root;
    let destroyed = |resource: &&str| {
        let outputs = (root.outputs.iter()).filter(|it| would_be_null(&it.name, &names.planned));
        let mut texts = outputs.map(|output| root.expr(&output.value));
        texts.any(|text| {
            let mut resources = root.resources.iter();
            resources.any(|one| {
                let name = format!("terraform_data.{}", one.name);
                has_word(&text, &name) && names.reaches(&name, resource)
            })
        })
    };
    let triggered = |resource: &&str| {
        let mut triggered = names.triggered.iter();
        triggered.any(|address| names.reaches(address, resource))
    };
    if step.destroys() && more.iter().all(destroyed) {
        return Some(NEVER_THERE);
    }
    more.iter().all(triggered).then_some(TRIGGERED)
}

const NEVER_THERE: &str = "outputs that are destroyed are shown as they were";

/// An object that is forgotten is among the planned values of the peer, without any value.
fn forgotten(difference: &Difference) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let nothing = |object: &Json| {
        object["sensitive_values"] == Json::Bool(false) && object.get("values").is_none()
    };
    fn resources(part: &Json) -> Vec<&Json> {
        match part {
            Json::Array(items) => items.iter().flat_map(resources).collect(),
            module
                if module.get("resources").is_some() || module.get("child_modules").is_some() =>
            {
                [&module["resources"], &module["child_modules"]]
                    .into_iter()
                    .flat_map(resources)
                    .collect()
            }
            Json::Object(_) => vec![part],
            _ => Vec::new(),
        }
    }
    let found = resources(theirs.as_ref()?);
    let only = ours.is_none() && !found.is_empty() && found.into_iter().all(nothing);
    (path.starts_with(".planned_values") && only)
        .then_some("an object that is forgotten is not among the planned values")
}

/// What a `removed` block says is to be kept is kept while everything else is destroyed, too.
fn removed_while_destroying(difference: &Difference, step: &Step) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let of = path.strip_prefix(".resource_changes[")?;
    let (address, rest) = of.split_once(' ')?;
    let keeps = |(from, destroy): &(String, bool)| {
        !destroy
            && (address == from
                || address.starts_with(&format!("{from}["))
                || address.starts_with(&format!("{from}.")))
    };
    let says =
        |side: &Option<Json>, action: &str| side.as_ref().and_then(Json::as_str) == Some(action);
    let same = step.destroys()
        && rest.ends_with(".change.actions[0]")
        && says(ours, "forget")
        && says(theirs, "delete")
        && step.config.removed.iter().any(keeps);
    same.then_some(KEPT)
}

const KEPT: &str = "`removed` with `destroy = false` counts while destroying, too";

/// Sensitivity that only the peer sees.
fn sensitive(difference: &Difference, config: &Config, names: &Names) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let plain = |side: &Option<Json>| match side {
        None => true,
        Some(side) => !side.to_string().contains("true") && !side.to_string().contains("get_attr"),
    };
    let more = |side: &Option<Json>| match side {
        Some(Json::Bool(true)) => true,
        Some(side) => side.to_string().contains("get_attr"),
        None => false,
    };
    let concerned = [
        ".sensitive_values",
        ".before_sensitive",
        ".after_sensitive",
        ".sensitive_attributes",
    ];
    let theirs_more = plain(ours) && more(theirs);
    let ours_more = plain(theirs) && more(ours);
    if !concerned.iter().any(|part| path.contains(part)) || !(theirs_more || ours_more) {
        return None;
    }
    let at = path.find('[')?;
    let name = path.get(at..)?;
    let mut resources = config.modules().flat_map(|module| {
        module
            .resources
            .iter()
            .map(move |resource| (module, resource))
    });
    resources.find_map(|(module, resource)| {
        let word = |text: &str| text.contains(&format!("{}]", resource.name)) || text.contains(&format!("{}[", resource.name)) || text.contains(&format!("{} ", resource.name));
        if !word(name) {
            return None;
        }
        let ignores = resource
            .lifecycle
            .iter()
            .any(|line| module.expr(line).starts_with("ignore_changes"));
        let values = |resource: &Resource| {
            let values = [&resource.input, &resource.triggers];
            values.into_iter().flatten().any(|value| {
                let text = module.expr(value);
                text.contains("!= null") || text.contains("null !=")
            })
        };
        // Its own, or that of something that it refers to.
        let own = format!("terraform_data.{}", resource.name);
        let refers = |other: &Resource| {
            std::ptr::eq(module, &config.root)
                && names.reaches(&own, &format!("terraform_data.{}", other.name))
        };
        let compares = values(resource)
            || (module.resources.iter()).any(|other| refers(other) && values(other));
        match () {
            // The marks that the old object has, or does not have, at ignored attributes go over to the new one, which does not have those values.
            () if ignores && !path.starts_with("state") => {
                Some("a replacement is sensitive where its configuration is, not where the ignored old object was")
            }
            () if compares && theirs_more => Some("comparing with null tells nothing of what is within, as in OpenTofu 1.12"),
            () => None,
        }
    })
}

/// The peer plans everything anew before it destroys everything, and stops at what is wrong in the configuration. What is there must remain
/// destroyable: nothing is evaluated that is not needed. (`without_destroy`: what we say of the same configuration when it is planned.)
fn destroys_all_the_same(
    ours: i32,
    theirs: i32,
    without_destroy: Option<i32>,
) -> Option<&'static str> {
    (ours != 1 && theirs == 1 && without_destroy == Some(1))
        .then_some("what is there can be destroyed although the configuration has errors")
}

/// The peer's plan (`planned`) has no change, and yet it says with its exit code that there are some: it has changed what it notes of objects
/// that are not configured any more, or were moved.
fn nothing_to_apply(ours: i32, theirs: i32, planned: &Json, step: &Step) -> Option<&'static str> {
    let idle = |change: &Json| change["actions"][0] == "no-op";
    // An output that is gone is recorded by the next plan that does something, with both.
    let gone = |change: &Json| change["actions"][0] == "delete";
    let drift = planned["resource_drift"].as_array();
    let outputs = planned["output_changes"].as_object();
    let nothing = planned["applyable"] == Json::Bool(true)
        && drift.is_none_or(|all| all.iter().all(|one| idle(&one["change"])))
        && outputs.is_none_or(|all| all.values().all(|one| idle(one) || gone(one)));
    (ours == 0 && theirs == 2 && step.refreshes() && nothing)
        .then_some("there is nothing to apply in a plan that only refreshes and finds nothing")
}

/// A resource that is created triggers the replacement of what names it, which may be prevented.
fn triggered(ours: &Ran, theirs: i32) -> Option<&'static str> {
    let replaced = ours
        .out
        .contains("will be replaced due to changes in replace_triggered_by");
    let created = ours.out.contains(" will be created");
    let prevented = ours.err.contains("lifecycle.prevent_destroy set");
    let only = ours.err.matches("Error: ").count() == 1;
    (ours.exit == 1 && theirs != 1 && replaced && created && prevented && only).then_some(TRIGGERED)
}

/// What is wrong with a trigger is told by `validate`, and what a variable can't be given when the variables are read. The peer says it when an instance is
/// planned, or the variable is needed, and so not where nothing is to be destroyed.
fn nothing_to_destroy(ours: &Ran, theirs: &Ran) -> Option<&'static str> {
    let said = |headline: &str| ours.err.matches(headline).count();
    let told = said("Error: Invalid replace_triggered_by expression")
        + said("Error: Required variable not set");
    let only = said("Error: ") == told;
    let nothing = theirs.out.contains("No objects need to be destroyed");
    (ours.exit == 1 && theirs.exit == 0 && only && nothing)
        .then_some("wrong triggers and variables are errors also where nothing is to be destroyed")
}

/// The peer tells the type of `module.m[*].o` before it looks at anything; here an input of a module that takes no part (`-target`) is not looked at further.
fn apart(ours: i32, theirs: &Ran, step: &Step) -> Option<&'static str> {
    let targets = || (step.arguments.iter()).filter(|argument| argument.starts_with("-target="));
    let whole = |(_, value): &(String, Expr)| {
        let text = step.config.root.expr(value);
        // The name of the workspace is known to the peer, too.
        text.contains("terraform.workspace")
            || text.contains("module.") && (text.contains("[*]") || text.contains(" in module."))
    };
    let concerned = |call: &Call| {
        let within = format!("module.{}", call.name);
        let said = format!("in module \"{}\":", call.name);
        !targets().any(|target| has_word(target, &within))
            && (theirs.err.contains(&said) || theirs.err.contains(&format!("{within}.var.")))
            && call.inputs.iter().any(whole)
    };
    let only = theirs
        .err
        .contains("Error: Invalid value for input variable")
        && theirs.err.matches("Error: ").count() == 1;
    let same = ours != 1 && theirs.exit == 1 && only && targets().next().is_some();
    (same && step.config.root.calls.iter().any(concerned))
        .then_some("values that a plan makes are not looked at where they take no part")
}

/// Where refreshing is all that is done, the peer looks at postconditions of instances that are not there: with `self` it fails.
fn not_there(ours: i32, theirs: &Ran, step: &Step) -> Option<&'static str> {
    let errors: Vec<&str> = theirs.err.split("Error: ").skip(1).collect();
    let of_self = |error: &&str| error.starts_with("Invalid index") && error.contains("self.");
    (ours != 1
        && theirs.exit == 1
        && step.refreshes()
        && !errors.is_empty()
        && errors.iter().all(of_self))
    .then_some(NOT_THERE)
}

/// The same, where the postcondition does not mention `self`.
fn not_checked(difference: &Difference, step: &Step) -> Option<&'static str> {
    let Difference { path, ours, theirs } = difference;
    let inner = path
        .strip_prefix(".checks[")
        .or_else(|| path.strip_prefix("state.check_results["))?;
    let (address, part) = inner.rsplit_once("].")?;
    let name = address.rsplit_once('.').map_or(address, |(_, name)| name);
    let checks = |module: &Module| {
        module.resources.iter().any(|resource| {
            let mut lines = resource.lifecycle.iter();
            resource.name == name
                && lines.any(|line| module.expr(line).starts_with("postcondition"))
        })
    };
    // With `self` it is unknown, without it may be anything; the whole is what its only instance is.
    let told = |status: &Json| matches!(status.as_str(), Some("pass" | "unknown" | "fail"));
    let different = match part {
        "instances" | "objects" => {
            let instances = theirs.as_ref().and_then(Json::as_array)?;
            ours.as_ref().is_none_or(Json::is_null)
                && instances.iter().all(|one| told(&one["status"]))
        }
        "status" => {
            let status = |side: &Option<Json>, is: &str| side.as_ref().is_some_and(|it| it == is);
            status(ours, "pass") && (status(theirs, "unknown") || status(theirs, "fail"))
        }
        _ => false,
    };
    let same = step.refreshes() && different && step.config.modules().any(checks);
    same.then_some(NOT_THERE)
}

const NOT_THERE: &str =
    "where refreshing is all that is done, nothing is said of instances that are not there";

/// What follows from the configuration alone is an error also where there is no instance that it could concern, as it is for the peer but for
/// what is made of ephemeral variables.
fn stricter(ours: &Ran, theirs: i32, config: &Config) -> Option<&'static str> {
    let concerned = |module: &Module, resource: &Resource| {
        let none = match &resource.repeat {
            Repeat::Once => false,
            Repeat::Count(many) | Repeat::ForEach(many) => {
                matches!(module.expr(many).as_str(), "0" | "toset([])")
            }
        };
        let named = format!("in resource \"terraform_data\" \"{}\"", resource.name);
        none && ours.err.contains(&named) && ours.err.contains("ephemeralasnull(")
    };
    let mut resources = config
        .modules()
        .flat_map(|module| module.resources.iter().map(move |one| (module, one)));
    let found = ours.exit == 1 && theirs != 1 && ours.err.matches("Error: ").count() == 1;
    (found && resources.any(|(module, resource)| concerned(module, resource))).then_some(
        "what follows from the configuration alone is checked for resources without instances too",
    )
}

/// The peer wants the old address of what has moved among the targets, beside the new one.
fn moved_from(ours: i32, theirs: i32, said: &str, step: &Step) -> Option<&'static str> {
    let wanted: Vec<&str> = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("-target=\"")?.strip_suffix('"'))
        .collect();
    let moved = &step.config.moved;
    let old = |address: &&str| moved.iter().any(|(from, _)| from == address);
    // The new one, if what is targeted needs it.
    let new = |address: &&str| moved.iter().any(|(_, to)| to == address);
    let same = ours != 1
        && theirs == 1
        && said.contains("Moved resource instances excluded by targeting")
        && wanted.iter().any(old)
        && wanted.iter().all(|address| old(address) || new(address));
    same.then_some("what has moved is targeted by its new address, or by what needs it")
}
