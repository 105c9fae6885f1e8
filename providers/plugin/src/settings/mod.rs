//! The settings of the command line that are about providers: the file that `TF_CLI_CONFIG_FILE` names, or `~/.tofurc`, `~/.terraformrc` (`opentofu.md` 4.6).

mod hcl1;

use hcl1::{Item, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a settings file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Provider addresses, as they are written, and the folders in which their programs are.
    pub dev_overrides: BTreeMap<String, PathBuf>,
}

/// What is wrong with a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Where, counted from 1.
    pub line: usize,
    /// A sentence without final period.
    pub problem: String,
}

impl Settings {
    /// Reads the text of a settings file. Settings that are about other things are left alone.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let items = hcl1::parse(text).map_err(|(line, problem)| SettingsError { line, problem })?;
        let mut settings = Self::default();
        for installation in bodies(&items, "provider_installation")? {
            for overrides in bodies(installation, "dev_overrides")? {
                for item in overrides {
                    let (Some(addr), Value::Text(path)) = (item.keys.first(), &item.value) else {
                        return Err(wrong(
                            item,
                            "a folder is expected here, as a text in quotes",
                        ));
                    };
                    let path = Path::new(path).to_owned();
                    settings.dev_overrides.insert(addr.clone(), path);
                }
            }
        }
        Ok(settings)
    }
}

fn wrong(item: &Item, problem: impl Into<String>) -> SettingsError {
    SettingsError {
        line: item.line,
        problem: problem.into(),
    }
}

/// The bodies of all blocks of a type.
fn bodies<'a>(items: &'a [Item], name: &str) -> Result<Vec<&'a [Item]>, SettingsError> {
    items
        .iter()
        .filter(|item| item.keys.first().is_some_and(|key| key == name))
        .map(|item| match &item.value {
            Value::Object(items) => Ok(items.as_slice()),
            _ => Err(wrong(item, format!("{name} is a block: {name} {{ … }}"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn overrides() {
        let text = "provider_installation {\n  dev_overrides {\n    \"a/b\" = \"/x\"\n  }\n  direct {}\n}\n";
        let found = Settings::parse(text).unwrap().dev_overrides;
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("a/b".to_owned(), "/x".into())]
        );
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        let error = Settings::parse("provider_installation {\n  dev_overrides { \"a/b\" = 1 }\n}")
            .unwrap_err();
        assert_eq!(error.line, 2);
        assert!(Settings::parse("provider_installation = 1").is_err());
    }
}
