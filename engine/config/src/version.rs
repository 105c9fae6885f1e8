//! Version constraints as configurations write them: `>= 1.2, < 2.0.0`, `~> 5.1`.

use std::cmp::Ordering;
use std::fmt;

/// A version: any number of numeric segments, perhaps a pre-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    segments: Vec<u64>,
    pre: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Pessimistic,
}

impl Operator {
    /// As it is written before a version.
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::NotEqual => "!= ",
            Self::Greater => "> ",
            Self::GreaterEqual => ">= ",
            Self::Less => "< ",
            Self::LessEqual => "<= ",
            Self::Pessimistic => "~> ",
        }
    }

    /// Where the peers write it among those about the same version.
    fn place(self) -> u8 {
        match self {
            Self::Greater => 0,
            Self::GreaterEqual => 1,
            Self::Equal => 2,
            Self::Pessimistic => 3,
            Self::LessEqual => 4,
            Self::Less => 5,
            Self::NotEqual => 6,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{segment}")?;
        }
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        Ok(())
    }
}

/// All must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint(Vec<(Operator, Version)>);

impl Version {
    /// Reads `1`, `1.2`, `v1.2.3-beta1+build`. `None`: it is not a version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').unwrap_or((text, "x"));
        let (numbers, pre) = match text.split_once('-') {
            Some((_, "")) => return None,
            Some((numbers, pre)) => (numbers, pre),
            None => (text, ""),
        };
        let word = |text: &str| {
            text.chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '~'))
        };
        if build.is_empty() || !word(build) || !word(pre) {
            return None;
        }
        let segments = numbers
            .split('.')
            .map(|part| {
                let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| part.parse().ok()).flatten()
            })
            .collect::<Option<Vec<u64>>>()?;
        Some(Self {
            segments,
            pre: pre.to_owned(),
        })
    }

    /// Whether it is a pre-release.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.pre.is_empty()
    }

    fn segment(&self, at: usize) -> u64 {
        self.segments.get(at).copied().unwrap_or(0)
    }

    fn compare_numbers(&self, other: &Self) -> Ordering {
        (0..self.segments.len().max(other.segments.len()))
            .map(|at| self.segment(at).cmp(&other.segment(at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let pre = || match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        };
        self.compare_numbers(other).then_with(pre)
    }
}

fn compare_pre(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl Constraint {
    /// Reads a constraint. `None`: its syntax is not right. The empty text allows everything.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const OPERATORS: [(&str, Operator); 7] = [
            (">=", Operator::GreaterEqual),
            ("<=", Operator::LessEqual),
            ("!=", Operator::NotEqual),
            ("~>", Operator::Pessimistic),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::Equal),
        ];
        if text.trim().is_empty() {
            return Some(Self(Vec::new()));
        }
        let part = |part: &str| {
            let part = part.trim();
            let (operator, version) = OPERATORS
                .iter()
                .find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?)))
                .unwrap_or((Operator::Equal, part));
            Some((operator, Version::parse(version.trim())?))
        };
        text.split(',').map(part).collect::<Option<_>>().map(Self)
    }

    /// Whether a version meets it. A pre-release meets only a constraint that names that very release.
    #[must_use]
    pub fn allows(&self, version: &Version) -> bool {
        self.0.iter().all(|(operator, bound)| {
            if version.is_prerelease()
                && !matches!(operator, Operator::NotEqual)
                && (!bound.is_prerelease() || version.compare_numbers(bound).is_ne())
            {
                return false;
            }
            match operator {
                Operator::Equal => version == bound || version.cmp(bound).is_eq(),
                Operator::NotEqual => version.cmp(bound).is_ne(),
                Operator::Greater => version > bound,
                Operator::GreaterEqual => version >= bound,
                Operator::Less => version < bound,
                Operator::LessEqual => version <= bound,
                Operator::Pessimistic => {
                    let fixed = bound.segments.len().saturating_sub(1).max(1);
                    version >= bound
                        && (0..fixed).all(|at| version.segment(at) == bound.segment(at))
                }
            }
        })
    }

    /// All conditions of these constraints in the one form in which the peers tell them: ordered by version, without repetitions, `1` completed to `1.0.0`.
    /// Texts that are no constraints are left out.
    #[must_use]
    pub fn in_one_form<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
        let mut all: Vec<(Version, usize, Operator)> = texts
            .into_iter()
            .filter_map(Self::parse)
            .flat_map(|constraint| constraint.0)
            .map(|(operator, mut bound)| {
                // `~> 1` leaves open what `~> 1.0` leaves open; elsewhere the numbers that were not written are zero.
                let least = if operator == Operator::Pessimistic {
                    2
                } else {
                    3
                };
                bound.segments.resize(bound.segments.len().max(least), 0);
                let fewer = usize::MAX - bound.segments.len();
                (bound, fewer, operator)
            })
            .collect();
        let key = |(bound, fewer, operator): &(Version, usize, Operator)| {
            (bound.clone(), operator.place(), *fewer)
        };
        all.sort_by_cached_key(key);
        all.dedup_by_key(|condition| key(condition));
        let all: Vec<String> = all
            .into_iter()
            .map(|(bound, _, operator)| format!("{}{bound}", operator.sign()))
            .collect();
        all.join(", ")
    }

    /// Whether it names a pre-release.
    #[must_use]
    pub fn names_prerelease(&self) -> bool {
        self.0.iter().any(|(_, bound)| bound.is_prerelease())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn constraints_in_one_form() {
        for (texts, form) in [
            (vec![">= 3.29"], ">= 3.29.0"),
            (vec![">= 6.28", ">= 6.28.0"], ">= 6.28.0"),
            (
                vec!["~> 3.1, != 3.1.5, > 2, < 99.1.2-beta1"],
                "> 2.0.0, ~> 3.1, != 3.1.5, < 99.1.2-beta1",
            ),
            (vec!["~>3"], "~> 3.0"),
            (
                vec![">= 0.9.1-alpha, >=0.1, <= 5"],
                ">= 0.1.0, >= 0.9.1-alpha, <= 5.0.0",
            ),
            (vec!["= 1.2", "1.2.0"], "1.2.0"),
            (vec![], ""),
        ] {
            assert_eq!(super::Constraint::in_one_form(texts), form);
        }
    }

    use super::*;

    #[test]
    fn constraints() {
        for (constraint, version, want) in [
            (">= 1.6", "1.12.0", Some(true)),
            ("999.9", "1.12.0", Some(false)),
            ("~> 1.2", "1.12.0", Some(true)),
            ("~> 1.2.3", "1.3.0", Some(false)),
            ("~> 1.2.3", "1.2.9", Some(true)),
            ("~> 1", "1.9.9", Some(true)),
            ("~> 1", "2.0.0", Some(false)),
            (">= 1.0, < 2.0, != 1.5.0", "1.5.0", Some(false)),
            ("= 1.0", "1.0.0", Some(true)),
            (">= 1.0", "1.1.0-beta1", Some(false)),
            (">= 1.1.0-alpha", "1.1.0-beta1", Some(true)),
            ("not a version", "1.0.0", None),
            (">> 1", "1.0.0", None),
            ("", "1.0.0", Some(true)),
            ("1.0,", "1.0.0", None),
        ] {
            let version = Version::parse(version).unwrap();
            let got = Constraint::parse(constraint).map(|parsed| parsed.allows(&version));
            assert_eq!(got, want, "{constraint}");
        }
    }
}
