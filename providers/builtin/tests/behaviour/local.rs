//! `hashicorp/local`.

use crate::harness::{harness, pick, text};
use terrane_model::provider::{Answer, Call, Resolution};
use terrane_provider::args;
use terrane_value::{Path, Type, Value};

const FILE: &str = "local_file";

#[tokio::test]
async fn a_file_is_made_with_its_directories_and_sums() {
    let it = harness("local").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/file");
    let set = [
        ("filename", text(path.to_str().unwrap())),
        ("content", text("hello")),
        ("file_permission", text("0640")),
        ("directory_permission", text("0750")),
    ];
    let state = it.create(FILE, &set).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");
    let names = [
        "id",
        "content_md5",
        "content_base64sha256",
        "content_sha256",
    ];
    let expected = [
        "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
        "5d41402abc4b2a76b9719d911017c592",
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    ];
    assert_eq!(pick(&state, &names), expected.map(text));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        // The umask may take more away.
        assert_eq!(mode(&path) & !0o640, 0);
        assert_eq!(mode(path.parent().unwrap()) & !0o750, 0);
    }
    let gone = it.apply(FILE, &state, &Value::null(Type::Dynamic)).await;
    assert!(gone.is_null() && !path.exists());
    // Deleting what is gone already is no error.
    assert!(
        it.apply(FILE, &state, &Value::null(Type::Dynamic))
            .await
            .is_null()
    );
}

#[tokio::test]
async fn a_file_that_changed_or_went_counts_as_gone() {
    let it = harness("local").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let set = [
        ("filename", text(path.to_str().unwrap())),
        ("content_base64", text("AP8=")),
    ];
    let state = it.create(FILE, &set).await;
    assert_eq!(std::fs::read(&path).unwrap(), [0, 255]);
    assert_eq!(it.read(FILE, &state).await, state);
    std::fs::write(&path, "other").unwrap();
    assert!(it.read(FILE, &state).await.is_null());
    std::fs::remove_file(&path).unwrap();
    assert!(it.read(FILE, &state).await.is_null());
}

#[tokio::test]
async fn every_change_makes_a_new_file() {
    let it = harness("local").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let filename = ("filename", text(path.to_str().unwrap()));
    let state = it
        .create(FILE, &[filename.clone(), ("content", text("a"))])
        .await;
    let names = ["file_permission", "directory_permission"];
    assert_eq!(pick(&state, &names), ["0777", "0777"].map(text));
    let config = it.config(FILE, &[filename, ("content", text("b"))]);
    let (planned, replaced) = it.plan(FILE, &state, &config).await;
    assert_eq!(replaced, [Path::new().attr("content")]);
    assert_eq!(args::get(&planned, "content"), text("b"));
}

#[tokio::test]
async fn what_cannot_be_written_or_read_is_an_error() {
    let it = harness("local").await;
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("file/inside");
    std::fs::write(folder.path().join("file"), "no directory").unwrap();
    let missing = text(folder.path().join("missing").to_str().unwrap());
    let table = [
        [
            ("filename", text(inside.to_str().unwrap())),
            ("content", text("x")),
        ],
        [("filename", missing.clone()), ("source", missing.clone())],
        [("filename", missing.clone()), ("content_base64", text("?"))],
    ];
    for set in table {
        let config = it.config(FILE, &set);
        let reply = it.try_apply(FILE, &Value::NULL, &config).await;
        assert!(
            reply.has_errors() && reply.answer.is_none(),
            "{set:?}: {reply:?}"
        );
    }
    let empty = it.schema.data_sources[FILE].block.empty_value();
    let call = Call::ReadDataSource {
        type_name: FILE.into(),
        config: args::with(&empty, "filename", missing),
        meta: Value::NULL,
    };
    assert!(it.reply(call).await.has_errors());
}

#[tokio::test]
async fn a_data_source_shows_the_content() {
    let it = harness("local").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, [b'a', 0xff]).unwrap();
    let empty = it.schema.data_sources["local_sensitive_file"]
        .block
        .empty_value();
    let call = Call::ReadDataSource {
        type_name: "local_sensitive_file".into(),
        config: args::with(&empty, "filename", text(path.to_str().unwrap())),
        meta: Value::NULL,
    };
    let Answer::Data { state, .. } = it.answer(call).await else {
        panic!("no data");
    };
    assert_eq!(
        pick(&state, &["content", "content_base64"]),
        ["a\u{fffd}", "Yf8="].map(text)
    );
    let folder = text(folder.path().to_str().unwrap());
    assert_eq!(it.function("direxists", &[folder]).await, Ok(Value::TRUE));
    assert_eq!(
        it.function("direxists", &[text("/no/such/folder")]).await,
        Ok(Value::FALSE)
    );
    assert!(
        it.function("direxists", &[text(path.to_str().unwrap())])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_file_tells_what_became_of_a_change() {
    let it = harness("local").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let set = [
        ("filename", text(path.to_str().unwrap())),
        ("content", text("a")),
    ];
    let config = it.config(FILE, &set);
    let (planned, _) = it.plan(FILE, &Value::NULL, &config).await;
    let resolve = async |planned: &Value| {
        let call = Call::Resolve {
            type_name: FILE.into(),
            token: "token".into(),
            planned: planned.clone(),
        };
        match it.answer(call).await {
            Answer::Resolved(resolution) => resolution,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(resolve(&planned).await, Resolution::NeverHappened);
    let state = it.apply(FILE, &Value::NULL, &config).await;
    let Resolution::Happened(object) = resolve(&planned).await else {
        panic!("it happened");
    };
    assert_eq!(object.state, state);
    let without_content = args::with(&planned, "content", Value::null(Type::String));
    assert_eq!(resolve(&without_content).await, Resolution::CannotTell);
    std::fs::write(&path, "b").unwrap();
    assert_eq!(resolve(&planned).await, Resolution::CannotTell);
    // A file stands where the folder would have to be: nothing can have been made.
    let within = args::with(
        &planned,
        "filename",
        text(path.join("within").to_str().unwrap()),
    );
    assert_eq!(resolve(&within).await, Resolution::NeverHappened);
}
