//! What killed runs of each version left in the database: it is read for ever. `testdata/tables-v<n>.sql` is what `pg_dump` gives, without its settings; a sample of
//! the present version is made with `TERRANE_SAMPLE=tables-v<n> cargo test -p terrane-store-pg samples`.

use super::{Place, store};
use crate::Layout;
use serde_json::json;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use terrane_model::event::{Event, EventKind, Operation};
use terrane_model::snapshot::Snapshot;
use terrane_store::audit::{Draft, append, founded, read};
use terrane_store::conformance::sample::{began, event, every_kind, instance, set};
use terrane_store::maintain::Policy;
use terrane_store::statefile::{WriteOptions, write};

/// The layouts, with the name of what is expected of each.
const LAYOUTS: [(Layout, &str); 2] = [(Layout::Rows, "rows"), (Layout::States, "states")];

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
}

fn run(name: &str) -> Event {
    event(EventKind::Run {
        run: name.into(),
        plan: "sha256:00".into(),
        command: "apply".into(),
        who: "ana@build".into(),
    })
}

/// Makes the sample: every kind of event, versions that were forgotten, a run that was killed, an audit log; and what must be read from it.
fn make(sample: &str) {
    let place = Place::new(Layout::Rows);
    let mut killed = Vec::new();
    for (layout, name) in LAYOUTS {
        let store = store(&place.conn_str(), layout);
        let mut workspace = store.open("default").unwrap();
        for batch in every_kind() {
            workspace.commit(batch).unwrap();
        }
        workspace.close().unwrap();
        for number in 0..3 {
            let mut workspace = store.open("default").unwrap();
            let changed = set(&instance("a", None), &format!(r#"{{"run":{number}}}"#));
            workspace
                .commit(vec![run(&format!("run-{number}")), changed])
                .unwrap();
            workspace.close().unwrap();
        }
        let policy = Policy {
            keep: Some(3),
            ..Policy::default()
        };
        let upkeep = store.maintain().unwrap();
        upkeep.prune("default", &policy, 0, false).unwrap();
        upkeep.set_policy("default", Some(&policy)).unwrap();
        let mut other = store.open("blue").unwrap();
        other.commit(vec![set(&instance("b", None), "{}")]).unwrap();
        other.close().unwrap();
        let audit = store.audit().unwrap();
        founded(audit, "default", 1, "ana@build").unwrap();
        let draft = Draft {
            at_ms: 1,
            who: "ana@build".to_owned(),
            kind: "apply".to_owned(),
            once: vec!["plan:p".to_owned()],
            body: json!({"plan": "p"}),
        };
        append(audit, "default", &[draft]).unwrap();
        let mut workspace = store.open("default").unwrap();
        let asked = began(
            workspace.snapshot().last_op + 1,
            &instance("c", None),
            Operation::Create,
        );
        workspace
            .commit(vec![run("killed"), set(&instance("b", None), "{}")])
            .unwrap();
        workspace.commit(vec![event(asked)]).unwrap();
        let expected = testdata(&format!("{sample}-{name}.json"));
        std::fs::write(expected, told(&workspace.snapshot())).unwrap();
        killed.push(ManuallyDrop::new(workspace));
    }
    // What would be told of this machine.
    drop(place.psql(
        r#"UPDATE terraform_remote_state.terrane_lease SET holder = convert_to((convert_from(holder, 'UTF8')::jsonb
            || '{"Who": "ana@build", "Info": "process 12: terrane apply"}')::text, 'UTF8')"#,
    ));
    let dump = place.server.dump(&place.database);
    let kept: String = dump
        .lines()
        .filter(|line| {
            let left_out = ["SET ", "SELECT pg_catalog.set_config(", "--", "\\"];
            !line.is_empty() && !left_out.iter().any(|start| line.starts_with(start))
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    std::fs::write(testdata(&format!("{sample}.sql")), kept).unwrap();
}

/// What a state says: as a state file, and what one can't hold.
fn told(snapshot: &Snapshot) -> String {
    let file = write(snapshot, &WriteOptions::default()).unwrap();
    let open: Vec<String> = snapshot
        .open
        .iter()
        .map(|(op, intent)| format!("{op}: {:?} {}", intent.operation, intent.object.instance))
        .collect();
    format!("{file}last_op {}\nopen {open:#?}\n", snapshot.last_op)
}

#[test]
fn the_tables_of_each_version_still_read() {
    if let Ok(sample) = std::env::var("TERRANE_SAMPLE") {
        make(&sample);
    }
    for sample in ["tables-v1"] {
        let place = Place::new(Layout::Rows);
        let dump = std::fs::read_to_string(testdata(&format!("{sample}.sql"))).unwrap();
        drop(place.psql(&dump));
        for (layout, name) in LAYOUTS {
            let expected =
                std::fs::read_to_string(testdata(&format!("{sample}-{name}.json"))).unwrap();
            let store = store(&place.conn_str(), layout);
            assert_eq!(store.workspaces().unwrap(), ["blue", "default"]);
            let before = store.read("default").unwrap();
            assert_eq!(told(&before), expected, "{sample}, {name}");
            let checkup = store.maintain().unwrap().check("default", false).unwrap();
            assert!(!checkup.is_damaged(), "{:?}", checkup.findings);
            let runs: Vec<_> = store.history("default").unwrap();
            let names: Vec<&str> = runs.iter().map(|version| &*version.run).collect();
            assert_eq!(
                names,
                ["run-0", "run-1", "run-2", "killed"],
                "{sample}, {name}"
            );
            let earlier = store.read_at("default", runs[0].last_serial).unwrap();
            let addr = instance("a", None);
            let object = earlier
                .instance(&addr)
                .and_then(|found| found.current.clone());
            assert_eq!(&*object.unwrap().attributes, r#"{"run":0}"#);
            assert!(
                store
                    .maintain()
                    .unwrap()
                    .policy("default")
                    .unwrap()
                    .is_some()
            );
            let log = read(store.audit().unwrap(), "default").unwrap();
            assert_eq!(log.entries.len(), 2);

            // The next run goes on: nobody holds what the killed one held.
            let mut workspace = store.open("default").unwrap();
            assert_eq!(workspace.snapshot().open, before.open);
            workspace
                .commit(vec![run("next"), set(&instance("d", None), "{}")])
                .unwrap();
            workspace.close().unwrap();
            let after = store.read("default").unwrap();
            assert!(after.instance(&instance("d", None)).is_some());
            let names = store.history("default").unwrap();
            assert_eq!(names.last().map(|version| &*version.run), Some("next"));
        }
    }
}
