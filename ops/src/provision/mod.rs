//! Runs provisioners.

mod local_exec;

use crate::drive::Message;
use terrane_apply::Provision;
use terrane_plan::machine::RequestId;
use tokio::sync::mpsc::UnboundedSender;

/// Said instead of output that may hold sensitive values.
const SUPPRESSED: &str = "(output suppressed due to sensitive value in config)";

/// Starts a provisioner as a task. Its lines and its end come as messages.
pub(crate) fn spawn(id: RequestId, provision: Provision, sender: UnboundedSender<Message>) {
    // Child processes and their pipes are waited for by blocking, which needs a thread of its own.
    drop(tokio::task::spawn_blocking(move || {
        let Provision {
            addr,
            type_name,
            config,
            connection: _,
            quiet,
        } = provision;
        let lines = sender.clone();
        let kind = type_name.clone();
        let say = move |line: &str| {
            let line = if quiet { SUPPRESSED } else { line };
            // The loop is gone only when the whole operation is given up.
            drop(lines.send(Message::Output(addr.clone(), kind.clone(), line.to_owned())));
        };
        let outcome = match type_name.as_str() {
            "local-exec" => local_exec::Command::from_config(&config)
                .and_then(|command| command.run(quiet, say)),
            "remote-exec" | "file" => Err(format!(
                "The {type_name:?} provisioner is not available yet: it comes with a later release. Use local-exec with ssh or scp meanwhile."
            )),
            other => Err(format!("There is no provisioner {other:?}.")),
        };
        drop(sender.send(Message::Provisioned(id, outcome)));
    }));
}
