//! Colours of terminals.

pub(crate) const RED: &str = "\u{1b}[31m";
pub(crate) const GREEN: &str = "\u{1b}[32m";
pub(crate) const YELLOW: &str = "\u{1b}[33m";
pub(crate) const MAGENTA: &str = "\u{1b}[35m";
pub(crate) const CYAN: &str = "\u{1b}[36m";
pub(crate) const GRAY: &str = "\u{1b}[37m";
pub(crate) const BOLD: &str = "\u{1b}[1m";
pub(crate) const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// A text in a colour, if there are colours.
pub(crate) fn painted(color: bool, paint: &str, text: &str) -> String {
    if color && !paint.is_empty() {
        format!("{paint}{text}{RESET}")
    } else {
        text.to_owned()
    }
}

/// A text of somebody else: it must not steer the terminal, nor break the line.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}
