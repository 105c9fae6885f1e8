//! The help texts, made from the table of commands.

use super::flags::{Flag, Kind};
use super::table::{Command, commands};

/// The help of the program.
pub(crate) fn overview() -> String {
    let mut out =
        String::from("Usage: terrane [global options] <command> [arguments]\n\nMain commands:\n");
    let top = |primary: bool| {
        commands().filter(move |command| command.path.len() == 1 && command.primary == primary)
    };
    for command in top(true) {
        out += &line(command.path[0], command.about);
    }
    out += "\nAll other commands:\n";
    for command in top(false) {
        out += &line(command.path[0], command.about);
    }
    out += "\nGlobal options (before the command):\n";
    out += &line(
        "-chdir=DIR",
        "Work in this folder instead of the current one.",
    );
    out += &line("-help", "Show this help, or that of a command.");
    out += &line("-version", "Show the version.");
    out
}

/// The help of one command.
pub(crate) fn command(command: &Command) -> String {
    let mut out = format!(
        "Usage: terrane [global options] {}{}\n\n{}\n",
        command.path.join(" "),
        command.usage,
        paragraph(command.help)
    );
    let children: Vec<&Command> = commands()
        .filter(|child| {
            child.path.len() == command.path.len() + 1 && child.path.starts_with(command.path)
        })
        .collect();
    if !children.is_empty() {
        out += "\nSubcommands:\n";
        for child in children {
            out += &line(child.path.last().copied().unwrap_or(""), child.about);
        }
    }
    let flags: Vec<&Flag> = command
        .flags
        .iter()
        .copied()
        .flatten()
        .filter(|flag| !flag.help.is_empty())
        .collect();
    if !flags.is_empty() {
        out += "\nOptions:\n";
        for flag in flags {
            let name = match flag.kind {
                Kind::Bool if flag.placeholder.is_empty() => format!("-{}", flag.name),
                Kind::Bool | Kind::Value => format!("-{}={}", flag.name, flag.placeholder),
            };
            out += &line(&name, flag.help);
        }
    }
    out
}

/// A name and what it is, the latter wrapped into a column of its own.
fn line(name: &str, about: &str) -> String {
    const COLUMN: usize = 26;
    let mut out = format!("  {name}");
    let mut width = name.len() + 2;
    if width + 2 > COLUMN {
        out.push('\n');
        width = 0;
    }
    let mut at = COLUMN;
    out.push_str(&" ".repeat(COLUMN - width));
    for (index, word) in about.split(' ').enumerate() {
        if index > 0 && at + 1 + word.len() > 78 {
            out.push('\n');
            out.push_str(&" ".repeat(COLUMN));
            at = COLUMN;
        } else if index > 0 {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += word.len();
    }
    out.push('\n');
    out
}

/// A paragraph, wrapped and indented.
fn paragraph(text: &str) -> String {
    let mut out = String::from(" ");
    let mut at = 1;
    for word in text.split_whitespace() {
        if at + 1 + word.len() > 78 {
            out.push_str("\n ");
            at = 1;
        }
        out.push(' ');
        out.push_str(word);
        at += 1 + word.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{command, commands, overview};

    #[test]
    fn every_command_has_help_within_eighty_columns() {
        assert!(overview().lines().all(|line| line.len() <= 80));
        for known in commands() {
            let help = command(known);
            for line in help.lines() {
                assert!(line.len() <= 80, "{line}");
            }
            assert!(!known.about.is_empty() && !known.help.is_empty());
            // What is about a flag is wrapped into a column: a line feed within it would break out of that.
            let mut flags = known.flags.iter().copied().flatten();
            assert!(flags.all(|flag| !flag.help.contains('\n')), "{help}");
            let takes_options = help.contains("\nOptions:");
            let names_options = help
                .lines()
                .next()
                .is_some_and(|usage| usage.contains("[options]") || usage.contains("-json"));
            assert!(!takes_options || names_options, "{help}");
        }
    }
}
