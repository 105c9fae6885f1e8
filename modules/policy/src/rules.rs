//! The rules of modules, by their names.

use crate::report::Level;
use regorus::unstable::{Expr, Module, Rule, RuleHead};

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It says what is to be said about a plan.
    Says(Level),
    /// It takes others back.
    Exception,
    /// It tests others.
    Test,
    /// It will test others one day.
    Todo,
}

/// A rule that matters, as all modules of its package together declare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) purpose: Purpose,
    /// `deny_public_bucket`.
    pub(crate) name: String,
    /// The parts of its package's name.
    pub(crate) package: Vec<String>,
    /// Where it is declared first.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: u32,
}

impl Declared {
    /// `data.main.deny_public_bucket`.
    pub(crate) fn path(&self) -> String {
        let mut path = String::from("data");
        for part in self.package.iter().chain([&self.name]) {
            if is_name(part) {
                path.extend([".", part]);
            } else {
                path.extend([format!("[{part:?}]")]);
            }
        }
        path
    }

    /// `main`.
    pub(crate) fn namespace(&self) -> String {
        self.package.join(".")
    }

    /// What an exception calls it: `public_bucket`; nothing for a plain `deny`.
    pub(crate) fn suffix(&self) -> &str {
        SAYING
            .iter()
            .find_map(|(prefix, _)| suffix(&self.name, prefix))
            .unwrap_or_default()
    }
}

const SAYING: [(&str, Level); 4] = [
    ("deny", Level::Deny),
    ("violation", Level::Deny),
    ("warn", Level::Warn),
    ("require_approval", Level::RequireApproval),
];

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `public_bucket` of `deny_public_bucket`.
fn suffix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    match name.strip_prefix(prefix)? {
        "" => Some(""),
        rest => rest
            .strip_prefix('_')
            .filter(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')),
    }
}

fn purpose(name: &str) -> Option<Purpose> {
    if name == "exception" {
        return Some(Purpose::Exception);
    }
    if name.starts_with("todo_test_") {
        return Some(Purpose::Todo);
    }
    if name.starts_with("test_") {
        return Some(Purpose::Test);
    }
    SAYING
        .iter()
        .find(|(prefix, _)| suffix(name, prefix).is_some())
        .map(|(_, level)| Purpose::Says(*level))
}

/// The rules that matter of one module, each as often as it is declared.
pub(crate) fn of_module(module: &Module, package: &[String]) -> Vec<Declared> {
    let declared = module.policy.iter().filter_map(|rule| {
        let refr = match rule.as_ref() {
            Rule::Spec {
                head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. },
                ..
            } => refr,
            // A function says nothing by itself; a default is beside a rule.
            Rule::Spec {
                head: RuleHead::Func { .. },
                ..
            }
            | Rule::Default { .. } => return None,
        };
        let (name, line, file) = root(refr)?;
        Some(Declared {
            purpose: purpose(&name)?,
            name,
            package: package.to_vec(),
            file,
            line,
        })
    });
    declared.collect()
}

/// The name that a rule's head begins with: `deny` of `deny[msg]`.
fn root(refr: &Expr) -> Option<(String, u32, String)> {
    let mut refr = refr;
    loop {
        match refr {
            Expr::Var { span, .. } => {
                return Some((
                    span.text().to_owned(),
                    span.line,
                    span.source.file().clone(),
                ));
            }
            Expr::RefDot { refr: inner, .. } | Expr::RefBrack { refr: inner, .. } => refr = inner,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Purpose, purpose, suffix};

    #[test]
    fn names_tell_what_rules_are_for() {
        for (name, expected) in [
            ("deny", Some(Purpose::Says(Level::Deny))),
            ("deny_public_bucket", Some(Purpose::Says(Level::Deny))),
            ("violation_x1", Some(Purpose::Says(Level::Deny))),
            ("warn", Some(Purpose::Says(Level::Warn))),
            (
                "require_approval_data",
                Some(Purpose::Says(Level::RequireApproval)),
            ),
            ("denying", None),
            ("allow", None),
            ("exception", Some(Purpose::Exception)),
            ("test_deny", Some(Purpose::Test)),
            ("todo_test_deny", Some(Purpose::Todo)),
        ] {
            assert_eq!(purpose(name), expected, "{name}");
        }
        assert_eq!(suffix("deny_a_b", "deny"), Some("a_b"));
        assert_eq!(suffix("deny", "deny"), Some(""));
    }
}
