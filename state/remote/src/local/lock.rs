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
        use nix::libc;
        let kind = |kind: i32| i16::try_from(kind).map_err(io::Error::other);
        let lock = libc::flock {
            l_type: kind(i32::from(libc::F_WRLCK))?,
            l_whence: kind(i32::from(libc::SEEK_SET))?,
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
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

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn file_mut(&mut self) -> &mut File {
        &mut self.file
    }
}
