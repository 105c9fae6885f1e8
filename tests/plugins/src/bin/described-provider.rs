//! Serves a provider that a file describes: `described-provider NAMESPACE/TYPE SCHEMAS.json [ANSWERS.json]`. With `--debug`, until it is interrupted.

use serde_json::Value as Json;
use std::io::Write as _;
use std::process::ExitCode;
use terrane_model::addr::ProviderAddr;
use terrane_plugin_tests::described::DescribedFactory;

fn read(path: Option<&String>) -> Result<Json, String> {
    let Some(path) = path else {
        return Ok(Json::Null);
    };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

fn factory() -> Result<DescribedFactory, String> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let (namespace, type_name) = arguments
        .first()
        .and_then(|name| name.split_once('/'))
        .ok_or("the first argument is NAMESPACE/TYPE")?;
    let addr = ProviderAddr::default_host(namespace, type_name);
    if arguments.len() < 2 {
        return Err("the second argument is a file of schemas".to_owned());
    }
    DescribedFactory::new(&addr, &read(arguments.get(1))?, &read(arguments.get(2))?)
}

fn main() -> ExitCode {
    match factory() {
        Ok(factory) => terrane_serve::run(factory),
        Err(problem) => {
            drop(writeln!(std::io::stderr(), "{problem}"));
            ExitCode::FAILURE
        }
    }
}
