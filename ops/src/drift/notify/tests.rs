//! Notifications, to a server on this machine.

use super::deliver::signature;
use super::{Letter, Recipients};
use crate::drift::report::{Difference, NotListed, Object, Report};
use crate::failure;
use crate::session::Session;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

/// A request: its headers, in lower case, and its body.
#[derive(Debug)]
struct Got {
    headers: BTreeMap<String, String>,
    body: String,
}

/// A server that answers with these statuses, one after the other.
fn server(statuses: &'static [u16]) -> (String, mpsc::Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = BTreeMap::new();
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            loop {
                line.clear();
                reader.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(':') else {
                    break;
                };
                headers.insert(name.to_lowercase(), value.trim().to_owned());
            }
            let mut body = vec![0; headers["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            sender.send(Got { headers, body }).unwrap();
            write!(
                stream,
                "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
        }
    });
    (url, receiver)
}

fn report(new: bool) -> Report {
    let mut report = Report {
        format_version: "1.0",
        workspace: "default".to_owned(),
        lineage: "l".to_owned(),
        complete: true,
        drifted: vec![Object {
            address: "x_thing.<a>".to_owned(),
            deposed: None,
            type_name: "x_thing".to_owned(),
            provider: "p".to_owned(),
            id: None,
            class: "gone",
            new,
            since: String::new(),
            differences: Vec::new(),
        }],
        ..Report::default()
    };
    report.count();
    report
}

async fn notify(
    session: &Session,
    recipients: &Recipients,
    report: &Report,
    now_ms: u64,
) -> failure::Report {
    let letter = |_: &Report, _, _| Letter::default();
    super::notify(session, recipients, report, &letter, now_ms).await
}

fn session(env: &[(&str, &str)]) -> Session {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    // Pauses between attempts must not make tests slow; how long they are is tested where the client is.
    Session::new("/", env.collect(), "drift")
}

#[tokio::test]
async fn a_webhook_gets_a_signed_event() {
    let (url, got) = server(&[204]);
    let text = format!("webhook \"ops\" {{\n  url = \"{url}\"\n  secret_env = \"KEY\"\n}}\n");
    let recipients = Recipients::parse("n.hcl", &text).unwrap();
    let session = session(&[("KEY", "s3cret")]);
    let said = notify(&session, &recipients, &report(true), 1_700_000_000_000).await;
    assert!(said.diagnostics.is_empty(), "{said:?}");
    let got = got.try_recv().unwrap();
    assert_eq!(
        got.headers["content-type"],
        "application/cloudevents+json; charset=utf-8"
    );
    let event: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    for (name, expected) in [
        ("specversion", "1.0"),
        ("type", "dev.terrane.drift.detected.v1"),
        ("source", "/terrane/l"),
        ("subject", "default"),
        ("time", "2023-11-14T22:13:20Z"),
    ] {
        assert_eq!(event[name], expected);
    }
    assert_eq!(event["id"], got.headers["webhook-id"].as_str());
    assert_eq!(event["data"]["drifted"][0]["class"], "gone");
    let at = &got.headers["webhook-timestamp"];
    assert_eq!(at, "1700000000");
    let expected = signature(
        "s3cret",
        &got.headers["webhook-id"],
        at,
        got.body.as_bytes(),
    )
    .unwrap();
    assert_eq!(got.headers["webhook-signature"], expected);
}

/// The example of the specification of Standard Webhooks.
#[test]
fn signatures_are_those_of_the_standard() {
    let found = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(
        found.unwrap(),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

#[test]
fn nobody_signs_with_nothing() {
    for empty in ["", "whsec_"] {
        assert!(signature(empty, "id", "0", b"").is_err(), "{empty:?}");
    }
}

#[tokio::test]
async fn what_fails_in_passing_is_sent_again_and_the_rest_is_said() {
    let (url, got) = server(&[503, 200]);
    let text = String::from("slack \"sre\" {\n  url_env = \"HOOK\"\n}\n");
    let recipients = Recipients::parse("n.hcl", &text).unwrap();
    let here = session(&[("HOOK", &url)]);
    let said = notify(&here, &recipients, &report(true), 0).await;
    assert!(said.diagnostics.is_empty(), "{said:?}");
    let (first, second) = (got.try_recv().unwrap(), got.try_recv().unwrap());
    assert_eq!(first.body, second.body);
    let message: serde_json::Value = serde_json::from_str(&second.body).unwrap();
    let text = message["text"].as_str().unwrap();
    assert!(
        text.contains("1 gone") && text.contains("x_thing.&lt;a&gt;"),
        "{text}"
    );
    // What will not pass is not tried again, and the address is not told.
    let (url, _got) = server(&[403]);
    let here = session(&[("HOOK", &url)]);
    let said = notify(&here, &recipients, &report(true), 0).await;
    let said = format!("{:?}", said.diagnostics);
    assert!(said.contains("T6605") || said.contains("403"), "{said}");
    assert!(!said.contains(&url), "{said}");
    let said = notify(&session(&[]), &recipients, &report(true), 0).await;
    assert!(format!("{:?}", said.diagnostics).contains("HOOK is not set"));
}

#[tokio::test]
async fn only_those_are_told_who_want_to_know() {
    for (new, on, least, told) in [
        (true, "new", "gone", true),
        (false, "new", "gone", false),
        (false, "drift", "gone", true),
        (false, "always", "gone", true),
        (true, "new", "changed", true),
    ] {
        let (url, got) = server(&[200]);
        let text = format!(
            "webhook \"w\" {{\n  url = \"{url}\"\n  on = \"{on}\"\n  least = \"{least}\"\n}}\n"
        );
        let recipients = Recipients::parse("n.hcl", &text).unwrap();
        let said = notify(&session(&[]), &recipients, &report(new), 0).await;
        assert!(said.diagnostics.is_empty(), "{said:?}");
        assert_eq!(got.try_recv().is_ok(), told, "{new} {on} {least}");
    }
}

#[test]
fn mistakes_in_the_file_are_said() {
    for (text, problem) in [
        ("webhook \"w\" {}", "url or url_env is needed"),
        ("webhook \"w\" {\n  adress = \"x\"\n}", "adress"),
        (
            "webhook \"w\" {\n  url = \"x\"\n  on = \"never\"\n}",
            "never",
        ),
        (
            "webhook \"w\" {\n  url = \"x\"\n  least = \"bad\"\n}",
            "there is no class",
        ),
        (
            "slack \"w\" {\n  url = \"x\"\n  secret_env = \"KEY\"\n}",
            "secret_env is for webhooks",
        ),
        ("pager \"w\" {}", "pager"),
        (
            "email \"w\" {\n  server = \"a\"\n  from = \"a@b.c\"\n  to = []\n}",
            "to needs an address",
        ),
        (
            "email \"w\" {\n  server = \"a\"\n  from = \"a@b.c\"\n  to = [\"nobody\"]\n}",
            "is no address",
        ),
        (
            "email \"w\" {\n  server = \"a:25\"\n  from = \"a@b.c\"\n  to = [\"a@b.c\"]\n}",
            "the port is said apart",
        ),
        (
            "email \"w\" {\n  server = \"a\"\n  from = \"a@b.c\"\n  to = [\"a@b.c\"]\n  username = \"u\"\n}",
            "username needs one of",
        ),
        (
            "email \"w\" {\n  server = \"a\"\n  from = \"a@b.c\"\n  to = [\"a@b.c\"]\n  username = \"u\"\n  password = \"p\"\n}",
            "password",
        ),
        (
            "email \"w\" {\n  server = \"a\"\n  from = \"a@b.c\"\n  to = [\"a@b.c\"]\n  username = \"u\"\n  password_env = \"P\"\n  tls = \"none\"\n}",
            "sent under TLS only",
        ),
        (
            "email \"w\" {\n  server = \"a\"\n  from = \"a@b.c\"\n  to = [\"a@b.c\"]\n  tls = \"maybe\"\n}",
            "maybe",
        ),
        ("webhook {", "n.hcl"),
    ] {
        let failure = Recipients::parse("n.hcl", text).unwrap_err();
        let said = format!("{:?}", failure.into_report().diagnostics);
        assert!(said.contains(problem), "{text}: {said}");
    }
}

/// A difference of an attribute.
fn difference(attribute: String) -> Difference {
    Difference {
        attribute,
        class: "changed",
        why: "",
        configurable: true,
        sensitive: false,
        before: serde_json::Value::Null,
        after: "x".into(),
    }
}

/// What is left out is counted, in each of the lists.
#[test]
fn long_reports_are_cut_and_say_so() {
    let mut long = report(true);
    long.drifted[0].class = "changed";
    long.drifted[0].differences = (0..203).map(|at| difference(format!("a{at}"))).collect();
    long.unlisted = (0..205)
        .map(|at| NotListed {
            type_name: format!("x_{at}"),
            provider: None,
            problem: "its provider cannot list it".to_owned(),
        })
        .collect();
    long.unread = vec!["x".to_owned(); 200];
    let body = super::payload::event(&long, 0);
    let event: serde_json::Value = serde_json::from_slice(&body.bytes).unwrap();
    assert_eq!(event["truncated"], true);
    assert_eq!(event["leftout"], 3 + 5);
    assert_eq!(event["data"]["unlisted"].as_array().unwrap().len(), 200);
    let slack = String::from_utf8(super::payload::slack(&long).bytes).unwrap();
    assert!(slack.contains("a0, a1, a2, a3, a4 and 198 more"), "{slack}");
    assert!(slack.contains("x_4 and 200 more"), "{slack}");

    // Values may be whole files.
    let mut large = report(true);
    let mut one = difference("user_data".to_owned());
    one.before = "é".repeat(5_000).into();
    one.after = serde_json::json!({ "a": ["x".repeat(5_000), "short"] });
    large.drifted[0].differences = vec![one];
    let body = super::payload::event(&large, 0);
    assert!(body.bytes.len() < 12_000, "{}", body.bytes.len());
    let event: serde_json::Value = serde_json::from_slice(&body.bytes).unwrap();
    assert_eq!(
        (&event["truncated"], &event["leftout"]),
        (&true.into(), &2.into())
    );
    let after = &event["data"]["drifted"][0]["differences"][0]["after"]["a"];
    assert_eq!(after[1], "short");
    assert!(after[0].as_str().unwrap().ends_with("… (904 bytes more)"));

    let short = super::payload::event(&report(true), 0);
    let event: serde_json::Value = serde_json::from_slice(&short.bytes).unwrap();
    assert_eq!(
        (&event["truncated"], &event["leftout"]),
        (&false.into(), &0.into())
    );
}
