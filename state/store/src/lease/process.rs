//! Whether the process that took a lock is known to be gone, for places that keep a lock until it is given back.
//!
//! What a lock says about its process ends with a mark: which boot of which machine, which process there, and when that began. Whoever finds the lock on the same
//! boot can look. Locks without such a mark, those of the peers and of other machines, are never taken for those of dead processes.

use std::path::{Path, PathBuf};

/// What a mark begins with.
const BEGIN: &str = "; #";

/// What is known of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    /// The boot of the machine and the name space in which processes are numbered: processes with the same number are the same within.
    boot: String,
    pid: u32,
    /// When it began, in ticks since the boot: numbers are given out again.
    started: u64,
}

/// Where processes are to be seen.
struct Seen {
    proc: PathBuf,
}

impl Seen {
    fn here() -> Self {
        Self {
            proc: PathBuf::from("/proc"),
        }
    }

    fn boot(&self) -> Option<String> {
        let boot = std::fs::read_to_string(self.proc.join("sys/kernel/random/boot_id")).ok()?;
        let space = std::fs::read_link(self.proc.join("self/ns/pid")).ok()?;
        let space: String = space
            .to_str()?
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        let boot: String = boot
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(32)
            .collect();
        (boot.len() == 32 && !space.is_empty()).then(|| format!("{boot}-{space}"))
    }

    fn started(&self, pid: u32) -> std::io::Result<Option<u64>> {
        let text = std::fs::read_to_string(self.proc.join(pid.to_string()).join("stat"))?;
        // The name of the program may hold anything; what follows is numbers. The first of them is the third field, and this is the 22nd.
        let field = |text: &str| {
            let (_, rest) = text.rsplit_once(')')?;
            rest.split_whitespace().nth(19)?.parse().ok()
        };
        Ok(field(&text))
    }

    fn mark(&self, pid: u32) -> Option<Mark> {
        Some(Mark {
            boot: self.boot()?,
            pid,
            started: self.started(pid).ok()??,
        })
    }

    fn is_gone(&self, mark: &Mark) -> bool {
        if self.boot().as_ref() != Some(&mark.boot) {
            return false;
        }
        match self.started(mark.pid) {
            Ok(started) => started.is_some_and(|started| started != mark.started),
            // Processes of others can be hidden; then the first one is, too.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.started(1).is_ok() && Path::new(&self.proc).join("self").exists()
            }
            Err(_) => false,
        }
    }
}

impl Mark {
    fn find(info: &str) -> Option<Self> {
        let (_, rest) = info.rsplit_once(BEGIN)?;
        let text = rest.split(';').next()?;
        let mut parts = text.split('.');
        let mark = Self {
            boot: parts.next()?.to_owned(),
            pid: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(mark)
    }
}

/// What a lock says about its process, with the mark of this one, where the system tells what is needed.
#[must_use]
pub fn marked(info: &str) -> String {
    match Seen::here().mark(std::process::id()) {
        Some(Mark { boot, pid, started }) => format!("{info}{BEGIN}{boot}.{pid}.{started}"),
        None => info.to_owned(),
    }
}

/// Whether the process that a lock speaks of is known to be gone.
#[must_use]
pub fn is_gone(info: &str) -> bool {
    Mark::find(info).is_some_and(|mark| Seen::here().is_gone(&mark))
}

/// The same for people.
#[must_use]
pub fn without_mark(info: &str) -> String {
    if Mark::find(info).is_none() {
        return info.to_owned();
    }
    match info.rsplit_once(BEGIN) {
        Some((before, rest)) => match rest.split_once(';') {
            Some((_, after)) => format!("{before};{after}"),
            None => before.to_owned(),
        },
        None => info.to_owned(),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{is_gone, marked, without_mark};
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_is_gone_when_it_is_gone() {
        let own = marked("process 7: terrane apply");
        assert!(!is_gone(&own));
        assert_eq!(without_mark(&own), "process 7: terrane apply");
        let more = format!("{own}; taken over if not renewed for 90 s");
        assert!(!is_gone(&more));
        assert_eq!(
            without_mark(&more),
            "process 7: terrane apply; taken over if not renewed for 90 s"
        );
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let (before, after) = own
            .rsplit_once(&format!(".{}.", std::process::id()))
            .unwrap();
        let started = super::Seen::here().started(child.id()).unwrap().unwrap();
        let theirs = format!("{before}.{}.{started}", child.id());
        assert!(!is_gone(&theirs));
        // Its number belongs to another one that began later.
        let number = after.parse::<u64>().unwrap();
        assert!(is_gone(&format!(
            "{before}.{}.{}",
            std::process::id(),
            number + 1
        )));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(is_gone(&theirs));
        assert!(is_gone(&format!(
            "{theirs}; taken over if not renewed for 90 s"
        )));
    }

    /// What nobody here can know is never taken for a dead process.
    #[test]
    fn others_are_left_alone() {
        let own = marked("");
        let elsewhere = own.replacen("; #", "; #0", 1);
        for info in [
            "",
            "process 7: terrane apply",
            "; #",
            "; #x.y.z",
            "; #0123.7.1",
            "; #a.1",
            elsewhere.as_str(),
        ] {
            assert!(!is_gone(info), "{info}");
        }
        assert_eq!(without_mark("fix; #12 in prod"), "fix; #12 in prod");
    }
}
