//! "Did you mean …?"

/// The first candidate that is a likely misspelling of `given`: fewer than three single-character edits
/// away, as the peers count.
pub fn suggestion<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .find(|candidate| distance(given, candidate) < 3)
}

/// Levenshtein distance in characters, cut off: names whose lengths differ by 3 or more are simply far.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) >= 3 {
        return 3;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (above, b) in row.iter().skip(1).zip(&right) {
            let cost = diagonal + usize::from(a != b);
            before = cost.min(before + 1).min(above + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
