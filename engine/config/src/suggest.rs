//! "Did you mean": the known name that is nearest to one that is not known.

/// The first of `known` that differs from `given` by fewer than three edits.
pub(crate) fn suggestion<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .find(|name| *name != given && distance(given, name) < 3)
}

/// ` Did you mean "x"?`, or nothing.
pub(crate) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    suggestion(given, known).map_or_else(String::new, |name| format!(" Did you mean \"{name}\"?"))
}

/// Levenshtein distance in characters, at least 3 where the lengths already differ by that much.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let length = left.chars().count();
    if length.abs_diff(right.len()) >= 3 || length > 200 {
        return 3;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, a) in left.chars().enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, b) in right.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name() {
        for (given, known, want) in [
            ("varyable", &["terraform", "variable"][..], Some("variable")),
            ("nope", &["type", "default"], Some("type")),
            ("abcdef", &["x", "uvwxyz"], None),
            ("lenght", &["length"], Some("length")),
        ] {
            assert_eq!(suggestion(given, known.iter().copied()), want, "{given}");
        }
    }
}
