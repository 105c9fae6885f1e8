//! Reading a state file.

use super::json::compact;
use super::provider::parse_provider;
use crate::StoreError;
use crate::wire::{WireError, decode_type, decode_value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ecow::EcoString;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{
    ConfigResource, DeposedKey, InstanceKey, Mode, ModuleInstance, ResourceAddr, Target,
};
use terrane_model::snapshot::{
    CheckKind, CheckObject, CheckResult, CheckStatus, InstanceState, ObjectState, OutputState,
    ResourceState, Snapshot, Status,
};
use terrane_value::{Path, PathStep};

/// A state file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct StateFile {
    /// The state.
    pub snapshot: Snapshot,
    /// The version of the program that wrote it.
    pub terraform_version: String,
}

#[derive(Deserialize)]
struct Peek {
    version: Option<u64>,
    terraform_version: Option<String>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default, deserialize_with = "or_default")]
    terraform_version: String,
    #[serde(default, deserialize_with = "or_default")]
    serial: u64,
    #[serde(default, deserialize_with = "or_default")]
    lineage: EcoString,
    #[serde(borrow, default, deserialize_with = "or_default")]
    outputs: BTreeMap<EcoString, Output<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    resources: Vec<Resource<'a>>,
    #[serde(default, deserialize_with = "or_default")]
    check_results: Vec<Check>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(rename = "type", borrow)]
    ty: &'a RawValue,
    #[serde(default, deserialize_with = "or_default")]
    sensitive: bool,
    deprecated: Option<EcoString>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(default, deserialize_with = "or_default")]
    module: String,
    mode: String,
    #[serde(rename = "type")]
    type_name: EcoString,
    name: EcoString,
    provider: Option<String>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    instances: Vec<Instance<'a>>,
}

#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow)]
    index_key: Option<&'a RawValue>,
    status: Option<String>,
    deposed: Option<EcoString>,
    provider: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    schema_version: u64,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow)]
    attributes_flat: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    sensitive_attributes: Vec<Vec<Step<'a>>>,
    identity_schema_version: Option<u64>,
    #[serde(borrow)]
    identity: Option<&'a RawValue>,
    private: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    dependencies: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    depends_on: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    create_before_destroy: bool,
    #[serde(default, deserialize_with = "or_default")]
    skip_destroy: bool,
}

#[derive(Deserialize)]
struct Step<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize)]
struct StepValue<'a> {
    #[serde(rename = "type", borrow)]
    ty: &'a RawValue,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize)]
struct Check {
    object_kind: String,
    config_addr: EcoString,
    status: String,
    #[serde(default, deserialize_with = "or_default")]
    objects: Vec<CheckedObject>,
}

#[derive(Deserialize)]
struct CheckedObject {
    object_addr: EcoString,
    status: String,
    #[serde(default, deserialize_with = "or_default")]
    failure_messages: Vec<EcoString>,
}

/// Takes `null` for the default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a state file. `what` names it in errors.
///
/// # Errors
/// When it is not a whole state file (`Damaged`, with what is wrong and where), is of a later version (`TooNew`), or of an
/// earlier one than 4 (`Refused`, with the way to upgrade it).
pub fn read(what: &str, bytes: &[u8]) -> Result<StateFile, StoreError> {
    let damaged = |problem: String| StoreError::Damaged {
        what: what.to_owned(),
        problem,
    };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(damaged(
            "it is empty; if there never was a state, remove the file, else restore it from its backup".to_owned(),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        damaged(format!(
            "it is not UTF-8 text (byte {})",
            error.valid_up_to()
        ))
    })?;
    let Peek {
        version,
        terraform_version,
    } = serde_json::from_str(text)
        .map_err(|error| damaged(format!("it is not a whole JSON document: {error}")))?;
    match version {
        Some(4) => {}
        Some(found @ 1..4) => {
            let writer = terraform_version
                .map_or_else(String::new, |version| format!(" of Terraform {version}"));
            return Err(StoreError::Refused(format!(
                "{what} has the old state format {found}{writer}; upgrade it first with Terraform 0.13 or later, or OpenTofu: \
                 `terraform state pull > upgraded.tfstate` in its folder, then use that file"
            )));
        }
        Some(found @ 5..) => {
            return Err(StoreError::TooNew {
                what: what.to_owned(),
                found,
                known: 4,
            });
        }
        Some(0) | None => {
            return Err(damaged(
                "it has no `version`, so it is not a state file".to_owned(),
            ));
        }
    }
    let file: File<'_> = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    convert(file).map_err(damaged)
}

fn convert(file: File<'_>) -> Result<StateFile, String> {
    let File {
        terraform_version,
        serial,
        lineage,
        outputs,
        resources,
        check_results,
    } = file;
    let mut snapshot = Snapshot {
        lineage,
        serial,
        ..Snapshot::default()
    };
    for (name, output) in outputs {
        let output = convert_output(&output)
            .map_err(|error| format!("output `{name}`: {}", problem(error)))?;
        snapshot.outputs.insert(name, output);
    }
    let mut shared = Shared(None);
    for (at, resource) in resources.into_iter().enumerate() {
        let place = format!(
            "resources[{at}] (`{}.{}`)",
            resource.type_name, resource.name
        );
        add_resource(&mut snapshot, resource, &mut shared)
            .map_err(|problem| format!("{place}: {problem}"))?;
    }
    snapshot.checks = check_results
        .into_iter()
        .map(convert_check)
        .collect::<Result<_, _>>()?;
    Ok(StateFile {
        snapshot,
        terraform_version,
    })
}

fn problem(error: WireError) -> String {
    match error {
        WireError::Bad(problem) => problem,
        WireError::TooNew(version) => format!("version {version} is not known"),
    }
}

fn convert_output(output: &Output<'_>) -> Result<OutputState, WireError> {
    let Output {
        value,
        ty,
        sensitive,
        deprecated,
    } = output;
    Ok(OutputState {
        value: decode_value(value.get(), &decode_type(ty.get())?)?,
        sensitive: *sensitive,
        deprecated: deprecated.clone(),
    })
}

/// Dependencies of the last instance, shared with the next one where they are equal.
struct Shared(Option<(Vec<String>, Arc<[ConfigResource]>)>);

fn add_resource(
    snapshot: &mut Snapshot,
    resource: Resource<'_>,
    shared: &mut Shared,
) -> Result<(), String> {
    let Resource {
        module,
        mode,
        type_name,
        name,
        provider,
        instances,
    } = resource;
    let module: ModuleInstance = module.parse().map_err(|error| format!("module: {error}"))?;
    let mode = match mode.as_str() {
        "managed" => Mode::Managed,
        "data" => Mode::Data,
        mode => return Err(format!("mode `{mode}` is not known")),
    };
    let addr = ResourceAddr {
        module,
        mode,
        type_name,
        name,
    };
    let mut whole = provider
        .as_deref()
        .map(parse_provider)
        .transpose()?
        .map(|(provider, _)| provider);
    for (at, instance) in instances.into_iter().enumerate() {
        let place = |problem: String| format!("instances[{at}]: {problem}");
        let own = instance
            .provider
            .as_deref()
            .map(parse_provider)
            .transpose()
            .map_err(place)?;
        let (own, provider_key) = own.map_or((None, None), |(addr, key)| (Some(addr), key));
        let Some(provider) = own.or_else(|| whole.clone()) else {
            return Err(place("it names no provider".to_owned()));
        };
        whole.get_or_insert_with(|| provider.clone());
        let key = instance
            .index_key
            .map(parse_key)
            .transpose()
            .map_err(place)?
            .flatten();
        let deposed = instance
            .deposed
            .clone()
            .filter(|deposed| !deposed.is_empty());
        let object = Arc::new(convert_object(instance, provider_key, shared).map_err(place)?);
        let known = snapshot
            .resources
            .entry(addr.clone())
            .or_insert_with(|| ResourceState {
                provider: provider.clone(),
                instances: BTreeMap::new(),
            })
            .instances
            .entry(key)
            .or_insert_with(|| InstanceState {
                changed_at: snapshot.serial,
                ..InstanceState::default()
            });
        let twice = match deposed {
            None => known.current.replace(object).is_some(),
            Some(deposed) => known.deposed.insert(DeposedKey(deposed), object).is_some(),
        };
        if twice {
            return Err(place("the same object is recorded twice".to_owned()));
        }
    }
    Ok(())
}

fn convert_object(
    instance: Instance<'_>,
    provider_key: Option<InstanceKey>,
    shared: &mut Shared,
) -> Result<ObjectState, String> {
    let Instance {
        index_key: _,
        status,
        deposed: _,
        provider: _,
        schema_version,
        attributes,
        attributes_flat,
        sensitive_attributes,
        identity_schema_version,
        identity,
        private,
        dependencies,
        depends_on,
        create_before_destroy,
        skip_destroy,
    } = instance;
    let status = match status.as_deref() {
        None | Some("") => Status::Ready,
        Some("tainted") => Status::Tainted,
        Some(status) => return Err(format!("status `{status}` is not known")),
    };
    let attributes = match (attributes, attributes_flat) {
        (Some(attributes), _) if attributes.get().starts_with('{') => compact(attributes.get()),
        (Some(_), _) => return Err("`attributes` is not an object".to_owned()),
        (None, Some(_)) => {
            return Err(
                "its attributes are in the form of Terraform 0.11; run `terraform refresh` with Terraform 0.12 or later first"
                    .to_owned(),
            );
        }
        (None, None) => return Err("it has no `attributes`".to_owned()),
    };
    let private = BASE64
        .decode(private.unwrap_or_default().as_bytes())
        .map_err(|error| format!("`private` is not base64: {error}"))?;
    let dependencies = if dependencies.is_empty() {
        depends_on
    } else {
        dependencies
    };
    Ok(ObjectState {
        status,
        schema_version,
        attributes: attributes.into(),
        sensitive: sensitive_attributes
            .iter()
            .map(|steps| convert_path(steps))
            .collect::<Result<_, _>>()?,
        private: private.into(),
        dependencies: convert_dependencies(dependencies, shared)?,
        create_before_destroy,
        skip_destroy,
        identity: identity.map(|identity| {
            (
                identity_schema_version.unwrap_or(0),
                compact(identity.get()).into(),
            )
        }),
        provider_key,
        created_in_ms: None,
    })
}

fn convert_dependencies(
    texts: Vec<String>,
    shared: &mut Shared,
) -> Result<Arc<[ConfigResource]>, String> {
    if let Some((known, made)) = &shared.0
        && *known == texts
    {
        return Ok(Arc::clone(made));
    }
    let made: Arc<[ConfigResource]> = texts
        .iter()
        .map(|text| match text.parse::<Target>() {
            Ok(Target::Resource(resource)) => Ok(resource.config()),
            Ok(Target::Instance(instance)) => Ok(instance.resource.config()),
            Ok(Target::Module(_)) => Err(format!("dependency `{text}` is not a resource")),
            Err(error) => Err(format!("dependency: {error}")),
        })
        .collect::<Result<_, _>>()?;
    shared.0 = Some((texts, Arc::clone(&made)));
    Ok(made)
}

fn convert_path(steps: &[Step<'_>]) -> Result<Path, String> {
    let step = |Step { kind, value }: &Step<'_>| match kind.as_str() {
        "get_attr" => serde_json::from_str(value.get())
            .map(PathStep::Attr)
            .map_err(|error| error.to_string()),
        "index" => {
            let StepValue { ty, value } =
                serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
            decode_type(ty.get())
                .and_then(|ty| decode_value(value.get(), &ty))
                .map(PathStep::Index)
                .map_err(problem)
        }
        kind => Err(format!("step `{kind}` is not known")),
    };
    steps
        .iter()
        .map(step)
        .collect::<Result<_, _>>()
        .map(Path)
        .map_err(|problem| format!("sensitive_attributes: {problem}"))
}

fn convert_check(check: Check) -> Result<CheckResult, String> {
    let Check {
        object_kind,
        config_addr,
        status,
        objects,
    } = check;
    let kind = match object_kind.as_str() {
        "resource" => CheckKind::Resource,
        "output" => CheckKind::Output,
        "check" => CheckKind::Check,
        "var" => CheckKind::Variable,
        kind => return Err(format!("check_results: object kind `{kind}` is not known")),
    };
    let object = |object: CheckedObject| {
        let CheckedObject {
            object_addr,
            status,
            failure_messages,
        } = object;
        Ok(CheckObject {
            addr: object_addr,
            status: check_status(&status)?,
            failures: failure_messages,
        })
    };
    Ok(CheckResult {
        kind,
        config_addr,
        status: check_status(&status)?,
        objects: objects
            .into_iter()
            .map(object)
            .collect::<Result<_, String>>()?,
    })
}

fn check_status(text: &str) -> Result<CheckStatus, String> {
    match text {
        "pass" => Ok(CheckStatus::Pass),
        "fail" => Ok(CheckStatus::Fail),
        "error" => Ok(CheckStatus::Error),
        "unknown" => Ok(CheckStatus::Unknown),
        text => Err(format!("check_results: status `{text}` is not known")),
    }
}

fn parse_key(raw: &RawValue) -> Result<Option<InstanceKey>, String> {
    let text = raw.get();
    if text.starts_with('"') {
        return serde_json::from_str(text)
            .map(|key| Some(InstanceKey::Str(key)))
            .map_err(|error| format!("index_key: {error}"));
    }
    if text == "null" {
        return Ok(None);
    }
    text.parse()
        .map(|index| Some(InstanceKey::Int(index)))
        .map_err(|_| format!("index_key `{text}` is neither a string nor a whole number"))
}
