//! Files for the other machine, by the protocol of `scp`: its program there is run as the receiving end (`-t`).
//!
//! A message is one line: `C0644 5 name` before a file of five bytes, `D0755 0 name` before what is in a folder, `E` after it. The contents of a file end with
//! a zero byte. Each message and each file is answered with a zero byte, or with 1 (a warning) or 2 (the end) and a line that says why.

use crate::error::{SshError, why};
use crate::target::Platform;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt as _;

/// Permissions of files, as the field sends them.
const FILE: u32 = 0o644;
/// Permissions of folders, as the field sends them.
const FOLDER: u32 = 0o755;
/// How much of a file is in memory at once.
const CHUNK: usize = 64 * 1024;
/// How deep folders may be in each other. Links are followed, so they may go in circles.
const MAX_DEPTH: usize = 100;
/// The longest message of the other side that is read.
const MAX_MESSAGE: usize = 4096;
/// What a shell says when there is no such program.
const NOT_FOUND: u32 = 127;

/// A step of sending a folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Enter(String),
    File { path: PathBuf, name: String },
    Leave,
}

/// What there is to be sent of a folder, in order of names.
pub(crate) fn list(folder: &Path, itself: bool) -> Result<Vec<Step>, SshError> {
    let mut steps = Vec::new();
    if itself {
        let whole = folder
            .canonicalize()
            .map_err(|source| unreadable(folder, source))?;
        // The name as it was written, unless it has none (`..`).
        let name = folder
            .file_name()
            .or_else(|| whole.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        steps.push(Step::Enter(name));
    }
    walk(folder, 0, &mut steps)?;
    if itself {
        steps.push(Step::Leave);
    }
    Ok(steps)
}

fn walk(folder: &Path, depth: usize, steps: &mut Vec<Step>) -> Result<(), SshError> {
    if depth >= MAX_DEPTH {
        let circle = std::io::Error::other("folders are nested too deeply, or links go in circles");
        return Err(unreadable(folder, circle));
    }
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unreadable(folder, source))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let meta = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if meta.is_dir() {
            steps.push(Step::Enter(name));
            walk(&path, depth + 1, steps)?;
            steps.push(Step::Leave);
        } else {
            steps.push(Step::File { path, name });
        }
    }
    Ok(())
}

fn unreadable(path: &Path, source: std::io::Error) -> SshError {
    SshError::Local {
        path: path.display().to_string(),
        source,
    }
}

pub(crate) async fn put(
    channel: Channel<Msg>,
    address: &str,
    platform: Platform,
    bytes: &[u8],
    path: &str,
    mode: u32,
) -> Result<(), SshError> {
    let (folder, name) = split(path, platform);
    let mut link = Link::open(channel, address, path, platform, &folder, false).await?;
    link.message(&format!("C{mode:04o} {} {}", bytes.len(), checked(&name)?))
        .await?;
    for chunk in bytes.chunks(CHUNK) {
        link.send(chunk.to_vec()).await?;
    }
    link.end_of_file().await?;
    link.finish().await
}

pub(crate) async fn put_file(
    channel: Channel<Msg>,
    address: &str,
    platform: Platform,
    local: &Path,
    path: &str,
) -> Result<(), SshError> {
    let (folder, name) = split(path, platform);
    let mut link = Link::open(channel, address, path, platform, &folder, false).await?;
    link.file(local, &name).await?;
    link.finish().await
}

pub(crate) async fn put_folder(
    channel: Channel<Msg>,
    address: &str,
    platform: Platform,
    steps: &[Step],
    path: &str,
) -> Result<(), SshError> {
    let mut link = Link::open(channel, address, path, platform, path, true).await?;
    for step in steps {
        match step {
            Step::Enter(name) => {
                link.message(&format!("D{FOLDER:04o} 0 {}", checked(name)?))
                    .await?;
            }
            Step::File { path, name } => link.file(path, name).await?,
            Step::Leave => link.message("E").await?,
        }
    }
    link.finish().await
}

/// Folder and name of a path there. One that ends with a slash is a folder that has to be there: as with the peers, the file in it bears the name of the folder.
fn split(path: &str, platform: Platform) -> (String, String) {
    let path = match platform {
        Platform::Unix => path.to_owned(),
        Platform::Windows => path.replace('\\', "/"),
    };
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit_once('/') {
        Some((_, name)) if path.ends_with('/') => (trimmed.to_owned(), name.to_owned()),
        None if path.ends_with('/') => (trimmed.to_owned(), trimmed.to_owned()),
        Some(("", name)) => (String::from("/"), name.to_owned()),
        Some((folder, name)) => (folder.to_owned(), name.to_owned()),
        None => (String::from("."), trimmed.to_owned()),
    }
}

/// A name that fits into a message.
fn checked(name: &str) -> Result<&str, SshError> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['\n', '\0', '/']) {
        return Err(SshError::Protocol {
            what: "uploading failed",
            problem: format!("{name:?} can't be the name of a file there"),
        });
    }
    Ok(name)
}

/// A conversation with the receiving end.
struct Link<'a> {
    read: ChannelReadHalf,
    write: ChannelWriteHalf<Msg>,
    address: &'a str,
    path: &'a str,
    answers: VecDeque<u8>,
    errors: Vec<u8>,
    status: Option<u32>,
    /// The other side has closed the channel.
    closed: bool,
}

impl<'a> Link<'a> {
    async fn open(
        channel: Channel<Msg>,
        address: &'a str,
        path: &'a str,
        platform: Platform,
        target: &str,
        folder: bool,
    ) -> Result<Self, SshError> {
        let flags = if folder { "-rt" } else { "-t" };
        // A name that begins with a dash is no flag.
        let target = match target.strip_prefix('-') {
            Some(_) => format!("./{target}"),
            None => target.to_owned(),
        };
        let command = format!("scp {flags} {}", platform.quote(&target));
        channel.exec(true, command).await?;
        let (read, write) = channel.split();
        let mut link = Self {
            read,
            write,
            address,
            path,
            answers: VecDeque::new(),
            errors: Vec::new(),
            status: None,
            closed: false,
        };
        link.answer().await?;
        Ok(link)
    }

    async fn message(&mut self, line: &str) -> Result<(), SshError> {
        self.send(format!("{line}\n").into_bytes()).await?;
        self.answer().await
    }

    async fn end_of_file(&mut self) -> Result<(), SshError> {
        self.send(vec![0]).await?;
        self.answer().await
    }

    async fn file(&mut self, local: &Path, name: &str) -> Result<(), SshError> {
        let failed = |source| unreadable(local, source);
        let mut file = tokio::fs::File::open(local).await.map_err(failed)?;
        let size = file.metadata().await.map_err(failed)?.len();
        self.message(&format!("C{FILE:04o} {size} {}", checked(name)?))
            .await?;
        let mut left = size;
        while left > 0 {
            let mut chunk = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
            let read = file.read(&mut chunk).await.map_err(failed)?;
            if read == 0 {
                return Err(failed(std::io::Error::other("it shrank while it was sent")));
            }
            chunk.truncate(read);
            left -= u64::try_from(read).unwrap_or(left).min(left);
            self.send(chunk).await?;
        }
        self.end_of_file().await
    }

    /// Sends bytes, hearing meanwhile what the other side says: one that gives up takes no more.
    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), SshError> {
        {
            let write = self.write.data_bytes(bytes);
            tokio::pin!(write);
            while !self.closed {
                tokio::select! {
                    done = &mut write => return done.map_err(|_| lost(self.address)),
                    message = self.read.wait() => {
                        let (answers, errors) = (&mut self.answers, &mut self.errors);
                        self.closed = !note(message, answers, errors, &mut self.status);
                    }
                }
            }
        }
        // Before it ended it may have said why.
        match self.answer().await {
            Ok(()) => Err(self.ended()),
            Err(error) => Err(error),
        }
    }

    /// Waits for the answer to what was sent.
    async fn answer(&mut self) -> Result<(), SshError> {
        match self.byte().await? {
            0 => Ok(()),
            1 | 2 => {
                let mut text = Vec::new();
                while let Ok(byte) = self.byte().await
                    && byte != b'\n'
                    && text.len() < MAX_MESSAGE
                {
                    text.push(byte);
                }
                Err(self.refused(String::from_utf8_lossy(&text).trim().to_owned()))
            }
            // Something else writes there, such as a start-up file of the shell.
            other => {
                let mut text = vec![other];
                text.extend(self.answers.drain(..).take(MAX_MESSAGE));
                let text = String::from_utf8_lossy(&text).trim().to_owned();
                Err(self.refused(format!(
                    "scp there was expected to answer, but this came: {text:?}"
                )))
            }
        }
    }

    async fn byte(&mut self) -> Result<u8, SshError> {
        loop {
            if let Some(byte) = self.answers.pop_front() {
                return Ok(byte);
            }
            if self.closed {
                return Err(self.ended());
            }
            let message = self.read.wait().await;
            let (answers, errors) = (&mut self.answers, &mut self.errors);
            if !note(message, answers, errors, &mut self.status) {
                self.closed = true;
            }
        }
    }

    /// Says that there is no more, and waits until the other side is done.
    async fn finish(mut self) -> Result<(), SshError> {
        self.write.eof().await.map_err(|_| lost(self.address))?;
        while !self.closed {
            let message = self.read.wait().await;
            let (answers, errors) = (&mut self.answers, &mut self.errors);
            self.closed = !note(message, answers, errors, &mut self.status);
        }
        match self.status {
            Some(0) => Ok(()),
            _ => Err(self.ended()),
        }
    }

    /// Why the other side ended.
    fn ended(&self) -> SshError {
        let errors = String::from_utf8_lossy(&self.errors).trim().to_owned();
        match self.status {
            Some(NOT_FOUND) => self.refused(String::from(
                "scp is not installed there, or not in the PATH",
            )),
            Some(status) if errors.is_empty() => {
                self.refused(format!("scp there ended with status {status}"))
            }
            Some(_) => self.refused(errors),
            None => lost(self.address),
        }
    }

    fn refused(&self, problem: String) -> SshError {
        SshError::Upload {
            path: self.path.to_owned(),
            address: self.address.to_owned(),
            problem,
        }
    }
}

fn lost(address: &str) -> SshError {
    SshError::Lost {
        address: address.to_owned(),
    }
}

/// Takes in what came. Returns whether more may come.
fn note(
    message: Option<ChannelMsg>,
    answers: &mut VecDeque<u8>,
    errors: &mut Vec<u8>,
    status: &mut Option<u32>,
) -> bool {
    match message {
        Some(ChannelMsg::Data { data }) => {
            if answers.len() < MAX_MESSAGE {
                answers.extend(data);
            }
        }
        Some(ChannelMsg::ExtendedData { data, .. }) => {
            if errors.len() < MAX_MESSAGE {
                errors.extend(data);
            }
        }
        Some(ChannelMsg::ExitStatus { exit_status }) => *status = Some(exit_status),
        Some(ChannelMsg::Failure) => {
            errors.extend(b"the host does not run commands");
            *status = Some(1);
            return false;
        }
        Some(ChannelMsg::Close) | None => return false,
        Some(_) => {}
    }
    true
}

/// For what could not be read.
impl SshError {
    /// What went wrong, with its cause, as one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Local { path, source } => format!("{path} can't be read: {}", why(source)),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, checked, list, split};
    use crate::target::Platform;
    use std::path::Path;

    #[test]
    fn paths_are_split_as_the_field_does() {
        for (path, platform, folder, name) in [
            ("/tmp/a", Platform::Unix, "/tmp", "a"),
            ("/a", Platform::Unix, "/", "a"),
            ("a", Platform::Unix, ".", "a"),
            ("/tmp/b/", Platform::Unix, "/tmp/b", "b"),
            ("b//", Platform::Unix, "b", "b"),
            ("C:\\temp\\", Platform::Windows, "C:/temp", "temp"),
            ("C:\\temp\\a b.txt", Platform::Windows, "C:/temp", "a b.txt"),
        ] {
            assert_eq!(split(path, platform), (folder.to_owned(), name.to_owned()));
        }
        for name in ["", "..", "a\nb", "/"] {
            assert!(checked(name).is_err());
        }
    }

    #[test]
    fn folders_are_listed_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("top");
        std::fs::create_dir_all(root.join("b/c")).unwrap();
        std::fs::write(root.join("b/x"), "").unwrap();
        std::fs::write(root.join("a"), "").unwrap();
        let enter = |name: &str| Step::Enter(name.into());
        let file = |path: &Path, name: &str| Step::File {
            path: path.to_owned(),
            name: name.into(),
        };
        let inside = || {
            [
                file(&root.join("a"), "a"),
                enter("b"),
                enter("c"),
                Step::Leave,
                file(&root.join("b/x"), "x"),
                Step::Leave,
            ]
        };
        assert_eq!(list(&root, false).unwrap(), inside());
        let mut whole = vec![enter("top")];
        whole.extend(inside());
        whole.push(Step::Leave);
        assert_eq!(list(&root, true).unwrap(), whole);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_circles_end() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("again")).unwrap();
        assert!(list(dir.path(), false).is_err());
    }
}
