//! `aws-models`: makes the operation models of `providers/aws/client/models` of those in botocore.
//!
//! botocore (Apache-2.0) describes every operation of AWS as JSON. What the client needs of that is kept: operations, shapes, pages, the rules that
//! lead to addresses. Documentation, examples and limits of values are dropped. One file for each service, compressed.

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::ZlibEncoder;
use serde_json::{Map, Value};
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that the committed models are made of.
const VERSION: &str = "1.43.67";

/// The services, as botocore calls them: those that the types of public modules need, with the ones for tags, quotas and what exists.
const SERVICES: &[&str] = &[
    "acm",
    "amp",
    "apigateway",
    "apigatewayv2",
    "application-autoscaling",
    "autoscaling",
    "batch",
    "budgets",
    "ce",
    "cloudcontrol",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codedeploy",
    "cognito-identity",
    "cognito-idp",
    "config",
    "ds",
    "dsql",
    "dynamodb",
    "ec2",
    "ecr",
    "ecr-public",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "elb",
    "elbv2",
    "events",
    "firehose",
    "glue",
    "guardduty",
    "iam",
    "identitystore",
    "kafka",
    "kafkaconnect",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "mq",
    "opensearch",
    "opensearchserverless",
    "organizations",
    "outposts",
    "pipes",
    "ram",
    "rds",
    "redshift",
    "resource-groups",
    "resourcegroupstaggingapi",
    "rolesanywhere",
    "route53",
    "route53resolver",
    "s3",
    "s3control",
    "s3tables",
    "s3vectors",
    "scheduler",
    "schemas",
    "secretsmanager",
    "service-quotas",
    "servicediscovery",
    "signer",
    "sns",
    "sqs",
    "ssm",
    "sso-admin",
    "stepfunctions",
    "sts",
    "wafv2",
    "xray",
];

/// What is dropped of shapes: the services check values themselves, and say it better.
const DROPPED: &[&str] = &[
    "documentation",
    "documentationUrl",
    "min",
    "max",
    "pattern",
    "enum",
    "deprecated",
    "deprecatedMessage",
    "deprecatedSince",
    "examples",
    "synthetic",
    "retryable",
    "fault",
];

/// Makes all models; the argument is botocore's folder `data`, or nothing: then pip fetches the version that is named here.
///
/// # Errors
/// When there is no such folder, or a file is not as botocore's are.
pub(crate) fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let (data, version) = match arguments.next() {
        Some(folder) => (PathBuf::from(folder), String::from("given by a folder")),
        None => (downloaded(root)?, VERSION.to_owned()),
    };
    let to = root.join("providers/aws/client/models");
    fs::create_dir_all(&to)?;
    let mut total = 0;
    let mut table = String::from(
        "//! The files of `models/`. Made by `cargo run -p xtask -- aws-models`.\n\n/// Service and compressed model, by name.\npub(super) const FILES: &[(&str, &[u8])] = &[\n",
    );
    for service in SERVICES {
        let model =
            service_model(&data, service).with_context(|| format!("the model of {service}"))?;
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(model.to_string().as_bytes())?;
        let packed = packed.finish()?;
        total += packed.len();
        fs::write(to.join(format!("{service}.json.z")), packed)?;
        table.extend([
            "    (\n        \"",
            service,
            "\",\n        include_bytes!(\"../../models/",
            service,
            ".json.z\"),\n    ),\n",
        ]);
    }
    table.push_str("];\n");
    fs::write(root.join("providers/aws/client/src/model/files.rs"), table)?;
    let partitions = pruned_rules(read(&data.join("partitions.json"))?);
    fs::write(to.join("partitions.json"), partitions.to_string())?;
    fs::write(to.join("VERSION"), format!("botocore {version}\n"))?;
    crate::say(&format!("{} services, {total} bytes", SERVICES.len()));
    Ok(())
}

/// The folder `data` of a version that pip has fetched.
fn downloaded(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target").join(format!("botocore-{VERSION}"));
    let data = folder.join("botocore/data");
    if data.is_dir() {
        return Ok(data);
    }
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
        .arg(&folder)
        .arg(format!("botocore=={VERSION}"))
        .status()
        .context("starting pip")?;
    if !status.success() {
        bail!("pip can't fetch botocore {VERSION}");
    }
    Ok(data)
}

fn service_model(data: &Path, service: &str) -> Result<Value> {
    let mut versions: Vec<_> = fs::read_dir(data.join(service))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    versions.sort();
    let folder = versions.pop().context("no version")?;
    let Value::Object(mut model) = read(&folder.join("service-2.json"))? else {
        bail!("it is no object");
    };
    let mut out = Map::new();
    for key in ["metadata", "operations", "shapes"] {
        out.insert(
            key.to_owned(),
            model.remove(key).with_context(|| format!("no {key}"))?,
        );
    }
    for operation in members(&mut out, "operations") {
        prune_operation(operation);
    }
    for shape in members(&mut out, "shapes") {
        prune_shape(shape);
    }
    out.insert(
        "endpoints".into(),
        pruned_rules(read(&folder.join("endpoint-rule-set-1.json"))?),
    );
    out.insert("pagination".into(), pagination(&folder)?);
    Ok(Value::Object(out))
}

fn members<'a>(
    of: &'a mut Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    of.get_mut(key)
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|all| all.values_mut().filter_map(Value::as_object_mut))
}

fn prune(object: &mut Map<String, Value>) {
    for key in DROPPED {
        object.remove(*key);
    }
}

fn prune_operation(operation: &mut Map<String, Value>) {
    prune(operation);
    for key in ["input", "output"] {
        if let Some(reference) = operation.get_mut(key).and_then(Value::as_object_mut) {
            prune(reference);
        }
    }
    for error in operation
        .get_mut("errors")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        prune(error);
    }
}

fn prune_shape(shape: &mut Map<String, Value>) {
    prune(shape);
    for key in ["member", "key", "value"] {
        if let Some(reference) = shape.get_mut(key).and_then(Value::as_object_mut) {
            prune(reference);
        }
    }
    for member in members(shape, "members") {
        prune(member);
    }
}

/// Rules without their documentation, which is anywhere.
fn pruned_rules(rules: Value) -> Value {
    match rules {
        Value::Object(object) => object
            .into_iter()
            .filter(|(key, value)| key != "documentation" || !value.is_string())
            .map(|(key, value)| (key, pruned_rules(value)))
            .collect(),
        Value::Array(array) => array.into_iter().map(pruned_rules).collect(),
        other => other,
    }
}

/// Pages of operations; what was added by hand beside the file is put in.
fn pagination(folder: &Path) -> Result<Value> {
    let path = folder.join("paginators-1.json");
    if !path.exists() {
        return Ok(Value::Object(Map::new()));
    }
    let mut pages = read(&path)?["pagination"].take();
    let extras = folder.join("paginators-1.sdk-extras.json");
    if extras.exists() {
        let extras = read(&extras)?["merge"]["pagination"].take();
        for (operation, more) in extras.as_object().into_iter().flatten() {
            for (key, value) in more.as_object().into_iter().flatten() {
                pages[operation][key] = value.clone();
            }
        }
    }
    Ok(pages)
}

/// A JSON file, as it is or with `.gz` at its end.
fn read(path: &Path) -> Result<Value> {
    let packed = PathBuf::from(format!("{}.gz", path.display()));
    let mut text = String::new();
    if packed.exists() {
        GzDecoder::new(fs::File::open(&packed)?).read_to_string(&mut text)?;
    } else {
        text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    }
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}
