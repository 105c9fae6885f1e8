//! Messages that say the same of many objects: a provider that has ended has nothing else to say of thousands. The first of them are shown whole,
//! the others by their addresses.

use super::counted;
use std::collections::HashMap;
use terrane_ops::lang::diagnostic::{Diagnostic, Severity};

/// So many are shown, however alike they are.
const FEW: usize = 10;
/// Of more than that, so many are shown whole.
const WHOLE: usize = 3;
/// How many of the others are named.
const NAMED: usize = 10;

/// What is shown of one message.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    /// All of it.
    Whole,
    /// All of it, and this text about those that are like it.
    With(String),
    /// Nothing: it is one of the others.
    Not,
}

/// What those have in common that are alike.
type Key<'a> = (bool, &'a str, &'a str, Option<&'a str>);

fn key(of: &Diagnostic) -> Option<Key<'_>> {
    of.address.as_ref()?;
    let error = of.severity == Severity::Error;
    Some((error, &of.summary, &of.detail, of.hint.as_deref()))
}

/// What is shown of each message, in their order.
pub(super) fn shown(all: &[&Diagnostic]) -> Vec<Shown> {
    let mut groups: HashMap<Key<'_>, Vec<&str>> = HashMap::new();
    for of in all.iter().copied() {
        if let (Some(key), Some(address)) = (key(of), &of.address) {
            groups.entry(key).or_default().push(address);
        }
    }
    let mut seen: HashMap<Key<'_>, usize> = HashMap::new();
    all.iter()
        .copied()
        .map(|of| {
            let Some((key, group)) = key(of).and_then(|key| Some((key, groups.get(&key)?))) else {
                return Shown::Whole;
            };
            if group.len() <= FEW {
                return Shown::Whole;
            }
            let seen = seen.entry(key).or_default();
            *seen += 1;
            match (*seen).cmp(&WHOLE) {
                std::cmp::Ordering::Less => Shown::Whole,
                std::cmp::Ordering::Equal => Shown::With(others(group.get(WHOLE..).unwrap_or(&[]))),
                std::cmp::Ordering::Greater => Shown::Not,
            }
        })
        .collect()
}

fn others(addresses: &[&str]) -> String {
    let named: Vec<&str> = addresses.iter().copied().take(NAMED).collect();
    let more = match addresses.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = counted(addresses.len(), "other object");
    format!("The same of {count}: {}{more}.\n", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{Shown, shown};
    use terrane_ops::lang::diagnostic::{Diagnostic, Headline};

    fn about(detail: &str, number: usize) -> Diagnostic {
        Diagnostic {
            address: Some(format!("a[{number}]")),
            ..Diagnostic::error(Headline::foreign("Provider did not answer"), detail)
        }
    }

    #[test]
    fn few_are_shown_whole() {
        let all: Vec<_> = (0..10).map(|number| about("It ended.", number)).collect();
        assert!(
            shown(&all.iter().collect::<Vec<_>>())
                .iter()
                .all(|one| *one == Shown::Whole)
        );
    }

    #[test]
    fn many_are_shown_by_their_addresses() {
        let mut all: Vec<_> = (0..15).map(|number| about("It ended.", number)).collect();
        all.insert(1, about("Something else.", 99));
        let found = shown(&all.iter().collect::<Vec<_>>());
        assert_eq!(found[..3], [Shown::Whole, Shown::Whole, Shown::Whole]);
        let names = "a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12]";
        let text = format!("The same of 12 other objects: {names} and 2 more.\n");
        assert_eq!(found[3], Shown::With(text));
        assert!(found[4..].iter().all(|one| *one == Shown::Not));
    }

    /// Without an address nobody could tell them apart by the list.
    #[test]
    fn what_has_no_address_is_shown() {
        let all: Vec<_> = (0..50)
            .map(|number| Diagnostic {
                address: None,
                ..about("It ended.", number)
            })
            .collect();
        assert!(
            shown(&all.iter().collect::<Vec<_>>())
                .iter()
                .all(|one| *one == Shown::Whole)
        );
    }
}
