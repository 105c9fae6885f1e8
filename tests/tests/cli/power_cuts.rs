//! Applies on a real file system whose disk goes away in the midst: what was not synced is gone, as after a power cut.
//!
//! The working directory is on ext4 in a file of its own. `EXT4_IOC_SHUTDOWN` without flushing the log makes it drop all that it had not been asked to keep, and fail from
//! then on. It is mounted again, which replays its log. That takes root and loop devices, so it is left out unless `TERRANE_POWER_CUTS` says how many cuts there are to be:
//!
//! ```sh
//! TERRANE_POWER_CUTS=20 cargo test --workspace --test cli -- power_cuts --nocapture
//! ```
#![cfg(target_os = "linux")]

use super::folder::Folder;
use super::kills::{Attempt, begun, chance, configuration, made, settle, wait_for_orphans};
use super::places::{Place, places};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits for a line, then tells ext4 to go down at once (`EXT4_GOING_FLAGS_NOLOGFLUSH`).
const SHUTDOWN: &str = "
import fcntl, os, struct, sys
disk = os.open(sys.argv[1], os.O_RDONLY)
print('ready', flush=True)
sys.stdin.readline()
fcntl.ioctl(disk, 0x8004587D, struct.pack('I', 2))
";

/// A program that can take the power away without delay.
struct Switch {
    child: Child,
}

impl Switch {
    fn new(disk: &Disk) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", SHUTDOWN])
            .arg(disk.mounted())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child }
    }

    fn off(mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

fn succeed(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A file system in a file.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new() -> Self {
        let disk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(disk.mounted()).unwrap();
        let image = std::fs::File::create(disk.image()).unwrap();
        image.set_len(64 << 20).unwrap();
        succeed("mkfs.ext4", &["-q", "-F", disk.image().to_str().unwrap()]);
        disk.mount();
        disk
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn mounted(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    fn mount(&self) {
        let (image, mounted) = (self.image(), self.mounted());
        succeed(
            "mount",
            &[
                "-o",
                "loop",
                image.to_str().unwrap(),
                mounted.to_str().unwrap(),
            ],
        );
    }

    fn unmount(&self) {
        succeed("umount", &[self.mounted().to_str().unwrap()]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // After a failure it is still there.
        drop(
            Command::new("umount")
                .arg("-l")
                .arg(self.mounted())
                .output(),
        );
    }
}

fn cut(place: &Place, round: u64) {
    let disk = Disk::new();
    let ledger = tempfile::tempdir().unwrap();
    let files = [("main.tf", &*configuration(place, ledger.path()))];
    let attempt = Attempt {
        place,
        folder: Folder::within(&disk.mounted(), &files),
    };
    attempt.run("init -input=false").ok();
    succeed("sync", &["-f", disk.mounted().to_str().unwrap()]);
    let switch = Switch::new(&disk);
    let mut child = begun(&attempt, ledger.path(), chance(round));
    switch.off();
    let begun = made(ledger.path());
    let what = format!("{}, power cut {round}", place.name);
    // It notices by itself.
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "{what}: it hangs"
        );
        std::thread::sleep(Duration::from_millis(5));
    };
    let all = begun.len() == 2 * super::kills::PAIRS;
    assert!(all || !status.success(), "{what}: it did not notice");
    // Programs that it had started keep the disk busy.
    wait_for_orphans(attempt.folder.path());
    disk.unmount();
    disk.mount();
    settle(&attempt, ledger.path(), &begun, &what);
    drop(attempt);
    disk.unmount();
}

#[test]
fn a_power_cut_forgets_nothing_that_was_made() {
    let Some(cuts) = std::env::var_os("TERRANE_POWER_CUTS") else {
        eprintln!("LEFT OUT: TERRANE_POWER_CUTS is not set, so no file system was shut down");
        return;
    };
    let cuts: u64 = cuts.to_str().unwrap().parse().unwrap();
    for place in places() {
        // With a database the folder of the run holds nothing that counts.
        if place.name.starts_with("pg") {
            continue;
        }
        for round in 0..cuts {
            cut(&place, round);
        }
    }
}
