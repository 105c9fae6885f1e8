//! What runs there and what is stored there.

use crate::server::Server;
use crate::{password, reach, to, with_password};
use std::fs;
use terrane_ssh::{Exit, Platform, Session};

async fn session() -> (Server, Session) {
    let server = Server::start(password("pw"));
    let session = reach(&to(with_password(&server))).await.unwrap();
    (server, session)
}

#[tokio::test]
async fn commands_say_what_they_say_and_how_they_end() {
    let (server, session) = session().await;
    let mut lines = Vec::new();
    let exit = session
        .run(
            "echo out; echo err >&2; printf end; exit 3",
            true,
            &mut |line| {
                lines.push(line.to_owned());
            },
        )
        .await
        .unwrap();
    assert_eq!(exit, Exit::Status(3));
    lines.sort();
    assert_eq!(lines, ["end", "err", "out"]);
    assert!(server.log().contains(&"terminal xterm".into()));
    // The session stays good for more, also at the same time.
    let (mut first, mut second) = (|_: &str| {}, |_: &str| {});
    let (one, two) = tokio::join!(
        session.run("true", false, &mut first),
        session.run("exit 1", false, &mut second)
    );
    assert_eq!(
        (one.unwrap(), two.unwrap()),
        (Exit::Status(0), Exit::Status(1))
    );
}

#[tokio::test]
async fn bytes_become_files() {
    let (server, session) = session().await;
    let large: Vec<u8> = (0..5_000_000u32).flat_map(u32::to_le_bytes).collect();
    for (path, bytes) in [
        ("empty", &b""[..]),
        ("with space & 'quote'", b"x\0y\n"),
        ("large", &large),
    ] {
        session
            .put(Platform::Unix, bytes, path, 0o700)
            .await
            .unwrap();
        assert!(
            fs::read(server.home().join(path)).unwrap() == bytes,
            "{path}"
        );
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let meta = fs::metadata(server.home().join("large")).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o700);
    }
    let error = session
        .put(Platform::Unix, b"x", "/proc/none/x", 0o600)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("/proc/none/x") && text.contains("Permission denied"),
        "{text}"
    );
}

#[tokio::test]
async fn a_slash_at_the_end_sends_what_is_inside() {
    let (server, session) = session().await;
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("site");
    fs::create_dir_all(source.join("css/empty")).unwrap();
    fs::write(source.join("index.html"), "<p>").unwrap();
    fs::write(source.join("css/a.css"), "p {}").unwrap();
    let home = server.home();
    for (target, itself, base) in [("one", true, "one/site"), ("two", false, "two")] {
        fs::create_dir(home.join(target)).unwrap();
        session
            .put_folder(Platform::Unix, &source, target, itself)
            .await
            .unwrap();
        let base = home.join(base);
        assert_eq!(fs::read_to_string(base.join("index.html")).unwrap(), "<p>");
        assert_eq!(fs::read_to_string(base.join("css/a.css")).unwrap(), "p {}");
        assert!(base.join("css/empty").is_dir());
    }
    let error = session
        .put_folder(Platform::Unix, &source, "three", false)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
    let error = session
        .put_file(Platform::Unix, &source.join("none"), "x")
        .await
        .unwrap_err();
    assert!(
        error
            .sentence()
            .contains("none can't be read: No such file"),
        "{}",
        error.sentence()
    );
}
