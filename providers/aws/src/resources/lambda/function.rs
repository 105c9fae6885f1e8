//! Functions.

use super::{content, invoke_arn};
use crate::cx::partition;
use crate::json;
use crate::run::{Run, all_tags, same_at};
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Type, Value};

/// What is the code of a function, or says that it is another one.
const CODE: &[&str] = &[
    "architectures",
    "code_sha256",
    "filename",
    "image_uri",
    "s3_bucket",
    "s3_key",
    "s3_object_version",
    "source_code_hash",
    "source_kms_key_arn",
];

/// How a function runs.
const SETTINGS: &[&str] = &[
    "capacity_provider_config",
    "dead_letter_config",
    "description",
    "durable_config",
    "environment",
    "ephemeral_storage",
    "file_system_config",
    "handler",
    "image_config",
    "kms_key_arn",
    "layers",
    "logging_config",
    "memory_size",
    "role",
    "runtime",
    "snap_start",
    "timeout",
    "tracing_config",
    "vpc_config",
];

/// Where an answer has what.
pub(crate) const FOUND: &[(&str, &str)] = &[
    ("architectures", "Configuration.Architectures"),
    ("arn", "Configuration.FunctionArn"),
    (
        "capacity_provider_config",
        "Configuration.CapacityProviderConfig",
    ),
    ("code_sha256", "Configuration.CodeSha256"),
    ("dead_letter_config", "Configuration.DeadLetterConfig"),
    ("description", "Configuration.Description"),
    ("durable_config", "Configuration.DurableConfig"),
    ("durable_config.retention_period", "RetentionPeriodInDays"),
    ("environment", "Configuration.Environment"),
    ("ephemeral_storage", "Configuration.EphemeralStorage"),
    ("file_system_config", "Configuration.FileSystemConfigs"),
    ("function_name", "Configuration.FunctionName"),
    ("handler", "Configuration.Handler"),
    (
        "image_config",
        "Configuration.ImageConfigResponse.ImageConfig",
    ),
    ("image_uri", "Code.ImageUri"),
    ("kms_key_arn", "Configuration.KMSKeyArn"),
    ("last_modified", "Configuration.LastModified"),
    ("layers", "Configuration.Layers"),
    ("logging_config", "Configuration.LoggingConfig"),
    ("memory_size", "Configuration.MemorySize"),
    ("package_type", "Configuration.PackageType"),
    (
        "reserved_concurrent_executions",
        "Concurrency.ReservedConcurrentExecutions",
    ),
    ("role", "Configuration.Role"),
    ("runtime", "Configuration.Runtime"),
    ("signing_job_arn", "Configuration.SigningJobArn"),
    (
        "signing_profile_version_arn",
        "Configuration.SigningProfileVersionArn",
    ),
    ("snap_start", "Configuration.SnapStart"),
    ("source_code_size", "Configuration.CodeSize"),
    ("source_kms_key_arn", "Code.SourceKMSKeyArn"),
    ("tenancy_config", "Configuration.TenancyConfig"),
    ("timeout", "Configuration.Timeout"),
    ("tracing_config", "Configuration.TracingConfig"),
    ("vpc_config", "Configuration.VpcConfig"),
];

/// What is asked for again while roles, keys and networks are not seen everywhere.
const NOT_READY: &[&str] = &[
    "role defined for the function cannot be assumed",
    "execution role does not have permissions",
    "throttled by EC2",
    "KMS key is invalid",
    "configure access to your environment variables",
];

fn create() -> Step {
    op("CreateFunction")
        .only(SETTINGS)
        .only(&[
            "architectures",
            "code_signing_config_arn",
            "function_name",
            "package_type",
            "publish",
            "publish_to",
            "tenancy_config",
        ])
        .set("Code.SourceKMSKeyArn", "{source_kms_key_arn}")
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn function() -> Table {
    let mut table = Table::new("aws_lambda_function", "lambda")
        .names(FOUND)
        .names(&[
            ("filename", ""),
            ("s3_bucket", ""),
            ("s3_key", ""),
            ("s3_object_version", ""),
            ("source_code_hash", ""),
        ])
        .local(&["skip_destroy"])
        .unsupported(&[
            "replace_security_groups_on_destroy",
            "replacement_security_group_ids",
        ])
        .by_function(CODE)
        .by_function(&[
            "code_signing_config_arn",
            "publish",
            "publish_to",
            "reserved_concurrent_executions",
        ])
        .create(create())
        .id("{function_name}")
        .read(op("GetFunction").set("FunctionName", "{id}"))
        .told(&[("logging_config", "Configuration.LoggingConfig")])
        .answer(|_, found| answer(found))
        .update(
            op("UpdateFunctionConfiguration")
                .only(SETTINGS)
                .set("FunctionName", "{id}")
                .clear(
                    "dead_letter_config",
                    "DeadLetterConfig",
                    r#"{"TargetArn":""}"#,
                )
                .clear("environment", "Environment", r#"{"Variables":{}}"#)
                .clear("image_config", "ImageConfig", "{}")
                .clear("snap_start", "SnapStart", r#"{"ApplyOn":"None"}"#)
                .clear(
                    "vpc_config",
                    "VpcConfig",
                    r#"{"SubnetIds":[],"SecurityGroupIds":[]}"#,
                ),
        )
        .input(|operation, input, object| {
            // An environment is one even without variables.
            let settings = matches!(operation, "CreateFunction" | "UpdateFunctionConfiguration");
            let written = !args::get(object, "environment").children().is_empty();
            if settings && written && json::get(input, "Environment.Variables").is_none() {
                json::put(input, "Environment.Variables", json!({}));
            }
        })
        .delete(op("DeleteFunction").set("FunctionName", "{id}"))
        .wait(
            &[Phase::Create],
            "Configuration.State",
            &["Active", "ActiveNonInvocable"],
            &["Pending"],
        )
        .wait(
            &[Phase::Update],
            "Configuration.LastUpdateStatus",
            &["Successful"],
            &["InProgress"],
        )
        .wait(&[Phase::Delete], "Configuration.State", &[], &[])
        .tag_calls("", ("TagResource", "UntagResource"), "Resource", "{arn}")
        .retry(
            &[Phase::Update, Phase::Delete],
            "ResourceConflictException",
            "in progress",
            300,
        )
        .retry(
            &[Phase::Update],
            "ResourceConflictException",
            "currently in the following state: Pending",
            300,
        )
        .retry(
            &[Phase::Delete],
            "InvalidParameterValueException",
            "because it is a replicated function",
            600,
        )
        .planned(planned)
        .hooks(Function);
    for message in NOT_READY {
        table = table.retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterValueException",
            message,
            300,
        );
    }
    table
}

/// What says nothing is nothing.
pub(crate) fn answer(found: &mut Json) {
    let empty = |found: &Json, path: &str| {
        json::get(found, path).is_none_or(|value| {
            value == "" || value == "None" || value == &json!([]) || value == &json!({})
        })
    };
    let parts = [
        ("DeadLetterConfig", "TargetArn"),
        ("Environment", "Variables"),
        ("SnapStart", "ApplyOn"),
        ("TracingConfig", "Mode"),
        ("VpcConfig", "SubnetIds"),
    ];
    for (part, member) in parts {
        if empty(found, &format!("Configuration.{part}.{member}"))
            && let Some(members) = found.get_mut("Configuration").and_then(Json::as_object_mut)
        {
            members.remove(part);
        }
    }
    if let Some(Json::Array(layers)) = found.pointer_mut("/Configuration/Layers") {
        for layer in layers {
            *layer = layer.get("Arn").cloned().unwrap_or_default();
        }
    }
    if json::get(found, "Concurrency.ReservedConcurrentExecutions").is_none() {
        json::put(
            found,
            "Concurrency.ReservedConcurrentExecutions",
            (-1).into(),
        );
    }
}

/// Other code or settings are another modification; where versions are published, another version.
fn planned(prior: &Value, config: &Value, response: &mut PlanResponse) {
    if prior.is_null() {
        return;
    }
    let differs = |names: &[&str]| {
        names
            .iter()
            .any(|name| !same_at(prior, &response.planned, name))
    };
    let (code, settings) = (differs(CODE), differs(SETTINGS));
    let publishes = args::bool(&response.planned, "publish") == Some(true);
    let now = publishes && !same_at(prior, &response.planned, "publish");
    let mut unknown: Vec<(&str, Type)> = Vec::new();
    if code {
        unknown.push(("source_code_size", Type::Number));
        for name in ["code_sha256", "source_code_hash"] {
            if !args::is_set(config, name) && name == "code_sha256" {
                unknown.push((name, Type::String));
            }
        }
    }
    if code || settings {
        unknown.push(("last_modified", Type::String));
    }
    if now || (publishes && (code || settings)) {
        for name in ["qualified_arn", "qualified_invoke_arn", "version"] {
            unknown.push((name, Type::String));
        }
    }
    let unknown = unknown
        .into_iter()
        .map(|(name, ty)| (name, Value::unknown(ty)));
    response.planned = args::with_all(&response.planned, unknown.collect::<Vec<_>>());
}

#[derive(Debug)]
struct Function;

#[async_trait]
impl Hooks for Function {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("lambda", "CreateFunction")?;
        let mut input = run.input(&create(), &operation, planned);
        json::put(&mut input, "Code", content(planned).await?);
        run.put_tags(&operation.input, &all_tags(planned), &mut input);
        let answer = run.ask("CreateFunction", input).await?;
        let arn = json::text_at(&answer, "FunctionArn").unwrap_or_default();
        let made = args::with(planned, "arn", Value::string(arn));
        Ok(Some((run.text("{function_name}", planned), made)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        match args::int(object, "reserved_concurrent_executions") {
            Some(most) if most >= 0 => set_concurrency(run, object, most).await,
            _ => Ok(()),
        }
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let name = run.text("{id}", prior);
        let differs = |name: &str| !same_at(prior, planned, name);
        if CODE.iter().any(|name| differs(name)) {
            let mut input = content(planned).await?;
            json::put(&mut input, "FunctionName", name.as_str().into());
            let kinds = args::strings(planned, "architectures").unwrap_or_default();
            if !kinds.is_empty() {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                json::put(&mut input, "Architectures", json!(kinds));
            }
            run.ask("UpdateFunctionCode", input).await?;
        }
        if differs("code_signing_config_arn") {
            match args::string(planned, "code_signing_config_arn").filter(|arn| !arn.is_empty()) {
                Some(arn) => {
                    let input = json!({"FunctionName": name, "CodeSigningConfigArn": arn});
                    run.ask("PutFunctionCodeSigningConfig", input).await?;
                }
                None => {
                    let input = json!({"FunctionName": name});
                    run.ask("DeleteFunctionCodeSigningConfig", input).await?;
                }
            }
        }
        if differs("reserved_concurrent_executions") {
            match args::int(planned, "reserved_concurrent_executions") {
                Some(most) if most >= 0 => set_concurrency(run, planned, most).await?,
                _ => {
                    let input = json!({"FunctionName": name});
                    run.ask("DeleteFunctionConcurrency", input).await?;
                }
            }
        }
        let changes = CODE.iter().chain(SETTINGS).any(|name| differs(name)) || differs("publish");
        if changes && args::bool(planned, "publish") == Some(true) {
            let mut input = json!({"FunctionName": name});
            if let Some(to) = args::string(planned, "publish_to").filter(|to| !to.is_empty()) {
                json::put(&mut input, "PublishTo", to.into());
            }
            run.ask("PublishVersion", input).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let name = run.text("{id}", &object);
        let versions = run
            .ask("ListVersionsByFunction", json!({"FunctionName": name}))
            .await?;
        // From the oldest to the newest; the first is what is not published.
        let newest = versions
            .get("Versions")
            .and_then(Json::as_array)
            .and_then(|all| all.last())
            .cloned()
            .unwrap_or_default();
        let (arn, qualified) = (
            run.text("{arn}", &object),
            json::text_at(&newest, "FunctionArn").unwrap_or_default(),
        );
        let version = json::text_at(&newest, "Version").unwrap_or_default();
        let own = partition(&run.region);
        let mut changes = vec![
            ("invoke_arn", invoke_arn(own, &run.region, &arn)),
            (
                "qualified_invoke_arn",
                invoke_arn(own, &run.region, &qualified),
            ),
            ("qualified_arn", Value::string(qualified)),
            ("version", Value::string(version)),
            (
                "response_streaming_invoke_arn",
                Value::string(format!(
                    "arn:{own}:apigateway:{}:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations",
                    run.region
                )),
            ),
        ];
        if args::get(&object, "source_code_hash").is_null() {
            changes.push(("source_code_hash", args::get(&object, "code_sha256")));
        }
        if args::is_set(prior, "code_signing_config_arn") {
            let answer = run
                .ask(
                    "GetFunctionCodeSigningConfig",
                    json!({"FunctionName": name}),
                )
                .await?;
            let arn = json::text_at(&answer, "CodeSigningConfigArn").unwrap_or_default();
            changes.push(("code_signing_config_arn", Value::string(arn)));
        }
        Ok(args::with_all(&object, changes))
    }
}

async fn set_concurrency(run: &Run<'_>, object: &Value, most: i64) -> Answered<()> {
    let input = json!({
        "FunctionName": run.text("{id}", object),
        "ReservedConcurrentExecutions": most,
    });
    run.ask("PutFunctionConcurrency", input).await.map(drop)
}
