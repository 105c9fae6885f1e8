//! Why policies can't be used.

use std::path::PathBuf;

/// Why policies can't be read, understood or evaluated.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file or folder can't be read.
    #[error("reading {} failed", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There are no policies in a place where they should be.
    #[error("there is no policy (a file that ends in .rego) in {}", .0.display())]
    NoPolicy(PathBuf),
    /// A module is not understood.
    #[error("the module {name} is not understood:\n{problem}")]
    Syntax {
        /// The module's file.
        name: String,
        /// What is wrong, with the place.
        problem: String,
    },
    /// A data file is not understood, or says something else than another one.
    #[error("the data in {name} can't be used: {problem}")]
    Data {
        /// The file.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// What policies look at is not JSON.
    #[error("what the policies should look at is not understood: {0}")]
    Input(String),
    /// There are no rules where they are looked for.
    #[error("{}", no_rules(.namespace, .others))]
    NoRules {
        /// The package.
        namespace: String,
        /// Packages that have rules.
        others: Vec<String>,
    },
    /// A rule can't be evaluated.
    #[error("the rule {rule} can't be evaluated:\n{problem}")]
    Evaluation {
        /// Its full name.
        rule: String,
        /// Why.
        problem: String,
    },
    /// A rule gives what is no message.
    #[error(
        "the rule {rule} gives {found}; it should give a set of messages, or of objects with a message in `msg`"
    )]
    Shape {
        /// Its full name.
        rule: String,
        /// What it gives.
        found: String,
    },
    /// The thread that evaluates did not start, or died.
    #[error("policies can't be evaluated: {0}")]
    Thread(String),
}

fn no_rules(namespace: &str, others: &[String]) -> String {
    let mut text = format!(
        "the package {namespace} has no rule that is looked at (deny, violation, warn or require_approval, each with any suffix)"
    );
    if others.is_empty() {
        text.push_str(", nor has another one");
    } else {
        text.push_str("; there are some in ");
        text.push_str(&others.join(", "));
        text.push_str(
            ". Name the packages that are to be looked at with -policy-namespace, or '*' for all",
        );
    }
    text
}
