//! What is said and asked when states move from one store to another.

use super::counted;
use terrane_ops::audit::LogFate;
use terrane_ops::backend::migrate::{Fate, Migrated};
use terrane_ops::ui::Question;

/// The text of a question about a migration, with its prompt.
pub(crate) fn question(question: &Question) -> String {
    let text = match question {
        Question::Migrate {
            from,
            to,
            instances,
            workspaces,
        } => {
            let named = match workspaces.as_slice() {
                [one] if one == "default" => String::new(),
                names => format!("\n  Workspaces: {}.", names.join(", ")),
            };
            format!(
                "Do you want to copy the existing state to the new place?\n  There is a state of {} in {from},\n  and the state is to be kept in {to}.{named}\n  The old one stays as it is, and is not used any more. The copy is read back and compared.\n\n  Enter \"yes\" to copy, and \"no\" not to.",
                resources(*instances)
            )
        }
        Question::Overwrite {
            workspace,
            from,
            to,
            ours,
            theirs,
            newer,
        } => {
            let relation = if *newer {
                "It is a later version of the very state that is to be copied."
            } else {
                "It has nothing to do with the state that is to be copied."
            };
            format!(
                "Do you want to overwrite the state of the workspace {workspace:?} in the new place?\n  {to} already holds one: serial {}, {}.\n  {relation}\n  To be copied, from {from}: serial {}, {}.\n  Copies of both are written to the folder terrane.backup first.\n\n  Enter \"yes\" to overwrite it, and \"no\" to go on with it.",
                theirs.0,
                resources(theirs.1),
                ours.0,
                resources(ours.1)
            )
        }
        Question::OnlyCurrentWorkspace {
            workspace,
            to,
            others,
        } => format!(
            "Do you want to copy only the current workspace?\n  {to} has room for one state only.\n  The workspace {workspace:?} becomes that state; {others} other workspace{} in the old place.\n\n  Enter \"yes\" to copy only {workspace:?}, and \"no\" to copy nothing.",
            if *others == 1 { " stays" } else { "s stay" }
        ),
        Question::Variable { .. } | Question::BackendArgument { .. } => String::new(),
    };
    format!("{text}\n\n  Enter a value: ")
}

/// What became of a migration, a sentence a line.
pub(crate) fn told(migrated: &Migrated) -> Vec<String> {
    let Migrated {
        from,
        to,
        workspaces,
        versions_taken,
        versions_left,
        left_because,
        logs,
        open,
        backups,
        select,
    } = migrated;
    let mut lines = Vec::new();
    for (name, fate) in workspaces {
        let of = if name == "default" && workspaces.len() == 1 {
            String::new()
        } else {
            format!(" of the workspace {name:?}")
        };
        lines.push(match fate {
            Fate::Copied(count) => format!(
                "The state{of} ({}) was copied from {from} to {to}, read back and compared.",
                resources(*count)
            ),
            Fate::Present(_) => {
                format!("The state{of} is in {to} already; nothing was copied.")
            }
            Fate::Kept => format!("The state{of} that was in {to} stays in use."),
        });
    }
    let copied = workspaces
        .iter()
        .any(|(_, fate)| matches!(fate, Fate::Copied(_)));
    if copied {
        lines.push(format!(
            "What is in the old place was left as it is: {from} is not used any more."
        ));
    }
    if *versions_taken > 0 {
        lines.push(format!(
            "The history went along: {}.",
            counted(*versions_taken, "version")
        ));
    }
    if copied && *versions_left > 0 {
        lines.push(format!(
            "Only the present state was copied: {versions_left} earlier version{} there: {}.",
            if *versions_left == 1 {
                " stays"
            } else {
                "s stay"
            },
            left_because.join("; ")
        ));
    }
    lines.extend(logs_told(logs, from, to));
    if copied && *open > 0 {
        lines.push(format!(
            "{open} change{} that a run left open went along: the next plan settles {}.",
            if *open == 1 { "" } else { "s" },
            if *open == 1 { "it" } else { "them" }
        ));
    }
    if let Some(folder) = backups {
        lines.push(format!(
            "Copies of what both sides held before are in {folder}. They may hold secrets: delete them when they are not needed."
        ));
    }
    if let Some(name) = select {
        lines.push(format!("The selected workspace is {name:?} now."));
    }
    lines
}

/// What became of the audit logs.
fn logs_told(logs: &[(String, Result<LogFate, String>)], from: &str, to: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, fate) in logs {
        let of = if name == "default" {
            String::new()
        } else {
            format!(" of the workspace {name:?}")
        };
        let stays = |why: &str| format!("The audit log{of} stays in {from}: {why}.");
        lines.push(match fate {
            Ok(LogFate::Taken(entries)) => {
                format!(
                    "The audit log{of} went along: {}.",
                    counted(*entries, "entry")
                )
            }
            Ok(LogFate::Present) => continue,
            Ok(LogFate::Other) => stays(&format!("{to} has another one")),
            Ok(LogFate::NoPlace) => stays(&format!("there is no place for one in {to}")),
            Err(problem) => stays(problem),
        });
    }
    lines
}

fn resources(count: usize) -> String {
    counted(count, "resource instance")
}
