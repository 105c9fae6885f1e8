//! A machine that one is connected to.

use crate::command::{self, Exit};
use crate::error::SshError;
use crate::host_key::Checker;
use crate::scp;
use crate::target::{Hop, Platform};
use russh::client::{Handle, Msg};
use russh::{Channel, Disconnect};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// How long to wait for a goodbye to be sent.
const GOODBYE: Duration = Duration::from_secs(1);

/// A machine that one is connected to, as a user that it knows.
pub struct Session {
    handle: Handle<Checker>,
    /// The connection that carries this one.
    bastion: Option<Handle<Checker>>,
    address: String,
    /// Programs there are told of the agent.
    has_agent: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("address", &self.address)
            .field("bastion", &self.bastion.is_some())
            .finish()
    }
}

impl Session {
    pub(crate) fn new(
        handle: Handle<Checker>,
        bastion: Option<Handle<Checker>>,
        host: &Hop,
    ) -> Self {
        Self {
            handle,
            bastion,
            address: host.address(),
            has_agent: host.agent.is_some(),
        }
    }

    /// Runs a command to its end. `line` hears what it writes, line by line, of both its streams. `terminal`: it is given one, as some programs (`sudo`) insist.
    /// Where the user has an agent, the command can ask it too.
    ///
    /// # Errors
    /// When it can't be run or the connection breaks. That it fails is no error of this function.
    pub async fn run(
        &self,
        command: &str,
        terminal: bool,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Exit, SshError> {
        let channel = self.channel().await?;
        if self.has_agent {
            // A server that does not allow it runs the command without.
            channel.agent_forward(false).await?;
        }
        command::run(channel, command, terminal, &self.address, line).await
    }

    /// Stores bytes as a file, with these permissions. The folder that it is in must be there.
    ///
    /// # Errors
    /// When the machine can't store it or the connection breaks.
    pub async fn put(
        &self,
        platform: Platform,
        bytes: &[u8],
        path: &str,
        mode: u32,
    ) -> Result<(), SshError> {
        let channel = self.channel().await?;
        scp::put(channel, &self.address, platform, bytes, path, mode).await
    }

    /// Stores a copy of a file of this machine.
    ///
    /// # Errors
    /// When the file can't be read, the machine can't store it, or the connection breaks.
    pub async fn put_file(
        &self,
        platform: Platform,
        local: &Path,
        path: &str,
    ) -> Result<(), SshError> {
        let channel = self.channel().await?;
        scp::put_file(channel, &self.address, platform, local, path).await
    }

    /// Stores a copy of a folder of this machine, with all that is in it, within the folder `path`. `itself`: under its own name there, else only what it
    /// contains.
    ///
    /// # Errors
    /// When something can't be read, the machine can't store it, or the connection breaks.
    pub async fn put_folder(
        &self,
        platform: Platform,
        local: &Path,
        path: &str,
        itself: bool,
    ) -> Result<(), SshError> {
        let steps = scp::list(local, itself)?;
        let channel = self.channel().await?;
        scp::put_folder(channel, &self.address, platform, &steps, path).await
    }

    /// Says goodbye. Whatever still runs there loses its terminal.
    pub async fn close(self) {
        for handle in [Some(&self.handle), self.bastion.as_ref()]
            .into_iter()
            .flatten()
        {
            let goodbye = handle.disconnect(Disconnect::ByApplication, "", "");
            // Who does not listen any more needs no goodbye.
            drop(tokio::time::timeout(GOODBYE, goodbye).await);
        }
    }

    async fn channel(&self) -> Result<Channel<Msg>, SshError> {
        self.handle
            .channel_open_session()
            .await
            .map_err(|error| match error {
                russh::Error::Disconnect | russh::Error::SendError => SshError::Lost {
                    address: self.address.clone(),
                },
                other => other.into(),
            })
    }
}
