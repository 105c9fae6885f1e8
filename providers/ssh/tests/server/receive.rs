//! The receiving end of `scp`.

use russh::ChannelWriteHalf;
use russh::server::Msg;
use std::path::PathBuf;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Where files go.
pub(crate) struct Place {
    pub(crate) target: PathBuf,
    pub(crate) is_folder: bool,
    pub(crate) cut_after: Option<usize>,
}

impl Place {
    /// Receives until there is no more. `None`: the connection is to be cut.
    pub(crate) async fn receive(
        self,
        read: &mut (impl AsyncRead + Unpin),
        write: &ChannelWriteHalf<Msg>,
    ) -> Option<u32> {
        let mut read = BufReader::new(read);
        let mut folders = vec![self.target.clone()];
        write.data_bytes(vec![0]).await.ok()?;
        if self.is_folder && !self.target.is_dir() {
            return refuse(write, "No such file or directory").await;
        }
        let mut line = String::new();
        loop {
            line.clear();
            if read.read_line(&mut line).await.ok()? == 0 {
                return Some(0);
            }
            let line = line.trim_end_matches('\n');
            let mut words = line.splitn(3, ' ');
            let (kind, size) = (words.next()?, words.next().unwrap_or("0"));
            let name = words.next().unwrap_or_default();
            let folder = folders.last()?.clone();
            match kind.as_bytes().first()? {
                b'E' => drop(folders.pop()),
                b'D' => {
                    let path = folder.join(name);
                    if !path.is_dir() && std::fs::create_dir(&path).is_err() {
                        return refuse(write, "can't make a folder").await;
                    }
                    folders.push(path);
                }
                b'C' => {
                    let path = if folder.is_dir() {
                        folder.join(name)
                    } else {
                        folder
                    };
                    write.data_bytes(vec![0]).await.ok()?;
                    let mut bytes = vec![0; size.parse().ok()?];
                    if let Some(limit) = self.cut_after {
                        let limit = limit.min(bytes.len());
                        read.read_exact(&mut bytes[..limit]).await.ok()?;
                        return None;
                    }
                    read.read_exact(&mut bytes).await.ok()?;
                    if read.read_u8().await.ok()? != 0 {
                        return refuse(write, "protocol error").await;
                    }
                    if std::fs::write(&path, bytes).is_err() {
                        let text = format!("{}: Permission denied", path.display());
                        return refuse(write, &text).await;
                    }
                    permit(&path, kind);
                }
                _ => return refuse(write, "protocol error").await,
            }
            write.data_bytes(vec![0]).await.ok()?;
        }
    }
}

#[cfg(unix)]
fn permit(path: &std::path::Path, kind: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = u32::from_str_radix(kind.trim_start_matches('C'), 8).expect("it is octal");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[cfg(not(unix))]
fn permit(_: &std::path::Path, _: &str) {}

async fn refuse(write: &ChannelWriteHalf<Msg>, why: &str) -> Option<u32> {
    let text = format!("\u{1}scp: {why}\n");
    write.data_bytes(text.into_bytes()).await.ok()?;
    Some(1)
}
