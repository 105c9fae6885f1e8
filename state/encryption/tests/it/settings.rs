//! What can be wrong with settings, and what is said about it.

use crate::support::{aes, block, command, named, passphrase, settings, try_build};
use terrane_encryption::{MistakeKind, Part, Settings, Target};
use terrane_value::{Marks, Value};

fn check(settings: &Settings, expect: &[(Part, Option<&str>, MistakeKind, &str)]) {
    let found = try_build(settings).expect_err("mistakes");
    let short: Vec<_> = found
        .iter()
        .map(|mistake| (mistake.part, mistake.argument.as_deref(), mistake.kind))
        .collect();
    let expected: Vec<_> = expect
        .iter()
        .map(|(part, argument, kind, _)| (*part, *argument, *kind))
        .collect();
    assert_eq!(short, expected, "{found:#?}");
    for (mistake, (.., text)) in found.iter().zip(expect) {
        assert!(mistake.detail.contains(text), "{} / {text}", mistake.detail);
        assert!(!mistake.detail.contains("canary"), "{}", mistake.detail);
    }
}

fn provider(provider: terrane_encryption::Block) -> Settings {
    settings(vec![provider], vec![aes(0)], &[0])
}

#[test]
fn passphrases() {
    use MistakeKind::{InvalidValue, MissingArgument};
    let at = Part::KeyProvider(0);
    check(
        &provider(block("pbkdf2", &[], None)),
        &[(at, Some("passphrase"), MissingArgument, "chain")],
    );
    check(
        &provider(passphrase("canary-is-short")),
        &[(at, Some("passphrase"), InvalidValue, "16")],
    );
    check(
        &provider(block(
            "pbkdf2",
            &[(
                "passphrase",
                Value::string("canary").with_marks(&Marks::SENSITIVE),
            )],
            None,
        )),
        &[(at, Some("passphrase"), InvalidValue, "too short")],
    );
    check(
        &provider(block("pbkdf2", &[("passphrase", Value::bool(true))], None)),
        &[(at, Some("passphrase"), InvalidValue, "4 bytes")],
    );
    check(
        &provider(block(
            "pbkdf2",
            &[("passphrase", Value::tuple(vec![]))],
            None,
        )),
        &[
            (at, Some("passphrase"), InvalidValue, "a string"),
            (at, Some("passphrase"), MissingArgument, "chain"),
        ],
    );
    let both = named(
        block(
            "pbkdf2",
            &[("passphrase", Value::string("a long passphrase!"))],
            Some(0),
        ),
        "b",
    );
    check(
        &settings(
            vec![passphrase("a long passphrase!"), both],
            vec![aes(1)],
            &[0],
        ),
        &[(
            Part::KeyProvider(1),
            Some("passphrase"),
            InvalidValue,
            "Both",
        )],
    );
}

#[test]
fn numbers_and_names() {
    use MistakeKind::{InvalidValue, UnsupportedArgument};
    let at = Part::KeyProvider(0);
    let with = |name: &str, value: Value| {
        let mut block = passphrase("a long passphrase!");
        block.arguments.insert(name.to_owned(), value);
        provider(block)
    };
    check(
        &with("iterations", Value::number(199_999_u64)),
        &[(at, Some("iterations"), InvalidValue, "200000")],
    );
    check(
        &with("iterations", Value::number(-1_i64)),
        &[(at, Some("iterations"), InvalidValue, "whole number")],
    );
    check(
        &with("hash_function", Value::string("sha1")),
        &[(at, Some("hash_function"), InvalidValue, "sha512")],
    );
    check(
        &with("salt_length", Value::number(0_u64)),
        &[(at, Some("salt_length"), InvalidValue, "at least 1")],
    );
    check(
        &with("pasphrase", Value::string("x")),
        &[(at, Some("pasphrase"), UnsupportedArgument, "passphrase")],
    );
    check(
        &with("encrypted_metadata_alias", Value::string("")),
        &[(at, Some("encrypted_metadata_alias"), InvalidValue, "empty")],
    );
    check(
        &with("key_length", Value::number(20_u64)),
        &[(Part::Method(0), Some("keys"), InvalidValue, "20 bytes")],
    );
    assert!(try_build(&with("key_length", Value::string("16"))).is_ok());
    assert!(try_build(&with("key_length", Value::NULL)).is_ok());
}

#[test]
fn types_and_references() {
    use MistakeKind::{InvalidValue, MissingArgument, UnknownType, UnsupportedArgument};
    let part = Part::KeyProvider(0);
    check(
        &provider(block("rot13", &[], None)),
        &[(part, None, UnknownType, "pbkdf2")],
    );
    let key = || vec![passphrase("a long passphrase!")];
    let method = Part::Method(0);
    check(
        &settings(key(), vec![block("rot13", &[], None)], &[0]),
        &[(method, None, UnknownType, "aes_gcm")],
    );
    check(
        &settings(key(), vec![block("aes_gcm", &[], None)], &[0]),
        &[(method, Some("keys"), MissingArgument, "key_provider.")],
    );
    check(
        &settings(
            key(),
            vec![block("unencrypted", &[("a", Value::NULL)], Some(0))],
            &[0],
        ),
        &[
            (method, Some("keys"), UnsupportedArgument, "takes no keys"),
            (method, Some("a"), UnsupportedArgument, "takes none"),
        ],
    );
    for aad in [
        Value::string("x"),
        Value::tuple(vec![Value::number(256_u64)]),
    ] {
        check(
            &settings(
                key(),
                vec![block("aes_gcm", &[("aad", aad)], Some(0))],
                &[0],
            ),
            &[(method, Some("aad"), InvalidValue, "0 to 255")],
        );
    }
    check(
        &provider(block("external", &[("command", command(&[]))], None)),
        &[(part, Some("command"), MissingArgument, "program")],
    );
    check(
        &settings(
            vec![],
            vec![block(
                "external",
                &[("encrypt_command", command(&["x"]))],
                None,
            )],
            &[0],
        ),
        &[(method, Some("decrypt_command"), MissingArgument, "program")],
    );
    check(
        &provider(block(
            "openbao",
            &[("key_length", Value::number(24_u64))],
            None,
        )),
        &[
            (part, Some("key_name"), MissingArgument, "key_name"),
            (part, Some("key_length"), InvalidValue, "16, 32 or 64"),
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn services_of_clouds() {
    use MistakeKind::{InvalidValue, MissingArgument, NotAvailable, UnsupportedArgument};
    let part = Part::KeyProvider(0);
    check(
        &provider(block("gcp_kms", &[], None)),
        &[
            (
                part,
                Some("kms_encryption_key"),
                MissingArgument,
                "required",
            ),
            (part, Some("key_length"), MissingArgument, "bytes"),
        ],
    );
    let vault = |more: &[(&str, Value)]| {
        let mut all = vec![
            ("vault_uri", Value::string("https://keys.vault.azure.net/")),
            ("vault_key_name", Value::string("state")),
            ("key_length", Value::number(32_u64)),
        ];
        all.extend_from_slice(more);
        provider(block("azure_vault", &all, None))
    };
    assert!(try_build(&vault(&[])).is_ok());
    for (name, value, kind, text) in [
        (
            "vault_uri",
            Value::string("http://keys.vault.azure.net"),
            InvalidValue,
            "address of a vault",
        ),
        (
            "vault_uri",
            Value::string("https://keys.vault.azure.net/keys/a"),
            InvalidValue,
            "address of a vault",
        ),
        (
            "vault_key_name",
            Value::string("a/b"),
            InvalidValue,
            "letters",
        ),
        (
            "symmetric",
            Value::bool(true),
            MissingArgument,
            "128, 192 or 256",
        ),
        (
            "symmetric_key_size",
            Value::number(256_u64),
            InvalidValue,
            "symmetric = true",
        ),
        (
            "environment",
            Value::string("moon"),
            InvalidValue,
            "usgovernment",
        ),
        (
            "client_certificate_path",
            Value::string("a.pfx"),
            NotAvailable,
            "use_oidc",
        ),
        (
            "metadata_host",
            Value::string("a"),
            NotAvailable,
            "environment",
        ),
        (
            "key_name",
            Value::string("a"),
            UnsupportedArgument,
            "vault_key_name",
        ),
    ] {
        let at = if name == "symmetric" {
            "symmetric_key_size"
        } else {
            name
        };
        check(&vault(&[(name, value)]), &[(part, Some(at), kind, text)]);
    }
}

#[test]
fn enforced() {
    let with = |methods: &[usize], enforced| Settings {
        state: Some(Target {
            methods: methods.to_vec(),
            enforced,
        }),
        plan: Some(Target {
            methods: vec![0],
            enforced: true,
        }),
        ..settings(
            vec![passphrase("a long passphrase!")],
            vec![aes(0), block("unencrypted", &[], None)],
            &[],
        )
    };
    assert!(try_build(&with(&[0], true)).is_ok());
    assert!(try_build(&with(&[0, 1], false)).is_ok());
    let state = (Part::State, Some("enforced"), MistakeKind::Enforced);
    for (methods, text) in [
        (&[1][..], "method.unencrypted.main"),
        (&[0, 1], "method.unencrypted.main"),
        (&[], "TF_ENCRYPTION"),
    ] {
        check(&with(methods, true), &[(state.0, state.1, state.2, text)]);
    }
}
