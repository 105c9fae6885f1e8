//! A PostgreSQL server for one process: in a folder of its own, on a free port of the loopback, gone when the process is gone, however it ends.
//!
//! The programs are those of the distribution's package. The server does not wait for the disk: what tests look at is what it does when a client or
//! a connection goes, not when the power goes.

use std::fmt;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How to come by the programs.
pub const INSTALL: &str = "PostgreSQL is not installed, and these tests need its programs (initdb, postgres). Install them with `cargo run -p xtask -- services install`, or by hand: `apt-get install --no-install-recommends postgresql`";

/// A running server.
#[derive(Debug)]
pub struct Server {
    port: u16,
    folder: PathBuf,
    programs: PathBuf,
    /// Ends the server when it is closed.
    _keeper: Child,
}

/// Why there is no server.
#[derive(Debug)]
pub struct NoServer(String);

impl fmt::Display for NoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoServer {}

impl Server {
    /// The server of this process, started by whoever asks first.
    ///
    /// # Panics
    /// Loudly, when it can't be started: a test that was not run must not look like one that passed.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| match Self::start(&["fsync=off"]) {
            Ok(server) => server,
            Err(problem) => panic!("{problem}"),
        })
    }

    /// Starts a server with these settings besides its own.
    ///
    /// # Errors
    /// When the programs are missing or do not work.
    pub fn start(settings: &[&str]) -> Result<Self, NoServer> {
        Self::start_with(settings, &[])
    }

    /// The same, with these files (names and texts) above its folder of data.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_with(settings: &[&str], files: &[(&str, &str)]) -> Result<Self, NoServer> {
        let programs = programs().ok_or_else(|| NoServer(INSTALL.to_owned()))?;
        let say = |doing: &str| {
            let doing = doing.to_owned();
            move |error: io::Error| NoServer(format!("{doing} failed: {error}"))
        };
        let folder = folder().map_err(say("making a folder for PostgreSQL"))?;
        let user = ordinary_user();
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid))
                .map_err(say("giving the folder away"))?;
        }
        let data = folder.join("data");
        for (name, text) in files {
            put(&folder.join(name), text, user).map_err(say("writing a file for PostgreSQL"))?;
        }
        let made = as_user(&mut Command::new(programs.join("initdb")), user)
            .args([
                "--auth=trust",
                "--username=terrane",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("-D")
            .arg(&data)
            .current_dir(&folder)
            .output()
            .map_err(say("starting initdb"))?;
        if !made.status.success() {
            return Err(NoServer(format!(
                "initdb failed: {}",
                String::from_utf8_lossy(&made.stderr)
            )));
        }
        let port = free_port().map_err(say("looking for a free port"))?;
        let mut all = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", folder.display()),
            "max_connections=200".to_owned(),
        ];
        all.extend(settings.iter().map(|setting| (*setting).to_owned()));
        let keeper = as_user(&mut Command::new("/bin/sh"), user)
            .arg("-c")
            // It reads until this process is gone; then the server goes, and its folder with it.
            .arg(
                r#"trap '' INT TERM; programs=$1 data=$2 folder=$3; shift 3
                "$programs/postgres" -D "$data" "$@" >"$folder/log" 2>&1 </dev/null &
                cat >/dev/null; kill -INT $!; wait; rm -rf "$folder""#,
            )
            .arg("sh")
            .arg(&programs)
            .arg(&data)
            .arg(&folder)
            .args(all.iter().flat_map(|setting| ["-c", setting]))
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(say("starting the server"))?;
        let server = Self {
            port,
            folder,
            programs,
            _keeper: keeper,
        };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<(), NoServer> {
        const LONGEST: Duration = Duration::from_secs(60);
        let began = Instant::now();
        loop {
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .is_ok_and(|status| status.success());
            if ready {
                return Ok(());
            }
            if began.elapsed() > LONGEST {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(NoServer(format!("PostgreSQL does not start: {log}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The port on the loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it writes what it has to say.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// How to connect to a database of it.
    #[must_use]
    pub fn conn_str(&self, database: &str) -> String {
        format!(
            "postgres://terrane@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// Runs statements as `psql` would, and gives what came of them: lines, with `|` between columns.
    ///
    /// # Panics
    /// When they fail.
    #[must_use]
    pub fn psql(&self, database: &str, statements: &str) -> String {
        let told = self.run(
            "psql",
            &[
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                database,
                "-c",
                statements,
            ],
        );
        told.trim_end().to_owned()
    }

    /// Schema and rows of a database, as `pg_dump` writes them.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn dump(&self, database: &str) -> String {
        self.run(
            "pg_dump",
            &["--inserts", "--no-owner", "--no-privileges", "-d", database],
        )
    }

    /// Runs a program of PostgreSQL against this server, and gives what it printed.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(self.programs.join(program))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                "terrane",
            ])
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A database of its own, empty.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn database(&self) -> String {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("d{}", NEXT.fetch_add(1, Ordering::Relaxed));
        drop(self.psql("postgres", &format!("CREATE DATABASE {name}")));
        name
    }
}

/// The folder of the programs.
fn programs() -> Option<PathBuf> {
    let mut candidates: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    candidates.sort();
    let on_path = std::env::var_os("PATH");
    let on_path = on_path.iter().flat_map(std::env::split_paths);
    candidates
        .into_iter()
        .rev()
        .map(|(_, path)| path)
        .chain(on_path)
        .find(|path| {
            ["initdb", "postgres", "pg_isready", "psql"]
                .iter()
                .all(|program| path.join(program).exists())
        })
}

/// The server refuses to run as root: then it runs as another user.
fn ordinary_user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let me = fs::metadata("/proc/self").ok()?.uid();
    if me != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|wanted| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(wanted)).then_some(())?;
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some((uid, gid))
        })
    })
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    match user {
        Some((uid, gid)) => command.gid(gid).uid(uid),
        None => command,
    }
}

fn folder() -> io::Result<PathBuf> {
    use std::hash::{BuildHasher as _, Hasher as _};
    let number = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    // Short: the path of a socket has at most some hundred bytes.
    let folder = Path::new("/tmp").join(format!("terrane-pg-{number:016x}"));
    fs::create_dir(&folder)?;
    Ok(folder)
}

/// Writes a file that only the server may read: it refuses keys that others can.
fn put(path: &Path, text: &str, user: Option<(u32, u32)>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
    }
    Ok(())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
