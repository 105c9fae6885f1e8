//! Reading flags in the manner of Go's `flag` package, which users of the peers are used to: `-flag`, `-flag=value`, `-flag value`,
//! and all of these with two dashes. Unlike there, flags may also stand behind positional arguments.

use super::flags::{Flag, Kind};
use std::collections::BTreeMap;
use terrane_ops::lang::syntax::suggest::suggestion;

/// The arguments of one command, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parsed {
    bools: BTreeMap<&'static str, bool>,
    /// All flags with values, in the order in which they were given.
    values: Vec<(&'static str, String)>,
    /// What is not a flag.
    pub(crate) positional: Vec<String>,
    /// `-help` or `-h` was among them.
    pub(crate) help: bool,
}

impl Parsed {
    /// Whether a boolean flag is on. Those that are on by default say so here.
    pub(crate) fn is(&self, name: &str, default: bool) -> bool {
        self.bools.get(name).copied().unwrap_or(default)
    }

    /// What was said of a flag that is on or off, if anything was.
    pub(crate) fn chosen(&self, name: &str) -> Option<bool> {
        self.bools.get(name).copied()
    }

    /// The last value of a flag.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .rev()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of some flags, in the order in which they were given.
    pub(crate) fn values<'a>(
        &'a self,
        names: &'a [&'static str],
    ) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.values
            .iter()
            .filter(|(name, _)| names.contains(name))
            .map(|(name, value)| (*name, value.as_str()))
    }
}

/// Reads the arguments of a command that knows these flags.
///
/// # Errors
/// A sentence about the argument that makes no sense.
pub(crate) fn parse(groups: &[&'static [Flag]], arguments: &[String]) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(flag) = argument.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
            parsed.positional.push(argument.clone());
            continue;
        };
        if argument == "--" {
            parsed.positional.extend(rest.cloned());
            break;
        }
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, given) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        let known = groups
            .iter()
            .copied()
            .flatten()
            .find(|known| known.name == name);
        let Some(known) = known else {
            if matches!(name, "help" | "h") {
                parsed.help = true;
                continue;
            }
            let known = groups.iter().copied().flatten().map(|known| known.name);
            return Err(unknown(name, known));
        };
        match known.kind {
            Kind::Bool => {
                let value = given.map_or(Ok(true), |text| {
                    boolean(text).ok_or_else(|| {
                        format!("invalid boolean value {text:?} for -{name}: parse error")
                    })
                })?;
                parsed.bools.insert(known.name, value);
            }
            Kind::Value => {
                let value = match given {
                    Some(value) => value.to_owned(),
                    None => rest
                        .next()
                        .cloned()
                        .ok_or_else(|| format!("flag needs an argument: -{name}"))?,
                };
                parsed.values.push((known.name, value));
            }
        }
    }
    Ok(parsed)
}

/// What is said of a flag that the command does not have.
fn unknown(name: &str, known: impl Iterator<Item = &'static str>) -> String {
    let problem = format!("flag provided but not defined: -{name}");
    match name {
        "state" | "state-out" => format!(
            "{problem}. Where the state is kept is said by the `backend` block (and by `terrane init -backend-config`), and without one it is in the folder terrane.state beside the \
             configuration. Choose another state with `terrane workspace select`, or work in another folder with -chdir. `terrane state pull` and `terrane state push` write and read state files."
        ),
        "json-into" => format!(
            "{problem}: what is shown goes to one place, for people or for programs. Give -json, write standard output to a file, and show that with a program of yours; or make a plan with -out, which `terrane show -json` writes again whenever it is needed."
        ),
        _ => match suggestion(name, known) {
            Some(near) => format!("{problem}. Did you mean -{near}?"),
            None => problem,
        },
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Splits a line into words as a shell does: blanks separate, quotes and backslashes protect. For `TF_CLI_ARGS`.
///
/// # Errors
/// When a quote is not closed.
pub(crate) fn split_words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(char) => word.push(char),
                        None => return Err(format!("a single quote is not closed in {line:?}")),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(char @ ('"' | '\\' | '$' | '`')) => word.push(char),
                            Some(char) => word.extend(['\\', char]),
                            None => {
                                return Err(format!("a double quote is not closed in {line:?}"));
                            }
                        },
                        Some(char) => word.push(char),
                        None => return Err(format!("a double quote is not closed in {line:?}")),
                    }
                }
            }
            '\\' => {
                let word = word.get_or_insert_default();
                word.extend(chars.next());
            }
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{Flag, Kind, parse, split_words};

    const FLAGS: &[Flag] = &[
        Flag::new("json", Kind::Bool, "", ""),
        Flag::new("refresh", Kind::Bool, "", ""),
        Flag::new("out", Kind::Value, "", ""),
        Flag::new("var", Kind::Value, "", ""),
        Flag::new("var-file", Kind::Value, "", ""),
    ];

    fn words(line: &str) -> Vec<String> {
        split_words(line).unwrap()
    }

    #[test]
    fn flags_are_read_as_go_reads_them() {
        let parsed = parse(
            &[FLAGS],
            &words("-json --refresh=false -var a=1 -var-file=f --out x pos -var=b=2 -- -y"),
        )
        .unwrap();
        assert!(parsed.is("json", false));
        assert!(!parsed.is("refresh", true));
        assert_eq!(parsed.value("out"), Some("x"));
        let order: Vec<_> = parsed.values(&["var", "var-file"]).collect();
        assert_eq!(order, [("var", "a=1"), ("var-file", "f"), ("var", "b=2")]);
        assert_eq!(parsed.positional, ["pos", "-y"]);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (line, problem) in [
            ("-bogus", "flag provided but not defined: -bogus"),
            ("-out", "flag needs an argument: -out"),
            (
                "-json=maybe",
                "invalid boolean value \"maybe\" for -json: parse error",
            ),
        ] {
            assert_eq!(parse(&[FLAGS], &words(line)), Err(problem.to_owned()));
        }
    }

    #[test]
    fn a_lone_dash_is_an_argument_and_help_is_always_known() {
        let parsed = parse(&[FLAGS], &words("- -h")).unwrap();
        assert_eq!(parsed.positional, ["-"]);
        assert!(parsed.help);
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (line, expect) in [
            ("", &[] as &[&str]),
            ("  a  b ", &["a", "b"]),
            (
                r#"-var 'a=b c' "d \"e\" \f""#,
                &["-var", "a=b c", r#"d "e" \f"#],
            ),
            (r"a\ b ''", &["a b", ""]),
        ] {
            assert_eq!(words(line), expect, "{line}");
        }
        assert!(split_words("'open").is_err());
    }
}
