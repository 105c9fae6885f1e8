//! What the arguments of a connection mean.

use super::{Remote, duration};
use std::path::PathBuf;
use std::time::Duration;
use terrane_ssh::{Platform, ProxyScheme};
use terrane_value::Value;

fn remote(arguments: &[(&str, &str)]) -> Result<Remote, String> {
    let value = |name: &str, text: &str| match name {
        "port" | "bastion_port" | "proxy_port" => Value::number(text.parse::<i64>().unwrap()),
        "agent" => Value::bool(text == "true"),
        _ => Value::string(text),
    };
    let config = Value::object(
        arguments
            .iter()
            .map(|(name, text)| (*name, value(name, text))),
    );
    Remote::from_config(&config, None)
}

#[test]
fn little_is_enough() {
    let remote = remote(&[("host", "example.com")]).unwrap();
    assert_eq!(remote.connection.address(), "root@example.com:22");
    assert_eq!(remote.connection.timeout, Duration::from_secs(300));
    assert_eq!(remote.platform, Platform::Unix);
    assert_eq!(remote.script_path, "/tmp/terraform_%RAND%.sh");
    assert!(remote.connection.bastion.is_none() && remote.connection.proxy.is_none());
}

#[test]
fn windows_has_other_defaults() {
    let remote = remote(&[("host", "h"), ("target_platform", "windows")]).unwrap();
    assert_eq!(remote.connection.host.user, "Administrator");
    assert_eq!(remote.script_path, "C:/windows/temp/terraform_%RAND%.cmd");
}

#[test]
fn a_bastion_is_like_the_host_unless_it_is_said_otherwise() {
    let key = include_str!("../../../../providers/ssh/tests/keys/ed25519");
    let common = [
        ("host", "h"),
        ("port", "2222"),
        ("user", "u"),
        ("password", "p"),
        ("private_key", key),
        ("bastion_host", "b"),
    ];
    let bastion = remote(&common).unwrap().connection.bastion.unwrap();
    assert_eq!((bastion.host.as_str(), bastion.port), ("b", 2222));
    assert_eq!((bastion.user.as_str(), bastion.has_key()), ("u", true));
    assert_eq!(bastion.password.as_deref(), Some("p"));
    let own = [
        ("bastion_port", "22"),
        ("bastion_user", "v"),
        ("bastion_password", "q"),
    ];
    let bastion = remote(&[&common[..], &own].concat()).unwrap();
    let bastion = bastion.connection.bastion.unwrap();
    assert_eq!((bastion.user.as_str(), bastion.port), ("v", 22));
    assert_eq!(bastion.password.as_deref(), Some("q"));
}

#[test]
fn proxies_have_schemes() {
    for (scheme, expect, port) in [
        ("http", ProxyScheme::Http, 80),
        ("https", ProxyScheme::Http, 443),
        ("socks5", ProxyScheme::Socks5, 1080),
    ] {
        let remote = remote(&[("host", "h"), ("proxy_host", "p"), ("proxy_scheme", scheme)]);
        let proxy = remote.unwrap().connection.proxy.unwrap();
        assert_eq!((proxy.scheme, proxy.port), (expect, port));
    }
}

#[test]
fn an_agent_is_used_where_there_is_one() {
    let socket = Some(PathBuf::from("/run/agent"));
    for (agent, given, expect) in [
        (None, &socket, Ok(true)),
        (None, &None, Ok(false)),
        (Some(false), &socket, Ok(false)),
        (Some(true), &socket, Ok(true)),
        (Some(true), &None, Err(())),
    ] {
        let mut arguments = vec![("host", Value::string("h"))];
        arguments.extend(agent.map(|agent| ("agent", Value::bool(agent))));
        let remote = Remote::from_config(&Value::object(arguments), given.clone());
        let has = remote.map(|remote| remote.connection.host.agent.is_some());
        assert_eq!(has.map_err(|_| ()), expect);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let encrypted = include_str!("../../../../providers/ssh/tests/keys/ed25519_encrypted");
    for (arguments, expect) in [
        (
            &[("type", "winrm"), ("host", "h")][..],
            "target_platform = \"windows\"",
        ),
        (&[("type", "telnet"), ("host", "h")], "\"telnet\""),
        (&[("host", "")], "must not be empty"),
        (&[("host", "a b")], "host of the connection"),
        (&[("host", "h"), ("port", "70000")], "65535"),
        (&[("host", "h"), ("private_key", encrypted)], "is encrypted"),
        (&[("host", "h"), ("certificate", "x")], "no private_key"),
        (&[("host", "h"), ("host_key", "x")], "ssh-ed25519"),
        (
            &[("host", "h"), ("proxy_host", "p"), ("proxy_scheme", "ftp")],
            "\"ftp\"",
        ),
        (&[("host", "h"), ("target_platform", "vms")], "\"vms\""),
    ] {
        let message = remote(arguments).unwrap_err();
        assert!(message.contains(expect), "{message}");
    }
    let none = Remote::from_config(&Value::null(terrane_value::Type::Dynamic), None);
    assert!(none.unwrap_err().contains("no connection block"));
}

#[test]
fn secrets_are_not_described() {
    let remote = remote(&[("host", "h"), ("password", "canary"), ("timeout", "soon")]).unwrap();
    let lines = remote.describe().join("\n");
    assert!(
        lines.contains("Password: true") && !lines.contains("canary"),
        "{lines}"
    );
    assert!(lines.contains("\"soon\" is not a duration"), "{lines}");
}

#[test]
fn durations_are_those_of_go() {
    for (text, millis) in [
        ("5m", Some(300_000)),
        ("1h30m", Some(5_400_000)),
        ("1.5s", Some(1_500)),
        ("250ms", Some(250)),
        ("0", Some(0)),
        ("", None),
        ("5", None),
        ("m", None),
        ("-5m", None),
        ("5 m", None),
        ("1.2.3s", None),
    ] {
        assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
    }
    assert!(duration("99999999999999999999h").is_some());
}
