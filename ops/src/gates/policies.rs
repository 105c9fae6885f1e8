//! Policies that gates name: they look at every plan, and are in force together with the gates.

use crate::failure::Failure;
use crate::policy::{self, PolicyRequest, Seen};
use ecow::{EcoString, eco_format};
use std::path::Path;
use terrane_gate::facts::{PolicyLevel, PolicyResult};
use terrane_gate::gates::{File, Gates, Role};
use terrane_policy::{Level, Namespaces, Source, Sources};

/// Policies that were understood.
#[derive(Clone, Debug)]
pub struct Policies {
    policies: terrane_policy::Policies,
    namespaces: Namespaces,
}

/// The files of the policies that these gates name.
pub(super) fn named(root: &Path, gates: &Gates) -> Result<Vec<File>, Failure> {
    let Some(named) = &gates.policies else {
        return Ok(Vec::new());
    };
    let paths = |names: &[EcoString]| names.iter().map(|name| root.join(name.as_str())).collect();
    let request = PolicyRequest {
        places: paths(&named.modules),
        data: paths(&named.data),
        namespaces: Namespaces::default(),
    };
    let Sources { policies, data } = request.read()?;
    let root = root.to_string_lossy();
    let modules = policies.into_iter().map(|source| File {
        role: Role::Module,
        name: within(&root, &source.name),
        content: source.text.into_bytes(),
    });
    // The folders say where the content is found, so they are its name.
    let data = data.into_iter().map(|(folders, source)| {
        let name = Path::new(&source.name)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let parts = folders.into_iter().chain(name);
        File {
            role: Role::Data,
            name: parts.collect::<Vec<_>>().join("/"),
            content: source.text.into_bytes(),
        }
    });
    Ok(modules.chain(data).collect())
}

fn within(root: &str, path: &str) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.trim_start_matches(['/', '\\']).to_owned()
}

/// Understands the policies among these files.
pub(super) fn compile(gates: &Gates, files: &[File]) -> Result<Option<Policies>, Failure> {
    let Some(named) = &gates.policies else {
        return Ok(None);
    };
    let mut sources = Sources::default();
    for file in files {
        let source = Source {
            name: file.name.clone(),
            text: String::from_utf8_lossy(&file.content).into_owned(),
        };
        match file.role {
            Role::Gates | Role::Prices | Role::Usage => {}
            Role::Module => sources.policies.push(source),
            Role::Data => {
                let folders = file.name.rsplit_once('/').map(|(folders, _)| folders);
                let folders = folders.into_iter().flat_map(|folders| folders.split('/'));
                sources
                    .data
                    .push((folders.map(str::to_owned).collect(), source));
            }
        }
    }
    Ok(Some(Policies {
        policies: policy::compile(sources)?,
        namespaces: if named.namespaces.iter().any(|name| name == "*") {
            Namespaces::All
        } else if named.namespaces.is_empty() {
            Namespaces::Main
        } else {
            Namespaces::Named(named.namespaces.iter().map(ToString::to_string).collect())
        },
    }))
}

impl Policies {
    /// What they say about a plan. Where that can't be found out, the plan is denied.
    pub(super) fn say(&self, seen: &Seen<'_>) -> Vec<PolicyResult> {
        match policy::check_plan(&self.policies, &self.namespaces, seen) {
            Ok(report) => report.results.into_iter().map(said).collect(),
            Err(failure) => {
                let report = failure.into_report();
                let problems = report.diagnostics.iter();
                let problems: Vec<String> = problems
                    .map(|problem| format!("{}: {}", problem.summary, problem.detail))
                    .collect();
                vec![PolicyResult {
                    level: PolicyLevel::Deny,
                    rule: "policies".into(),
                    message: problems.join("\n").into(),
                    addresses: Vec::new(),
                }]
            }
        }
    }
}

fn said(result: terrane_policy::PolicyResult) -> PolicyResult {
    PolicyResult {
        level: match result.level {
            Level::Deny => PolicyLevel::Deny,
            Level::RequireApproval => PolicyLevel::RequireApproval,
            Level::Warn => PolicyLevel::Warn,
        },
        rule: eco_format!("{}.{}", result.namespace, result.rule),
        message: result.text().into(),
        addresses: result.addresses.into_iter().map(EcoString::from).collect(),
    }
}
