//! The tables of `docs/performance.md` about the embedded store: `cargo run -p xtask -- bench state`.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use terrane_model::addr::{
    InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ProviderAddr, ProviderConfigAddr,
    ResourceAddr,
};
use terrane_model::event::{Event, EventKind, Intent, ObjectAddr, Operation};
use terrane_model::snapshot::{ObjectState, Status};
use terrane_store::statefile::{WriteOptions, read, write};
use terrane_store::{StateStore as _, Workspace};
use terrane_store_sled::SledStore;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Changes that are measured at each size.
const CHANGES: u64 = 400;

fn addr(index: u64) -> InstanceAddr {
    ResourceAddr {
        module: ModuleInstance::root(),
        mode: Mode::Managed,
        type_name: "aws_instance".into(),
        name: "web".into(),
    }
    .instance(Some(InstanceKey::Int(index)))
}

fn provider() -> ProviderConfigAddr {
    ProviderConfigAddr {
        module: ModulePath::root(),
        provider: ProviderAddr::default_host("hashicorp", "aws"),
        alias: None,
    }
}

/// About 600 bytes of attributes.
fn attributes(index: u64, round: u64) -> String {
    format!(
        r#"{{"id":"i-{index:017}","tags":{{"Name":"web-{index}","round":"{round}"}},"text":"{}"}}"#,
        "lorem ipsum ".repeat(45)
    )
}

fn event(kind: EventKind) -> Event {
    Event { at_ms: 0, kind }
}

fn object(index: u64) -> ObjectAddr {
    ObjectAddr {
        instance: addr(index),
        deposed: None,
    }
}

fn began(op: u64, index: u64) -> Event {
    event(EventKind::Began {
        op,
        intent: Intent {
            object: object(index),
            operation: Operation::Update,
            provider: provider(),
            token: "t".into(),
            planned: "{}".into(),
            dependencies: [].into(),
            create_before_destroy: false,
            provider_key: None,
        },
    })
}

fn ended(op: u64, index: u64, round: u64) -> Event {
    event(EventKind::Ended {
        op,
        object: object(index),
        provider: provider(),
        state: Some(Arc::new(ObjectState {
            status: Status::Ready,
            schema_version: 0,
            attributes: attributes(index, round).into(),
            sensitive: Vec::new(),
            private: Arc::from([]),
            dependencies: Arc::from([]),
            create_before_destroy: false,
            skip_destroy: false,
            identity: None,
            provider_key: None,
            created_in_ms: Some(1),
        })),
    })
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Bytes that this process has asked the system to write so far.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    io.lines()
        .find_map(|line| line.strip_prefix("wchar: "))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

/// The largest memory of this process so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kib| kib >> 10)
}

fn open(folder: &Path) -> Result<Box<dyn Workspace>> {
    Ok(SledStore::new(folder).open("default")?)
}

fn fill(folder: &Path, size: u64) -> Result<()> {
    let mut workspace = open(folder)?;
    let mut op = 0;
    for from in (0..size).step_by(500) {
        let events = (from..(from + 500).min(size)).flat_map(|index| {
            op += 1;
            [began(op, index), ended(op, index, 0)]
        });
        workspace.commit(events.collect())?;
    }
    Ok(workspace.close()?)
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

fn main() -> Result<()> {
    let base = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join(format!("terrane-bench-{}", std::process::id()));
    std::fs::create_dir_all(&base)?;
    let outcome = plain(&base)
        .and_then(|()| per_change(&base))
        .and_then(|()| ten_thousand(&base))
        .and_then(|()| file(&base));
    std::fs::remove_dir_all(&base)?;
    outcome
}

/// What the disk can do.
fn plain(base: &Path) -> Result<()> {
    let mut out = std::fs::File::create(base.join("plain"))?;
    let start = Instant::now();
    for _ in 0..CHANGES {
        out.write_all(&[7; 1024])?;
        out.sync_data()?;
    }
    let each = start.elapsed().as_secs_f64() * 1e6 / CHANGES as f64;
    say(&format!(
        "A plain file on this disk: {each:.0} µs for 1 KiB written and synced.\n"
    ))
}

/// The cost of one change, by the size of the state.
fn per_change(base: &Path) -> Result<()> {
    say(
        "| resources | bytes written per change | time per change (intent and outcome, each durable) | opening | closing |",
    )?;
    say("|---|---|---|---|---|")?;
    for size in [100_u64, 1_000, 10_000, 100_000] {
        let folder = base.join(size.to_string());
        fill(&folder, size)?;
        let start = Instant::now();
        let mut workspace = open(&folder)?;
        let opening = start.elapsed();
        let before = written();
        let start = Instant::now();
        for change in 0..CHANGES {
            let op = size + 1 + change;
            let index = change * 7919 % size;
            workspace.commit(vec![began(op, index)])?;
            workspace.commit(vec![ended(op, index, 1)])?;
        }
        let each = start.elapsed().as_secs_f64() * 1e6 / CHANGES as f64;
        let bytes = (written() - before) / CHANGES;
        let start = Instant::now();
        workspace.close()?;
        say(&format!(
            "| {size} | {bytes} | {each:.0} µs | {} | {} |",
            seconds(opening),
            seconds(start.elapsed())
        ))?;
    }
    Ok(())
}

/// As an apply does it: records that are ready at the same time are made durable together.
fn ten_thousand(base: &Path) -> Result<()> {
    say("\n| what | time |\n|---|---|")?;
    for (name, group) in [
        ("one by one", 1),
        ("in groups of 10, as ten run at a time", 10),
    ] {
        let mut workspace = open(&base.join(format!("group{group}")))?;
        let start = Instant::now();
        for from in (0..10_000_u64).step_by(group) {
            let all = from..from + group as u64;
            workspace.commit(all.clone().map(|index| began(index + 1, index)).collect())?;
            workspace.commit(all.map(|index| ended(index + 1, index, 0)).collect())?;
        }
        workspace.close()?;
        say(&format!(
            "| 10,000 resources, intent and outcome durable, {name} | {} |",
            seconds(start.elapsed())
        ))?;
    }
    let folder = base.join("100000");
    let start = Instant::now();
    drop(open(&folder)?);
    say(&format!(
        "| 100,000 resources loaded, index fits | {} |",
        seconds(start.elapsed())
    ))?;
    let start = Instant::now();
    drop(SledStore::new(&folder).read("default")?);
    say(&format!(
        "| 100,000 resources loaded from the journal alone | {} |",
        seconds(start.elapsed())
    ))
}

/// A state file of the peers.
fn file(base: &Path) -> Result<()> {
    let folder = base.join("100000");
    let state = SledStore::new(&folder).read("default")?;
    let start = Instant::now();
    let text = write(&state, &WriteOptions::default())?;
    say(&format!(
        "| state file of {} MiB written | {} |",
        text.len() >> 20,
        seconds(start.elapsed())
    ))?;
    drop(state);
    let start = Instant::now();
    let read = read("state", text.as_bytes())?;
    say(&format!("| the same read | {} |", seconds(start.elapsed())))?;
    drop(read);
    say(&format!("\nLargest memory of the whole: {} MiB.", peak()))
}
