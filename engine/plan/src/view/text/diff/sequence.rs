//! Which elements of two sequences belong together.

/// Pairs of places: (before, after). One that is on one side only has `None` on the other.
pub(in super::super) type Pairs = Vec<(Option<usize>, Option<usize>)>;

/// Above this many comparisons, what lies between a common beginning and a common end is taken for replaced: the table of a longest
/// common subsequence grows with the product of the lengths.
const MOST_COMPARISONS: usize = 4_000_000;

/// Pairs elements for showing what happened to a list.
///
/// Of two lists of the same length, elements at the same place belong together if something of the first is not in the second at all.
/// Else the elements of a longest common subsequence do; between these, objects are paired in order, and everything else goes and comes.
pub(in super::super) fn pairs<T>(
    before: &[T],
    after: &[T],
    same: impl Fn(&T, &T) -> bool,
    is_object: impl Fn(&T) -> bool,
) -> Pairs {
    let head = before
        .iter()
        .zip(after)
        .take_while(|(a, b)| same(a, b))
        .count();
    if head == before.len() && head == after.len() {
        return by_place(before.len(), after.len());
    }
    let equal_length = before.len() == after.len();
    if equal_length && before.len().saturating_mul(after.len()) <= MOST_COMPARISONS {
        let gone = |element: &T| !after.iter().any(|other| same(element, other));
        if before.iter().any(gone) {
            return by_place(before.len(), after.len());
        }
    }
    let common = common(before, after, &same);
    let mut pairs = Pairs::with_capacity(before.len().max(after.len()));
    let (mut left, mut right) = (0, 0);
    for stop in common.into_iter().map(Some).chain(std::iter::once(None)) {
        let (left_end, right_end) = stop.unwrap_or((before.len(), after.len()));
        while left < left_end {
            let both = is_object(&before[left]) && right < right_end && is_object(&after[right]);
            pairs.push((Some(left), both.then_some(right)));
            left += 1;
            right += usize::from(both);
        }
        while right < right_end {
            pairs.push((None, Some(right)));
            right += 1;
        }
        if stop.is_some() {
            pairs.push((Some(left), Some(right)));
            left += 1;
            right += 1;
        }
    }
    pairs
}

/// Pairs by place alone.
pub(in super::super) fn by_place(before: usize, after: usize) -> Pairs {
    (0..before.max(after))
        .map(|at| ((at < before).then_some(at), (at < after).then_some(at)))
        .collect()
}

/// Pairs equal elements wherever they stand: first all of `before` in order, then what is new.
pub(in super::super) fn unordered<T>(
    before: &[T],
    after: &[T],
    same: impl Fn(&T, &T) -> bool,
) -> Pairs {
    let mut taken = vec![false; after.len()];
    let mut pairs = Pairs::with_capacity(before.len().max(after.len()));
    // Both sides are in the order of sets, so the partner of an element is seldom before that of its predecessor.
    let mut next = 0;
    for (left, element) in before.iter().enumerate() {
        let order = (next..after.len()).chain(0..next);
        let partner = order
            .into_iter()
            .find(|right| !taken[*right] && same(element, &after[*right]));
        if let Some(right) = partner {
            taken[right] = true;
            next = right + 1;
        }
        pairs.push((Some(left), partner));
    }
    let new = taken.iter().enumerate().filter(|(_, taken)| !**taken);
    pairs.extend(new.map(|(right, _)| (None, Some(right))));
    pairs
}

/// A longest common subsequence, as places in both.
fn common<T>(before: &[T], after: &[T], same: &impl Fn(&T, &T) -> bool) -> Vec<(usize, usize)> {
    let head = before
        .iter()
        .zip(after)
        .take_while(|(a, b)| same(a, b))
        .count();
    let rest = before[head..].iter().rev().zip(after[head..].iter().rev());
    let tail = rest.take_while(|(a, b)| same(a, b)).count();
    let (left, right) = (before.len() - head - tail, after.len() - head - tail);
    let mut found: Vec<_> = (0..head).map(|at| (at, at)).collect();
    if left.saturating_mul(right) <= MOST_COMPARISONS {
        let (before, after) = (&before[head..head + left], &after[head..head + right]);
        let middle = common_by_table(before, after, same);
        found.extend(middle.into_iter().map(|(a, b)| (a + head, b + head)));
    }
    found.extend((0..tail).map(|at| (head + left + at, head + right + at)));
    found
}

fn common_by_table<T>(
    before: &[T],
    after: &[T],
    same: &impl Fn(&T, &T) -> bool,
) -> Vec<(usize, usize)> {
    let width = before.len() + 1;
    // `lengths[y * width + x]`: of what is common to the first x of `before` and the first y of `after`.
    let mut lengths = vec![0_u32; width * (after.len() + 1)];
    let mut equal = vec![false; before.len() * after.len()];
    for (y, b) in after.iter().enumerate() {
        for (x, a) in before.iter().enumerate() {
            let here = (y + 1) * width + x + 1;
            if same(a, b) {
                equal[y * before.len() + x] = true;
                lengths[here] = lengths[here - width - 1] + 1;
            } else {
                lengths[here] = lengths[here - 1].max(lengths[here - width]);
            }
        }
    }
    let (mut x, mut y) = (before.len(), after.len());
    let mut found = Vec::new();
    while x > 0 && y > 0 {
        if equal[(y - 1) * before.len() + x - 1] {
            x -= 1;
            y -= 1;
            found.push((x, y));
        } else if lengths[y * width + x - 1] > lengths[(y - 1) * width + x] {
            x -= 1;
        } else {
            y -= 1;
        }
    }
    found.reverse();
    found
}
