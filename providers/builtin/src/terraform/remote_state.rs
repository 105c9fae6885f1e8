//! `terraform_remote_state`: the outputs of another state.

use crate::doors::{Outputs, RemoteState};
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, DataSource};
use terrane_value::{EcoString, Kind, Type, Value};

#[derive(Debug)]
pub(super) struct RemoteStateSource(pub(super) Arc<dyn RemoteState>);

fn is_object(value: &Value) -> bool {
    value.is_null() && value.ty() == Type::Dynamic
        || matches!(value.ty(), Type::Object(_) | Type::Map(_))
        || (!value.is_known() && value.ty() == Type::Dynamic)
}

/// The configuration of the backend; nothing is an empty one.
fn backend_config(config: &Value) -> Value {
    let given = args::get(config, "config");
    if given.is_null() {
        Value::object::<EcoString>([])
    } else {
        given
    }
}

/// The name of the backend; an old name of one is understood.
fn backend(config: &Value) -> Option<&str> {
    match args::string(config, "backend")? {
        "_local" => Some("local"),
        name => Some(name),
    }
}

fn entries(value: &Value) -> Outputs {
    match value.kind() {
        Kind::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        Kind::Map(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        _ => Outputs::new(),
    }
}

#[async_trait]
impl DataSource for RemoteStateSource {
    fn schema(&self) -> Schema {
        let text = |text: &'static str| text;
        let block = Block::new()
            .attr(
                "backend",
                Attribute::string()
                    .required()
                    .described(text("The remote backend to use, e.g. `remote` or `http`.")),
            )
            .attr(
                "config",
                Attribute::dynamic().optional().described(text(
                    "The configuration of the backend: an object with the arguments of its `backend` block.",
                )),
            )
            .attr(
                "defaults",
                Attribute::dynamic().optional().described(text(
                    "Values of outputs that the state does not have.",
                )),
            )
            .attr(
                "outputs",
                Attribute::dynamic()
                    .computed()
                    .described(text("An object with every output of the root module.")),
            )
            .attr(
                "workspace",
                Attribute::string()
                    .optional()
                    .described(text("The workspace to read, if the backend has workspaces.")),
            );
        Schema::new(0, block)
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        let mut problems = Vec::new();
        let given = args::get(config, "config");
        if !is_object(&given) {
            problems.push(args::complaint(
                "config",
                "Invalid backend configuration",
                "The configuration must be an object value.",
            ));
        } else if let Some(name) = backend(config)
            && given.is_wholly_known()
            && let Some(problem) = self.0.check(name, &backend_config(config))
        {
            problems.push(args::complaint(
                "backend",
                "Invalid backend configuration",
                problem,
            ));
        }
        if !is_object(&args::get(config, "defaults")) {
            problems.push(args::complaint(
                "defaults",
                "Invalid default values",
                "Defaults must be given in an object value.",
            ));
        }
        problems
    }

    async fn read(&self, config: Value) -> Answered<(Value, Vec<ProviderDiagnostic>)> {
        let Some(name) = backend(&config) else {
            return Err(args::complaint(
                "backend",
                "Invalid backend configuration",
                "The name of the backend is missing.",
            )
            .into());
        };
        let workspace = args::string(&config, "workspace").unwrap_or("default");
        let found = self
            .0
            .outputs(name, &backend_config(&config), workspace)
            .await
            .map_err(|problem| {
                args::complaint(
                    "backend",
                    "Error loading state error",
                    format!("error loading the remote state: {problem}"),
                )
            })?;
        let Some(found) = found else {
            return Err(args::complaint(
                "workspace",
                "Unable to find remote state",
                "No stored state was found for the given workspace in the given backend.",
            )
            .into());
        };
        let mut outputs = entries(&args::get(&config, "defaults"));
        outputs.extend(found);
        let state = args::with(&config, "outputs", Value::object(outputs));
        Ok((state, Vec::new()))
    }
}
