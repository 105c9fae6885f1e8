//! `hashicorp/random`.

use crate::harness::{Harness, harness, number, pick, text};
use std::collections::BTreeMap;
use terrane_model::provider::{Answer, Call};
use terrane_provider::args;
use terrane_value::{Kind, Path, Type, Value};

type Keepers<'a> = &'a [(&'a str, Option<&'a str>)];

fn keepers(entries: Keepers<'_>) -> (&'static str, Value) {
    let entries: BTreeMap<_, _> = entries
        .iter()
        .map(|(key, value)| ((*key).into(), value.map_or(Value::null(Type::String), text)))
        .collect();
    ("keepers", Value::map(Type::String, entries))
}

#[tokio::test]
async fn keepers_replace_but_null_ones_do_not_count() {
    let it = harness("random").await;
    let state = it
        .create("random_uuid", &[keepers(&[("a", Some("1"))])])
        .await;
    let path = || vec![Path::new().attr("keepers")];
    let table: [(Keepers<'_>, Vec<Path>); 4] = [
        (&[("a", Some("1"))], vec![]),
        (&[("a", Some("1")), ("b", None)], vec![]),
        (&[("a", Some("2"))], path()),
        (&[], path()),
    ];
    for (entries, replaced) in table {
        let config = it.config("random_uuid", &[keepers(entries)]);
        assert_eq!(
            it.plan("random_uuid", &state, &config).await.1,
            replaced,
            "{entries:?}"
        );
    }
    let unknown = Value::unknown(Type::map(Type::String));
    let config = it.config("random_uuid", &[("keepers", unknown)]);
    assert_eq!(it.plan("random_uuid", &state, &config).await.1, path());
}

#[tokio::test]
async fn an_id_in_all_notations() {
    let it = harness("random").await;
    let names = ["id", "b64_url", "b64_std", "hex", "dec"];
    let plain = it.import("random_id", "p-9hUg").await;
    let expected = ["p-9hUg", "p-9hUg", "p+9hUg==", "a7ef6152", "2817483090"];
    assert_eq!(pick(&plain, &names), expected.map(text));
    let prefixed = it.import("random_id", "a,b-,p-9hUg").await;
    let expected = [
        "p-9hUg",
        "a,b-p-9hUg",
        "a,b-p+9hUg==",
        "a,b-a7ef6152",
        "a,b-2817483090",
    ];
    assert_eq!(pick(&prefixed, &names), expected.map(text));
    assert_eq!(
        pick(&prefixed, &["byte_length", "prefix"]),
        [number(4), text("a,b-")]
    );
    // What was imported stays as it is.
    let config = it.config(
        "random_id",
        &[("byte_length", number(4)), ("prefix", text("a,b-"))],
    );
    assert_eq!(
        it.plan("random_id", &prefixed, &config).await,
        (prefixed, vec![])
    );
}

#[tokio::test]
async fn integers_stay_in_range_and_seeds_decide() {
    let it = harness("random").await;
    let draw = async |min: i64, max: i64, seed: Option<&str>| {
        let mut set = vec![("min", number(min)), ("max", number(max))];
        set.extend(seed.map(|seed| ("seed", text(seed))));
        let state = it.create("random_integer", &set).await;
        let result = args::int(&state, "result").unwrap();
        assert_eq!(args::get(&state, "id"), text(&result.to_string()));
        result
    };
    for _ in 0..50 {
        assert!((-2..=2).contains(&draw(-2, 2, None).await));
    }
    assert_eq!(draw(7, 7, None).await, 7);
    draw(i64::MIN, i64::MAX, None).await;
    let wide = 1 << 40;
    assert_eq!(
        draw(0, wide, Some("s")).await,
        draw(0, wide, Some("s")).await
    );
    assert_ne!(
        draw(0, wide, Some("s")).await,
        draw(0, wide, Some("t")).await
    );
    let config = it.config("random_integer", &[("min", number(3)), ("max", number(2))]);
    assert!(
        it.try_apply("random_integer", &Value::NULL, &config)
            .await
            .has_errors()
    );
}

#[tokio::test]
async fn texts_follow_their_recipe() {
    let it = harness("random").await;
    let make = async |set: &[(&str, Value)]| {
        let state = it.create("random_string", set).await;
        args::string(&state, "result").unwrap().to_owned()
    };
    let off = Value::FALSE;
    let digits = make(&[
        ("length", number(40)),
        ("upper", off.clone()),
        ("lower", off.clone()),
        ("special", off.clone()),
    ])
    .await;
    assert!(
        digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_digit()),
        "{digits}"
    );
    let old_name = make(&[("length", number(200)), ("number", off.clone())]).await;
    assert!(
        !old_name.bytes().any(|byte| byte.is_ascii_digit()),
        "{old_name}"
    );
    let many = make(&[
        ("length", number(12)),
        ("min_upper", number(4)),
        ("min_special", number(8)),
        ("override_special", text("äß")),
    ])
    .await;
    assert_eq!(many.chars().count(), 12);
    assert_eq!(
        many.chars().filter(|char| "äß".contains(*char)).count(),
        8,
        "{many}"
    );
    assert_eq!(
        many.chars().filter(char::is_ascii_uppercase).count(),
        4,
        "{many}"
    );
}

async fn password(it: &Harness) -> Value {
    it.create("random_password", &[("length", number(80))])
        .await
}

#[tokio::test]
async fn a_password_is_hidden_and_has_a_hash() {
    let it = harness("random").await;
    let state = password(&it).await;
    let (result, hash) = (
        args::string(&state, "result").unwrap(),
        args::string(&state, "bcrypt_hash").unwrap(),
    );
    assert!(bcrypt::verify(&result.as_bytes()[..72], hash).unwrap());
    assert!(hash.starts_with("$2a$10$"), "{hash}");
    assert_eq!(args::get(&state, "id"), text("none"));
    let block = &it.schema.resources["random_password"].block;
    for (name, attribute) in &block.attributes {
        assert_eq!(
            attribute.sensitive,
            name == "result" || name == "bcrypt_hash",
            "{name}"
        );
    }
    assert!(!it.schema.resources["random_string"].block.has_sensitive());
}

#[tokio::test]
async fn a_change_of_any_part_of_the_recipe_makes_a_new_password() {
    let it = harness("random").await;
    let state = password(&it).await;
    let changes = [
        ("upper", Value::FALSE),
        ("min_numeric", number(1)),
        ("override_special", text("!")),
        ("length", number(81)),
    ];
    for (name, value) in changes {
        let config = it.config("random_password", &[("length", number(80)), (name, value)]);
        let (_, replaced) = it.plan("random_password", &state, &config).await;
        assert_eq!(replaced, [Path::new().attr(name)]);
    }
    // The old name and the new one are one.
    let config = it.config(
        "random_password",
        &[("length", number(80)), ("number", Value::TRUE)],
    );
    assert_eq!(
        it.plan("random_password", &state, &config).await,
        (state.clone(), vec![])
    );
    let config = it.config(
        "random_password",
        &[("length", number(80)), ("number", Value::FALSE)],
    );
    let (planned, replaced) = it.plan("random_password", &state, &config).await;
    assert_eq!(args::get(&planned, "numeric"), Value::FALSE);
    assert_eq!(replaced.len(), 2);
}

#[tokio::test]
async fn an_imported_password_stays() {
    let it = harness("random").await;
    let state = it.import("random_password", "securepassword").await;
    let config = it.config("random_password", &[("length", number(14))]);
    assert_eq!(
        it.plan("random_password", &state, &config).await,
        (state, vec![])
    );
}

#[tokio::test]
async fn old_passwords_are_brought_up() {
    let it = harness("random").await;
    let old = r#"{"id":"none","keepers":null,"length":8,"lower":true,"min_lower":0,"min_numeric":0,"min_special":0,
        "min_upper":null,"number":false,"override_special":"","result":"abcdefgh","special":true,"upper":true}"#;
    let state = it.upgrade("random_password", 0, old).await;
    let names = [
        "length",
        "min_upper",
        "number",
        "numeric",
        "override_special",
    ];
    let expected = [
        number(8),
        number(0),
        Value::FALSE,
        Value::FALSE,
        Value::null(Type::String),
    ];
    assert_eq!(pick(&state, &names), expected);
    let hash = args::string(&state, "bcrypt_hash").unwrap();
    assert!(bcrypt::verify("abcdefgh", hash).unwrap());
    let config = it.config(
        "random_password",
        &[("length", number(8)), ("numeric", Value::FALSE)],
    );
    assert_eq!(
        it.plan("random_password", &state, &config).await,
        (state, vec![])
    );
    let newer = Call::UpgradeState {
        type_name: "random_password".into(),
        stored: terrane_model::provider::RawObject {
            schema_version: 4,
            json: "{}".into(),
        },
    };
    assert!(it.reply(newer).await.has_errors());
}

#[tokio::test]
async fn pets_and_shuffles() {
    let it = harness("random").await;
    for length in [1, 2, 5] {
        let set = [
            ("length", number(length)),
            ("prefix", text("x")),
            ("separator", text(".")),
        ];
        let state = it.create("random_pet", &set).await;
        let id = args::string(&state, "id").unwrap();
        let words = id
            .strip_prefix("x.")
            .unwrap()
            .split('.')
            .filter(|word| !word.is_empty());
        assert_eq!(i64::try_from(words.count()).unwrap(), length, "{id}");
    }
    let input = Value::list(Type::String, ["a", "b", "c"].map(text).to_vec());
    let shuffle = async |count: Option<i64>| {
        let mut set = vec![("input", input.clone())];
        set.extend(count.map(|count| ("result_count", number(count))));
        let state = it.create("random_shuffle", &set).await;
        args::strings(&state, "result").unwrap()
    };
    let mut all = shuffle(None).await;
    all.sort();
    assert_eq!(all, ["a", "b", "c"]);
    assert_eq!(shuffle(Some(0)).await.len(), 0);
    // Seven of three: each twice before one comes a third time.
    let mut seven = shuffle(Some(7)).await;
    seven.truncate(6);
    seven.sort();
    assert_eq!(seven, ["a", "a", "b", "b", "c", "c"]);
}

#[tokio::test]
async fn uuids_have_the_version_that_they_say() {
    let it = harness("random").await;
    for (type_name, version) in [("random_uuid4", '4'), ("random_uuid7", '7')] {
        let state = it.create(type_name, &[]).await;
        let id = args::string(&state, "result").unwrap().to_owned();
        assert_eq!(id.chars().nth(14), Some(version), "{id}");
        assert!("89ab".contains(id.chars().nth(19).unwrap()), "{id}");
        if version == '7' {
            // 2024-01-31T10:20:30Z in milliseconds.
            assert!(id.starts_with("018d5f08-d1b0-7"), "{id}");
        }
    }
    let wrong = Call::Import {
        type_name: "random_uuid".into(),
        target: terrane_model::provider::ImportTarget::Id("x-y".into()),
    };
    assert!(it.reply(wrong).await.has_errors());
}

#[tokio::test]
async fn ephemeral_passwords_are_new_each_time() {
    let it = harness("random").await;
    let empty = it.schema.ephemeral_resources["random_password"]
        .block
        .empty_value();
    let open = async || {
        let call = Call::OpenEphemeral {
            type_name: "random_password".into(),
            config: args::with(&empty, "length", number(16)),
        };
        match it.answer(call).await {
            Answer::Ephemeral { result, .. } => result,
            other => panic!("{other:?}"),
        }
    };
    let (first, second) = (open().await, open().await);
    assert_ne!(args::get(&first, "result"), args::get(&second, "result"));
    assert!(matches!(first.kind(), Kind::Object(_)) && first.is_wholly_known());
    assert_eq!(args::get(&first, "numeric"), Value::TRUE);
}
