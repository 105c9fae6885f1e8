//! Addresses of modules, resources, instances and providers; how they are written and read.
//!
//! Strings only at the doors: inside a run, rooms use dense ids of their own and come back here to print.

use ecow::EcoString;
use std::fmt;
use std::sync::Arc;

mod parse;
pub use parse::{AddrError, Target};

/// The key of one instance of something that has `count` (number) or `for_each` (string).
/// Where there is neither, `Option<InstanceKey>` is `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceKey {
    /// Of `count`.
    Int(u64),
    /// Of `for_each`.
    Str(EcoString),
    /// Which ones there will be is not known yet: all of them, in a plan that puts them off. No object has it.
    Any,
}

/// One step into a module instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleStep {
    /// The name of the module call.
    pub name: EcoString,
    /// Its key.
    pub key: Option<InstanceKey>,
}

/// A module instance: steps from the root, which has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ModuleInstance(pub Arc<[ModuleStep]>);

/// A module as configured, whatever its instances: names from the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ModulePath(pub Arc<[EcoString]>);

/// What kind of resource block it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `data`
    Data,
    /// `ephemeral`
    Ephemeral,
    /// `resource`
    Managed,
    /// `action`: not a thing but something that a provider does. State holds none.
    Action,
}

/// A resource block as configured: all its instances in all instances of its module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigResource {
    /// The module that declares it.
    pub module: ModulePath,
    /// Its kind.
    pub mode: Mode,
    /// Its type: `aws_instance`.
    pub type_name: EcoString,
    /// Its name.
    pub name: EcoString,
}

/// A resource in one module instance: all instances of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceAddr {
    /// The module instance.
    pub module: ModuleInstance,
    /// Its kind.
    pub mode: Mode,
    /// Its type.
    pub type_name: EcoString,
    /// Its name.
    pub name: EcoString,
}

/// One resource instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceAddr {
    /// The resource.
    pub resource: ResourceAddr,
    /// Its key.
    pub key: Option<InstanceKey>,
}

/// The name of an object that was deposed by its replacement: eight hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeposedKey(pub EcoString);

impl DeposedKey {
    /// The name of an object that makes room for what is created with this token: the same for the same change, so that a later run knows which one it was.
    #[must_use]
    pub fn of_token(token: &str) -> Self {
        // FNV-1a.
        let hash = token.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        Self(ecow::eco_format!("{hash:08x}"))
    }
}

/// Where a provider comes from: `registry.opentofu.org/hashicorp/aws`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderAddr {
    /// The registry host.
    pub host: EcoString,
    /// Its namespace there.
    pub namespace: EcoString,
    /// Its type: the usual prefix of its resource types.
    pub type_name: EcoString,
}

/// A provider configuration as configured: which module holds the block, which provider, which alias.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderConfigAddr {
    /// The module with the `provider` block (the root also holds the implied ones).
    pub module: ModulePath,
    /// The provider.
    pub provider: ProviderAddr,
    /// Its alias.
    pub alias: Option<EcoString>,
}

impl ModuleInstance {
    /// The root module.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Whether this is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The child that a call makes.
    #[must_use]
    pub fn child(&self, name: impl Into<EcoString>, key: Option<InstanceKey>) -> Self {
        let step = ModuleStep {
            name: name.into(),
            key,
        };
        Self(
            self.0
                .iter()
                .cloned()
                .chain(std::iter::once(step))
                .collect(),
        )
    }

    /// The module without instance keys.
    #[must_use]
    pub fn path(&self) -> ModulePath {
        ModulePath(self.0.iter().map(|step| step.name.clone()).collect())
    }

    /// The module instance that contains this one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.into()))
    }

    /// Whether `other` is this module instance or lies within it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl ModulePath {
    /// The root module.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Whether this is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The module that a call in this one makes.
    #[must_use]
    pub fn child(&self, name: impl Into<EcoString>) -> Self {
        Self(
            self.0
                .iter()
                .cloned()
                .chain(std::iter::once(name.into()))
                .collect(),
        )
    }

    /// The module that contains this one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.into()))
    }
}

impl ResourceAddr {
    /// The instance with this key.
    #[must_use]
    pub fn instance(&self, key: Option<InstanceKey>) -> InstanceAddr {
        InstanceAddr {
            resource: self.clone(),
            key,
        }
    }

    /// The block that declares it.
    #[must_use]
    pub fn config(&self) -> ConfigResource {
        let Self {
            module,
            mode,
            type_name,
            name,
        } = self;
        ConfigResource {
            module: module.path(),
            mode: *mode,
            type_name: type_name.clone(),
            name: name.clone(),
        }
    }

    /// The address within its module: `data.aws_ami.x`.
    #[must_use]
    pub fn local(&self) -> String {
        local(self.mode, &self.type_name, &self.name)
    }
}

impl ConfigResource {
    /// The address within its module: `data.aws_ami.x`.
    #[must_use]
    pub fn local(&self) -> String {
        local(self.mode, &self.type_name, &self.name)
    }
}

impl Mode {
    /// What stands before the type in an address.
    fn prefix(self) -> &'static str {
        match self {
            Self::Managed => "",
            Self::Data => "data.",
            Self::Ephemeral => "ephemeral.",
            Self::Action => "action.",
        }
    }
}

fn local(mode: Mode, type_name: &str, name: &str) -> String {
    [mode.prefix(), type_name, ".", name].concat()
}

/// As [`local`], without a text of its own: addresses are written by the hundred thousand.
fn write_local(f: &mut fmt::Formatter<'_>, mode: Mode, type_name: &str, name: &str) -> fmt::Result {
    f.write_str(mode.prefix())?;
    f.write_str(type_name)?;
    f.write_str(".")?;
    f.write_str(name)
}

impl ProviderAddr {
    /// The host that is meant where a configuration names none.
    pub const DEFAULT_HOST: &'static str = "registry.opentofu.org";

    /// A provider of the default registry.
    #[must_use]
    pub fn default_host(namespace: impl Into<EcoString>, type_name: impl Into<EcoString>) -> Self {
        Self {
            host: Self::DEFAULT_HOST.into(),
            namespace: namespace.into(),
            type_name: type_name.into(),
        }
    }

    /// The provider that is built into the engine: `terraform_data` and `terraform_remote_state`.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            host: "terraform.io".into(),
            namespace: "builtin".into(),
            type_name: "terraform".into(),
        }
    }

    /// Whether this is the built-in one.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.host == "terraform.io" && self.namespace == "builtin"
    }

    /// As people write it: without the default host, without the default namespace too.
    #[must_use]
    pub fn for_display(&self) -> String {
        let Self {
            host,
            namespace,
            type_name,
        } = self;
        if host == Self::DEFAULT_HOST || host == "registry.terraform.io" {
            format!("{namespace}/{type_name}")
        } else {
            format!("{host}/{namespace}/{type_name}")
        }
    }
}

/// Writes a string the way it stands in an address: quoted, with HCL's escapes.
fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '$' | '%' if rest.peek() == Some(&'{') => write!(f, "{char}{char}")?,
            char if char.is_control() => write!(f, "\\u{:04x}", u32::from(char))?,
            char => write!(f, "{char}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(index) => write!(f, "[{index}]"),
            Self::Str(key) => {
                f.write_str("[")?;
                quote(f, key)?;
                f.write_str("]")
            }
            Self::Any => f.write_str("[*]"),
        }
    }
}

impl fmt::Display for ModuleInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ModuleStep { name, key }) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}", if at > 0 { "." } else { "" })?;
            if let Some(key) = key {
                write!(f, "{key}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}", if at > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write_local(f, self.mode, &self.type_name, &self.name)
    }
}

impl fmt::Display for ResourceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write_local(f, self.mode, &self.type_name, &self.name)
    }
}

impl fmt::Display for InstanceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.resource.fmt(f)?;
        self.key.as_ref().map_or(Ok(()), |key| key.fmt(f))
    }
}

impl fmt::Display for DeposedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ProviderAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.host, self.namespace, self.type_name)
    }
}

/// As state files write it: `module.a.provider["host/ns/type"].alias`.
impl fmt::Display for ProviderConfigAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "provider[\"{}\"]", self.provider)?;
        self.alias
            .as_ref()
            .map_or(Ok(()), |alias| write!(f, ".{alias}"))
    }
}
