//! What this store costs, against a server of its own that waits for the disk: `cargo run --release -p terrane-store-pg --features testing --example bench`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;
use terrane_model::addr::{
    InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ProviderAddr, ProviderConfigAddr,
    ResourceAddr,
};
use terrane_model::event::{Event, EventKind, ObjectAddr};
use terrane_model::snapshot::{ObjectState, Status};
use terrane_store::backend::Surroundings;
use terrane_store::lease::{Access, Claim, Holder, LeaseRequest, Part};
use terrane_store::seal::Plain;
use terrane_store::{Attempt, StateStore};
use terrane_store_pg::testing::Server;
use terrane_value::Value;

fn store(server: &Server, database: &str, layout: &str) -> Arc<dyn StateStore> {
    let config = Value::object([
        ("conn_str", Value::string(server.conn_str(database))),
        ("layout", Value::string(layout)),
    ]);
    let surroundings = Surroundings::new(BTreeMap::new(), "/nowhere");
    terrane_store_pg::open("pg", &config, &surroundings, Arc::new(Plain)).expect("a store")
}

fn addr(name: &str, at: u64) -> InstanceAddr {
    ResourceAddr {
        module: ModuleInstance::root(),
        mode: Mode::Managed,
        type_name: "null_resource".into(),
        name: name.into(),
    }
    .instance(Some(InstanceKey::Int(at)))
}

/// An object of about 600 bytes.
fn set(addr: &InstanceAddr, round: u64) -> Event {
    let attributes = format!(r#"{{"id":"{round:020}","pad":"{}"}}"#, "x".repeat(500));
    Event {
        at_ms: 1_790_000_000_000,
        kind: EventKind::Set {
            object: ObjectAddr {
                instance: addr.clone(),
                deposed: None,
            },
            provider: ProviderConfigAddr {
                module: ModulePath::root(),
                provider: ProviderAddr::default_host("hashicorp", "null"),
                alias: None,
            },
            state: Some(Arc::new(ObjectState {
                status: Status::Ready,
                schema_version: 0,
                attributes: attributes.into(),
                sensitive: Vec::new(),
                private: Arc::from([]),
                dependencies: Arc::from([]),
                create_before_destroy: false,
                skip_destroy: false,
                identity: None,
                provider_key: None,
                created_in_ms: None,
            })),
        },
    }
}

fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn main() {
    let server = Server::start(&[]).expect("a server");
    for layout in ["rows", "states"] {
        say(&format!("layout {layout}"));
        for size in [100, 1000, 10_000, 100_000] {
            sizes(&server, layout, size);
        }
    }
    for writers in [1, 2, 4, 8, 16] {
        many(&server, writers);
    }
}

/// Time and bytes of one change at a size of the state, and of opening it.
fn sizes(server: &Server, layout: &str, size: u64) {
    const CHANGES: u64 = 200;
    let database = server.database();
    let store = store(server, &database, layout);
    let mut workspace = store.open("default").expect("opens");
    let began = Instant::now();
    for piece in (0..size).step_by(1000) {
        let events = (piece..(piece + 1000).min(size))
            .map(|at| set(&addr("many", at), 0))
            .collect();
        workspace.commit(events).expect("commits");
    }
    let filled = began.elapsed();
    let began = Instant::now();
    workspace.close().expect("closes");
    let closed = began.elapsed();
    let began = Instant::now();
    let mut workspace = store.open("default").expect("opens");
    let opened = began.elapsed();
    let wal = || -> f64 {
        let text = server.psql(&database, "SELECT pg_current_wal_insert_lsn() - '0/0'");
        text.parse().expect("a number")
    };
    // The first change of a page after a checkpoint writes the whole page into the log: those are in the numbers.
    let before = wal();
    let began = Instant::now();
    for round in 1..=CHANGES {
        let at = round * 7919 % size;
        workspace
            .commit(vec![set(&addr("many", at), round)])
            .expect("commits");
    }
    let took = began.elapsed();
    let bytes = (wal() - before) / CHANGES as f64;
    say(&format!(
        "  {size:>6} instances: filled in {filled:.2?} (1,000 a batch), closed in {closed:.2?}, opened in {opened:.2?}; a change {:.2?}, {bytes:.0} bytes of log",
        took / u32::try_from(CHANGES).expect("small")
    ));
    drop(workspace);
}

/// Commits of many writers, each with a lease on an instance of its own.
fn many(server: &Server, writers: u64) {
    const EACH: u64 = 300;
    let database = server.database();
    store(server, &database, "rows")
        .open("default")
        .expect("opens")
        .close()
        .expect("closes");
    let began = std::sync::Barrier::new(usize::try_from(writers).expect("few") + 1);
    let started = std::thread::scope(|scope| {
        for writer in 0..writers {
            let store = store(server, &database, "rows");
            let began = &began;
            scope.spawn(move || {
                let own = addr("own", writer);
                let mut claim = Claim::nothing();
                claim.add(Part::Instance(own.clone()), Access::Write);
                let request = LeaseRequest::parts(Holder::this_process("apply"), claim);
                let mut workspace = match store.acquire("default", &request).expect("asks") {
                    Attempt::Granted(workspace) => workspace,
                    Attempt::Waiting(waiting) => panic!("{waiting:?}"),
                };
                began.wait();
                for round in 0..EACH {
                    workspace.commit(vec![set(&own, round)]).expect("commits");
                }
            });
        }
        began.wait();
        Instant::now()
    });
    let took = started.elapsed();
    let all = writers * EACH;
    say(&format!(
        "{writers:>2} writers: {:.0} commits/s",
        all as f64 / took.as_secs_f64()
    ));
}
