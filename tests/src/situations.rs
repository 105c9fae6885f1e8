//! Situations: small configurations with what is said of them, as in `tests/golden-diagnostics`.
//!
//! A situation is `=== title`, the commands after `$` (`validate` if there is none), the files (`-- path` before each, `main.tf` if there is one), `---`,
//! and the output of the last command.

/// One of them.
#[derive(Clone, Debug)]
pub struct Situation {
    /// What it is about.
    pub title: String,
    /// Commands, files as they are written in the file of situations.
    pub input: String,
    /// What the last command writes.
    pub expected: String,
}

impl Situation {
    /// All situations of a file.
    #[must_use]
    pub fn all(text: &str) -> Vec<Self> {
        let cases = text.split("=== ").filter(|case| !case.trim().is_empty());
        cases
            .map(|case| {
                let (title, rest) = case.split_once('\n').unwrap_or((case, ""));
                let (input, expected) = rest.split_once("\n---\n").unwrap_or((rest, ""));
                Self {
                    title: title.to_owned(),
                    input: input.trim_end().to_owned(),
                    expected: expected.trim_matches('\n').to_owned(),
                }
            })
            .collect()
    }

    /// The commands and the files, by path.
    #[must_use]
    pub fn parts(input: &str) -> (Vec<String>, Vec<(String, String)>) {
        let mut commands = Vec::new();
        let mut files: Vec<(String, String)> = Vec::new();
        for line in input.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                commands.push(command.to_owned());
            } else if let Some(path) = line.strip_prefix("-- ") {
                files.push((path.to_owned(), String::new()));
            } else {
                if files.is_empty() {
                    files.push(("main.tf".to_owned(), String::new()));
                }
                if let Some((_, text)) = files.last_mut() {
                    text.extend([line, "\n"]);
                }
            }
        }
        if commands.is_empty() {
            commands.push("validate".to_owned());
        }
        (commands, files)
    }
}
