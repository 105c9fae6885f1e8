//! Runs provisioners.

mod connection;
mod file;
mod local_exec;
mod remote_exec;

use crate::drive::Message;
use crate::interrupt::Interrupt;
use connection::Remote;
use std::sync::Arc;
use terrane_apply::Provision;
use terrane_plan::machine::RequestId;
use terrane_ssh::Session;
use terrane_value::Value;
use tokio::sync::mpsc::UnboundedSender;

/// Said instead of output that may hold sensitive values.
const SUPPRESSED: &str = "(output suppressed due to sensitive value in config)";

/// Hears the lines of a provisioner.
type Say<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Starts a provisioner as a task. Its lines and its end come as messages.
pub(crate) fn spawn(
    id: RequestId,
    provision: Provision,
    interrupt: Arc<Interrupt>,
    sender: UnboundedSender<Message>,
) {
    let Provision {
        addr,
        type_name,
        config,
        connection,
        quiet,
    } = provision;
    let lines = sender.clone();
    let kind = type_name.clone();
    let mut say = move |line: &str| {
        let line = if quiet { SUPPRESSED } else { line };
        // The loop is gone only when the whole operation is given up.
        drop(lines.send(Message::Output(addr.clone(), kind.clone(), line.to_owned())));
    };
    match type_name.as_str() {
        // Child processes and their pipes are waited for by blocking, which needs a thread of its own.
        "local-exec" => drop(tokio::task::spawn_blocking(move || {
            let seen = interrupt.count();
            let stop = || interrupt.count() > seen;
            let outcome = local_exec::Command::from_config(&config)
                .and_then(|command| command.run(quiet, say, stop));
            drop(sender.send(Message::Provisioned(id, outcome)));
        })),
        _ => drop(tokio::spawn(async move {
            let seen = interrupt.count();
            let outcome = remote(&type_name, &config, &connection, quiet, &mut say, || {
                interrupt.beyond(seen)
            })
            .await;
            drop(sender.send(Message::Provisioned(id, outcome)));
        })),
    }
}

/// What is to be done on another machine.
enum Work {
    Scripts(remote_exec::Scripts),
    Upload(file::Upload),
}

/// Runs a provisioner that works on another machine. `stop` ends when it is to be given up.
async fn remote<S: Future<Output = ()>>(
    type_name: &str,
    config: &Value,
    connection: &Value,
    quiet: bool,
    say: Say<'_>,
    stop: impl Fn() -> S,
) -> Result<(), String> {
    let work = match type_name {
        "remote-exec" => Work::Scripts(remote_exec::Scripts::from_config(config)?),
        "file" => Work::Upload(file::Upload::from_config(config)?),
        other => return Err(format!("There is no provisioner {other:?}.")),
    };
    let remote = Remote::from_config(connection, connection::environment_agent())?;
    let session = tokio::select! {
        session = connection::open(&remote, say) => session?,
        () = stop() => return Err(interrupted("connecting", &remote)),
    };
    let outcome = tokio::select! {
        outcome = carry_out(&work, &session, &remote, quiet, say) => outcome,
        () = stop() => Err(interrupted("working", &remote)),
    };
    session.close().await;
    outcome
}

async fn carry_out(
    work: &Work,
    session: &Session,
    remote: &Remote,
    quiet: bool,
    say: Say<'_>,
) -> Result<(), String> {
    match work {
        Work::Scripts(scripts) => scripts.run(session, remote, quiet, say).await,
        Work::Upload(upload) => upload.run(session, remote).await,
    }
}

fn interrupted(doing: &str, remote: &Remote) -> String {
    format!(
        "Interrupted while {doing} at {}. What was begun there may go on.",
        remote.connection.address()
    )
}

/// An argument that is a text; `None` where it is null or missing.
fn text(config: &Value, name: &str) -> Option<String> {
    config.get(name)?.unmarked().as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
