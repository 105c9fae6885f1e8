//! "Did you mean": the known name that is nearest to one that is not known.

/// The nearest of `known` that a slip of the fingers may have turned into `given`; of several as near, the first.
///
/// A slip is a letter missing, added, changed, or two that changed places. One is allowed in short names, two in others,
/// three in long ones. A name that only continues the other one counts, too.
pub fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = given.chars().collect();
    let most = match letters.len() {
        0 | 1 => return None,
        2..=4 => 1,
        5..=9 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        if name == given {
            continue;
        }
        let mut slips = distance(&letters, name, most);
        // `max` for `max_size`, `instance_types` for `instance_type`: what begins the same way is near enough.
        let (short, long) = if name.len() < given.len() {
            (name, given)
        } else {
            (given, name)
        };
        if slips > most && short.len() >= 3 && long.strip_prefix(short).is_some_and(continues) {
            slips = most;
        }
        if slips <= most && best.is_none_or(|(found, _)| slips < found) {
            best = Some((slips, name));
            // None is nearer.
            if slips == 1 {
                break;
            }
        }
    }
    best.map(|(_, name)| name)
}

/// ` Did you mean "x"?`, or nothing.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    suggestion(given, known).map_or_else(String::new, |name| format!(" Did you mean \"{name}\"?"))
}

/// Whether a name may go on like this: with another word.
fn continues(rest: &str) -> bool {
    rest.starts_with(['_', '-'])
}

/// How many slips make one of the other, at least one more than `most` where it is more than that.
fn distance(left: &[char], right: &str, most: usize) -> usize {
    // A letter has one to four bytes.
    if left.len() > 200 || right.len() > 4 * (left.len() + most) {
        return most + 1;
    }
    let right: Vec<char> = right.chars().collect();
    if left.len().abs_diff(right.len()) > most {
        return most + 1;
    }
    // Rows of the table of prefixes: the one before the last, the last, and the one in the making.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (at, a) in left.iter().enumerate() {
        let mut row = vec![at + 1];
        for (column, b) in right.iter().enumerate() {
            let change = last[column] + usize::from(a != b);
            let mut least = change.min(last[column + 1] + 1).min(row[column] + 1);
            let swapped = at > 0
                && column > 0
                && left.get(at - 1) == Some(b)
                && right.get(column - 1) == Some(a);
            if swapped && let Some(earlier) = before.get(column - 1) {
                least = least.min(earlier + 1);
            }
            row.push(least);
        }
        if row.iter().chain(&last).all(|slips| *slips > most) {
            return most + 1;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(most + 1)
}
