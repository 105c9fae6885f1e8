//! What is kept, and what is not.

use super::{Asked, Digest, Memo, Memory};
use crate::machine::{ProviderInstance, RequestId};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use terrane_config::config::ProviderId;
use terrane_model::provider::{Answer, Call, Private, ProviderDiagnostic, RawObject, Reply};
use terrane_model::schema::{Attribute, Block, ProviderSchema, Schema};
use terrane_value::{Type, Value};

#[derive(Clone, Debug, Default)]
struct Shelf(Arc<Mutex<BTreeSet<Digest>>>);

impl Memory for Shelf {
    fn knows(&mut self, digest: &Digest) -> bool {
        self.0.lock().unwrap().contains(digest)
    }

    fn learn(&mut self, digest: Digest) {
        self.0.lock().unwrap().insert(digest);
    }
}

fn schema() -> ProviderSchema {
    let block = Block::new()
        .attr("id", Attribute::string().computed())
        .attr("name", Attribute::string().optional())
        .attr("secret", Attribute::string().optional().write_only());
    let mut schema = ProviderSchema::default();
    let thing = Arc::new(Schema::new(2, block));
    schema.resources.insert("thing".into(), thing.clone());
    schema.data_sources.insert("thing".into(), thing);
    schema
}

fn object(name: &str) -> Value {
    let text = |text: &str| Value::string(text);
    Value::object([
        ("id", text("1")),
        ("name", text(name)),
        ("secret", Value::null(Type::String)),
    ])
}

fn validate(name: &str) -> Call {
    Call::ValidateResource {
        type_name: "thing".into(),
        config: object(name),
    }
}

fn upgrade(version: u64, json: &str) -> Call {
    Call::UpgradeState {
        type_name: "thing".into(),
        stored: RawObject {
            schema_version: version,
            json: json.into(),
        },
    }
}

fn plan(prior: &str, proposed: &str) -> Call {
    Call::Plan {
        type_name: "thing".into(),
        prior: object(prior),
        proposed: object(proposed),
        config: object(proposed),
        private: Private::from([1]),
        meta: Value::NULL,
        identity: Value::NULL,
    }
}

fn planned(name: &str, legacy: bool) -> Reply {
    Reply::ok(Answer::Plan {
        planned: object(name),
        requires_replace: Vec::new(),
        private: Private::from([1]),
        identity: Value::NULL,
        legacy_type_system: legacy,
        deferred: None,
    })
}

fn configure(value: Value) -> Call {
    Call::Configure {
        config: value,
        may_defer: false,
    }
}

/// One command: calls one after the other, with the answers of the provider. Returns which of them were answered from memory, and with what.
struct Command<'a> {
    shelf: &'a Shelf,
    secret: u8,
    identity: Option<&'a str>,
    plans: bool,
}

impl Command<'_> {
    fn run(&self, calls: &[(Call, Reply)]) -> Vec<Option<Reply>> {
        let schema = schema();
        let instance = ProviderInstance {
            config: ProviderId(0),
            key: None,
        };
        let asked = Asked {
            instance: &instance,
            identity: self.identity,
            schema: &schema,
        };
        let mut memo = Memo::new(Box::new(self.shelf.clone()), [self.secret; 32], self.plans);
        let mut found = Vec::new();
        for (id, (call, reply)) in (0u64..).zip(calls) {
            let known = memo.answer(RequestId(id), &asked, call);
            if known.is_none() {
                memo.told(RequestId(id), &Ok(reply.clone()));
            }
            found.push(known);
        }
        found
    }
}

fn done() -> Reply {
    Reply::ok(Answer::Done)
}

const STORED: &str = r#"{"id":"1","name":"a","secret":null}"#;

#[test]
fn what_was_fine_is_not_asked_again() {
    let shelf = Shelf::default();
    let command = Command {
        shelf: &shelf,
        secret: 1,
        identity: Some("p"),
        plans: true,
    };
    let calls = [
        (configure(Value::string("c")), done()),
        (validate("a"), done()),
        (upgrade(2, STORED), Reply::ok(Answer::Value(object("a")))),
        (plan("a", "a"), planned("a", true)),
        (plan("b", "b"), planned("b", false)),
    ];
    assert!(command.run(&calls).iter().all(Option::is_none));
    let again = command.run(&calls);
    let expected: Vec<Option<Reply>> = (0..5)
        .map(|at| (at > 0).then(|| calls[at].1.clone()))
        .collect();
    assert_eq!(again, expected);
}

#[test]
fn whatever_an_answer_may_depend_on_makes_another_question() {
    let known = |other: &Command<'_>, calls: &[(Call, Reply)]| {
        let command = Command {
            shelf: other.shelf,
            secret: 1,
            identity: Some("p"),
            plans: true,
        };
        let first = [
            (configure(Value::string("c")), done()),
            (validate("a"), done()),
            (plan("a", "a"), planned("a", true)),
        ];
        command.run(&first);
        other
            .run(calls)
            .iter()
            .filter(|answer| answer.is_some())
            .count()
    };
    let shelf = Shelf::default();
    let base = || Command {
        shelf: &shelf,
        secret: 1,
        identity: Some("p"),
        plans: true,
    };
    let same = vec![
        (configure(Value::string("c")), done()),
        (validate("a"), done()),
        (plan("a", "a"), planned("a", true)),
    ];
    assert_eq!(known(&base(), &same), 2);
    for other in [
        Command {
            secret: 2,
            ..base()
        },
        Command {
            identity: Some("q"),
            ..base()
        },
        Command {
            identity: None,
            ..base()
        },
    ] {
        // Not even what this command has learned itself is of use to the first.
        let asked: Vec<_> = same.iter().take(3).cloned().collect();
        assert_eq!(
            known(&other, &asked),
            0,
            "{:?} {:?}",
            other.secret,
            other.identity
        );
    }
    let elsewhere = |config: Value| {
        vec![
            (configure(config), done()),
            same[1].clone(),
            same[2].clone(),
        ]
    };
    assert_eq!(known(&base(), &elsewhere(Value::string("d"))), 0);
    assert_eq!(known(&base(), &elsewhere(Value::unknown(Type::String))), 0);
    let no_plans = Command {
        plans: false,
        ..base()
    };
    assert_eq!(known(&no_plans, &same), 1);
    assert_eq!(known(&base(), &[(validate("b"), done())]), 0);
}

#[test]
fn what_a_provider_says_by_itself_is_not_kept() {
    let shelf = Shelf::default();
    let command = Command {
        shelf: &shelf,
        secret: 1,
        identity: Some("p"),
        plans: true,
    };
    let warning = Reply {
        answer: Some(Answer::Done),
        diagnostics: vec![ProviderDiagnostic::error("e", "")],
    };
    let secret = Call::ValidateResource {
        type_name: "thing".into(),
        config: Value::object([
            ("id", Value::null(Type::String)),
            ("name", Value::null(Type::String)),
            ("secret", Value::string("x")),
        ]),
    };
    let other_private = Reply::ok(Answer::Plan {
        planned: object("a"),
        requires_replace: Vec::new(),
        private: Private::from([2]),
        identity: Value::NULL,
        legacy_type_system: false,
        deferred: None,
    });
    let calls = [
        (configure(Value::string("c")), done()),
        (validate("a"), warning),
        (secret, done()),
        (upgrade(1, STORED), Reply::ok(Answer::Value(object("a")))),
        (upgrade(2, STORED), Reply::ok(Answer::Value(object("b")))),
        (plan("a", "a"), planned("b", false)),
        (plan("b", "b"), other_private),
    ];
    command.run(&calls);
    assert!(shelf.0.lock().unwrap().is_empty());
    assert!(command.run(&calls).iter().all(Option::is_none));
}
