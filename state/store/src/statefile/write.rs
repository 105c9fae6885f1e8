//! Writing a state file.

use super::TERRAFORM_REGISTRY;
use super::json::{indent, line};
use crate::StoreError;
use crate::wire::{WireError, encode_type, encode_value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Write};
use terrane_model::addr::{InstanceKey, Mode, ProviderAddr, ProviderConfigAddr, ResourceAddr};
use terrane_model::snapshot::{
    CheckKind, CheckObject, CheckResult, CheckStatus, InstanceState, ObjectState, OutputState,
    ResourceState, Snapshot, Status,
};
use terrane_value::{Path, PathStep};

/// How a state file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// The version that the file claims to be written by. Terraform and OpenTofu 1.x read any (they look at it only where a remote
    /// backend checks it), so the oldest that knows everything in the file does.
    pub terraform_version: String,
    /// The host that stands for ours ([`ProviderAddr::DEFAULT_HOST`]) in provider addresses.
    pub registry: String,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            terraform_version: "1.11.4".to_owned(),
            registry: TERRAFORM_REGISTRY.to_owned(),
        }
    }
}

/// The state as a state file of version 4, as Terraform would write it.
///
/// # Errors
/// When an output holds what can't be stored.
pub fn write(snapshot: &Snapshot, options: &WriteOptions) -> Result<String, StoreError> {
    let mut bytes = Vec::new();
    to_writer(snapshot, options, &mut bytes)?;
    String::from_utf8(bytes).map_err(|error| StoreError::Refused(error.to_string()))
}

/// The same, piece by piece.
///
/// # Errors
/// When an output holds what can't be stored, or the writer fails.
pub fn to_writer(
    snapshot: &Snapshot,
    options: &WriteOptions,
    to: &mut impl Write,
) -> Result<(), StoreError> {
    let mut out = Out {
        text: String::new(),
        level: 0,
        first: true,
        registry: &options.registry,
    };
    let flush = |out: &mut Out<'_>, to: &mut dyn Write| -> Result<(), StoreError> {
        to.write_all(out.text.as_bytes()).map_err(writing)?;
        out.text.clear();
        Ok(())
    };
    out.open('{');
    out.raw("version", "4");
    out.string("terraform_version", &options.terraform_version);
    out.raw("serial", &snapshot.serial.to_string());
    out.string("lineage", &snapshot.lineage);
    out.key("outputs");
    out.open('{');
    for (name, output) in &snapshot.outputs {
        out.output(name, output).map_err(WireError::refused)?;
    }
    out.close('}');
    out.key("resources");
    out.open('[');
    for (addr, resource) in sorted(snapshot) {
        out.resource(addr, resource).map_err(WireError::refused)?;
        flush(&mut out, to)?;
    }
    out.close(']');
    if snapshot.checks.is_empty() {
        out.raw("check_results", "null");
    } else {
        out.key("check_results");
        out.open('[');
        for check in &snapshot.checks {
            out.check(check);
        }
        out.close(']');
    }
    out.close('}');
    out.text.push('\n');
    flush(&mut out, to)
}

fn writing(source: io::Error) -> StoreError {
    StoreError::Io {
        doing: "writing the state file".to_owned(),
        source,
    }
}

/// Resources in the order of the peers: by the text of the module, mode, type and name.
fn sorted(snapshot: &Snapshot) -> Vec<(&ResourceAddr, &ResourceState)> {
    let mut resources: Vec<_> = snapshot
        .resources
        .iter()
        .filter(|(addr, _)| !matches!(addr.mode, Mode::Ephemeral | Mode::Action))
        .map(|(addr, resource)| (addr.module.to_string(), addr, resource))
        .collect();
    resources.sort_by(|(left_module, left, _), (right_module, right, _)| {
        let rest = |addr: &&ResourceAddr| (addr.mode, addr.type_name.clone(), addr.name.clone());
        left_module
            .cmp(right_module)
            .then_with(|| rest(left).cmp(&rest(right)))
    });
    resources
        .into_iter()
        .map(|(_, addr, resource)| (addr, resource))
        .collect()
}

/// JSON text in the making.
struct Out<'a> {
    text: String,
    level: usize,
    /// Whether nothing stands in the present array or object yet.
    first: bool,
    registry: &'a str,
}

impl Out<'_> {
    /// Begins an element: comma and line.
    fn item(&mut self) {
        if !self.first {
            self.text.push(',');
        }
        line(&mut self.text, self.level);
        self.first = false;
    }

    fn key(&mut self, name: &str) {
        self.item();
        self.json(&quoted(name));
        self.text.push_str(": ");
    }

    fn json(&mut self, json: &str) {
        indent(&mut self.text, json, self.level);
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.key(name);
        self.json(json);
    }

    fn string(&mut self, name: &str, text: &str) {
        self.raw(name, &quoted(text));
    }

    fn flag(&mut self, name: &str, flag: bool) {
        if flag {
            self.raw(name, "true");
        }
    }

    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.level += 1;
        self.first = true;
    }

    fn close(&mut self, bracket: char) {
        self.level -= 1;
        if !self.first {
            line(&mut self.text, self.level);
        }
        self.text.push(bracket);
        self.first = false;
    }

    fn output(&mut self, name: &str, output: &OutputState) -> Result<(), WireError> {
        let OutputState {
            value,
            sensitive,
            deprecated,
        } = output;
        self.key(name);
        self.open('{');
        self.raw("value", &encode_value(value)?);
        self.raw("type", &encode_type(&value.ty()));
        self.flag("sensitive", *sensitive);
        if let Some(deprecated) = deprecated {
            self.string("deprecated", deprecated);
        }
        self.close('}');
        Ok(())
    }

    fn resource(&mut self, addr: &ResourceAddr, resource: &ResourceState) -> Result<(), WireError> {
        let ResourceState {
            provider,
            instances,
        } = resource;
        let provider = self.provider(provider);
        self.item();
        self.open('{');
        if !addr.module.is_root() {
            self.string("module", &addr.module.to_string());
        }
        self.string(
            "mode",
            if addr.mode == Mode::Data {
                "data"
            } else {
                "managed"
            },
        );
        self.string("type", &addr.type_name);
        self.string("name", &addr.name);
        let objects = || {
            instances
                .values()
                .flat_map(|state| state.current.iter().chain(state.deposed.values()))
        };
        let keyed = objects().any(|object| object.provider_key.is_some());
        if !keyed {
            self.string("provider", &provider);
        }
        self.key("instances");
        self.open('[');
        for (key, state) in instances {
            let InstanceState {
                current,
                deposed,
                changed_at: _,
            } = state;
            let provider = keyed.then_some(provider.as_str());
            if let Some(object) = current {
                self.object(key.as_ref(), None, provider, object)?;
            }
            for (deposed, object) in deposed {
                self.object(key.as_ref(), Some(&deposed.0), provider, object)?;
            }
        }
        self.close(']');
        self.close('}');
        Ok(())
    }

    fn object(
        &mut self,
        key: Option<&InstanceKey>,
        deposed: Option<&str>,
        provider: Option<&str>,
        object: &ObjectState,
    ) -> Result<(), WireError> {
        let ObjectState {
            status,
            schema_version,
            attributes,
            sensitive,
            private,
            dependencies,
            create_before_destroy,
            skip_destroy,
            identity,
            provider_key,
            created_in_ms: _,
        } = object;
        self.item();
        self.open('{');
        match key {
            None => {}
            Some(InstanceKey::Int(index)) => self.raw("index_key", &index.to_string()),
            Some(InstanceKey::Str(key)) => self.string("index_key", key),
            // No object has it.
            Some(InstanceKey::Any) => self.string("index_key", "*"),
        }
        if *status == Status::Tainted {
            self.string("status", "tainted");
        }
        if let Some(deposed) = deposed {
            self.string("deposed", deposed);
        }
        if let Some(provider) = provider {
            let key = provider_key
                .as_ref()
                .map_or_else(String::new, ToString::to_string);
            self.string("provider", &format!("{provider}{key}"));
        }
        self.raw("schema_version", &schema_version.to_string());
        self.raw("attributes", attributes);
        self.key("sensitive_attributes");
        self.open('[');
        for path in sensitive {
            self.path(path)?;
        }
        self.close(']');
        if let Some((version, identity)) = identity {
            self.raw("identity_schema_version", &version.to_string());
            self.raw("identity", identity);
        }
        if !private.is_empty() {
            self.string("private", &BASE64.encode(private));
        }
        if !dependencies.is_empty() {
            self.key("dependencies");
            self.open('[');
            for dependency in dependencies.iter() {
                self.item();
                self.json(&quoted(&dependency.to_string()));
            }
            self.close(']');
        }
        self.flag("create_before_destroy", *create_before_destroy);
        self.flag("skip_destroy", *skip_destroy);
        self.close('}');
        Ok(())
    }

    fn path(&mut self, path: &Path) -> Result<(), WireError> {
        self.item();
        self.open('[');
        for step in &path.0 {
            self.item();
            self.open('{');
            match step {
                PathStep::Attr(name) => {
                    self.string("type", "get_attr");
                    self.string("value", name);
                }
                PathStep::Index(key) => {
                    self.string("type", "index");
                    self.key("value");
                    self.open('{');
                    self.raw("value", &encode_value(key)?);
                    self.raw("type", &encode_type(&key.ty()));
                    self.close('}');
                }
            }
            self.close('}');
        }
        self.close(']');
        Ok(())
    }

    fn check(&mut self, check: &CheckResult) {
        let CheckResult {
            kind,
            config_addr,
            status,
            objects,
        } = check;
        self.item();
        self.open('{');
        let kind = match kind {
            CheckKind::Resource => "resource",
            CheckKind::Output => "output",
            CheckKind::Check => "check",
            CheckKind::Variable => "var",
        };
        self.string("object_kind", kind);
        self.string("config_addr", config_addr);
        self.string("status", status_text(*status));
        if objects.is_empty() {
            self.raw("objects", "null");
        } else {
            self.key("objects");
            self.open('[');
            for CheckObject {
                addr,
                status,
                failures,
            } in objects
            {
                self.item();
                self.open('{');
                self.string("object_addr", addr);
                self.string("status", status_text(*status));
                if !failures.is_empty() {
                    self.key("failure_messages");
                    self.open('[');
                    for failure in failures {
                        self.item();
                        self.json(&quoted(failure));
                    }
                    self.close(']');
                }
                self.close('}');
            }
            self.close(']');
        }
        self.close('}');
    }

    fn provider(&self, provider: &ProviderConfigAddr) -> String {
        let mut provider = provider.clone();
        if provider.provider.host == ProviderAddr::DEFAULT_HOST {
            provider.provider.host = self.registry.into();
        }
        provider.to_string()
    }
}

fn status_text(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string can always be written as JSON")
}
