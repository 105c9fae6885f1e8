//! Messages that say the same of many objects: a provider that has ended has nothing else to say of thousands. The first of them are shown whole,
//! the others by their addresses.

use super::counted;
use super::diagnostics::Telling;
use std::collections::HashMap;
use terrane_ops::lang::diagnostic::{Diagnostic, Severity};
use terrane_ops::lang::source::SourceMap;

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
pub(super) fn shown(all: &[&Diagnostic], telling: Telling, sources: &SourceMap) -> Vec<Shown> {
    let chosen = |of: &Diagnostic| match of.severity {
        Severity::Error => telling.errors,
        Severity::Warning => telling.warnings,
    };
    let kinds = kinds(all, |of| chosen(of) == Some(true), sources);
    let many = many(all);
    (all.iter().zip(kinds).zip(many))
        .map(|((of, kind), many)| match chosen(of) {
            Some(true) => kind,
            Some(false) => Shown::Whole,
            None => many,
        })
        .collect()
}

/// One message of each kind, which is what its headline says, with the places of the others.
fn kinds(
    all: &[&Diagnostic],
    wanted: impl Fn(&Diagnostic) -> bool,
    sources: &SourceMap,
) -> Vec<Shown> {
    let place = |of: &Diagnostic| {
        let named = of.address.clone();
        named.or_else(|| of.subject.map(|span| sources.place(span)))
    };
    let mut groups: HashMap<(bool, &str), Vec<String>> = HashMap::new();
    let mut first: Vec<Option<(bool, &str)>> = Vec::with_capacity(all.len());
    for of in all.iter().copied() {
        let key = (of.severity == Severity::Error, of.summary.as_str());
        let found = place(of).filter(|_| wanted(of));
        first.push(
            found
                .as_ref()
                .filter(|_| !groups.contains_key(&key))
                .map(|_| key),
        );
        if let Some(place) = found {
            groups.entry(key).or_default().push(place);
        }
    }
    (all.iter().copied().zip(first))
        .map(
            |(of, first)| match first.map(|key| groups[&key].as_slice()) {
                Some([_]) => Shown::Whole,
                Some([_, others @ ..]) => {
                    let what = match of.severity {
                        Severity::Error => "more similar error",
                        Severity::Warning => "more similar warning",
                    };
                    let named = named(others.iter().map(String::as_str));
                    Shown::With(format!("And {}: {named}.\n", counted(others.len(), what)))
                }
                // Nobody could find it by a list.
                Some([]) | None if place(of).is_none() => Shown::Whole,
                Some([]) | None => Shown::Not,
            },
        )
        .collect()
}

/// Those that more objects share than anybody wants to read of.
fn many(all: &[&Diagnostic]) -> Vec<Shown> {
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
    let count = counted(addresses.len(), "other object");
    let named = named(addresses.iter().copied());
    format!("The same of {count}: {named}.\n")
}

/// The first of them, and how many more there are.
fn named<'a>(all: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<&str> = all.take(NAMED).collect();
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{Shown, Telling};
    use terrane_ops::lang::diagnostic::{Diagnostic, Headline};
    use terrane_ops::lang::source::SourceMap;

    fn shown(all: &[&Diagnostic]) -> Vec<Shown> {
        super::shown(all, Telling::default(), &SourceMap::default())
    }

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

    #[test]
    fn one_of_each_kind_is_shown_where_that_is_wanted() {
        let mut all: Vec<_> = (0..3)
            .map(|number| about(&number.to_string(), number))
            .collect();
        all.insert(1, about("Without an address.", 7));
        all[1].address = None;
        let all: Vec<&Diagnostic> = all.iter().collect();
        let telling = |errors| Telling {
            errors,
            warnings: Some(!errors.unwrap_or_default()),
            ..Telling::default()
        };
        let shown = |errors| super::shown(&all, telling(errors), &SourceMap::default());
        let others = Shown::With("And 2 more similar errors: a[1], a[2].\n".to_owned());
        let expect = [others, Shown::Whole, Shown::Not, Shown::Not];
        assert_eq!(shown(Some(true)), expect);
        for errors in [None, Some(false)] {
            assert!(shown(errors).iter().all(|one| *one == Shown::Whole));
        }
    }

    #[test]
    fn all_are_shown_whole_where_that_is_wanted() {
        let all: Vec<_> = (0..15).map(|number| about("It ended.", number)).collect();
        let telling = Telling {
            errors: Some(false),
            ..Telling::default()
        };
        let all: Vec<&Diagnostic> = all.iter().collect();
        let shown = super::shown(&all, telling, &SourceMap::default());
        assert!(shown.iter().all(|one| *one == Shown::Whole));
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
