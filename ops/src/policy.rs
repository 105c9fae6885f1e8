//! Policies: rules in Rego that look at a plan.

use crate::failure::Failure;
use crate::install::sentence;
use crate::load::Loaded;
use crate::rules::policy;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use terrane_model::addr::{ConfigResource, InstanceAddr};
use terrane_model::with_causes;
use terrane_plan::plan::Plan;
use terrane_plan::view::json::{PlanContext, plan_json};
use terrane_policy::{
    Input, Namespaces, Policies, PolicyError, Report, Sources, Tested, library, read,
};

/// Which policies, and what of them.
#[derive(Clone, Debug, Default)]
pub struct PolicyRequest {
    /// Files and folders with modules.
    pub places: Vec<PathBuf>,
    /// Files and folders with data.
    pub data: Vec<PathBuf>,
    /// The packages.
    pub namespaces: Namespaces,
}

impl PolicyRequest {
    /// Whether any are named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Reads them.
    ///
    /// # Errors
    /// When that can't be.
    pub fn read(&self) -> Result<Sources, Failure> {
        read(&self.places, &self.data).map_err(|error| failure(&error))
    }

    /// Reads and understands them.
    ///
    /// # Errors
    /// When that can't be.
    pub fn load(&self) -> Result<Policies, Failure> {
        compile(self.read()?)
    }
}

/// Understands policies.
///
/// # Errors
/// When they have mistakes.
pub fn compile(sources: Sources) -> Result<Policies, Failure> {
    Policies::compile(sources).map_err(|error| failure(&error))
}

/// A plan that is looked at: its JSON form is written once, however many want it.
#[derive(Debug)]
pub struct Seen<'a> {
    plan: &'a Plan,
    loaded: &'a Loaded,
    json: PlanText,
}

/// The JSON form of a plan, if it was needed. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct PlanText(Arc<OnceLock<String>>);

impl<'a> Seen<'a> {
    /// A plan with the configuration that it was made from.
    #[must_use]
    pub fn new(plan: &'a Plan, loaded: &'a Loaded) -> Self {
        Self::with(plan, loaded, PlanText::default())
    }

    /// The same, with what was written of this plan before.
    #[must_use]
    pub fn with(plan: &'a Plan, loaded: &'a Loaded, json: PlanText) -> Self {
        Self { plan, loaded, json }
    }

    /// What was written of it, for whoever looks at it next.
    #[must_use]
    pub fn into_text(self) -> PlanText {
        self.json
    }

    /// The plan.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The configuration.
    #[must_use]
    pub fn loaded(&self) -> &'a Loaded {
        self.loaded
    }

    /// The plan as `terrane show -json` has it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn json(&self) -> Result<&str, Failure> {
        if let Some(json) = self.json.0.get() {
            return Ok(json);
        }
        let json = json_of(self.plan, self.loaded)?;
        Ok(self.json.0.get_or_init(|| json))
    }
}

/// What policies say about a plan.
///
/// # Errors
/// When there are no rules, or one can't be evaluated.
pub fn check_plan(
    policies: &Policies,
    namespaces: &Namespaces,
    seen: &Seen<'_>,
) -> Result<Report, Failure> {
    check_json(policies, namespaces, &Input::plan(seen.json()?))
}

fn json_of(plan: &Plan, loaded: &Loaded) -> Result<String, Failure> {
    let mut json = String::new();
    write_json(&mut json, plan, loaded).map_err(|_| {
        Failure::input(
            &policy::POLICY_FAILED,
            "The plan could not be written as JSON.",
        )
    })?;
    Ok(json)
}

/// Writes a plan as `terrane show -json` has it.
///
/// # Errors
/// When that is written to can't be.
pub fn write_json(out: &mut dyn fmt::Write, plan: &Plan, loaded: &Loaded) -> fmt::Result {
    let registry = loaded.registry.clone();
    let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
    let configuration = loaded.configuration_json();
    let context = PlanContext {
        schemas: &schemas,
        version: env!("CARGO_PKG_VERSION"),
        configuration: Some(&configuration),
    };
    plan_json(out, plan, context)
}

/// Where the resources of a configuration are declared.
#[derive(Clone, Debug)]
pub struct Places(BTreeMap<ConfigResource, (String, u32)>);

impl Places {
    /// Those of this configuration.
    #[must_use]
    pub fn of_config(loaded: &Loaded) -> Self {
        let mut places = BTreeMap::new();
        for module in &loaded.config.modules {
            for resource in &module.resources {
                let addr = ConfigResource {
                    module: module.path.clone(),
                    mode: resource.mode,
                    type_name: resource.type_name.clone(),
                    name: resource.name.clone(),
                };
                if let Some(file) = loaded.sources.get(resource.span.file) {
                    let line = file.position(resource.span.start).line;
                    places.insert(addr, (file.path.clone(), line));
                }
            }
        }
        Self(places)
    }

    /// File and line, from 1, of what has this address.
    #[must_use]
    pub fn of(&self, address: &str) -> Option<(String, u32)> {
        let addr: InstanceAddr = address.parse().ok()?;
        self.0.get(&addr.resource.config()).cloned()
    }
}

/// What policies say about a document.
///
/// # Errors
/// When it is not JSON, there are no rules, or one can't be evaluated.
pub fn check_json(
    policies: &Policies,
    namespaces: &Namespaces,
    input: &Input<'_>,
) -> Result<Report, Failure> {
    policies
        .check(input, namespaces)
        .map_err(|error| failure(&error))
}

/// Runs the tests of policies.
///
/// # Errors
/// When they can't be run.
pub fn test(policies: &Policies) -> Result<Vec<Tested>, Failure> {
    policies.test().map_err(|error| failure(&error))
}

/// Writes the library of policies to a folder, for a beginning. Files that are there already stay as they are.
///
/// # Errors
/// When a file can't be written, or one of the same name says something else.
pub fn write_library(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let files = library()
        .iter()
        .map(|file| (folder.join(file.name), file.text));
    for (path, text) in files.clone() {
        if std::fs::read(&path).is_ok_and(|found| found != text.as_bytes()) {
            return Err(Failure::input(
                &policy::POLICY_FILE_EXISTS,
                format!(
                    "{} is there already and says something else than the library. Nothing was written; name another folder, or move it away.",
                    path.display()
                ),
            ));
        }
    }
    std::fs::create_dir_all(folder).map_err(Failure::io(format!(
        "Making the folder {} failed",
        folder.display()
    )))?;
    let mut written = Vec::new();
    for (path, text) in files {
        std::fs::write(&path, text)
            .map_err(Failure::io(format!("Writing {} failed", path.display())))?;
        written.push(path);
    }
    Ok(written)
}

fn failure(error: &PolicyError) -> Failure {
    let rule = match error {
        PolicyError::Unreadable { .. }
        | PolicyError::NoPolicy(_)
        | PolicyError::Syntax { .. }
        | PolicyError::Data { .. }
        | PolicyError::NoRules { .. } => &policy::UNUSABLE_POLICIES,
        PolicyError::Input(_) => &policy::INPUT_NOT_JSON,
        PolicyError::Evaluation { .. } | PolicyError::Shape { .. } | PolicyError::Thread(_) => {
            &policy::POLICY_FAILED
        }
    };
    let text = sentence(&with_causes(error));
    let end = if text.ends_with(['.', '\n']) { "" } else { "." };
    Failure::input(rule, text + end)
}
