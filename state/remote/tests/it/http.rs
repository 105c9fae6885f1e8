//! The store over HTTP.

use crate::common;
use crate::common::{Setting, at, commit_one, peer, set_of};
use crate::server::{Instead, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::sync::Arc;
use terrane_store::clock::ManualClock;
use terrane_store::conformance::{Harness, check};
use terrane_store::{StateStore, StoreError};
use terrane_store_remote::Surroundings;
use terrane_value::Value;

struct Http {
    setting: Setting,
    server: Server,
    /// Other machines.
    machines: Vec<Setting>,
    more: Vec<(&'static str, String)>,
}

impl Http {
    fn new() -> Self {
        Self {
            setting: Setting::new(),
            server: Server::start(None),
            machines: (0..3).map(|_| Setting::new()).collect(),
            more: vec![],
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let address = format!("{}/state", self.server.address);
        let mut arguments = vec![
            ("address", address.clone()),
            ("lock_address", address.clone()),
            ("unlock_address", address),
        ];
        arguments.extend(self.more.iter().cloned());
        arguments
    }

    fn open_on(&self, machine: &Setting) -> Arc<dyn StateStore> {
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        machine.open("http", &arguments)
    }

    fn open(&self) -> Arc<dyn StateStore> {
        self.open_on(&self.setting)
    }
}

impl Harness for Http {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(common::Handle(self.open()))
    }

    fn has_workspaces(&self) -> bool {
        false
    }

    fn store_elsewhere(&self, machine: usize) -> Option<Box<dyn StateStore>> {
        let machine = self.machines.get(machine)?;
        Some(Box::new(common::Handle(self.open_on(machine))))
    }

    fn schedules(&self) -> u64 {
        40
    }
}

#[test]
fn conforms() {
    check(Http::new);
}

#[test]
fn requests_are_those_of_the_peers() {
    let mut http = Http::new();
    http.more = vec![
        ("username", "ana".to_owned()),
        ("password", "secret".to_owned()),
        ("update_method", "PUT".to_owned()),
    ];
    http.server.with(|inner| {
        inner.login = Some(format!("Basic {}", BASE64.encode("ana:secret")));
    });
    commit_one(&*http.open(), "a");
    let seen = http.server.with(|inner| inner.seen.clone());
    let methods: Vec<&str> = seen.iter().map(|seen| seen.method.as_str()).collect();
    // The second GET: whether nobody wrote meanwhile. The lock can't be asked for.
    assert_eq!(methods, ["LOCK", "GET", "GET", "PUT", "UNLOCK"]);
    let lock: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    let id = lock["ID"].as_str().unwrap();
    assert_eq!(seen[3].target, format!("/state?ID={id}"));
    assert_eq!(seen[3].header("content-type"), Some("application/json"));
    assert!(seen[3].header("content-md5").is_some());
    let unlock: serde_json::Value = serde_json::from_slice(&seen[4].body).unwrap();
    assert_eq!(unlock, lock);
}

#[test]
fn refusals_say_what_to_do() {
    let http = Http::new();
    for (status, part) in [(401, "username"), (403, "not allowed"), (418, "418")] {
        http.server
            .with(|inner| inner.instead.push_back(Instead::Status(status, "teapot")));
        let error = http.open().open("default").expect_err("refused");
        let text = error.to_string();
        assert!(text.contains(part) && text.contains("teapot"), "{text}");
    }
    assert!(http.server.with(|inner| inner.lock.is_none()));
}

/// What passes is tried again; a lock whose answer was lost is known as one's own.
#[test]
fn what_passes_is_tried_again() {
    let mut http = Http::new();
    http.more = vec![];
    http.setting.env = [("TF_HTTP_RETRY_WAIT_MIN", "0"), ("TF_HTTP_RETRY_MAX", "3")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    http.server.with(|inner| {
        inner.instead = [
            Instead::Status(503, ""),
            Instead::CutAfter,
            Instead::Right,
            Instead::Status(500, ""),
            Instead::Status(429, ""),
            Instead::Right,
        ]
        .into();
    });
    let mut workspace = http.open().open("default").unwrap();
    http.server
        .with(|inner| inner.instead = [Instead::CutAfter, Instead::Right].into());
    workspace.commit(vec![set_of("a")]).unwrap();
    workspace.close().unwrap();
    assert!(http.server.with(|inner| inner.lock.is_none()));
    assert!(at(&http.open().read("default").unwrap(), "a"));
}

/// When the state can't be written at the end, nothing is lost: the next run on this machine writes it.
#[test]
fn a_write_that_fails_is_made_good() {
    let mut http = Http::new();
    http.more = vec![("retry_max", "0".to_owned())];
    http.more.clear();
    http.setting.env = [("TF_HTTP_RETRY_MAX".to_owned(), "0".to_owned())].into();
    commit_one(&*http.open(), "a");
    let mut workspace = http.open().open("default").unwrap();
    workspace.commit(vec![set_of("b")]).unwrap();
    let expected = workspace.snapshot();
    http.server.with(|inner| {
        inner.instead = [Instead::Status(500, "full"), Instead::Status(500, "")].into();
    });
    let error = workspace.close().expect_err("it could not be written");
    let text = error.to_string();
    assert!(
        text.contains("Nothing is lost") && text.contains("500"),
        "{text}"
    );
    // The lock could not be given back either; the next run knows it.
    assert!(http.server.with(|inner| inner.lock.is_some()));
    let elsewhere = Setting::new();
    assert!(matches!(
        http.open_on(&elsewhere).open("default"),
        Err(StoreError::InUse { .. })
    ));
    let workspace = http.open().open("default").unwrap();
    assert_eq!(workspace.snapshot(), expected);
    workspace.close().unwrap();
    let said = http.setting.said();
    assert!(
        said.contains("left behind") && said.contains("taken in"),
        "{said}"
    );
    assert!(at(&http.open_on(&elsewhere).read("default").unwrap(), "b"));
}

#[test]
fn a_digest_that_does_not_fit_is_an_error() {
    let http = Http::new();
    commit_one(&*http.open(), "a");
    http.server
        .with(|inner| inner.md5 = Some(BASE64.encode([0; 16])));
    let error = http
        .open()
        .read("default")
        .expect_err("the digest is wrong");
    assert!(format!("{error:?}").contains("digest"), "{error:?}");
}

#[test]
fn a_lock_can_be_forced() {
    let http = Http::new();
    let store = http.open();
    let workspace = store.open("default").unwrap();
    let id = workspace.lease().holder.id.to_string();
    let elsewhere = http.open_on(&Setting::new());
    assert!(elsewhere.open("default").is_err());
    assert!(elsewhere.force_unlock("default", "other").is_err());
    elsewhere.force_unlock("default", &id).unwrap();
    elsewhere.open("default").unwrap().close().unwrap();
}

/// A writer whose lock was taken away writes nothing over the one that has it now, though its server lets it.
#[test]
fn a_writer_without_its_lock_is_fenced() {
    let http = Http::new();
    http.server.with(|inner| inner.careless = true);
    commit_one(&*http.open(), "a");
    let mut stale = http.open().open("default").unwrap();
    stale.commit(vec![set_of("stale")]).unwrap();
    let id = stale.lease().holder.id.to_string();
    let elsewhere = Setting::leaked();
    http.open_on(&elsewhere)
        .force_unlock("default", &id)
        .unwrap();
    commit_one(&*http.open_on(&elsewhere), "new");
    let before = http.server.with(|inner| inner.state.clone());
    let error = stale.close().expect_err("it must not write");
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert_eq!(http.server.with(|inner| inner.state.clone()), before);
    // What it had is kept there, and the next run there says so.
    let error = http.open().open("default").expect_err("a fork");
    assert!(error.to_string().contains("unwritten-"), "{error}");
}

/// What a run wrote and had no answer for is known as its own, also when it can't write any more after that.
#[test]
fn a_write_without_an_answer_is_not_taken_for_that_of_others() {
    for ends_well in [false, true] {
        let mut http = Http::new();
        http.setting.env = [("TF_HTTP_RETRY_MAX".to_owned(), "0".to_owned())].into();
        let clock = ManualClock::new(1_763_664_671_000);
        http.setting.clock = Arc::new(clock.clone());
        commit_one(&*http.open(), "a");
        let mut workspace = http.open().open("default").unwrap();
        workspace.commit(vec![set_of("b")]).unwrap();
        clock.pass(20_000);
        // It is written while the run goes on: looked at, stored, and the answer is lost.
        http.server
            .with(|inner| inner.instead = [Instead::Right, Instead::CutAfter].into());
        workspace.commit(vec![set_of("c")]).unwrap();
        assert!(http.server.with(|inner| inner.instead.is_empty()));
        workspace.commit(vec![set_of("d")]).unwrap();
        let expected = workspace.snapshot();
        let down = Instead::Status(503, "");
        if !ends_well {
            http.server
                .with(|inner| inner.instead = [down.clone(), down].into());
        }
        assert_eq!(workspace.close().is_ok(), ends_well);
        let workspace = http.open().open("default").unwrap();
        assert_eq!(workspace.snapshot(), expected, "{}", http.setting.said());
        workspace.close().unwrap();
        assert!(at(&http.open().read("default").unwrap(), "d"));
    }
}

/// A lock that a run left behind is known as one from here as long as it is there, also when the next run could not ask for it.
#[test]
fn a_lock_that_was_left_behind_is_not_forgotten() {
    let mut http = Http::new();
    http.setting.env = [("TF_HTTP_RETRY_MAX".to_owned(), "0".to_owned())].into();
    let workspace = http.open().open("default").unwrap();
    let down = || Instead::Status(503, "");
    http.server
        .with(|inner| inner.instead = [down(), down()].into());
    drop(workspace);
    assert!(http.server.with(|inner| inner.lock.is_some()));
    http.server.with(|inner| inner.instead = [down()].into());
    http.open().open("default").expect_err("it is not there");
    commit_one(&*http.open(), "a");
    assert!(http.server.with(|inner| inner.lock.is_none()));
    assert!(http.setting.said().contains("left behind"));
}

#[test]
fn bad_arguments_are_named() {
    let surroundings = Surroundings::new([].into(), "x");
    let open = |arguments: &[(&str, Value)]| {
        let config = common::config(
            "http",
            arguments
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        terrane_store_remote::open(
            "http",
            &config,
            &surroundings,
            Arc::new(terrane_store::seal::Plain),
        )
    };
    let text = Value::string;
    for (arguments, part) in [
        (vec![], "TF_HTTP_ADDRESS"),
        (vec![("address", text("ftp://x"))], "http://"),
        (
            vec![("address", text("not an address"))],
            "not an HTTP address",
        ),
        (
            vec![("address", text("http://x")), ("lock_method", text("A B"))],
            "method",
        ),
        (
            vec![
                ("address", text("http://x")),
                ("client_certificate_pem", text("x")),
            ],
            "client_certificate_pem",
        ),
        (
            vec![
                ("address", text("http://x")),
                ("client_ca_certificate_pem", text("x")),
            ],
            "no certificates",
        ),
        (
            vec![
                ("address", text("http://x")),
                ("retry_max", Value::number(-1_i64)),
            ],
            "whole number",
        ),
    ] {
        let error = open(&arguments).expect_err("refused");
        assert!(error.message.contains(part), "{error:?}");
    }
}

#[test]
fn tls_with_certificates_of_both() {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, &ca_key);
    let make = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (server_cert, server_key) = make("localhost");
    let (client_cert, client_key) = make("client");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca_cert.der().clone()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    )
    .build()
    .unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server_cert.der().clone()], key)
        .unwrap();
    let mut http = Http::new();
    http.server = Server::start(Some(Arc::new(config)));
    http.setting.env = [("TF_HTTP_RETRY_MAX".to_owned(), "0".to_owned())].into();
    let ours = vec![
        ("client_certificate_pem", client_cert.pem()),
        ("client_private_key_pem", client_key.serialize_pem()),
    ];
    http.more.clone_from(&ours);
    assert!(http.open().open("default").is_err(), "an unknown authority");
    http.more = vec![("client_ca_certificate_pem", ca_cert.pem())];
    assert!(
        http.open().open("default").is_err(),
        "no certificate is shown"
    );
    http.more.extend(ours);
    commit_one(&*http.open(), "a");
    assert!(at(&http.open().read("default").unwrap(), "a"));
}

#[test]
fn over_to_the_peer_and_back() {
    if !peer::is_there() {
        return;
    }
    let http = Http::new();
    let folder = tempfile::tempdir().unwrap();
    let address = format!("{}/state", http.server.address);
    peer::configuration(
        folder.path(),
        &format!(
            "backend \"http\" {{\n address = \"{address}\"\n lock_address = \"{address}\"\n unlock_address = \"{address}\"\n }}"
        ),
    );
    peer::over_and_back(folder.path(), &|| http.open_on(&Setting::leaked()), &|| {
        http.server.with(|inner| inner.state.clone().unwrap())
    });
}
