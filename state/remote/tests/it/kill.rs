//! Processes that write are killed, at a moment of their parent's choosing; what they acknowledged is there afterwards.

use crate::common;
use crate::common::Setting;
use crate::moto::Moto;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use terrane_model::addr::InstanceKey;
use terrane_model::snapshot::Snapshot;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::{StateStore, StoreError};
use terrane_value::{Type, Value};

const STORE: &str = "TERRANE_KILL_TEST_STORE";
const FOLDER: &str = "TERRANE_KILL_TEST_FOLDER";
const PORT: &str = "TERRANE_KILL_TEST_PORT";
const BUCKET: &str = "TERRANE_KILL_TEST_BUCKET";
/// A table for locks; then there is no lock file.
const TABLE: &str = "TERRANE_KILL_TEST_TABLE";
/// The address of a server of `backend "http"`.
const ADDRESS: &str = "TERRANE_KILL_TEST_ADDRESS";

/// A store as one process after the other opens it: the kind, the folder of the machine, the server.
struct Case {
    kind: &'static str,
    folder: std::path::PathBuf,
    moto: Option<Moto>,
}

impl Case {
    fn open(&self) -> Arc<dyn StateStore> {
        let mut setting = Setting::leaked();
        // So that a test need not wait for long.
        let expiry = (String::from("TERRANE_S3_LOCK_EXPIRY"), String::from("3"));
        setting.env.extend([expiry]);
        let mut surroundings = setting.surroundings();
        surroundings.data_dir = self.folder.join(".terrane");
        let config = match &self.moto {
            None => common::config(
                "local",
                [(
                    "path".to_owned(),
                    Value::string(self.folder.join("s.tfstate").to_str().unwrap()),
                )],
            ),
            Some(moto) => {
                let endpoint = Value::string(moto.endpoint());
                let endpoints =
                    Value::object(["dynamodb", "iam", "s3", "sso", "sts"].map(|name| {
                        let value = if name == "s3" {
                            endpoint.clone()
                        } else {
                            Value::null(Type::String)
                        };
                        (name, value)
                    }));
                let arguments = [
                    ("bucket", Value::string(moto.bucket.clone())),
                    ("key", Value::string("s.tfstate")),
                    ("region", Value::string("us-east-1")),
                    ("access_key", Value::string("id")),
                    ("secret_key", Value::string("secret")),
                    ("use_path_style", Value::bool(true)),
                    ("use_lockfile", Value::bool(true)),
                    ("endpoints", endpoints),
                ];
                common::config(
                    "s3",
                    arguments.map(|(name, value)| (name.to_owned(), value)),
                )
            }
        };
        let kind = if self.moto.is_some() { "s3" } else { "local" };
        let seal = Arc::clone(&setting.seal);
        terrane_store_remote::open(kind, &config, &surroundings, seal).unwrap()
    }

    fn from_env() -> Option<Self> {
        let var = |name| std::env::var(name).ok();
        let kind = var(STORE)?;
        Some(Self {
            kind: if kind == "s3" { "s3" } else { "local" },
            folder: var(FOLDER)?.into(),
            moto: var(PORT).map(|port| Moto::at(port.parse().unwrap(), &var(BUCKET).unwrap())),
        })
    }

    fn spawn(&self, test: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", &format!("kill::{test}"), "--nocapture"])
            .env(STORE, self.kind)
            .env(FOLDER, &self.folder)
            .stdout(Stdio::piped());
        if let Some(moto) = &self.moto {
            command
                .env(PORT, moto.port.to_string())
                .env(BUCKET, &moto.bucket);
        }
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines)
    }
}

/// Not a test of its own: the process that is killed. Each batch sets two instances to its number; every so often it begins anew, so
/// that it is also killed while it opens and closes.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(case) = Case::from_env() else {
        return;
    };
    let mut out = std::io::stdout().lock();
    loop {
        let mut workspace = case.open().open("default").unwrap();
        for _ in 0..7 {
            let round = workspace.snapshot().serial;
            let text = format!(r#"{{"round":{round},"pad":"{}"}}"#, "x".repeat(100));
            let fixed = instance("fixed", None);
            let moving = instance("moving", Some(InstanceKey::Int(round % 20)));
            workspace
                .commit(vec![common::run(), set(&fixed, &text), set(&moving, &text)])
                .unwrap();
            writeln!(out, "\nack {}", workspace.snapshot().serial).unwrap();
            out.flush().unwrap();
        }
        workspace.close().unwrap();
    }
}

fn round_of(snapshot: &Snapshot) -> Option<String> {
    let object = snapshot.instance(&instance("fixed", None))?;
    Some(object.current.clone()?.attributes.to_string())
}

fn kill_again_and_again(case: &Case, times: u32) {
    let mut acknowledged = 0;
    for run in 0..times {
        let (mut child, mut lines) = case.spawn("child_that_writes_until_it_is_killed");
        let mut acks = 0;
        let mut last = acknowledged;
        while acks < 1 + (run * 5) % 17 {
            let line = lines.next().expect("the child goes on").unwrap();
            if let Some(serial) = line.strip_prefix("ack ") {
                last = serial.parse().unwrap();
                acks += 1;
            }
        }
        // Anywhere between two commits, and in the middle of opening and closing.
        for _ in 0..run * 1000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(serial) = line.strip_prefix("ack ") {
                last = serial.parse().unwrap();
            }
        }
        acknowledged = last;
        let read = case.open().read("default").unwrap();
        let workspace = case.open().open("default").unwrap();
        let snapshot = workspace.snapshot();
        assert_eq!(read, snapshot);
        assert!(
            snapshot.serial == acknowledged || snapshot.serial == acknowledged + 1,
            "{acknowledged} was acknowledged, {} is there",
            snapshot.serial
        );
        let round = snapshot.serial - 1;
        assert!(
            round_of(&snapshot)
                .unwrap()
                .starts_with(&format!(r#"{{"round":{round},"#)),
            "both halves of the last batch"
        );
        workspace.close().unwrap();
        acknowledged = snapshot.serial;
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    kill_again_and_again(
        &Case {
            kind: "local",
            folder: folder.path().to_owned(),
            moto: None,
        },
        20,
    );
}

#[test]
fn what_was_acknowledged_survives_kill_9_in_s3() {
    let Some(moto) = Moto::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    kill_again_and_again(
        &Case {
            kind: "s3",
            folder: folder.path().to_owned(),
            moto: Some(moto),
        },
        20,
    );
}

/// A machine is lost with all that is on it: another one lacks at most the changes of the last group.
#[test]
fn a_lost_machine_takes_one_group_with_it() {
    let Some(moto) = Moto::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let case = Case {
        kind: "s3",
        folder: folder.path().to_owned(),
        moto: Some(moto),
    };
    let (mut child, mut lines) = case.spawn("child_that_commits_slowly");
    // Acknowledged serials with the moment at which they were.
    let mut acks = Vec::new();
    let started = std::time::Instant::now();
    while started.elapsed().as_millis() < 3500 {
        let line = lines.next().expect("the child goes on").unwrap();
        if let Some(serial) = line.strip_prefix("ack ") {
            acks.push((std::time::Instant::now(), serial.parse::<u64>().unwrap()));
        }
    }
    let killed = std::time::Instant::now();
    child.kill().unwrap();
    child.wait().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let case = Case {
        folder: elsewhere.path().to_owned(),
        ..case
    };
    let found = case.open().read("default").unwrap().serial;
    let last = acks.last().unwrap().1;
    // One group: what came within the delay (a second) and the write of the one before it.
    let shipped = acks
        .iter()
        .rev()
        .find(|(at, _)| killed.duration_since(*at).as_millis() > 2500)
        .unwrap()
        .1;
    println!("{last} were acknowledged, {found} are known elsewhere, at least {shipped} must be");
    assert!(found >= shipped && found <= last + 1);
    assert!(found > 0);
}

/// Not a test of its own: one change after the other, for ever.
#[test]
fn child_that_commits_slowly() {
    let Some(case) = Case::from_env() else {
        return;
    };
    let mut workspace = case.open().open("default").unwrap();
    let mut out = std::io::stdout().lock();
    for round in 0_u64.. {
        let addr = instance("r", Some(InstanceKey::Int(round % 100)));
        workspace.commit(vec![set(&addr, "{}")]).unwrap();
        writeln!(out, "\nack {}", workspace.snapshot().serial).unwrap();
        out.flush().unwrap();
        let before = std::time::Instant::now();
        while before.elapsed().as_millis() < 5 {
            std::thread::yield_now();
        }
    }
}

/// Not a test of its own: takes the lock, counts up by one what is stored, gives it back; so often.
#[test]
fn child_that_counts() {
    let Some(case) = Case::from_env() else {
        return;
    };
    let counter = instance("counter", None);
    let mut done = 0;
    while done < 15 {
        let mut workspace = match case.open().open("default") {
            Ok(workspace) => workspace,
            Err(StoreError::InUse { .. }) => {
                std::thread::yield_now();
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        let count = workspace
            .snapshot()
            .instance(&counter)
            .and_then(|state| state.current.clone())
            .map_or(0, |object| {
                let value: serde_json::Value = serde_json::from_str(&object.attributes).unwrap();
                value["count"].as_u64().unwrap()
            });
        let text = format!(r#"{{"count":{}}}"#, count + 1);
        workspace
            .commit(vec![common::run(), set(&counter, &text)])
            .unwrap();
        workspace.close().unwrap();
        done += 1;
    }
    println!("\ncounted");
}

fn count_together(cases: &[Case]) {
    let children: Vec<_> = cases
        .iter()
        .map(|case| case.spawn("child_that_counts"))
        .collect();
    for (mut child, lines) in children {
        let said: Vec<String> = lines.map_while(Result::ok).collect();
        assert!(child.wait().unwrap().success(), "{said:?}");
        assert!(said.iter().any(|line| line == "counted"), "{said:?}");
    }
    let found = cases[0].open().read("default").unwrap();
    let object = found.instance(&instance("counter", None)).unwrap();
    let text = object.current.as_ref().unwrap().attributes.to_string();
    assert_eq!(text, format!(r#"{{"count":{}}}"#, 15 * cases.len()));
}

/// Processes on the same machine, and processes on machines of their own, get into each other's way: no count is lost.
#[test]
fn two_processes_race_for_the_lock_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let case = || Case {
        kind: "local",
        folder: folder.path().to_owned(),
        moto: None,
    };
    count_together(&[case(), case()]);
}

#[test]
fn processes_race_for_the_lock_in_s3() {
    let Some(moto) = Moto::start() else { return };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let case = |folder: &tempfile::TempDir| Case {
        kind: "s3",
        folder: folder.path().to_owned(),
        moto: Some(Moto::at(moto.port, &moto.bucket)),
    };
    count_together(&[case(&here), case(&here), case(&there)]);
}

/// Not a test of its own: commits until it can't.
#[test]
fn child_that_is_stopped() {
    let Some(case) = Case::from_env() else {
        return;
    };
    let mut workspace = case.open().open("default").unwrap();
    let addr = instance("slow", None);
    println!();
    for round in 0_u64.. {
        let text = format!(r#"{{"round":{round}}}"#);
        match workspace.commit(vec![common::run(), set(&addr, &text)]) {
            Ok(()) => println!("ack {round}"),
            Err(StoreError::LeaseLost { .. }) => break,
            Err(error) => panic!("{error:?}"),
        }
        let before = std::time::Instant::now();
        while before.elapsed().as_millis() < 50 {
            std::thread::yield_now();
        }
    }
    println!("fenced");
    assert!(matches!(
        workspace.close(),
        Err(StoreError::LeaseLost { .. })
    ));
}

fn signal(name: &str, child: &Child) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// A run that stands still past its lease is taken for dead: another machine goes on, with what it had shipped. When it wakes up, it can't write.
#[test]
fn a_stopped_run_is_taken_over_and_fenced() {
    let Some(moto) = Moto::start() else { return };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let case = |folder: &tempfile::TempDir| Case {
        kind: "s3",
        folder: folder.path().to_owned(),
        moto: Some(Moto::at(moto.port, &moto.bucket)),
    };
    let (mut child, mut lines) = case(&here).spawn("child_that_is_stopped");
    let mut next = |what: &str| loop {
        let line = lines.next().expect("the child goes on").unwrap();
        if line.starts_with(what) {
            return line;
        }
    };
    next("ack 60");
    let other = case(&there).open();
    // It lives longer than a lease lasts, and keeps it.
    match other.open("default") {
        Err(StoreError::InUse { holder, .. }) => {
            assert!(holder.contains("not renewed"), "{holder}");
        }
        other => panic!("it is held, yet {other:?}"),
    }
    signal("-STOP", &child);
    let started = std::time::Instant::now();
    let mut workspace = loop {
        match other.open("default") {
            Ok(workspace) => break workspace,
            Err(StoreError::InUse { .. }) => assert!(started.elapsed().as_secs() < 20),
            Err(error) => panic!("{error:?}"),
        }
    };
    assert!(
        common::at(&workspace.snapshot(), "slow"),
        "what was shipped"
    );
    workspace.commit(vec![common::set_of("taker")]).unwrap();
    signal("-CONT", &child);
    next("fenced");
    assert!(child.wait().unwrap().success());
    workspace.commit(vec![common::set_of("more")]).unwrap();
    workspace.close().unwrap();
    let state = other.read("default").unwrap();
    for name in ["slow", "taker", "more"] {
        assert!(common::at(&state, name), "{name}");
    }
}

/// A state whose lock has no file: in a table, or with a server.
struct Other {
    kind: &'static str,
    arguments: Vec<(&'static str, Value)>,
    env: Vec<(&'static str, String)>,
}

fn in_a_table(port: u16, bucket: &str, table: &str) -> Other {
    let moto = Moto::at(port, bucket);
    let endpoint = Value::string(moto.endpoint());
    let names = ["dynamodb", "iam", "s3", "sso", "sts"];
    Other {
        kind: "s3",
        arguments: vec![
            ("bucket", Value::string(bucket)),
            ("key", Value::string("s.tfstate")),
            ("region", Value::string("us-east-1")),
            ("access_key", Value::string("id")),
            ("secret_key", Value::string("secret")),
            ("use_path_style", Value::bool(true)),
            ("dynamodb_table", Value::string(table)),
            (
                "endpoints",
                Value::object(names.map(|name| (name, endpoint.clone()))),
            ),
        ],
        env: vec![
            (PORT, port.to_string()),
            (BUCKET, bucket.to_owned()),
            (TABLE, table.to_owned()),
        ],
    }
}

fn behind_http(address: &str) -> Other {
    let value = Value::string(address);
    let names = ["address", "lock_address", "unlock_address"];
    Other {
        kind: "http",
        arguments: names.map(|name| (name, value.clone())).into(),
        env: vec![(ADDRESS, address.to_owned())],
    }
}

impl Other {
    fn on(&self, machine: &Setting) -> Arc<dyn StateStore> {
        let mut surroundings = machine.surroundings();
        let expiry = (String::from("TERRANE_S3_LOCK_EXPIRY"), String::from("3"));
        surroundings.env.extend([expiry]);
        let arguments = self.arguments.iter();
        let config = common::config(
            self.kind,
            arguments.map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let seal = Arc::clone(&machine.seal);
        terrane_store_remote::open(self.kind, &config, &surroundings, seal).unwrap()
    }

    /// A process that holds the lock, in a folder of its own, and what it says.
    fn holder(&self) -> (Child, Lines<BufReader<ChildStdout>>) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_that_holds_a_lock", "--nocapture"])
            .envs(self.env.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !lines.next().unwrap().unwrap().starts_with("held") {}
        (child, lines)
    }
}

/// Not a test of its own: holds a lock until its input is closed, or it is killed.
#[test]
fn child_that_holds_a_lock() {
    let var = |name| std::env::var(name).ok();
    let other = match (var(ADDRESS), var(TABLE)) {
        (Some(address), _) => behind_http(&address),
        (None, Some(table)) => in_a_table(
            var(PORT).unwrap().parse().unwrap(),
            &var(BUCKET).unwrap(),
            &table,
        ),
        (None, None) => return,
    };
    let setting = Setting::leaked();
    let mut workspace = other.on(&setting).open("default").unwrap();
    workspace.commit(vec![common::set_of("theirs")]).unwrap();
    println!("\nheld");
    drop(std::io::stdin().read_line(&mut String::new()));
    drop(workspace.close());
}

fn in_use(store: &dyn StateStore) -> String {
    match store.open("default") {
        Err(StoreError::InUse { holder, .. }) => holder,
        other => panic!("it is held, yet {other:?}"),
    }
}

/// The lock of a process of this machine, in another folder, is taken over when the process is gone, and not before.
#[test]
fn locks_without_files_of_dead_processes_are_taken_over() {
    let server = crate::server::Server::start(None);
    let mut others = vec![behind_http(&format!("{}/state", server.address))];
    if let Some(moto) = Moto::start() {
        let table = format!("locks-{}", moto.bucket);
        moto.make_table(&table);
        others.push(in_a_table(moto.port, &moto.bucket, &table));
    }
    for other in others {
        let (mut child, _lines) = other.holder();
        let here = Setting::new();
        let holder = in_use(&*other.on(&here));
        assert!(!holder.contains('#'), "{holder}");
        child.kill().unwrap();
        child.wait().unwrap();
        let mut workspace = other.on(&here).open("default").unwrap();
        workspace.commit(vec![common::set_of("ours")]).unwrap();
        workspace.close().unwrap();
        let said = here.said();
        assert!(said.contains("is gone; it is taken over"), "{said}");
        assert!(common::at(
            &other.on(&here).read("default").unwrap(),
            "ours"
        ));
    }
}

/// A lock in a table that is not renewed any more is that of a dead run, wherever it ran; one of a peer is not, however old it is.
#[test]
fn a_lock_in_a_table_expires() {
    let Some(moto) = Moto::start() else { return };
    let table = format!("locks-{}", moto.bucket);
    moto.make_table(&table);
    let other = in_a_table(moto.port, &moto.bucket, &table);
    let put = |info: &str, renewed: &str| {
        let info = serde_json::to_string(&format!(
            r#"{{"ID":"dead","Operation":"OperationTypeApply","Info":"{info}","Who":"bob@elsewhere"}}"#
        ))
        .unwrap();
        let body = format!(
            r#"{{"TableName":"{table}","Item":{{"LockID":{{"S":"{}/s.tfstate"}},"Info":{{"S":{info}}}{renewed}}}}}"#,
            moto.bucket
        );
        moto.dynamodb("DynamoDB_20120810.PutItem", &body);
    };
    let here = Setting::new();
    let promise = "process 7; taken over if not renewed for 3 s";
    let long_ago = r#","Renewed":{"N":"1000"}"#;
    put("", "");
    assert!(in_use(&*other.on(&here)).contains("bob@elsewhere"));
    put("", long_ago);
    in_use(&*other.on(&here));
    put(promise, "");
    in_use(&*other.on(&here));
    put(promise, r#","Renewed":{"N":"99999999999"}"#);
    in_use(&*other.on(&here));
    put(promise, long_ago);
    let workspace = other.on(&here).open("default").unwrap();
    workspace.close().unwrap();
    // One that lives is renewed for longer than it would last.
    let (mut child, _lines) = other.holder();
    let began = std::time::Instant::now();
    while began.elapsed().as_secs() < 5 {
        in_use(&*other.on(&here));
    }
    let item = format!(
        r#"{{"TableName":"{table}","Key":{{"LockID":{{"S":"{}/s.tfstate"}}}}}}"#,
        moto.bucket
    );
    let item = moto.dynamodb("DynamoDB_20120810.GetItem", &item);
    assert!(
        item.contains("Renewed") && item.contains("LockID"),
        "{item}"
    );
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    other.on(&here).open("default").unwrap().close().unwrap();
}
