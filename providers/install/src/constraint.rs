//! Version constraints of providers: `>= 1.2, < 2.0.0`, `~> 5.1`, and the one form in which the lock file keeps them.
//!
//! They are stricter than constraints of the engine or of modules: a version has three numbers, and a pre-release is taken only where it is asked for by name.

use semver::{BuildMetadata, Prerelease, Version};
use std::cmp::Ordering;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operator {
    // In the order in which the peers write those that are about the same version.
    Greater,
    GreaterEqual,
    Equal,
    Pessimistic,
    LessEqual,
    Less,
    NotEqual,
}

impl Operator {
    /// The longer sign first, where one begins with another.
    const SIGNS: [(&'static str, Self); 7] = [
        (">=", Self::GreaterEqual),
        ("<=", Self::LessEqual),
        ("!=", Self::NotEqual),
        ("~>", Self::Pessimistic),
        (">", Self::Greater),
        ("<", Self::Less),
        ("=", Self::Equal),
    ];
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    bound: Version,
    /// How many numbers were written.
    numbers: u8,
}

/// Conditions that must all hold. Without any, every release is fine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints(Vec<Condition>);

impl Constraints {
    /// Reads constraints as a configuration has them.
    ///
    /// # Errors
    /// A sentence without final period that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(String::from("it is empty"));
        }
        let mut all = Self::default();
        for part in text.split(',') {
            all.push(Condition::parse(part.trim())?);
        }
        Ok(all)
    }

    /// All conditions of both.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for condition in &other.0 {
            self.push(condition.clone());
        }
        self
    }

    fn push(&mut self, condition: Condition) {
        if !self.0.iter().any(|known| known.order(&condition).is_eq()) {
            self.0.push(condition);
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a version meets all of them. A pre-release does so only if it is named by one of them.
    #[must_use]
    pub fn allow(&self, version: &Version) -> bool {
        let named = |condition: &Condition| {
            condition.operator == Operator::Equal && condition.allows(version)
        };
        (version.pre.is_empty() || self.0.iter().any(named))
            && self.0.iter().all(|condition| condition.allows(version))
    }

    /// The newest of these versions that meets all of them.
    #[must_use]
    pub fn newest<'a>(
        &self,
        versions: impl IntoIterator<Item = &'a Version>,
    ) -> Option<&'a Version> {
        versions
            .into_iter()
            .filter(|version| self.allow(version))
            .max_by(|a, b| a.cmp(b))
    }
}

/// As the lock file has it: ordered by version, without repetitions, `1` completed to `1.0.0`.
impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted: Vec<&Condition> = self.0.iter().collect();
        sorted.sort_by(|a, b| a.order(b));
        for (at, condition) in sorted.into_iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{condition}")?;
        }
        Ok(())
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Self, String> {
        let (operator, rest) = Operator::SIGNS
            .iter()
            .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))
            .unwrap_or((Operator::Equal, text));
        let version = rest.trim_start();
        if rest.len() - version.len() > 1 {
            return Err(format!(
                "in {text:?} only one space may follow the operator"
            ));
        }
        if version.starts_with(['v', 'V']) {
            return Err(format!("in {text:?} the version must not begin with \"v\""));
        }
        let (bound, numbers) =
            parse_bound(version).map_err(|problem| format!("in {text:?} {problem}"))?;
        if numbers < 3 && operator != Operator::Pessimistic {
            return Ok(Self {
                operator,
                bound,
                numbers: 3,
            });
        }
        // `~> 1` leaves open what `~> 1.0` leaves open.
        Ok(Self {
            operator,
            bound,
            numbers: numbers.max(2),
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        self.bound
            .cmp(&other.bound)
            .then(self.operator.cmp(&other.operator))
            .then(other.numbers.cmp(&self.numbers))
    }

    fn allows(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.bound);
        match self.operator {
            Operator::Equal => order.is_eq() && version.build == self.bound.build,
            Operator::NotEqual => order.is_ne(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessEqual => order.is_le(),
            Operator::Pessimistic => {
                order.is_ge()
                    && version.major == self.bound.major
                    && (self.numbers < 3 || version.minor == self.bound.minor)
            }
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.operator {
            Operator::Equal => "",
            Operator::Greater => "> ",
            Operator::GreaterEqual => ">= ",
            Operator::Less => "< ",
            Operator::LessEqual => "<= ",
            Operator::NotEqual => "!= ",
            Operator::Pessimistic => "~> ",
        };
        let Version { major, minor, .. } = &self.bound;
        if self.numbers < 3 {
            write!(f, "{sign}{major}.{minor}")
        } else {
            write!(f, "{sign}{}", self.bound)
        }
    }
}

/// A version with one to three numbers, and how many it had.
fn parse_bound(text: &str) -> Result<(Version, u8), String> {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, build),
        None => (text, ""),
    };
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) => (numbers, pre),
        None => (text, ""),
    };
    let mut found = [0_u64; 3];
    let mut count = 0_u8;
    for part in numbers.split('.') {
        let Some(slot) = found.get_mut(usize::from(count)) else {
            return Err(String::from("there are more than three numbers"));
        };
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let plain = digits && (part == "0" || !part.starts_with('0'));
        *slot = plain
            .then(|| part.parse().ok())
            .flatten()
            .ok_or_else(|| format!("{part:?} is not a number"))?;
        count += 1;
    }
    if count < 3 && !(pre.is_empty() && build.is_empty()) {
        return Err(String::from("a pre-release needs all three numbers"));
    }
    let [major, minor, patch] = found;
    Ok((
        Version {
            major,
            minor,
            patch,
            pre: Prerelease::new(pre).map_err(|error| error.to_string())?,
            build: BuildMetadata::new(build).map_err(|error| error.to_string())?,
        },
        count,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions that a mirror had, and what `terraform init` 1.11.4 selected and wrote.
    const VERSIONS: [&str; 9] = [
        "0.9.0",
        "1.0.0",
        "1.1.0",
        "1.2.0-beta1",
        "1.2.0",
        "1.2.3",
        "2.0.0",
        "2.1.0-rc.1",
        "2.1.0-rc.2",
    ];

    #[test]
    fn what_the_peer_selects_and_writes() {
        let versions: Vec<Version> = VERSIONS.iter().map(|text| text.parse().unwrap()).collect();
        for (text, selected, written) in [
            (">= 1.0", "2.0.0", ">= 1.0.0"),
            ("1.0", "1.0.0", "1.0.0"),
            ("~> 1", "1.2.3", "~> 1.0"),
            ("~> 1.2", "1.2.3", "~> 1.2"),
            ("~>1.0.0", "1.0.0", "~> 1.0.0"),
            (">=1.0,<2, != 1.2.3", "1.2.0", ">= 1.0.0, != 1.2.3, < 2.0.0"),
            (
                "< 2.0.0, >= 1.0, >= 0.9",
                "1.2.3",
                ">= 0.9.0, >= 1.0.0, < 2.0.0",
            ),
            (">= 1.2.0-beta1", "2.0.0", ">= 1.2.0-beta1"),
            ("1.2.0-beta1", "1.2.0-beta1", "1.2.0-beta1"),
            ("~> 1.2.0-beta1", "1.2.3", "~> 1.2.0-beta1"),
            (">= 2.1.0-rc.1", "", ">= 2.1.0-rc.1"),
            ("= 2.1.0-rc.1", "2.1.0-rc.1", "2.1.0-rc.1"),
            ("> 1.0.0, 1.2.0", "1.2.0", "> 1.0.0, 1.2.0"),
            ("1.2.0+build", "", "1.2.0+build"),
            ("= 1", "1.0.0", "1.0.0"),
            ("1.2.3, 1.2.3", "1.2.3", "1.2.3"),
            ("0.9.0 , != 1", "0.9.0", "0.9.0, != 1.0.0"),
            (">= 1.0.0, >= 1.0", "2.0.0", ">= 1.0.0"),
            ("~> 1.0, ~> 1.0.0", "1.0.0", "~> 1.0.0, ~> 1.0"),
            (
                "1.2.0-beta1, >= 1.0",
                "1.2.0-beta1",
                ">= 1.0.0, 1.2.0-beta1",
            ),
            ("1.2.0-beta1, >= 1.3", "", "1.2.0-beta1, >= 1.3.0"),
            ("1.2.0-beta1, < 1.2", "1.2.0-beta1", "1.2.0-beta1, < 1.2.0"),
            ("1.2.0-beta1, ~> 1.1", "1.2.0-beta1", "~> 1.1, 1.2.0-beta1"),
            ("~> 2.1.0-rc.1", "", "~> 2.1.0-rc.1"),
            ("< 1.2.3, != 1.2.3", "1.2.0", "< 1.2.3, != 1.2.3"),
            (
                "= 1.0, >= 1, ~> 1.0, <= 1.0, != 1.1, > 0.9, < 2",
                "1.0.0",
                "> 0.9.0, >= 1.0.0, 1.0.0, ~> 1.0, <= 1.0.0, != 1.1.0, < 2.0.0",
            ),
            (
                "< 3, <= 3, > 1, >= 1",
                "2.0.0",
                "> 1.0.0, >= 1.0.0, <= 3.0.0, < 3.0.0",
            ),
            (
                "<= 1.2.3, = 1.2.3, ~> 1.2.3, >= 1.2.3",
                "1.2.3",
                ">= 1.2.3, 1.2.3, ~> 1.2.3, <= 1.2.3",
            ),
        ] {
            let constraints = Constraints::parse(text).unwrap();
            assert_eq!(constraints.to_string(), written, "{text}");
            assert_eq!(Constraints::parse(written).unwrap().to_string(), written);
            let newest = constraints.newest(&versions);
            let newest = newest.map_or_else(String::new, ToString::to_string);
            assert_eq!(newest, selected, "{text}");
        }
        let any = Constraints::default();
        assert_eq!(any.newest(&versions).unwrap().to_string(), "2.0.0");
        assert_eq!(any.to_string(), "");
    }

    #[test]
    fn both_modules_count_once() {
        let both = Constraints::parse("~> 1.0")
            .unwrap()
            .and(&Constraints::parse(">= 1.0, 1.2.0, ~> 1").unwrap());
        assert_eq!(both.to_string(), ">= 1.0.0, ~> 1.0, 1.2.0");
    }

    #[test]
    fn what_is_no_constraint() {
        for (text, problem) in [
            ("", "empty"),
            ("v1.2.0", "\"v\""),
            ("1.x", "\"x\" is not a number"),
            ("~> 1.2.3.4", "more than three"),
            ("1.2.*", "not a number"),
            (">=  1.0", "only one space"),
            ("01.0", "not a number"),
            ("1.0,", "not a number"),
            ("1-beta", "all three"),
            (">> 1", "not a number"),
            ("99999999999999999999", "not a number"),
        ] {
            let error = Constraints::parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
