//! Measures the embedded store: `cargo run --release -p terrane-store-sled --example measure [folder]`.

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
fn attributes(index: u64) -> String {
    format!(
        r#"{{"id":"i-{index:017}","tags":{{"Name":"web-{index}"}},"text":"{}"}}"#,
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

fn began(index: u64) -> Event {
    event(EventKind::Began {
        op: index,
        intent: Intent {
            object: object(index),
            operation: Operation::Create,
            provider: provider(),
            token: "t".into(),
            planned: attributes(index).into(),
            dependencies: [].into(),
            create_before_destroy: false,
            provider_key: None,
        },
    })
}

fn ended(index: u64) -> Event {
    event(EventKind::Ended {
        op: index,
        object: object(index),
        provider: provider(),
        state: Some(Arc::new(ObjectState {
            status: Status::Ready,
            schema_version: 0,
            attributes: attributes(index).into(),
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

fn say(what: &str, wall: Duration, cpu: Duration) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .map_or("?", str::trim);
    let (wall, cpu) = (wall.as_secs_f64() * 1e3, cpu.as_secs_f64() * 1e3);
    writeln!(
        std::io::stdout(),
        "{what:<52} {wall:>9.2} ms, processor {cpu:>6.0} ms, resident {resident}"
    )?;
    Ok(())
}

/// Processor time of this process so far, to 10 ms; zero where it can't be told.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn timed<T>(what: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    let (start, before) = (Instant::now(), cpu());
    let made = run()?;
    say(what, start.elapsed(), cpu().saturating_sub(before))?;
    Ok(made)
}

fn open(folder: &Path) -> Result<Box<dyn Workspace>> {
    Ok(SledStore::new(folder).open("default")?)
}

fn main() -> Result<()> {
    let base = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join(format!("terrane-measure-{}", std::process::id()));
    std::fs::create_dir_all(&base)?;
    say("start", Duration::ZERO, Duration::ZERO)?;
    let small = base.join("small");
    let workspace = timed("open, the folder is new", || open(&small))?;
    timed("close, nothing written", || Ok(workspace.close()?))?;
    let mut workspace = timed("open, empty", || open(&small))?;
    workspace.commit(vec![began(0), ended(0)])?;
    timed("close, one row written, index new", || {
        Ok(workspace.close()?)
    })?;
    let workspace = timed("open, one row", || open(&small))?;
    timed("close, nothing written", || Ok(workspace.close()?))?;
    timed("read, one row", || {
        Ok(SledStore::new(&small).read("default")?)
    })?;

    let mut file = std::fs::File::create(base.join("plain"))?;
    timed("5,000 times 1 KiB written and synced, plain file", || {
        for _ in 0..5000 {
            file.write_all(&[7; 1024])?;
            file.sync_data()?;
        }
        Ok(())
    })?;
    let single = base.join("single");
    let mut workspace = open(&single)?;
    timed("5,000 commits of one outcome each", || {
        for index in 0..5000 {
            workspace.commit(vec![ended(index)])?;
        }
        Ok(())
    })?;
    timed("close", || Ok(workspace.close()?))?;
    drop(timed("open, 5,000 rows", || open(&single))?);
    let group = base.join("group");
    let mut workspace = open(&group)?;
    timed("5,000 x (intent, outcome) in 100 commits", || {
        for at in 0..100 {
            let events = (at * 50..at * 50 + 50).flat_map(|index| [began(index), ended(index)]);
            workspace.commit(events.collect())?;
        }
        Ok(())
    })?;
    timed("close", || Ok(workspace.close()?))?;

    measure_large(&base)?;
    std::fs::remove_dir_all(&base)?;
    Ok(())
}

fn measure_large(base: &Path) -> Result<()> {
    let large = base.join("large");
    let mut workspace = open(&large)?;
    timed("100,000 x (intent, outcome) in 1,000 commits", || {
        for at in 0..1000 {
            let events = (at * 100..at * 100 + 100).flat_map(|index| [began(index), ended(index)]);
            workspace.commit(events.collect())?;
        }
        Ok(())
    })?;
    timed("close", || Ok(workspace.close()?))?;
    let journal = SledStore::new(&large).journal_path("default");
    writeln!(
        std::io::stdout(),
        "journal of 100,000 rows: {} MiB",
        std::fs::metadata(&journal)?.len() >> 20
    )?;
    drop(timed("read, 100,000 rows, journal alone", || {
        Ok(SledStore::new(&large).read("default")?)
    })?);
    let mut workspace = timed("open, 100,000 rows, index fits", || open(&large))?;
    timed("100 commits to 100,000 rows", || {
        for index in 0..100 {
            workspace.commit(vec![ended(index)])?;
        }
        Ok(())
    })?;
    timed("close", || Ok(workspace.close()?))?;
    std::fs::remove_dir_all(journal.with_file_name("index"))?;
    let workspace = timed("open, 100,000 rows, index gone", || open(&large))?;
    timed("close, index written anew", || Ok(workspace.close()?))?;
    let state = SledStore::new(&large).read("default")?;
    let options = WriteOptions::default();
    let text = timed("state file, 100,000 rows, write", || {
        Ok(write(&state, &options)?)
    })?;
    drop(state);
    writeln!(std::io::stdout(), "state file: {} MiB", text.len() >> 20)?;
    drop(timed("state file, 100,000 rows, read", || {
        Ok(read("state", text.as_bytes())?)
    })?);
    Ok(())
}
