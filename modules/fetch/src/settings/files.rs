//! Which files settings are in.

use super::{Settings, SettingsError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Settings with what is wrong with their files: a bad file is left out, the others hold.
#[derive(Clone, Debug, Default)]
pub struct LoadedSettings {
    /// What is said.
    pub settings: Settings,
    /// Files that are left out, with a sentence without final period.
    pub problems: Vec<(PathBuf, String)>,
}

impl LoadedSettings {
    /// Reads all files that the environment and the user's folder name.
    #[must_use]
    pub fn of(env: &BTreeMap<String, String>) -> Self {
        let mut loaded = Self::default();
        let (main, only) = main_file(env);
        if let Some(path) = main {
            loaded.add(&path, env);
        }
        // A file that the environment names stands for all.
        if !only && let Some(dir) = config_dir(env) {
            for path in of_folder(&dir) {
                loaded.add(&path, env);
            }
        }
        if let Some(dir) = variable(env, "TF_PLUGIN_CACHE_DIR") {
            loaded.settings.plugin_cache_dir = Some(PathBuf::from(dir));
        }
        if let Some(value) = variable(env, "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE") {
            loaded.settings.plugin_cache_may_break_lock_file = value != "0" && value != "false";
        }
        loaded
    }

    fn add(&mut self, path: &Path, env: &BTreeMap<String, String>) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.problems
                    .push((path.to_owned(), format!("it can't be read: {error}")));
                return;
            }
        };
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        let read = if is_json {
            Settings::parse_json(&text, env)
        } else {
            Settings::parse(&text, env)
        };
        match read {
            Ok(settings) => self.settings.merge(settings),
            Err(SettingsError { line, problem }) => self
                .problems
                .push((path.to_owned(), format!("{problem} (line {line})"))),
        }
    }
}

/// The main file, and whether it is the only one.
fn main_file(env: &BTreeMap<String, String>) -> (Option<PathBuf>, bool) {
    for name in ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"] {
        if let Some(path) = variable(env, name) {
            return (Some(PathBuf::from(path)), true);
        }
    }
    let mut candidates = Vec::new();
    if let Some(home) = variable(env, "HOME") {
        let home = Path::new(home);
        candidates.extend([home.join(".tofurc"), home.join(".terraformrc")]);
    }
    candidates.extend(xdg(env).map(|dir| dir.join("tofurc")));
    (candidates.into_iter().find(|path| path.exists()), false)
}

/// The folder of the user's settings, in which `credentials.tfrc.json` is: `~/.terraform.d`, or that of OpenTofu if only that is there.
#[must_use]
pub fn config_dir(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let usual = variable(env, "HOME").map(|home| Path::new(home).join(".terraform.d"));
    let other = xdg(env).filter(|dir| dir.is_dir());
    match usual {
        Some(dir) if dir.is_dir() || other.is_none() => Some(dir),
        _ => other,
    }
}

fn xdg(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let base = variable(env, "XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || Some(Path::new(variable(env, "HOME")?).join(".config"));
    Some(base.or_else(home)?.join("opentofu"))
}

/// The settings files of a folder, by name.
fn of_folder(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let ours = name.ends_with(".tfrc") || name.ends_with(".tfrc.json");
            (ours && path.is_file()).then_some(path)
        })
        .collect();
    files.sort();
    files
}

fn variable<'a>(env: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let value = env.get(name)?;
    (!value.is_empty()).then_some(value)
}
