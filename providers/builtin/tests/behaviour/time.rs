//! `hashicorp/time`.

use crate::harness::{harness, number, pick, text, with_options};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use terrane_builtin::doors::Clock;
use terrane_provider::args;
use terrane_value::{Number, Path, Type, Value};

#[tokio::test]
async fn a_given_time_is_known_in_the_plan() {
    let it = harness("time").await;
    let config = it.config("time_static", &[("rfc3339", text("2020-02-12T06:36:13Z"))]);
    let (planned, _) = it.plan("time_static", &Value::NULL, &config).await;
    assert!(planned.is_wholly_known());
    assert_eq!(
        pick(&planned, &["unix", "year", "hour"]),
        [1_581_489_373, 2020, 6].map(number)
    );
    let config = it.config("time_static", &[]);
    let (planned, _) = it.plan("time_static", &Value::NULL, &config).await;
    assert!(args::is_unknown(&planned, "rfc3339") && args::is_unknown(&planned, "unix"));
    let state = it.create("time_static", &[]).await;
    assert_eq!(args::get(&state, "rfc3339"), text("2024-01-31T10:20:30Z"));
    // Later it is still the same.
    it.clock.advance(Duration::from_secs(1000));
    assert_eq!(
        it.plan("time_static", &state, &config).await,
        (state, vec![])
    );
}

#[tokio::test]
async fn a_change_of_offsets_is_known_in_the_plan() {
    let it = harness("time").await;
    let state = it
        .create("time_offset", &[("offset_months", number(1))])
        .await;
    let names = ["id", "base_rfc3339", "rfc3339"];
    let now = "2024-01-31T10:20:30Z";
    assert_eq!(
        pick(&state, &names),
        [now, now, "2024-03-02T10:20:30Z"].map(text)
    );
    let set = [("offset_days", number(1)), ("offset_seconds", number(-30))];
    let config = it.config("time_offset", &set);
    let (planned, replaced) = it.plan("time_offset", &state, &config).await;
    assert_eq!(
        pick(&planned, &names),
        [now, now, "2024-02-01T10:20:00Z"].map(text)
    );
    assert!(planned.is_wholly_known() && replaced.is_empty());
    let config = it.config(
        "time_offset",
        &[("offset_days", Value::unknown(Type::Number))],
    );
    let (planned, _) = it.plan("time_offset", &state, &config).await;
    assert!(args::is_unknown(&planned, "rfc3339") && !args::is_unknown(&planned, "id"));
    let config = it.config("time_offset", &[("offset_years", number(1 << 40))]);
    assert!(it.try_apply_fails("time_offset", &config).await);
}

#[tokio::test]
async fn a_rotation_is_over_when_its_time_has_come() {
    let it = harness("time").await;
    let state = it
        .create("time_rotating", &[("rotation_days", number(30))])
        .await;
    assert_eq!(
        args::get(&state, "rotation_rfc3339"),
        text("2024-03-01T10:20:30Z")
    );
    assert_eq!(it.read("time_rotating", &state).await, state);
    let config = it.config("time_rotating", &[("rotation_days", number(1))]);
    let (planned, replaced) = it.plan("time_rotating", &state, &config).await;
    assert_eq!(
        args::get(&planned, "rotation_rfc3339"),
        text("2024-02-01T10:20:30Z")
    );
    assert!(replaced.is_empty());
    it.clock.advance(Duration::from_secs(30 * 86400));
    assert_eq!(it.read("time_rotating", &state).await, state);
    it.clock.advance(Duration::from_secs(1));
    assert!(it.read("time_rotating", &state).await.is_null());
}

#[tokio::test]
async fn sleeps_wait_at_creation_and_deletion_only() {
    let it = harness("time").await;
    let set = [
        ("create_duration", text("90s")),
        ("destroy_duration", text("1h")),
    ];
    let state = it.create("time_sleep", &set).await;
    let later = |seconds: i64| {
        let now = crate::harness::NOW + seconds;
        assert_eq!(it.clock.now().as_second(), now);
    };
    later(90);
    assert_eq!(args::get(&state, "id"), text("2024-01-31T10:22:00Z"));
    let config = it.config("time_sleep", &[("create_duration", text("2h"))]);
    let (planned, replaced) = it.plan("time_sleep", &state, &config).await;
    assert!(planned.is_wholly_known() && replaced.is_empty());
    let changed = it.apply("time_sleep", &state, &config).await;
    later(90);
    assert!(
        it.apply("time_sleep", &changed, &Value::NULL)
            .await
            .is_null()
    );
    later(90);
    assert!(it.apply("time_sleep", &state, &Value::NULL).await.is_null());
    later(90 + 3600);
    let triggers = Value::map(Type::String, [("a".into(), text("1"))].into());
    let config = it.config(
        "time_sleep",
        &[("create_duration", text("90s")), ("triggers", triggers)],
    );
    let (_, replaced) = it.plan("time_sleep", &state, &config).await;
    assert_eq!(replaced, [Path::new().attr("triggers")]);
}

/// A clock on which no sleep ends.
#[derive(Debug)]
struct Endless;

#[async_trait]
impl Clock for Endless {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _duration: Duration) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_sleep_ends_when_the_provider_is_asked_to_stop() {
    let it = with_options("time", |options| options.clock = Arc::new(Endless)).await;
    let config = it.config("time_sleep", &[("create_duration", text("1s"))]);
    let sleeping = it.try_apply("time_sleep", &Value::NULL, &config);
    let (reply, ()) = tokio::join!(sleeping, it.provider.stop());
    assert!(reply.has_errors() && reply.answer.is_none(), "{reply:?}");
}

#[tokio::test]
async fn functions_take_times_apart() {
    let it = harness("time").await;
    let parsed = it
        .function("rfc3339_parse", &[text("2023-07-25T23:43:16-07:00")])
        .await
        .unwrap();
    let names = [
        "year", "year_day", "day", "month", "weekday", "hour", "unix", "iso_year", "iso_week",
    ];
    let expected = [2023, 206, 25, 7, 2, 23, 1_690_353_796, 2023, 30];
    assert_eq!(pick(&parsed, &names), expected.map(number));
    assert_eq!(
        pick(&parsed, &["month_name", "weekday_name"]),
        ["July", "Tuesday"].map(text)
    );
    let parsed = it
        .function("unix_timestamp_parse", &[number(1_690_328_596)])
        .await
        .unwrap();
    assert_eq!(args::get(&parsed, "rfc3339"), text("2023-07-25T23:43:16Z"));
    let parsed = it
        .function("duration_parse", &[text("1h30m")])
        .await
        .unwrap();
    let half = Value::number(Number::parse("1.5").unwrap());
    let names = ["hours", "minutes", "seconds", "milliseconds"];
    assert_eq!(
        pick(&parsed, &names),
        [half, number(90), number(5400), number(5_400_000)]
    );
    for (name, schema) in &it.schema.functions {
        let argument = match name.as_str() {
            "unix_timestamp_parse" => number(0),
            "duration_parse" => text("1h0.3ns"),
            _ => text("2020-02-12T06:36:13Z"),
        };
        let result = it.function(name, &[argument]).await.unwrap();
        assert!(result.is_of(&schema.returns), "{name}: {result:?}");
        assert!(
            it.function(name, &[text("nonsense")]).await.is_err(),
            "{name}"
        );
        assert!(it.function(name, &[]).await.is_err(), "{name}");
    }
}
