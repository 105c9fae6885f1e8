//! What depends on what by the states of both sides, before and after a step, and what was moved: the names that may stand among the
//! dependencies of a resource.

use super::model::{Config, Module, Step};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Names of resources, without keys of instances.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// By resource: those that it was seen to depend on, and other names of it.
    edges: BTreeMap<String, BTreeSet<String>>,
    /// Where everything is to be destroyed: the outputs that would be planned otherwise, as far as that was asked for.
    pub(super) planned: Json,
    /// Addresses of instances that we replace, and the peer does not, since what triggers them is created.
    pub(super) triggered: BTreeSet<String>,
    /// The same of those that the peer replaces for another reason.
    pub(super) replaced_anyway: BTreeSet<String>,
    /// Whether applying failed on both sides.
    pub(super) failed: bool,
}

impl Names {
    /// Takes in the dependencies of a state.
    pub(super) fn add_state(&mut self, state: &Json) {
        for resource in state["resources"].as_array().into_iter().flatten() {
            let text = |name: &str| resource[name].as_str().unwrap_or_default();
            let mut name = format!("{}.{}", text("type"), text("name"));
            if !text("module").is_empty() {
                name = format!("{}.{name}", without_keys(text("module")));
            }
            let edges = self.edges.entry(name).or_default();
            for instance in resource["instances"].as_array().into_iter().flatten() {
                let on = instance["dependencies"].as_array().into_iter().flatten();
                edges.extend(on.filter_map(Json::as_str).map(str::to_owned));
            }
        }
    }

    /// Takes in what a configuration says. A called module depends on what its outputs name, and all that is in it on what its call names.
    pub(super) fn add_config(&mut self, config: &Config) {
        let root = &config.root;
        self.add_module(root, "");
        for call in &root.calls {
            let Some(child) = config.children.get(call.child) else {
                continue;
            };
            let within = format!("module.{}.", call.name);
            self.add_module(child, &within);
            let block = root.call_text(call);
            for resource in &child.resources {
                let name = format!("{within}terraform_data.{}", resource.name);
                self.add_text(root, "", name, &block);
            }
            for output in &child.outputs {
                let name = format!("module.{}", call.name);
                self.add_text(child, &within, name, &child.expr(&output.value));
            }
        }
    }

    fn add_module(&mut self, module: &Module, within: &str) {
        for (name, value) in &module.locals {
            let name = format!("{within}local.{name}");
            self.add_text(module, within, name, &module.expr(value));
        }
        for resource in &module.resources {
            let name = format!("{within}terraform_data.{}", resource.name);
            self.add_text(module, within, name, &module.resource_text(resource));
        }
    }

    /// Edges to all of a module that is named in a text.
    fn add_text(&mut self, module: &Module, within: &str, name: String, text: &str) {
        let resources = module.resources.iter();
        let resources = resources.map(|it| format!("terraform_data.{}", it.name));
        let locals = module.locals.iter();
        let locals = locals.map(|(name, _)| format!("local.{name}"));
        let calls = module.calls.iter().map(|it| format!("module.{}", it.name));
        let edges = self.edges.entry(name).or_default();
        for target in resources.chain(locals).chain(calls) {
            if has_word(text, &target) {
                edges.insert(format!("{within}{target}"));
            }
        }
    }

    /// Takes in what is replaced because of triggers that are created, by our plan and that of the peer.
    pub(super) fn add_triggered(&mut self, config: &Config, ours: &Json, theirs: &Json) {
        let changes = |plan: &Json| plan["resource_changes"].as_array().cloned();
        let (ours, theirs) = (
            changes(ours).unwrap_or_default(),
            changes(theirs).unwrap_or_default(),
        );
        let created: BTreeSet<String> = ours
            .iter()
            .filter(|change| change["change"]["actions"][0] == "create")
            .filter_map(|change| change["name"].as_str())
            .map(|name| format!("terraform_data.{name}"))
            .collect();
        let triggers = |name: &str| {
            config.modules().any(|module| {
                let mut resources = module.resources.iter().filter(|it| it.name == name);
                resources.any(|resource| {
                    let lines = resource.lifecycle.iter().map(|line| module.expr(line));
                    let mut lines = lines.filter(|line| line.starts_with("replace_triggered_by"));
                    lines.any(|line| created.iter().any(|name| has_word(&line, name)))
                })
            })
        };
        let theirs_of = |address: &Json| {
            let same = |change: &&Json| change["address"] == *address;
            theirs.iter().find(same)
        };
        let ours: Vec<(String, &Json)> = ours
            .iter()
            .filter(|change| change["action_reason"] == "replace_by_triggers")
            .filter(|change| change["name"].as_str().is_some_and(triggers))
            .filter_map(|change| {
                let address = &change["address"];
                Some((address.as_str()?.to_owned(), theirs_of(address)?))
            })
            .collect();
        let those = |which: &dyn Fn(&Json) -> bool| -> BTreeSet<String> {
            let found = ours.iter().filter(|(_, theirs)| which(theirs));
            found.map(|(address, _)| address.clone()).collect()
        };
        self.triggered = those(&|theirs| {
            let action = &theirs["change"]["actions"][0];
            action == "no-op" || action == "update"
        });
        self.replaced_anyway =
            those(&|theirs| theirs["action_reason"] == "replace_because_cannot_update");
    }

    /// Takes in what a step moves. What is within a module moves with it.
    pub(super) fn add_moves(&mut self, step: &Step) {
        for (from, to) in &step.config.moved {
            let (from, to) = (without_keys(from), without_keys(to));
            let all: BTreeSet<String> = self
                .edges
                .iter()
                .flat_map(|(name, on)| std::iter::once(name).chain(on))
                .cloned()
                .collect();
            let mut pairs = vec![(from.clone(), to.clone())];
            for name in all {
                if let Some(rest) = name.strip_prefix(&format!("{from}.")) {
                    pairs.push((name.clone(), format!("{to}.{rest}")));
                }
            }
            for (old, new) in pairs {
                self.edges
                    .entry(old.clone())
                    .or_default()
                    .insert(new.clone());
                self.edges.entry(new).or_default().insert(old);
            }
        }
    }

    /// The resource that a path within a state, or within the values of a plan, leads to.
    pub(super) fn resource_at(&self, path: &str) -> Option<String> {
        let bare = without_keys(path);
        // `state.resources[module.m r].instances…`
        if let Some(inner) = bare.strip_prefix("state.resources[") {
            let (label, _) = inner.split_once("].instances")?;
            return Some(match label.split_once(' ') {
                Some((module, name)) => format!("{module}.terraform_data.{name}"),
                None => format!("terraform_data.{label}"),
            });
        }
        // `.prior_state.values.….resources[terraform_data.r r]`
        let (_, label) = bare.rsplit_once(".resources[")?;
        label.split(' ').next().map(str::to_owned)
    }

    /// Whether a resource is another one, or depends on it, whatever their keys are.
    pub(super) fn reaches(&self, name: &str, other: &str) -> bool {
        let (name, other) = (without_keys(name), without_keys(other));
        name == other || self.behind(&name).contains(&other)
    }

    /// All names that can be reached from a resource.
    pub(super) fn behind(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            for next in self.edges.get(&name).into_iter().flatten() {
                if found.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        found
    }
}

/// Whether a name stands in a text, and not only as the beginning of a longer one.
pub(super) fn has_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let behind = text.get(at + name.len()..).unwrap_or_default();
        !behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// An address without the keys of instances.
fn without_keys(address: &str) -> String {
    let mut out = String::new();
    let mut rest = address;
    while let Some((before, behind)) = rest.split_once('[') {
        // Keys are numbers or names in quotes; a path has names in brackets too, which are kept.
        let key = behind.split_once(']').filter(|(key, _)| {
            key.bytes().all(|byte| byte.is_ascii_digit())
                || key.starts_with('"') && key.ends_with('"')
        });
        out.push_str(before);
        match key {
            Some((_, behind)) => rest = behind,
            None => {
                out.push('[');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Names, without_keys};
    use serde_json::json;

    #[test]
    fn names_lead_to_names() {
        let mut names = Names::default();
        names.add_state(&json!({"resources": [
            {"type": "terraform_data", "name": "a", "instances": [{"dependencies": ["terraform_data.b"]}]},
            {"module": "module.m[0]", "type": "terraform_data", "name": "b", "instances": [{"dependencies": ["terraform_data.a"]}]},
        ]}));
        let path = "state.resources[module.m[0] b].instances[0]";
        assert_eq!(
            names.resource_at(path).as_deref(),
            Some("module.m.terraform_data.b")
        );
        let path = ".prior_state.values.root_module.resources[terraform_data.a[\"x\"] a]";
        assert_eq!(names.resource_at(path).as_deref(), Some("terraform_data.a"));
        let behind = names.behind("module.m.terraform_data.b");
        assert!(behind.contains("terraform_data.b"));
        assert!(!behind.contains("terraform_data.c"));
        assert_eq!(without_keys("module.m[\"k\"].a.b[0]"), "module.m.a.b");
        assert!(super::has_word("[a.r1, a.r12]", "a.r12") && !super::has_word("[a.r12]", "a.r1"));
    }
}
