//! `providers` and `providers schema`.

pub(crate) mod lock;
mod schema;

use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::model::addr::ModulePath;
use terrane_ops::requirements::{self, Requirements};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let variables = variables(parsed);
    with_session(app, parsed, "providers", |app, session| {
        let found = requirements::run(session, &variables)?;
        let mut text = String::from("\nProviders required by configuration:\n.\n");
        branches(&found, &ModulePath::root(), "", &mut text);
        text.push('\n');
        if !found.state.is_empty() {
            text += "Providers required by state:\n\n";
            for addr in &found.state {
                text.extend(["    provider[", &addr.to_string(), "]\n\n"]);
            }
        }
        app.out().print(&text);
        app.show_report(&found.report);
        Ok(Exit::OK)
    })
}

/// The providers of a module, then the modules that it calls.
fn branches(found: &Requirements, module: &ModulePath, indent: &str, text: &mut String) {
    let own = found.modules.get(module).map(Vec::as_slice);
    let own = own.unwrap_or_default().iter().map(|(addr, constraints)| {
        let gap = if constraints.is_empty() { "" } else { " " };
        (format!("provider[{addr}]{gap}{constraints}"), None)
    });
    // Modules without requirements of their own lead to some that have them.
    let mut names: Vec<_> = found
        .modules
        .keys()
        .filter(|path| path.0.len() > module.0.len() && path.0.starts_with(&module.0))
        .filter_map(|path| path.0.get(module.0.len()).cloned())
        .collect();
    names.dedup();
    let children = names
        .into_iter()
        .map(|name| (format!("module.{name}"), Some(module.child(name))));
    let all: Vec<_> = own.chain(children).collect();
    for (at, (label, child)) in all.iter().enumerate() {
        let (branch, below) = if at + 1 == all.len() {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        text.extend([indent, branch, label, "\n"]);
        if let Some(child) = child {
            branches(found, child, &format!("{indent}{below}"), text);
        }
    }
}

pub(crate) fn schema(app: &mut App, parsed: &Parsed) -> Exit {
    if !parsed.is("json", false) {
        return app.usage_error(
            None,
            "The schemas can be had as JSON only: give the -json option.",
        );
    }
    // The answer itself is JSON; messages are for people.
    app.human_only();
    let variables = variables(parsed);
    with_session(app, parsed, "providers schema", |app, session| {
        let schemas = block_on(requirements::schemas(session, &variables))?;
        let text = schema::to_json(&schemas);
        app.out().print(&format!("{text}\n"));
        Ok(Exit::OK)
    })
}
