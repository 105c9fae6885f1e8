//! Names to complete, and help about them.

use terrane_config::config::{Config, Module, ModuleId};
use terrane_lang::functions::help as functions;
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
        functions::all()
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
            Mode::Action => "action.",
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
    if topic.is_empty() {
        return format!(
            "Write an expression to see its value: 1 + 1, var.name, keys(local.tags).\n\n  type(x)      the type of a value\n  help(name)   what a function does\n  exit         leave\n\n{}",
            functions::overview().trim_end()
        );
    }
    if let Some(help) = functions::help(topic) {
        return help.render().trim_end().to_owned();
    }
    let nearly = functions::suggestion(topic)
        .map(|name| format!(" Did you mean {name:?}?"))
        .unwrap_or_default();
    format!("There is no function named {topic:?}.{nearly} Write `help` to see all of them.")
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
        assert!(help("").contains("zipmap"));
        assert!(help("kesy").contains("Did you mean \"keys\"?"));
    }
}
