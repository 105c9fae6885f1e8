//! The peers' kind of file lock.

use std::fs::File;
use std::io;

/// A file that is locked as long as this lives.
#[derive(Debug)]
pub(super) struct Locked {
    file: File,
}

impl Locked {
    /// Locks a file as the peers do; `None`: somebody else has it.
    ///
    /// Locks of the old kind (`F_SETLK`) belong to a process and end when it closes *any* descriptor of the file, so that merely reading the
    /// state would give the lock away. Those of open file descriptions don't, and get into the way of the old kind all the same.
    #[cfg(unix)]
    pub(super) fn take(file: File) -> io::Result<Option<Self>> {
        use nix::errno::Errno;
        use nix::fcntl::{FcntlArg, fcntl};
        let lock = whole_file()?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let how = FcntlArg::F_OFD_SETLK(&lock);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let how = FcntlArg::F_SETLK(&lock);
        match fcntl(&file, how) {
            Ok(_) => Ok(Some(Self { file })),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Locks a file as the peers do; `None`: somebody else has it.
    #[cfg(not(unix))]
    pub(super) fn take(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether nobody has a lock on a file.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn is_free(file: &File) -> io::Result<bool> {
        use nix::fcntl::{FcntlArg, fcntl};
        use nix::libc;
        let mut lock = whole_file()?;
        fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
        Ok(lock.l_type == small(libc::F_UNLCK)?)
    }

    /// Whether nobody has a lock on a file: tried for a moment.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn is_free(file: &File) -> io::Result<bool> {
        Ok(Self::take(file.try_clone()?)?.is_some())
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn file_mut(&mut self) -> &mut File {
        &mut self.file
    }
}

/// The lock belongs to what all copies of the descriptor share, and a child process has one until it runs its program: closing ours is not enough.
#[cfg(any(target_os = "linux", target_os = "android"))]
impl Drop for Locked {
    fn drop(&mut self) {
        use nix::fcntl::{FcntlArg, fcntl};
        use nix::libc;
        let freed = whole_file().and_then(|mut lock| {
            lock.l_type = small(libc::F_UNLCK)?;
            Ok(fcntl(&self.file, FcntlArg::F_OFD_SETLK(&lock))?)
        });
        drop(freed);
    }
}

/// An exclusive lock on a whole file.
#[cfg(unix)]
fn whole_file() -> io::Result<nix::libc::flock> {
    use nix::libc;
    Ok(libc::flock {
        l_type: small(libc::F_WRLCK)?,
        l_whence: small(libc::SEEK_SET)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    })
}

/// These constants are of different types on different systems, and fit into the smaller one on all.
#[cfg(unix)]
fn small(constant: impl TryInto<nix::libc::c_short>) -> io::Result<nix::libc::c_short> {
    constant
        .try_into()
        .map_err(|_| io::ErrorKind::Unsupported.into())
}
