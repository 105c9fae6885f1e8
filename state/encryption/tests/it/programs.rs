//! Programs that give keys or encrypt.
#![cfg(unix)]

use crate::support::{aes, block, build, command, script, settings};
use terrane_value::Value;

const KEYS: &str = r#"{"magic":"OpenTofu-External-Key-Provider","version":1}"#;
const METHOD: &str = r#"{"magic":"OpenTofu-External-Encryption-Method","version":1}"#;
/// 16 bytes, in base64.
const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEA==";

fn keys_from(program: &str) -> terrane_encryption::Encryption {
    let provider = block("external", &[("command", command(&[program]))], None);
    build(&settings(vec![provider], vec![aes(0)], &[0]))
}

#[test]
fn a_program_gives_keys_and_gets_back_what_it_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen").display().to_string();
    // Speaks only when it has read everything, as programs with buffers do.
    let program = script(
        folder.path(),
        "keys",
        &format!(
            r#"input=$(cat); echo "$input" >> {seen}
echo '{KEYS}'
echo '{{"keys":{{"encryption_key":"{KEY}","decryption_key":"{KEY}"}},"meta":{{"external_data":{{"id":"k1"}}}}}}'"#
        ),
    );
    let sealed = keys_from(&program)
        .state()
        .seal(b"x", None)
        .expect("sealed");
    assert_eq!(
        keys_from(&program).state().unseal(sealed).expect("opened"),
        b"x"
    );
    let seen = std::fs::read_to_string(folder.path().join("seen")).expect("seen");
    assert_eq!(seen, "null\n{\"external_data\":{\"id\":\"k1\"}}\n");
}

#[test]
fn what_programs_do_wrong_is_told_without_their_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(5 << 20);
    std::fs::write(folder.path().join("long"), long).expect("written");
    for (name, text, expect) in [
        ("fails", "echo broken >&2; exit 3".to_owned(), "broken"),
        ("silent", "exit 0".to_owned(), "first line"),
        (
            "other",
            "echo '{\"magic\":\"Hello\",\"version\":1}'; echo '{}'".to_owned(),
            "OpenTofu-External-Key-Provider",
        ),
        (
            "newer",
            "echo '{\"magic\":\"OpenTofu-External-Key-Provider\",\"version\":2}'".to_owned(),
            "version 2",
        ),
        ("odd", format!("echo '{KEYS}'; echo 'canary'"), "JSON"),
        (
            "empty",
            format!("echo '{KEYS}'; echo '{{\"keys\":{{}}}}'"),
            "no encryption key",
        ),
        (
            "short",
            format!("echo '{KEYS}'; echo '{{\"keys\":{{\"encryption_key\":\"AQID\"}}}}'"),
            "3 bytes",
        ),
        (
            "nobase",
            format!("echo '{KEYS}'; echo '{{\"keys\":{{\"encryption_key\":\"canary!\"}}}}'"),
            "base64",
        ),
        (
            "long",
            format!(
                "echo '{KEYS}'; cat {}",
                folder.path().join("long").display()
            ),
            "longer than",
        ),
    ] {
        let program = script(folder.path(), &format!("{name}.sh"), &text);
        let error = keys_from(&program)
            .state()
            .seal(b"x", None)
            .expect_err(name)
            .to_string();
        assert!(error.contains(expect), "{name}: {error}");
        assert!(!error.contains("canary"), "{name}: {error}");
    }
    let error = keys_from("/nowhere/at/all")
        .state()
        .seal(b"x", None)
        .expect_err("none")
        .to_string();
    assert!(error.contains("can't be started"), "{error}");
}

#[test]
fn a_program_encrypts() {
    let folder = tempfile::tempdir().expect("a folder");
    // Takes the payload as it is: what matters is the way there and back.
    let program = script(
        folder.path(),
        "method",
        &format!(
            r#"input=$(cat)
echo '{METHOD}'
case "$input" in '{{"key":"{KEY}",'*) ;; *) echo "no key: $input" >&2; exit 1 ;; esac
payload=${{input##*'"payload":"'}}
echo "{{\"payload\":\"${{payload%%'"'*}}\"}}""#
        ),
    );
    let keys = script(
        folder.path(),
        "keys",
        &format!(
            "cat >/dev/null; echo '{KEYS}'; echo '{{\"keys\":{{\"encryption_key\":\"{KEY}\",\"decryption_key\":\"{KEY}\"}},\"meta\":{{}}}}'"
        ),
    );
    let both: &[(&str, Value)] = &[
        ("encrypt_command", command(&[&program, "e"])),
        ("decrypt_command", command(&[&program, "d"])),
    ];
    let provider = block("external", &[("command", command(&[&keys]))], None);
    let all = settings(vec![provider], vec![block("external", both, Some(0))], &[0]);
    let sealed = build(&all).state().seal(b"payload", None).expect("sealed");
    assert_eq!(
        build(&all).state().unseal(sealed).expect("opened"),
        b"payload"
    );
    let keyless = settings(vec![], vec![block("external", both, None)], &[0]);
    let error = build(&keyless)
        .state()
        .seal(b"payload", None)
        .expect_err("it wants a key");
    assert!(error.to_string().contains("no key"), "{error}");
}
