//! Schemas, tables, rights and versions.

use super::Place;
use crate::Layout;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_store::backend::Surroundings;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::seal::Plain;
use terrane_store::{StateStore, StoreError};
use terrane_value::Value;

fn store(arguments: &[(&str, Value)], env: &[(&str, &str)]) -> Arc<dyn StateStore> {
    let env: BTreeMap<_, _> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let config = Value::object(arguments.iter().map(|(name, value)| (*name, value.clone())));
    crate::open(
        "pg",
        &config,
        &Surroundings::new(env, "/nowhere"),
        Arc::new(Plain),
    )
    .unwrap()
}

fn write(store: &dyn StateStore) -> Result<(), StoreError> {
    let mut workspace = store.open("default")?;
    workspace.commit(vec![set(&instance("a", None), "{}")])?;
    workspace.close()
}

fn problem(error: &StoreError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", source.unwrap_or_default())
}

#[test]
fn many_who_start_at_once_make_the_tables_once() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let store = place.store();
                scope.spawn(move || {
                    let mut workspace = store.open(&format!("w{writer}")).unwrap();
                    workspace
                        .commit(vec![set(&instance("a", None), "{}")])
                        .unwrap();
                    workspace.close().unwrap();
                });
            }
        });
        assert_eq!(place.store().workspaces().unwrap().len(), 9);
        assert_eq!(
            place.psql("SELECT count(*) FROM terraform_remote_state.terrane_format"),
            "1"
        );
    }
}

#[test]
fn a_later_format_is_refused_and_left_alone() {
    let place = Place::new(Layout::Rows);
    write(&*place.store()).unwrap();
    drop(place.psql("INSERT INTO terraform_remote_state.terrane_format VALUES (2)"));
    for result in [
        place.store().read("default").map(drop),
        place.store().open("default").map(drop),
        place.store().workspaces().map(drop),
        place.store().delete("x"),
    ] {
        assert!(
            matches!(
                result,
                Err(StoreError::TooNew {
                    found: 2,
                    known: 1,
                    ..
                })
            ),
            "{result:?}"
        );
    }
}

#[test]
fn reading_makes_nothing() {
    let place = Place::new(Layout::States);
    assert_eq!(place.store().read("default").unwrap().serial, 0);
    assert!(place.store().history("default").unwrap().is_empty());
    assert_eq!(place.store().workspaces().unwrap(), ["default"]);
    assert!(place.store().holders("default").unwrap().is_empty());
    assert_eq!(
        place.psql("SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'terraform_remote_state'"),
        "0"
    );
}

#[test]
fn names_are_those_that_are_given_and_layouts_are_apart() {
    let place = Place::new(Layout::States);
    let odd = [
        ("conn_str", Value::string(place.conn_str())),
        ("schema_name", Value::string("a \"b\" ä")),
        ("table_name", Value::string("My Table")),
        ("index_name", Value::string("My \"Index\"")),
    ];
    write(&*store(&odd, &[])).unwrap();
    assert_eq!(
        place.psql(r#"SELECT data::json->>'serial' FROM "a ""b"" ä"."My Table""#),
        "1"
    );
    let env = [
        ("PG_CONN_STR", &*place.conn_str()),
        ("PG_SCHEMA_NAME", "by env"),
        ("PG_TABLE_NAME", "t"),
        ("PG_INDEX_NAME", "i"),
    ];
    write(&*store(&[], &env)).unwrap();
    assert_eq!(place.psql("SELECT count(*) FROM \"by env\".t"), "1");
    let rows = [("layout", Value::string("rows"))];
    assert_eq!(store(&rows, &env).read("default").unwrap().serial, 0);
    write(&*store(&rows, &env)).unwrap();
    write(&*store(&rows, &env)).unwrap();
    assert_eq!(store(&[], &env).read("default").unwrap().serial, 1);
}

#[test]
fn variables_of_libpq_say_where() {
    let place = Place::new(Layout::Rows);
    let port = place.server.port().to_string();
    let env = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &*port),
        ("PGUSER", "terrane"),
        ("PGDATABASE", &*place.database),
        ("PGSSLMODE", "disable"),
    ];
    write(&*store(&[("layout", Value::string("rows"))], &env)).unwrap();
    assert_eq!(place.store().read("default").unwrap().serial, 1);
}

#[test]
fn what_is_missing_is_said_with_a_way_out() {
    let place = Place::new(Layout::States);
    let port = place.server.port();
    let database = &place.database;
    for (conn_str, expected) in [
        (
            format!("postgres://terrane@127.0.0.1:{port}/nowhere?sslmode=disable"),
            "createdb",
        ),
        (
            format!("postgres://nobody@127.0.0.1:{port}/{database}?sslmode=disable"),
            "PGUSER",
        ),
        (
            format!("postgres://terrane@127.0.0.1:{port}/{database}"),
            "sslmode=disable",
        ),
        (
            format!("postgres://terrane:hunter2@127.0.0.1:1/{database}?sslmode=disable"),
            "127.0.0.1:1",
        ),
    ] {
        let error = write(&*store(&[("conn_str", Value::string(conn_str))], &[])).unwrap_err();
        let text = problem(&error);
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    drop(place.psql("CREATE USER poor"));
    let poor = format!("postgres://poor@127.0.0.1:{port}/{database}?sslmode=disable");
    let arguments = [("conn_str", Value::string(poor))];
    let error = write(&*store(&arguments, &[])).unwrap_err();
    assert!(
        problem(&error).contains("docs/guide/backend-pg.md"),
        "{}",
        problem(&error)
    );
    // An administrator makes what is needed, and the poor user writes.
    drop(place.psql(&format!(
        "{}; GRANT USAGE ON SCHEMA terraform_remote_state TO poor; GRANT USAGE ON SEQUENCE public.global_states_id_seq TO poor; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA terraform_remote_state TO poor",
        crate::statements("terraform_remote_state", "states", "states_by_name")
    )));
    let skip = |name| (name, Value::bool(true));
    let arguments = [
        arguments[0].clone(),
        skip("skip_schema_creation"),
        skip("skip_table_creation"),
        skip("skip_index_creation"),
    ];
    let poor = store(&arguments, &[]);
    write(&*poor).unwrap();
    let audit = poor.audit().unwrap();
    terrane_store::audit::founded(audit, "default", 1, "poor").unwrap();
    assert_eq!(
        audit.secret("default").unwrap(),
        audit.secret("default").unwrap()
    );
}

#[test]
fn arguments_that_make_no_sense_are_named() {
    for (name, value, expected) in [
        ("layout", Value::string("colums"), "layout"),
        ("schema_name", Value::string("x".repeat(64)), "schema_name"),
        ("table_name", Value::string("terrane_row"), "terrane's own"),
        ("conn_str", Value::string("mysql://h"), "postgres://"),
    ] {
        let config = Value::object([(name, value)]);
        let surroundings =
            Surroundings::new([("PGUSER".to_owned(), "me".to_owned())].into(), "/nowhere");
        let error = crate::open("pg", &config, &surroundings, Arc::new(Plain)).unwrap_err();
        assert_eq!(error.path, terrane_value::Path::new().attr(name));
        assert!(
            error.message.contains(expected) || name == "schema_name",
            "{error}"
        );
    }
    let schema = crate::schema("pg").unwrap();
    assert!(schema.attributes.contains_key("layout"));
    assert!(crate::schema("s3").is_none());
}

#[test]
fn what_is_sealed_shows_nothing() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let seal = Arc::new(super::sealing::Reversed);
        let store = place.sealed_store(&place.conn_str(), seal.clone());
        let mut workspace = store.open("default").unwrap();
        workspace
            .commit(vec![set(
                &instance("canary_name", None),
                r#"{"secret":"canary"}"#,
            )])
            .unwrap();
        let last = workspace.snapshot();
        workspace.close().unwrap();
        assert_eq!(
            place
                .sealed_store(&place.conn_str(), seal)
                .read("default")
                .unwrap(),
            last
        );
        let error = place.store().read("default").unwrap_err().to_string();
        assert!(error.contains("encrypt"), "{error}");
        let tables = ["workspace", "row", "journal", "past", "checkpoint", "lease"]
            .map(|name| format!("SELECT t::text || encode(''::bytea, 'escape') FROM terraform_remote_state.terrane_{name} t"))
            .join(" UNION ALL ");
        let mut all = place.psql(&tables);
        for hex in place
            .psql("SELECT encode(data, 'escape') FROM terraform_remote_state.terrane_row UNION ALL SELECT encode(data, 'escape') FROM terraform_remote_state.terrane_journal")
            .lines()
        {
            all.push_str(hex);
        }
        if layout == Layout::States {
            all.push_str(&place.psql("SELECT data FROM terraform_remote_state.states"));
        }
        assert!(!all.contains("canary"), "{all}");
        assert!(
            all.contains("yranac") || all.contains("encrypted_data"),
            "{all}"
        );
    }
}
