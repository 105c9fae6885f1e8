//! What a lost machine left in a bucket, by each version: it is read for ever. A sample of the present version is made with
//! `TERRANE_SAMPLE=shipped-v<n> cargo test -p terrane-store-remote samples`.

use crate::common::{self, Setting, set_of};
use crate::moto::Moto;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_model::event::{EventKind, Operation};
use terrane_model::snapshot::Snapshot;
use terrane_store::StateStore;
use terrane_store::conformance::sample::{began, event, every_kind, instance};
use terrane_store::statefile::{WriteOptions, write};
use terrane_value::{Type, Value};

const KEY: &str = "s.tfstate";
const JOURNAL: &str = "s.tfstate.terrane-journal";

fn testdata(sample: &str, name: &str) -> PathBuf {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    all.join(sample).join(name)
}

/// The store on a machine.
fn store(moto: &Moto, machine: &Setting) -> Arc<dyn StateStore> {
    let none = || Value::null(Type::String);
    let endpoints = Value::object([
        ("dynamodb", none()),
        ("iam", none()),
        ("s3", Value::string(moto.endpoint())),
        ("sso", none()),
        ("sts", none()),
    ]);
    let arguments = [
        ("bucket", Value::string(moto.bucket.clone())),
        ("key", Value::string(KEY)),
        ("region", Value::string("us-east-1")),
        ("access_key", Value::string("id")),
        ("secret_key", Value::string("secret")),
        ("use_path_style", Value::bool(true)),
        ("endpoints", endpoints),
    ];
    let arguments = arguments.map(|(name, value)| (name.to_owned(), value));
    let config = common::config("s3", arguments);
    let seal = Arc::clone(&machine.seal);
    terrane_store_remote::open("s3", &config, &machine.surroundings(), seal).unwrap()
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

/// Makes the sample: a state with what was open when it was written, a run that goes on from there until its machine is lost, and what must be read from it.
fn make(sample: &str, moto: &Moto) {
    let machine = Setting::leaked();
    let mut workspace = store(moto, &machine).open("default").unwrap();
    for batch in every_kind() {
        workspace.commit(batch).unwrap();
    }
    workspace.close().unwrap();
    let mut workspace = store(moto, &machine).open("default").unwrap();
    let run = EventKind::Run {
        run: "lost".into(),
        plan: "sha256:00".into(),
        command: "apply".into(),
        who: "ana@build".into(),
    };
    workspace.commit(vec![event(run), set_of("b")]).unwrap();
    let asked = began(
        workspace.snapshot().last_op + 1,
        &instance("last", None),
        Operation::Create,
    );
    workspace.commit(vec![event(asked)]).unwrap();
    let shipped = || moto.object(JOURNAL).unwrap_or_default();
    common::wait_until("shipping", || {
        String::from_utf8(shipped()).unwrap().contains("\"last\"")
    });
    let folder = testdata(sample, "");
    std::fs::create_dir_all(&folder).unwrap();
    let mut journal: serde_json::Value = serde_json::from_slice(&shipped()).unwrap();
    journal["who"] = "ana@build".into();
    std::fs::write(folder.join("journal"), journal.to_string()).unwrap();
    std::fs::write(folder.join(KEY), moto.object(KEY).unwrap()).unwrap();
    std::fs::write(folder.join("expected"), told(&workspace.snapshot())).unwrap();
    let _lost = ManuallyDrop::new(workspace);
}

/// One for each version that was ever released.
const SAMPLES: &[&str] = &["shipped-v1"];

#[test]
fn what_each_version_shipped_still_reads() {
    let Some(moto) = Moto::start() else { return };
    if let Ok(sample) = std::env::var("TERRANE_SAMPLE") {
        make(&sample, &moto);
        return;
    }
    for sample in SAMPLES {
        let read = |name: &str| std::fs::read_to_string(testdata(sample, name)).unwrap();
        moto.put_object(KEY, &read(KEY));
        moto.put_object(JOURNAL, &read("journal"));
        let machine = Setting::new();
        let store = store(&moto, &machine);
        let before = store.read("default").unwrap();
        assert_eq!(told(&before), read("expected"));

        // The next run takes it in, and what it writes says it all.
        let mut workspace = store.open("default").unwrap();
        let opened = workspace.snapshot();
        assert_eq!(opened.instance_count(), before.instance_count());
        assert_eq!(opened.open, before.open);
        workspace
            .commit(vec![common::run(), set_of("next")])
            .unwrap();
        workspace.close().unwrap();
        let elsewhere = Setting::new();
        let state = self::store(&moto, &elsewhere).read("default").unwrap();
        assert!(common::at(&state, "b") && common::at(&state, "next"));
        assert!(
            state
                .open
                .values()
                .any(|intent| intent.object.instance == instance("last", None))
        );
        moto.delete_object(KEY);
        moto.delete_object(JOURNAL);
    }
}
