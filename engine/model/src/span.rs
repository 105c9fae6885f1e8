//! Lengths of time as people write them: `90s`, `1h30m`, `7d`, `2w`.

/// Units, in milliseconds, the longest first.
const UNITS: [(&str, u64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A length of time in milliseconds: whole numbers, each with its unit (`ms`, `s`, `m`, `h`, `d`, `w`). `None`: it is none, or longer than can be counted.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|char: char| char.is_ascii_digit());
        let (unit, tail) = tail.split_at(end.unwrap_or(tail.len()));
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: u64 = number.parse().ok()?;
        total = total.checked_add(number.checked_mul(*unit)?)?;
        rest = tail;
    }
    Some(total)
}

/// The same as text, in days and less; parts of a second are left out.
#[must_use]
pub fn text(ms: u64) -> String {
    let mut rest = ms;
    let mut out = String::new();
    for (name, unit) in UNITS
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "w" | "ms"))
    {
        if rest >= unit {
            out.push_str(&(rest / unit).to_string());
            out.push_str(name);
            rest %= unit;
        }
    }
    if out.is_empty() {
        out.push_str("0s");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn lengths_of_time_have_units() {
        for (written, expect) in [
            ("0s", Some(0)),
            ("500ms", Some(500)),
            ("90s", Some(90_000)),
            ("1m30s", Some(90_000)),
            (" 8h ", Some(28_800_000)),
            ("7d", Some(604_800_000)),
            ("2w", Some(1_209_600_000)),
            ("", None),
            ("30", None),
            ("d", None),
            ("1x", None),
            ("1h30", None),
            ("-1s", None),
            ("99999999999999999999d", None),
            ("9999999999999999d", None),
        ] {
            assert_eq!(parse(written), expect, "{written}");
        }
        for (ms, expect) in [(0, "0s"), (90_000, "1m30s"), (604_800_999, "7d")] {
            assert_eq!(text(ms), expect);
        }
    }
}
