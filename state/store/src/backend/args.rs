//! Reading the arguments of a `backend` block.

use super::ConfigError;
use std::collections::BTreeMap;
use terrane_value::{Kind, Path, Value};

/// Arguments, with the environment that some are taken from.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    value: &'a Value,
    env: &'a BTreeMap<String, String>,
}

impl<'a> Args<'a> {
    /// The arguments, an object of the implied type of the schema, and the environment.
    #[must_use]
    pub fn new(value: &'a Value, env: &'a BTreeMap<String, String>) -> Self {
        Self { value, env }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.value
            .unmarked()
            .get(name)
            .map(Value::unmarked)
            .filter(|value| !value.is_null())
    }

    /// A text that is set, in the block or else in the first of these variables. An empty one is as good as none.
    pub fn text(&self, name: &str, vars: &[&str]) -> Option<&'a str> {
        self.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .or_else(|| self.var(vars))
    }

    /// A text of the block, which may be empty.
    #[must_use]
    pub fn get_text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A path, in which `~/` stands for the home folder.
    #[must_use]
    pub fn expand_home(&self, path: &str) -> String {
        match (path.strip_prefix("~/"), self.var(&["HOME"])) {
            (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
            _ => path.to_owned(),
        }
    }

    /// A text that must be set.
    pub fn needed(&self, name: &str, vars: &[&str]) -> Result<&'a str, ConfigError> {
        self.text(name, vars).ok_or_else(|| {
            let or = match vars.first() {
                Some(var) => format!(" or the environment variable {var}"),
                None => String::new(),
            };
            ConfigError::at(name, format!("the argument `{name}`{or} must be set"))
        })
    }

    /// The first of these variables that is set and not empty.
    pub fn var(&self, vars: &[&str]) -> Option<&'a str> {
        vars.iter()
            .filter_map(|var| self.env.get(*var))
            .map(String::as_str)
            .find(|text| !text.is_empty())
    }

    /// A yes or no.
    pub fn flag(&self, name: &str, vars: &[&str]) -> Result<Option<bool>, ConfigError> {
        if let Some(flag) = self.get(name).and_then(Value::as_bool) {
            return Ok(Some(flag));
        }
        match self.var(vars) {
            None => Ok(None),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
            Some(text) => Err(ConfigError::at(
                name,
                format!("`{text}` (from the environment) is neither `true` nor `false`"),
            )),
        }
    }

    /// A whole number that is not negative.
    pub fn number(&self, name: &str, vars: &[&str]) -> Result<Option<u64>, ConfigError> {
        let bad = |what: String| {
            ConfigError::at(name, format!("{what} is not a whole number from 0 upwards"))
        };
        if let Some(number) = self.get(name).and_then(Value::as_number) {
            return number
                .to_u64()
                .map(Some)
                .ok_or_else(|| bad(String::from("it")));
        }
        self.var(vars)
            .map(|text| {
                text.parse()
                    .map_err(|_| bad(format!("`{text}` (from the environment)")))
            })
            .transpose()
    }

    /// A list or set of texts; empty where it is not set.
    pub fn texts(&self, name: &str) -> Vec<&'a str> {
        self.get(name)
            .map(|value| {
                value
                    .children()
                    .iter()
                    .filter_map(|item| item.unmarked().as_str())
                    .collect()
            })
            .unwrap_or_default()
    }

    /// A map of texts; empty where it is not set.
    pub fn map(&self, name: &str) -> BTreeMap<String, String> {
        match self.get(name).map(Value::kind) {
            Some(Kind::Map(map)) => map
                .iter()
                .filter_map(|(key, value)| {
                    Some((key.to_string(), value.unmarked().as_str()?.to_owned()))
                })
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    /// Arguments within an argument; `None` where it is not set.
    pub fn nested(&self, name: &str) -> Option<Self> {
        self.get(name).map(|value| Self {
            value,
            env: self.env,
        })
    }

    /// The path of an argument within an argument.
    pub fn path(outer: &str, inner: &str) -> Path {
        Path::new().attr(outer).attr(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Args;
    use std::collections::BTreeMap;
    use terrane_value::{Type, Value};

    #[test]
    fn arguments_come_before_the_environment_and_empty_ones_are_none() {
        let value = Value::object([
            ("a", Value::string("block")),
            ("b", Value::null(Type::String)),
            ("c", Value::string("")),
            ("n", Value::number(3_i64)),
        ]);
        let env: BTreeMap<_, _> = [("A", "env"), ("B", "env"), ("N", "x"), ("T", "true")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let args = Args::new(&value, &env);
        assert_eq!(args.text("a", &["A"]), Some("block"));
        assert_eq!(args.text("b", &["NONE", "B"]), Some("env"));
        assert_eq!(args.text("c", &[]), None);
        assert_eq!(args.number("n", &["N"]), Ok(Some(3)));
        assert!(args.number("m", &["N"]).is_err());
        assert_eq!(args.flag("t", &["T"]), Ok(Some(true)));
        assert_eq!(args.flag("t", &["U"]), Ok(None));
        let error = args.needed("c", &["C"]).expect_err("empty");
        assert!(error.message.contains('C'), "{error}");
    }
}
