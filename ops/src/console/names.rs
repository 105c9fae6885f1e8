//! Names to complete, and help about them.

use terrane_config::config::{Config, Module, ModuleId};
use terrane_lang::functions::table::descriptions;
use terrane_model::addr::Mode;

/// The names that an expression in the root module may begin with, sorted.
pub(super) fn names(config: &Config) -> Vec<String> {
    let mut names: Vec<String> = [
        "path.cwd",
        "path.module",
        "path.root",
        "terraform.workspace",
    ]
    .map(String::from)
    .into();
    names.extend(["help(", "type("].map(String::from));
    names.extend(
        descriptions()
            .iter()
            .map(|function| format!("{}(", function.name)),
    );
    if let Some(root) = config.modules.first() {
        declared(config, root, &mut names);
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn declared(config: &Config, root: &Module, names: &mut Vec<String>) {
    let variables = root.variables.iter();
    names.extend(variables.map(|variable| format!("var.{}", variable.name)));
    names.extend(
        root.locals
            .iter()
            .map(|local| format!("local.{}", local.name)),
    );
    names.extend(root.resources.iter().map(|resource| {
        let prefix = match resource.mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
        };
        format!("{prefix}{}.{}", resource.type_name, resource.name)
    }));
    for call in &root.calls {
        names.push(format!("module.{}", call.name));
        let ModuleId(module) = call.module;
        let outputs = config
            .modules
            .get(module as usize)
            .map(|module| &module.outputs);
        for output in outputs.into_iter().flatten() {
            names.push(format!("module.{}.{}", call.name, output.name));
        }
    }
}

/// What help is asked about; empty: everything. `None`: it is not asked for.
pub(super) fn help_topic(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix("help")?.trim();
    if rest.is_empty() {
        return Some("");
    }
    let topic = rest.strip_prefix('(')?.strip_suffix(')')?;
    let topic = topic.trim().trim_matches('"');
    let fits = |char: char| char.is_ascii_alphanumeric() || "_:-".contains(char);
    topic.chars().all(fits).then_some(topic)
}

/// The text of help.
pub(super) fn help(topic: &str) -> String {
    let name = topic.strip_prefix("core::").unwrap_or(topic);
    let all = descriptions();
    if name.is_empty() {
        let mut text = String::from(
            "Write an expression to see its value: 1 + 1, var.name, keys(local.tags).\n\n  type(x)      the type of a value\n  help(name)   what a function does\n  exit         leave\n\nFunctions:\n",
        );
        let mut line = String::new();
        for function in &all {
            if line.len() + function.name.len() > 76 {
                text.push_str(&line);
                text.push('\n');
                line.clear();
            }
            line.push_str("  ");
            line.push_str(function.name);
        }
        return text + &line;
    }
    match all.iter().find(|function| function.name == name) {
        Some(function) => format!("{}\n\n{}", function.signature, function.about),
        None => format!("There is no function named {name:?}. Write `help` to see all of them."),
    }
}

#[cfg(test)]
mod tests {
    use super::{help, help_topic};

    #[test]
    fn help_is_asked_for_by_name() {
        for (text, expect) in [
            ("help", Some("")),
            ("help()", Some("")),
            (" help( keys ) ", Some("keys")),
            ("help(\"keys\")", Some("keys")),
            ("help(core::keys)", Some("core::keys")),
            ("help(1 + 1)", None),
            ("helper", None),
            ("help + 1", None),
        ] {
            assert_eq!(help_topic(text), expect, "{text}");
        }
    }

    #[test]
    fn functions_are_explained() {
        assert!(help("core::keys").starts_with("keys("));
        assert!(help("").contains("  zipmap"));
        assert!(help("nope").contains("no function"));
    }
}
