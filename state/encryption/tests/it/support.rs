//! Settings for tests.

use std::collections::BTreeMap;
use std::path::Path;
use terrane_encryption::{Block, Encryption, Endpoints, Mistake, Settings, Surroundings, Target};
use terrane_value::Value;

pub(crate) fn block(kind: &str, arguments: &[(&str, Value)], keys: Option<usize>) -> Block {
    Block {
        kind: kind.to_owned(),
        name: "main".to_owned(),
        arguments: arguments
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        keys,
    }
}

pub(crate) fn named(mut block: Block, name: &str) -> Block {
    name.clone_into(&mut block.name);
    block
}

pub(crate) fn passphrase(text: &str) -> Block {
    // The fewest iterations that are allowed, so that tests are quick.
    block(
        "pbkdf2",
        &[
            ("passphrase", Value::string(text)),
            ("iterations", Value::number(200_000_u64)),
        ],
        None,
    )
}

pub(crate) fn aes(keys: usize) -> Block {
    block("aes_gcm", &[], Some(keys))
}

pub(crate) fn settings(
    key_providers: Vec<Block>,
    methods: Vec<Block>,
    state: &[usize],
) -> Settings {
    Settings {
        key_providers,
        methods,
        state: Some(Target {
            methods: state.to_vec(),
            enforced: false,
        }),
        ..Settings::default()
    }
}

pub(crate) fn build(settings: &Settings) -> Encryption {
    try_build(settings).expect("settings without mistakes")
}

pub(crate) fn try_build(settings: &Settings) -> Result<Encryption, Vec<Mistake>> {
    Encryption::build(settings, &Surroundings::default())
}

pub(crate) fn build_in(settings: &Settings, env: &[(&str, &str)]) -> Encryption {
    build_at(settings, env, Endpoints::default())
}

pub(crate) fn build_at(
    settings: &Settings,
    env: &[(&str, &str)],
    endpoints: Endpoints,
) -> Encryption {
    let env: BTreeMap<String, String> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Encryption::build(settings, &Surroundings { env, endpoints })
        .expect("settings without mistakes")
}

/// A program: a shell script.
pub(crate) fn script(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a folder that can be written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .expect("a file of ours");
    }
    path.display().to_string()
}

pub(crate) fn command(words: &[&str]) -> Value {
    Value::tuple(words.iter().map(|word| Value::string(*word)).collect())
}
