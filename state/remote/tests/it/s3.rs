//! The store in S3, against moto's server.

use crate::common;
use crate::common::{Setting, at, commit_one, peer, set_of};
use crate::moto::Moto;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::event::EventKind;
use terrane_store::conformance::sample::{self, instance, set};
use terrane_store::conformance::{Harness, check};
use terrane_store::{LeaseRequest, StateStore, StoreError, statefile};
use terrane_value::{Type, Value};

const KEY: &str = "net/terraform.tfstate";
const JOURNAL: &str = "net/terraform.tfstate.terrane-journal";

struct S3 {
    setting: Setting,
    moto: Moto,
    /// Other machines.
    machines: Vec<Setting>,
    more: Vec<(&'static str, Value)>,
}

impl S3 {
    fn new() -> Option<Self> {
        Some(Self {
            setting: Setting::new(),
            moto: Moto::start()?,
            machines: (0..3).map(|_| Setting::new()).collect(),
            more: vec![("use_lockfile", Value::bool(true))],
        })
    }

    fn with_table(mut self, lock_file: bool) -> Self {
        let table = format!("locks-{}", self.moto.bucket);
        self.moto.make_table(&table);
        self.more = vec![
            ("use_lockfile", Value::bool(lock_file)),
            ("dynamodb_table", Value::string(table)),
        ];
        self
    }

    fn arguments(&self) -> BTreeMap<String, Value> {
        let endpoint = Value::string(self.moto.endpoint());
        let none = || Value::null(Type::String);
        let endpoints = Value::object([
            ("dynamodb", endpoint.clone()),
            ("iam", none()),
            ("s3", endpoint.clone()),
            ("sso", none()),
            ("sts", endpoint),
        ]);
        let mut arguments: BTreeMap<String, Value> = [
            ("bucket", Value::string(self.moto.bucket.clone())),
            ("key", Value::string(KEY)),
            ("region", Value::string("us-east-1")),
            ("access_key", Value::string("id")),
            ("secret_key", Value::string("secret")),
            ("use_path_style", Value::bool(true)),
            ("endpoints", endpoints),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for (name, value) in &self.more {
            arguments.insert((*name).to_owned(), value.clone());
        }
        arguments
    }

    fn open_on(&self, machine: &Setting) -> Arc<dyn StateStore> {
        let config = common::config("s3", self.arguments());
        terrane_store_remote::open(
            "s3",
            &config,
            &machine.surroundings(),
            Arc::clone(&machine.seal),
        )
        .unwrap()
    }

    fn open(&self) -> Arc<dyn StateStore> {
        self.open_on(&self.setting)
    }
}

impl Harness for S3 {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(common::Handle(self.open()))
    }

    fn store_elsewhere(&self, machine: usize) -> Option<Box<dyn StateStore>> {
        let machine = self.machines.get(machine)?;
        Some(Box::new(common::Handle(self.open_on(machine))))
    }

    fn schedules(&self) -> u64 {
        15
    }
}

#[test]
fn conforms() {
    if Moto::start().is_some() {
        check(|| S3::new().unwrap());
    }
}

#[test]
fn conforms_with_locks_and_digests_in_a_table() {
    if Moto::start().is_some() {
        check(|| S3::new().unwrap().with_table(true));
    }
}

/// States and their places are those of the peers; nothing is left beside a state at the end of a run.
#[test]
fn objects_are_where_the_peers_have_them() {
    let Some(s3) = S3::new() else { return };
    let s3 = s3.with_table(true);
    commit_one(&*s3.open(), "a");
    let mut other = s3.open().open("blue").unwrap();
    assert!(
        s3.moto
            .object("env%3A/blue/net/terraform.tfstate.tflock")
            .is_some()
    );
    other.commit(vec![set_of("b")]).unwrap();
    other.close().unwrap();
    let (_, listed) = s3
        .moto
        .request("GET", &format!("/{}?list-type=2", s3.moto.bucket), &[], "");
    let listed = String::from_utf8(listed).unwrap();
    let keys: Vec<&str> = listed
        .split("<Key>")
        .skip(1)
        .map(|part| part.split("</Key>").next().unwrap())
        .collect();
    assert_eq!(keys, ["env:/blue/net/terraform.tfstate", KEY]);
    let table = format!("locks-{}", s3.moto.bucket);
    let items = s3.moto.dynamodb(
        "DynamoDB_20120810.Scan",
        &format!(r#"{{"TableName":"{table}"}}"#),
    );
    assert!(
        items.contains(&format!("{}/{KEY}-md5", s3.moto.bucket)),
        "{items}"
    );
    assert!(!items.contains("Info"), "no lock is left: {items}");
}

/// A machine is lost in the middle of a run: another one knows all that was shipped, and goes on from there.
#[test]
fn another_machine_takes_over_what_was_shipped() {
    let Some(s3) = S3::new() else { return };
    commit_one(&*s3.open(), "a");
    let lost = Setting::leaked();
    let mut workspace = s3.open_on(&lost).open("default").unwrap();
    let id = workspace.lease().holder.id.to_string();
    for name in ["b", "c"] {
        workspace.commit(vec![set_of(name)]).unwrap();
    }
    common::wait_until("shipping", || {
        s3.moto
            .object(JOURNAL)
            .is_some_and(|text| String::from_utf8(text).unwrap().contains("\"c\""))
    });
    let expected = workspace.snapshot();
    // As if it were gone: nothing is closed.
    let _gone = std::mem::ManuallyDrop::new(workspace);

    assert_eq!(
        *s3.open().read("default").unwrap(),
        *expected,
        "read sees it"
    );
    assert!(matches!(
        s3.open().open("default"),
        Err(StoreError::InUse { .. })
    ));
    assert_eq!(s3.open().force_unlock("default", &id).unwrap().id, id);
    let mut workspace = s3.open().open("default").unwrap();
    assert_eq!(workspace.snapshot().resources, expected.resources);
    let said = s3.setting.said();
    assert!(
        said.contains("2 changes") && said.contains("cut off"),
        "{said}"
    );
    workspace.commit(vec![set_of("d")]).unwrap();
    workspace.close().unwrap();
    let state = statefile::read("state", &s3.moto.object(KEY).unwrap()).unwrap();
    for name in ["a", "b", "c", "d"] {
        assert!(at(&state.snapshot, name), "{name}");
    }
    assert!(s3.moto.object(JOURNAL).is_none(), "it says nothing more");
}

/// A writer whose lock was taken away writes nothing any more, though it does not know.
#[test]
fn a_writer_without_its_lock_is_fenced() {
    let Some(s3) = S3::new() else { return };
    commit_one(&*s3.open(), "a");
    let slow = Setting::leaked();
    let mut stale = s3.open_on(&slow).open("default").unwrap();
    stale.commit(vec![set_of("stale")]).unwrap();
    let id = stale.lease().holder.id.to_string();
    s3.open().force_unlock("default", &id).unwrap();
    // The other one may or may not have taken in what the slow one had shipped by then.
    commit_one(&*s3.open(), "new");
    let before = s3.moto.object(KEY).unwrap();
    // It notices at the latest when it closes.
    let renewed = stale.renew();
    let error = renewed
        .and(stale.close())
        .expect_err("it must not write")
        .to_string();
    assert!(error.contains("is lost"), "{error}");
    assert_eq!(s3.moto.object(KEY).unwrap(), before);
    // What it had is kept there, and the next run there says so.
    let error = s3.open_on(&slow).open("default").expect_err("a fork");
    assert!(error.to_string().contains("unwritten-"), "{error}");
}

/// Open intents, which a state file can't hold, are known on every machine.
#[test]
fn open_intents_are_known_elsewhere() {
    let Some(s3) = S3::new() else { return };
    let mut workspace = s3.open().open("default").unwrap();
    for batch in sample::every_kind() {
        workspace.commit(batch).unwrap();
        if !workspace.snapshot().open.is_empty() {
            break;
        }
    }
    let open = workspace.snapshot().open.clone();
    workspace.close().unwrap();
    assert!(!open.is_empty());
    let elsewhere = Setting::new();
    assert_eq!(s3.open_on(&elsewhere).read("default").unwrap().open, open);
    commit_one(&*s3.open_on(&elsewhere), "more");
    let third = Setting::new();
    let workspace = s3.open_on(&third).open("default").unwrap();
    assert_eq!(workspace.snapshot().open, open);
    workspace.close().unwrap();
    // Back where it began.
    assert_eq!(s3.open().open("default").unwrap().snapshot().open, open);
}

/// Somebody wrote without looking at the lock while a run had more to say: that is kept, and put over nothing.
#[test]
fn a_shipped_journal_that_does_not_fit_is_kept() {
    let Some(s3) = S3::new() else { return };
    commit_one(&*s3.open(), "a");
    let lost = Setting::leaked();
    let mut workspace = s3.open_on(&lost).open("default").unwrap();
    workspace.commit(vec![set_of("lost")]).unwrap();
    common::wait_until("shipping", || s3.moto.object(JOURNAL).is_some());
    let id = workspace.lease().holder.id.to_string();
    let _gone = std::mem::ManuallyDrop::new(workspace);
    let mut state = statefile::read("state", &s3.moto.object(KEY).unwrap())
        .unwrap()
        .snapshot;
    state.commit(&[set_of("theirs")]);
    let text = statefile::write(&state, &statefile::WriteOptions::default()).unwrap();
    s3.moto.put_object(KEY, &text);
    s3.open().force_unlock("default", &id).unwrap();
    for _ in 0..2 {
        let error = s3.open().open("default").expect_err("a fork");
        let text = error.to_string();
        assert!(
            text.contains("unwritten-") && text.contains(".json"),
            "{text}"
        );
    }
    assert_eq!(s3.moto.object(KEY).unwrap(), text.as_bytes());
    let desk = s3.setting.folder.path().join(".terrane/state");
    let kept = common::find(&desk, "unwritten-");
    assert!(std::fs::read_to_string(&kept).unwrap().contains("lost"));
    std::fs::remove_file(kept).unwrap();
    let workspace = s3.open().open("default").unwrap();
    assert!(at(&workspace.snapshot(), "theirs"));
}

/// With `-lock=false` nobody is kept away, and of two writers the later one is refused.
#[test]
fn without_a_lock_the_later_writer_is_refused() {
    let Some(s3) = S3::new() else { return };
    let elsewhere = Setting::new();
    let holder = terrane_store::lease::Holder::this_process("apply");
    let request = LeaseRequest::without_lock(holder);
    let granted = |store: &dyn StateStore| match store.acquire("default", &request).unwrap() {
        terrane_store::Attempt::Granted(workspace) => workspace,
        other @ terrane_store::Attempt::Waiting(_) => panic!("{other:?}"),
    };
    let mut first = granted(&*s3.open());
    let mut second = granted(&*s3.open_on(&elsewhere));
    assert!(!first.lease().locked);
    first.commit(vec![set_of("first")]).unwrap();
    second.commit(vec![set_of("second")]).unwrap();
    first.close().unwrap();
    let error = second.close().expect_err("it is based on an older state");
    assert!(error.to_string().contains("somebody else"), "{error}");
    assert!(at(&s3.open().read("default").unwrap(), "first"));
}

#[test]
fn a_digest_that_does_not_fit_is_waited_for_and_reported() {
    let Some(s3) = S3::new() else { return };
    let s3 = s3.with_table(false);
    commit_one(&*s3.open(), "a");
    s3.moto.put_object(KEY, "{\"version\":4}");
    let error = s3
        .open()
        .read("default")
        .expect_err("the digest is another");
    let text = format!("{error:?}");
    assert!(text.contains("-md5") && text.contains("Digest"), "{text}");
}

/// A run that was cut off between the state and its digest in the table keeps nobody from reading: neither here nor, by what it had shipped, elsewhere.
#[test]
fn a_digest_that_was_not_noted_yet_is_made_good() {
    for elsewhere in [false, true] {
        let Some(s3) = S3::new() else { return };
        let s3 = s3.with_table(false);
        commit_one(&*s3.open(), "a");
        let mark = common::find(s3.setting.folder.path(), "mark");
        let marks = || -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(&mark).unwrap()).unwrap()
        };
        let first = marks()["written"].clone();
        let old = s3.moto.object(KEY).unwrap();
        commit_one(&*s3.open(), "b");
        let mut cut_off = marks();
        cut_off["writing"] = cut_off["written"].clone();
        cut_off["written"] = first;
        let digest = {
            use md5::Digest as _;
            hex::encode(md5::Md5::digest(&old))
        };
        let table = format!("locks-{}", s3.moto.bucket);
        let item = format!(r#""LockID":{{"S":"{}/{KEY}-md5"}}"#, s3.moto.bucket);
        s3.moto.dynamodb(
            "DynamoDB_20120810.PutItem",
            &format!(r#"{{"TableName":"{table}","Item":{{{item},"Digest":{{"S":"{digest}"}}}}}}"#),
        );
        let other = Setting::new();
        let store = if elsewhere {
            let shipped = serde_json::json!({
                "terrane.journal": 1, "journal": 7, "who": "ana@build", "base": cut_off["written"], "writing": cut_off["writing"],
                "open": null, "batches": [],
            });
            s3.moto.put_object(JOURNAL, &shipped.to_string());
            s3.open_on(&other)
        } else {
            std::fs::write(&mark, cut_off.to_string()).unwrap();
            s3.open()
        };
        assert!(at(&store.read("default").unwrap(), "b"));
        commit_one(&*store, "c");
        assert!(at(
            &s3.open_on(&Setting::new()).read("default").unwrap(),
            "c"
        ));
    }
}

#[test]
fn what_is_missing_is_named() {
    let Some(mut s3) = S3::new() else { return };
    s3.more = vec![("dynamodb_table", Value::string("nowhere"))];
    let error = s3.open().open("default").expect_err("no table");
    assert!(
        format!("{error:?}").contains("make the table first"),
        "{error:?}"
    );
    s3.more = vec![("bucket", Value::string("nowhere"))];
    let error = s3.open().open("default").expect_err("no bucket");
    assert!(
        format!("{error:?}").contains("make the bucket first"),
        "{error:?}"
    );
}

/// Encryption on the side of S3, tags and a role: the requests are understood.
#[test]
fn extras_are_understood() {
    let Some(mut s3) = S3::new() else { return };
    let tags = Value::map(
        Type::String,
        [("team".into(), Value::string("net + co"))].into(),
    );
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    for more in [
        vec![("encrypt", Value::bool(true)), ("state_tags", tags.clone())],
        vec![
            ("encrypt", Value::bool(true)),
            ("kms_key_id", Value::string("alias/x")),
        ],
        vec![
            ("encrypt", Value::bool(true)),
            ("sse_customer_key", Value::string(key)),
        ],
        vec![("acl", Value::string("private")), ("lock_tags", tags)],
        vec![("skip_s3_checksum", Value::bool(true))],
        vec![(
            "role_arn",
            Value::string("arn:aws:iam::123456789012:role/x"),
        )],
    ] {
        s3.moto.delete_object(KEY);
        s3.more = more;
        s3.more.push(("use_lockfile", Value::bool(true)));
        let machine = Setting::new();
        commit_one(&*s3.open_on(&machine), "a");
        assert!(at(&s3.open_on(&machine).read("default").unwrap(), "a"));
    }
    s3.more = vec![(
        "allowed_account_ids",
        Value::set_sorted(Type::String, vec![Value::string("999999999999")]),
    )];
    let error = s3.open().read("default").expect_err("another account");
    assert!(format!("{error:?}").contains("123456789012"), "{error:?}");
}

/// A large state and many changes: the journal that is shipped is folded into the state before it gets long.
#[test]
fn a_long_journal_is_folded() {
    let Some(s3) = S3::new() else { return };
    let mut workspace = s3.open().open("default").unwrap();
    let text = format!(r#"{{"x":"{}"}}"#, "y".repeat(300_000));
    for round in 0..5 {
        workspace
            .commit(vec![set(&instance(&format!("r{round}"), None), &text)])
            .unwrap();
    }
    assert!(s3.moto.object(KEY).is_some(), "while it is still open");
    workspace.close().unwrap();
}

#[test]
fn over_to_the_peer_and_back() {
    if !peer::is_there() {
        return;
    }
    let Some(s3) = S3::new() else { return };
    for s3 in [s3, S3::new().unwrap().with_table(true)] {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = s3.moto.endpoint();
        let table = match s3.more.iter().find(|(name, _)| *name == "dynamodb_table") {
            Some((_, table)) => format!("dynamodb_table = \"{}\"", table.as_str().unwrap()),
            None => String::new(),
        };
        let block = format!(
            "backend \"s3\" {{\n bucket = \"{}\"\n key = \"{KEY}\"\n region = \"us-east-1\"\n access_key = \"id\"\n secret_key = \"secret\"\n \
             use_path_style = true\n use_lockfile = true\n {table}\n skip_credentials_validation = true\n skip_requesting_account_id = true\n \
             endpoints = {{\n s3 = \"{endpoint}\"\n dynamodb = \"{endpoint}\"\n sts = \"{endpoint}\"\n }}\n }}",
            s3.moto.bucket
        );
        peer::configuration(folder.path(), &block);
        peer::over_and_back(folder.path(), &|| s3.open_on(&Setting::leaked()), &|| {
            s3.moto.object(KEY).unwrap()
        });
        // A workspace that we made is one of the peer's, and its empty state a state.
        s3.open().open("green").unwrap().close().unwrap();
        let said = peer::ok(folder.path(), &["workspace", "list"]);
        assert!(said.contains("green"), "{said}");
        peer::ok(folder.path(), &["workspace", "select", "green"]);
        peer::ok(folder.path(), &["apply", "-auto-approve", "-no-color"]);
        let state = s3.open().read("green").unwrap();
        assert_eq!(state.instance_count(), 3);
        assert!(!state.lineage.is_empty());
        peer::ok(folder.path(), &["workspace", "new", "red"]);
        assert_eq!(s3.open().workspaces().unwrap(), ["default", "green", "red"]);
    }
}

/// A digest that does not fit keeps everybody from reading the state, the peers too. A repair sets it.
#[test]
fn a_digest_that_does_not_fit_is_set_by_a_repair() {
    let Some(s3) = S3::new() else { return };
    let s3 = s3.with_table(false);
    commit_one(&*s3.open(), "a");
    let table = format!("locks-{}", s3.moto.bucket);
    let body = format!(
        r#"{{"TableName":"{table}","Item":{{"LockID":{{"S":"{}/{KEY}-md5"}},"Digest":{{"S":"00"}}}}}}"#,
        s3.moto.bucket
    );
    s3.moto.dynamodb("DynamoDB_20120810.PutItem", &body);
    let store = s3.open();
    let maintain = store.maintain().unwrap();
    let found = maintain.check("default", false).unwrap();
    assert!(found.is_damaged(), "{found:#?}");
    let found = maintain.check("default", true).unwrap();
    assert!(!found.is_damaged(), "{found:#?}");
    assert_eq!(found.instances, 1);
    assert_eq!(maintain.check("default", false).unwrap().findings, []);
    assert!(at(&store.read("default").unwrap(), "a"));
}

/// Where the bucket keeps versions, everybody has the history: who wrote which version, and the state of each. What a peer wrote is in it, too.
#[test]
fn a_bucket_with_versions_is_the_history_of_everybody() {
    let Some(s3) = S3::new() else { return };
    let versioning = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></VersioningConfiguration>";
    let target = format!("/{}?versioning", s3.moto.bucket);
    assert_eq!(s3.moto.request("PUT", &target, &[], versioning).0, 200);
    let run = |setting: &Setting, name: &str| {
        let mut workspace = s3.open_on(setting).open("default").unwrap();
        let mut begin = common::run();
        if let EventKind::Run { run, who, .. } = &mut begin.kind {
            *run = format!("run-{name}").into();
            *who = format!("añá@{name}").into();
        }
        workspace.commit(vec![begin, set_of(name)]).unwrap();
        workspace.commit(vec![set_of(&format!("{name}2"))]).unwrap();
        let state = workspace.snapshot();
        workspace.close().unwrap();
        state
    };
    let (here, there, third) = (Setting::new(), Setting::new(), Setting::new());
    let first = run(&here, "a");
    let second = run(&there, "b");
    // A peer that keeps what it finds, and knows nothing of notes.
    let text = String::from_utf8(s3.moto.object(KEY).unwrap()).unwrap();
    let serial = format!("\"serial\": {}", second.serial);
    assert!(text.contains(&serial), "{text}");
    let theirs = text.replace(&serial, &format!("\"serial\": {}", second.serial + 1));
    s3.moto.put_object(KEY, &theirs);
    let last = run(&here, "c");
    let listed = |setting: &Setting| -> Vec<(String, String, u64, u64)> {
        let versions = s3.open_on(setting).versions("default").unwrap();
        let shown = versions.into_iter().map(|version| {
            let (first, last) = (version.first_serial, version.last_serial);
            (version.run.into(), version.who.into(), first, last)
        });
        shown.collect()
    };
    let named = |name: &str, first: u64, last: u64| {
        (format!("run-{name}"), format!("añá@{name}"), first, last)
    };
    let nobody = (
        String::new(),
        String::new(),
        second.serial + 1,
        second.serial + 1,
    );
    let expect = [
        named("a", 1, first.serial),
        named("b", first.serial + 1, second.serial),
        nobody,
        named("c", second.serial + 2, last.serial),
    ];
    for setting in [&here, &there, &third] {
        assert_eq!(listed(setting), expect);
        let store = s3.open_on(setting);
        for state in [&first, &second, &last] {
            let found = store.read_at("default", state.serial).unwrap();
            assert!(found.resources.keys().eq(state.resources.keys()));
        }
        assert!(at(
            &store.read_at("default", second.serial + 1).unwrap(),
            "b2"
        ));
    }
    // Within a run only those know it who recorded it.
    assert!(at(&s3.open_on(&here).read_at("default", 1).unwrap(), "a"));
    let error = s3
        .open_on(&third)
        .read_at("default", 1)
        .expect_err("not kept");
    assert!(
        format!("{error}").contains("Next to it there is 2"),
        "{error}"
    );
    // The note is what other programs can read, too.
    assert_eq!(s3.open_on(&third).history("default").unwrap(), []);
}
