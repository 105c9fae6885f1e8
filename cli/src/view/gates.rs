//! What changed gates look like to those who are asked to agree.

use super::counted;
use super::drift::painted_diff;
use super::paint::{BOLD, painted};
use similar::TextDiff;
use std::fmt::Write as _;
use terrane_ops::clock::rfc3339;
use terrane_ops::gate::verdict::Agreement;
use terrane_ops::gates::change::{FileChange, Proposal};
use terrane_ops::value::quote::is_printable;

/// How the files differ from what is in force. Nothing is left out: it is what is signed.
pub(crate) fn change(proposal: &Proposal, color: bool) -> String {
    let mut out = String::new();
    for file in &proposal.files {
        out.push_str(&painted_diff(&diff(file), color));
    }
    let sentence = match proposal.ends {
        true => String::from("All files of gates are gone: with this there are no gates any more."),
        false => format!(
            "{} of the gates {} from what is in force, as shown above.",
            counted(proposal.files.len(), "file"),
            if proposal.files.len() == 1 {
                "differs"
            } else {
                "differ"
            }
        ),
    };
    let _written = writeln!(out, "\n{}", painted(color, BOLD, &sentence));
    out
}

/// What is agreed to where a clock was ahead.
pub(crate) fn clock(past_ms: u64) -> String {
    format!(
        "Something was recorded at {}, which is still to come by the clock of this machine. Nothing passes the gates before that.\n",
        rfc3339(past_ms)
    )
}

/// Who has agreed, and who can.
pub(crate) fn so_far(agreement: &Agreement) -> String {
    let mut out = String::new();
    for (text, names) in [
        ("Agreed to so far by", &agreement.have),
        ("Said no:", &agreement.against),
        ("Can agree:", &agreement.who),
    ] {
        if !names.is_empty() {
            let _written = writeln!(out, "{text} {}.", names.join(", "));
        }
    }
    out
}

/// A file that came or went is compared with nothing. Lines are compared as they are, and then made visible: what looks alike may differ.
fn diff(file: &FileChange) -> String {
    let name = |text: &Option<String>, side: &str| match text {
        Some(_) => format!("{side}/{}", visible(&file.name)),
        None => String::from("/dev/null"),
    };
    let (before, after) = (lines(&file.before), lines(&file.after));
    let mut out = format!(
        "--- {}\n+++ {}\n",
        name(&file.before, "in-force"),
        name(&file.after, "now")
    );
    let diff = TextDiff::from_slices(&before, &after);
    for hunk in diff.unified_diff().iter_hunks() {
        let _written = writeln!(out, "{}", hunk.header());
        for change in hunk.iter_changes() {
            let line = change.value();
            let text = line.strip_suffix('\n');
            let _written = writeln!(out, "{}{}", change.tag(), visible(text.unwrap_or(line)));
            if text.is_none() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn lines(text: &Option<String>) -> Vec<&str> {
    let text = text.as_deref().unwrap_or_default();
    text.split_inclusive('\n').collect()
}

/// A line in which every character can be seen: none steers the terminal, turns the direction of writing, or looks like nothing.
fn visible(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            ' ' | '\t' => out.push(character),
            _ if is_printable(character) => out.push(character),
            _ => out.extend(character.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{FileChange, diff};

    fn check(before: Option<&str>, after: Option<&str>, expected: &str) {
        let file = FileChange {
            name: "g\u{1b}.tfgate.hcl".to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        assert_eq!(diff(&file), expected);
    }

    #[test]
    fn what_differs_is_shown_whole_and_visibly() {
        check(
            Some("a\nb\n"),
            Some("a\nc\u{202e}\r\u{1b}[2J\n"),
            "--- in-force/g\\u{1b}.tfgate.hcl\n+++ now/g\\u{1b}.tfgate.hcl\n@@ -1,2 +1,2 @@\n a\n-b\n+c\\u{202e}\\u{d}\\u{1b}[2J\n",
        );
        check(
            None,
            Some("a"),
            "--- /dev/null\n+++ now/g\\u{1b}.tfgate.hcl\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n",
        );
        check(
            Some("a\n"),
            None,
            "--- in-force/g\\u{1b}.tfgate.hcl\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
        );
    }

    /// Text that is written as the escape of a character is not that character.
    #[test]
    fn an_escape_that_is_text_differs_from_its_character() {
        check(
            Some("\\u{d}\n"),
            Some("\r\n"),
            "--- in-force/g\\u{1b}.tfgate.hcl\n+++ now/g\\u{1b}.tfgate.hcl\n@@ -1 +1 @@\n-\\u{d}\n+\\u{d}\n",
        );
    }
}
