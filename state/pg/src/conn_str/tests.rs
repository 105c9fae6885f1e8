//! What connection strings and variables mean.

use super::{connector, parse};
use std::collections::BTreeMap;

fn options(
    conn_str: &str,
    env: &[(&str, &str)],
) -> Result<sqlx::postgres::PgConnectOptions, String> {
    let env: BTreeMap<_, _> = env.iter().copied().collect();
    connector(conn_str, &|name| {
        env.get(name).map(|value| (*value).to_owned())
    })
    .map(|connector| connector.options().clone())
}

fn summary(conn_str: &str, env: &[(&str, &str)]) -> String {
    match options(conn_str, env) {
        Ok(options) => format!(
            "{}@{}:{}/{} {:?}",
            options.get_username(),
            options
                .get_socket()
                .map_or(options.get_host().to_owned(), |path| path
                    .display()
                    .to_string()),
            options.get_port(),
            options.get_database().unwrap_or_default(),
            options.get_ssl_mode(),
        ),
        Err(problem) => problem,
    }
}

#[test]
fn strings_and_variables_say_where_to_connect() {
    let me: &[(&str, &str)] = &[("USER", "me")];
    for (conn_str, env, expected) in [
        (
            "postgres://u:p@db.example.com/states",
            me,
            "u@db.example.com:5432/states Require",
        ),
        ("postgresql://db", me, "me@db:5432/me Require"),
        ("", me, "me@localhost:5432/me Require"),
        (
            "postgres://",
            &[
                ("PGUSER", "a"),
                ("PGHOST", "h"),
                ("PGPORT", "1"),
                ("PGDATABASE", "d"),
                ("PGSSLMODE", "disable"),
            ],
            "a@h:1/d Disable",
        ),
        (
            "postgres://u@h:2/e?sslmode=verify-full",
            &[("PGHOST", "x"), ("PGPORT", "1"), ("PGSSLMODE", "disable")],
            "u@h:2/e VerifyFull",
        ),
        (
            "postgres://u@[::1]:77/d?sslmode=prefer",
            me,
            "u@::1:77/d Prefer",
        ),
        ("postgres://u@%2Frun%2Fpg/d", me, "u@/run/pg:5432/d Disable"),
        (
            "postgres:///d?host=/run/pg&user=x",
            me,
            "x@/run/pg:5432/d Disable",
        ),
        (
            "postgres://u@h/d?sslrootcert=/ca.pem",
            me,
            "u@h:5432/d VerifyCa",
        ),
        (
            "host=h port=9 dbname='a b' user=it\\'s sslmode=require",
            me,
            "it's@h:9/a b Require",
        ),
        ("host = h", me, "me@h:5432/me Require"),
        (
            "postgres://u@h/d?hostaddr=10.0.0.1",
            me,
            "u@10.0.0.1:5432/d Require",
        ),
        (
            "postgres://u@h/d",
            &[("PGHOSTADDR", "10.0.0.9")],
            "u@h:5432/d Require",
        ),
    ] {
        assert_eq!(summary(conn_str, env), expected, "{conn_str}");
    }
}

#[test]
fn mistakes_are_named_without_the_password() {
    for (conn_str, expected) in [
        ("mysql://u:hunter2@h/d", "another kind"),
        ("postgres://u:hunter2@h:x/d", "port"),
        ("postgres://u:hunter2%@h/d", "hexadecimal"),
        ("postgres://u:hunter2@h,i/d", "several hosts"),
        ("postgres://u:hunter2@h/d?sslmode=yes", "sslmode"),
        (
            "postgres://u:hunter2@h/d?connect_timeout=soon",
            "connect_timeout",
        ),
        ("hunter2", "neither a URL"),
        ("password='hunter2", "not closed"),
        ("postgres://u:hunter2@[::1/d", "no `]`"),
        ("postgres://u:hunter2@h/d?options=-d", "options"),
    ] {
        let problem = options(conn_str, &[("USER", "me")]).expect_err(conn_str);
        assert!(problem.contains(expected), "{conn_str}: {problem}");
        assert!(!problem.contains("hunter2"), "{conn_str}: {problem}");
    }
    let problem = options("", &[("PGSERVICE", "x")]).expect_err("unsupported");
    assert!(problem.contains("PGSERVICE"), "{problem}");
}

#[test]
fn settings_of_the_session_are_passed_on() {
    let options = options(
        "postgres://u@h/d?search_path=a&options=-c%20geqo%3Doff+--x-y=1",
        &[],
    )
    .unwrap();
    let text = options.get_options().unwrap_or_default().to_owned();
    for part in [
        "geqo=off",
        "x_y=1",
        "search_path=a",
        "tcp_keepalives_idle=30",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(
        parse::server_options("-c a=b\\ c -cd=e").unwrap(),
        [
            ("a".to_owned(), "b c".to_owned()),
            ("d".to_owned(), "e".to_owned())
        ]
    );
}
