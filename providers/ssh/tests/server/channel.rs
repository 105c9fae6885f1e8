//! One command.

use super::{Shared, receive};
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelWriteHalf, Disconnect};
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Waits for the command, runs it, and says how it ended. `cut` is a command that cuts the connection.
pub(crate) async fn serve(mut channel: Channel<Msg>, handle: Handle, shared: Arc<Shared>) {
    let command = loop {
        match channel.wait().await {
            Some(ChannelMsg::Exec { command, .. }) => break command,
            Some(_) => {}
            None => return,
        }
    };
    let command = String::from_utf8_lossy(&command).into_owned();
    shared.note(format!("run {command}"));
    let (mut read, write) = channel.split();
    if command == "cut" {
        return cut(&handle).await;
    }
    let status = match command.strip_prefix("scp ") {
        Some(_) if shared.options.without_scp => 127,
        Some(arguments) => {
            let (folder, target) = arguments.split_once(' ').unwrap_or((arguments, "."));
            let target = target.trim_matches('\'');
            let place = receive::Place {
                // An absolute path stays what it is.
                target: shared.home.path().join(target),
                is_folder: folder == "-rt",
                cut_after: shared.options.cut_after,
            };
            match place.receive(&mut read.make_reader(), &write).await {
                Some(status) => status,
                None => {
                    return cut(&handle).await;
                }
            }
        }
        None => run(&command, &shared, &write).await,
    };
    for step in [
        write.exit_status(status).await,
        write.eof().await,
        write.close().await,
    ] {
        // The client may be gone.
        drop(step);
    }
}

async fn cut(handle: &Handle) {
    handle
        .disconnect(Disconnect::ByApplication, String::new(), String::new())
        .await
        .ok();
}

async fn run(command: &str, shared: &Shared, write: &ChannelWriteHalf<Msg>) -> u32 {
    let child = tokio::process::Command::new("/bin/sh")
        .args(["-c", command])
        .current_dir(shared.home.path())
        .env("HOME", shared.home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = child else { return 126 };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    tokio::join!(pass(out, None, write), pass(err, Some(1), write));
    let status = child.wait().await.ok().and_then(|status| status.code());
    status
        .and_then(|code| u32::try_from(code).ok())
        .unwrap_or(255)
}

async fn pass(
    stream: Option<impl AsyncRead + Unpin>,
    kind: Option<u32>,
    write: &ChannelWriteHalf<Msg>,
) {
    let Some(mut stream) = stream else { return };
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let piece = buffer[..read].to_vec();
        let sent = match kind {
            Some(kind) => write.extended_data_bytes(kind, piece).await,
            None => write.data_bytes(piece).await,
        };
        if sent.is_err() {
            return;
        }
    }
}
