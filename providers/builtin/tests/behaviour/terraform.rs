//! `terraform.io/builtin/terraform`. What is expected of `terraform_data` and of the functions was seen in the peer.

use crate::harness::{Harness, harness, number, pick, text, with_options};
use async_trait::async_trait;
use std::sync::Arc;
use terrane_builtin::doors::{Outputs, RemoteState, TfvarsReader};
use terrane_model::provider::{Answer, Call, RawObject, Reply};
use terrane_provider::args;
use terrane_value::{Kind, Path, Refinements, Type, Value};

const DATA: &str = "terraform_data";

fn object() -> Value {
    Value::object([("a", number(1))])
}

fn unknown_id() -> Value {
    Value::unknown_refined(Type::String, Refinements::NOT_NULL)
}

#[tokio::test]
async fn creation_plans_an_output_of_the_type_of_the_input() {
    let it = harness("terraform").await;
    let table = [
        (Value::NULL, Value::NULL),
        (number(5), Value::unknown(Type::Number)),
        (object(), Value::unknown(object().ty())),
        (Value::dynamic(), Value::dynamic()),
    ];
    for (input, output) in table {
        let config = it.config(DATA, &[("input", input.clone())]);
        let (planned, replaced) = it.plan(DATA, &Value::NULL, &config).await;
        assert_eq!(
            pick(&planned, &["id", "input", "output"]),
            [unknown_id(), input, output]
        );
        assert!(replaced.is_empty());
    }
}

#[tokio::test]
async fn a_change_of_input_keeps_the_id_and_a_change_of_triggers_replaces() {
    let it = harness("terraform").await;
    let state = it.create(DATA, &[("input", text("x"))]).await;
    let id = args::get(&state, "id");
    assert_eq!(args::string(&state, "id").map(str::len), Some(36));
    assert_eq!(args::get(&state, "output"), text("x"));
    let unknown = Value::dynamic();
    // Input, triggers; expected: id, output, whether it is replaced.
    let table = [
        (text("x"), Value::NULL, id.clone(), text("x"), false),
        (
            object(),
            Value::NULL,
            id.clone(),
            Value::unknown(object().ty()),
            false,
        ),
        (Value::NULL, Value::NULL, id.clone(), unknown.clone(), false),
        (
            unknown.clone(),
            Value::NULL,
            id.clone(),
            unknown.clone(),
            false,
        ),
        (
            text("x"),
            number(1),
            unknown_id(),
            Value::unknown(Type::String),
            true,
        ),
        (
            text("x"),
            unknown,
            unknown_id(),
            Value::unknown(Type::String),
            true,
        ),
        (Value::NULL, number(1), unknown_id(), Value::NULL, true),
    ];
    for (input, triggers, id, output, replaces) in table {
        let config = it.config(DATA, &[("input", input), ("triggers_replace", triggers)]);
        let (planned, replaced) = it.plan(DATA, &state, &config).await;
        assert_eq!(
            pick(&planned, &["id", "output"]),
            [id, output],
            "{config:?}"
        );
        let path = Path::new().attr("triggers_replace");
        assert_eq!(
            replaced,
            if replaces { vec![path] } else { vec![] },
            "{config:?}"
        );
    }
    let config = it.config(DATA, &[("input", object())]);
    let after = it.apply(DATA, &state, &config).await;
    assert_eq!(
        pick(&after, &["id", "input", "output"]),
        [id, object(), object()]
    );
}

/// The id is made anew, but a null in the place of another is no reason for a replacement: the engine leaves the path out.
#[tokio::test]
async fn a_null_of_another_type_is_another_value() {
    let it = harness("terraform").await;
    let state = it.create(DATA, &[("input", number(1))]).await;
    let id = args::get(&state, "id");
    let none = || Value::null(Type::String);
    let config = it.config(DATA, &[("input", number(1)), ("triggers_replace", none())]);
    let (planned, replaced) = it.plan(DATA, &state, &config).await;
    assert_eq!(
        pick(&planned, &["id", "output"]),
        [unknown_id(), Value::unknown(Type::Number)]
    );
    assert_eq!(replaced, [Path::new().attr("triggers_replace")]);
    let state = it.apply(DATA, &state, &config).await;
    assert_eq!(
        pick(&state, &["output", "triggers_replace"]),
        [number(1), none()]
    );
    assert!(args::string(&state, "id").is_some());
    assert_ne!(args::get(&state, "id"), id);
    let (planned, replaced) = it.plan(DATA, &state, &config).await;
    assert_eq!((planned, replaced), (state.clone(), vec![]));
    let config = it.config(DATA, &[("input", none()), ("triggers_replace", none())]);
    let (planned, _) = it.plan(DATA, &state, &config).await;
    assert_eq!(
        pick(&planned, &["id", "output"]),
        [args::get(&state, "id"), Value::unknown(Type::String)]
    );
}

#[tokio::test]
async fn it_takes_over_null_resources() {
    let it = harness("terraform").await;
    let moved = |source_type: &str, json: &str| Call::Move {
        source_provider: "registry.terraform.io/hashicorp/null".into(),
        source_type: source_type.into(),
        stored: RawObject {
            schema_version: 0,
            json: json.into(),
        },
        private: Default::default(),
        identity: None,
        type_name: DATA.into(),
    };
    let json = r#"{"id":"5577","triggers":{"a":"1"}}"#;
    let Answer::Objects(objects) = it.answer(moved("null_resource", json)).await else {
        panic!("no objects");
    };
    let triggers = Value::object([("a", text("1"))]);
    let state = &objects[0].state;
    assert_eq!(
        pick(state, &["id", "input", "triggers_replace"]),
        [text("5577"), Value::NULL, triggers]
    );
    assert!(it.reply(moved("null_resource", "[]")).await.has_errors());
    assert!(it.reply(moved("random_pet", json)).await.has_errors());
}

/// One state in workspace `default` of backend `local`.
#[derive(Debug)]
struct OneState;

#[async_trait]
impl RemoteState for OneState {
    fn check(&self, backend: &str, config: &Value) -> Option<String> {
        assert!(matches!(config.kind(), Kind::Object(_) | Kind::Map(_)));
        (backend != "local").then(|| format!("There is no backend type named \"{backend}\"."))
    }

    async fn outputs(
        &self,
        _backend: &str,
        config: &Value,
        workspace: &str,
    ) -> Result<Option<Outputs>, String> {
        if args::string(config, "path") == Some("broken") {
            return Err("the file is broken".to_owned());
        }
        let outputs = Outputs::from([("a".into(), text("real")), ("b".into(), object())]);
        Ok((workspace == "default").then_some(outputs))
    }
}

async fn remote_state(it: &Harness, set: &[(&str, Value)]) -> (Reply, Reply) {
    let type_name = "terraform_remote_state";
    let empty = it.schema.data_sources[type_name].block.empty_value();
    let config = args::with_all(
        &empty,
        set.iter().map(|(name, value)| (*name, value.clone())),
    );
    let validated = it
        .reply(Call::ValidateDataSource {
            type_name: type_name.into(),
            config: config.clone(),
        })
        .await;
    let read = it
        .reply(Call::ReadDataSource {
            type_name: type_name.into(),
            config,
            meta: Value::NULL,
        })
        .await;
    (validated, read)
}

#[tokio::test]
async fn remote_state_gives_outputs_and_defaults() {
    let it = with_options("terraform", |options| {
        options.remote_state = Arc::new(OneState);
    })
    .await;
    let path = |path: &str| ("config", Value::object([("path", text(path))]));
    let defaults = Value::object([("a", text("default")), ("c", text("default"))]);
    let set = [
        ("backend", text("_local")),
        path("x"),
        ("defaults", defaults),
    ];
    let (validated, read) = remote_state(&it, &set).await;
    assert!(!validated.has_errors(), "{validated:?}");
    let Some(Answer::Data { state, .. }) = read.answer else {
        panic!("{:?}", read.diagnostics);
    };
    let outputs = Value::object([("a", text("real")), ("b", object()), ("c", text("default"))]);
    assert_eq!(args::get(&state, "outputs"), outputs);
    assert_eq!(args::get(&state, "workspace"), Value::null(Type::String));
}

#[tokio::test]
async fn remote_state_says_what_is_wrong() {
    let it = with_options("terraform", |options| {
        options.remote_state = Arc::new(OneState);
    })
    .await;
    let path = |path: &str| ("config", Value::object([("path", text(path))]));
    let local = ("backend", text("local"));
    // Settings; what validation says; what reading says.
    let table = [
        (
            vec![("backend", text("other"))],
            "no backend type named \"other\"",
            "",
        ),
        (
            vec![local.clone(), ("config", text("x"))],
            "must be an object",
            "",
        ),
        (
            vec![local.clone(), ("defaults", number(1))],
            "must be given in an object",
            "",
        ),
        (
            vec![local.clone(), path("broken")],
            "",
            "the file is broken",
        ),
        (
            vec![local, ("workspace", text("other"))],
            "",
            "No stored state",
        ),
    ];
    for (set, at_validation, at_read) in table {
        let (validated, read) = remote_state(&it, &set).await;
        let said = |reply: &Reply| {
            let details = reply
                .diagnostics
                .iter()
                .map(|message| message.detail.as_str());
            details.collect::<String>()
        };
        assert!(
            said(&validated).contains(at_validation),
            "{set:?}: {validated:?}"
        );
        assert_eq!(validated.has_errors(), !at_validation.is_empty(), "{set:?}");
        assert!(said(&read).contains(at_read), "{set:?}: {read:?}");
    }
    let plain = harness("terraform").await;
    let (validated, read) = remote_state(&plain, &[("backend", text("local"))]).await;
    assert!(validated.has_errors() && read.has_errors());
}

#[tokio::test]
async fn values_are_written_as_the_peer_writes_them() {
    let it = harness("terraform").await;
    let value = Value::object([
        ("a", number(1)),
        ("b_c", text("x\"${y}%{z}\nq")),
        (
            "l",
            Value::tuple(vec![number(1), text("a"), Value::TRUE, Value::NULL]),
        ),
        (
            "o",
            Value::object([("k", text("v")), ("a b", Value::tuple(vec![]))]),
        ),
        ("e", Value::object::<&str>([])),
        ("n", Value::NULL),
        (
            "m",
            Value::map(Type::Number, [("a".into(), number(1))].into()),
        ),
        ("ml", text("a\nb\n")),
        ("u", text("é\u{1}")),
    ]);
    let expected = r#"a   = 1
b_c = "x\"$${y}%%{z}\nq"
e   = {}
l   = [1, "a", true, null]
m = {
  a = 1
}
ml = "a\nb\n"
n  = null
o = {
  "a b" = []
  k     = "v"
}
u = "é\u0001"
"#;
    assert_eq!(
        it.function("encode_tfvars", &[value]).await,
        Ok(text(expected))
    );
    let list = Value::tuple(vec![
        object(),
        Value::object([("a-b", number(2))]),
        Value::set(Type::String, vec![text("b"), text("a")]),
        text("x"),
        Value::NULL,
        Value::tuple(vec![]),
        Value::object([("for", number(1)), ("1a", number(2))]),
        Value::list(Type::Number, vec![number(1), number(2)]),
    ]);
    let expected = r#"[{
  a = 1
  }, {
  a-b = 2
  }, ["a", "b"], "x", null, [], {
  "1a" = 2
  for  = 1
}, [1, 2]]"#;
    assert_eq!(
        it.function("encode_expr", &[list]).await,
        Ok(text(expected))
    );
    assert_eq!(
        it.function("encode_expr", &[text("hello")]).await,
        Ok(text("\"hello\""))
    );
    for wrong in [Value::NULL, number(1), Value::object([("a b", number(1))])] {
        assert!(
            it.function("encode_tfvars", std::slice::from_ref(&wrong))
                .await
                .is_err(),
            "{wrong:?}"
        );
    }
    let deep = (0..1_000).fold(number(1), |value, _| Value::tuple(vec![value]));
    assert!(
        it.function("encode_expr", std::slice::from_ref(&deep))
            .await
            .is_err()
    );
}

#[derive(Debug)]
struct Lengths;

impl TfvarsReader for Lengths {
    fn read(&self, source: &str) -> Result<Value, String> {
        match source {
            "" => Err("nothing there".to_owned()),
            source => Ok(Value::object([("text", text(source))])),
        }
    }
}

#[tokio::test]
async fn tfvars_are_read_through_the_door() {
    let it = with_options("terraform", |options| options.tfvars = Arc::new(Lengths)).await;
    let expected = Value::object([("text", text("a=1"))]);
    assert_eq!(
        it.function("decode_tfvars", &[text("a=1")]).await,
        Ok(expected)
    );
    assert_eq!(
        it.function("decode_tfvars", &[text("")]).await,
        Err("nothing there".to_owned())
    );
    assert!(it.function("decode_tfvars", &[]).await.is_err());
}
