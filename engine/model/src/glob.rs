//! Patterns: `*` stands for any text, everything else for itself.

/// Whether the whole text is of this form. Takes time in proportion to both lengths at most.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut to) = (0, 0);
    // Where the last star was, and how much of the text it stands for.
    let mut star: Option<(usize, usize)> = None;
    while to < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, to));
                at += 1;
            }
            Some(byte) if text.get(to) == Some(byte) => {
                at += 1;
                to += 1;
            }
            _ => {
                let Some((place, begun)) = star else {
                    return false;
                };
                star = Some((place, begun + 1));
                at = place + 1;
                to = begun + 1;
            }
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expect) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("module.db.*[\"x\"]", "module.db.t.a[\"x\"]", true),
            ("aws_db_*", "aws_db_instance", true),
            ("aws_db_*", "aws_dbx", false),
            ("a?c", "abc", false),
        ] {
            assert_eq!(fits(pattern, text), expect, "{pattern} {text}");
        }
        let long = "a".repeat(20_000);
        assert!(!fits("*a*a*a*a*a*a*a*a*a*b", &long));
    }
}
