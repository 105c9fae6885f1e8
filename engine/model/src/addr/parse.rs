//! Reading addresses from text: command lines, state files, target lists.

use super::{
    ConfigResource, InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ProviderAddr,
    ProviderConfigAddr, ResourceAddr,
};
use ecow::EcoString;
use std::fmt;
use std::str::FromStr;

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrError {
    /// The text.
    pub text: String,
    /// What is wrong with it: a sentence without a final period.
    pub problem: String,
}

impl fmt::Display for AddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a valid address: {}",
            self.text, self.problem
        )
    }
}

impl std::error::Error for AddrError {}

/// What `-target`, `-exclude` and `state` commands can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A module instance, with everything in it. A step without a key means all instances of that call.
    Module(ModuleInstance),
    /// A resource, with all its instances.
    Resource(ResourceAddr),
    /// One instance. (`key` is `Some`.)
    Instance(InstanceAddr),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(module) => module.fmt(f),
            Self::Resource(resource) => resource.fmt(f),
            Self::Instance(instance) => instance.fmt(f),
        }
    }
}

enum Token {
    Name(EcoString),
    Key(InstanceKey),
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn new(whole: &'a str) -> Self {
        Self {
            whole,
            rest: whole.trim(),
        }
    }

    fn fail<T>(&self, problem: impl Into<String>) -> Result<T, AddrError> {
        Err(AddrError {
            text: self.whole.to_owned(),
            problem: problem.into(),
        })
    }

    /// `name`, `.name` or `[key]`; `None` at the end.
    fn token(&mut self, first: bool) -> Result<Option<Token>, AddrError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        if let Some(rest) = self.rest.strip_prefix('[') {
            if first {
                return self.fail("it begins with a bracket");
            }
            self.rest = rest;
            return self.key().map(|key| Some(Token::Key(key)));
        }
        if !first {
            match self.rest.strip_prefix('.') {
                Some(rest) => self.rest = rest,
                None => return self.fail("a dot or a bracket must follow each part"),
            }
        }
        let end = self
            .rest
            .find(['.', '[', ']', '"', ' '])
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return self.fail("a name is missing");
        }
        let valid = name.chars().enumerate().all(|(at, char)| {
            char == '_'
                || char.is_alphabetic()
                || (at > 0 && (char.is_alphanumeric() || char == '-'))
        });
        if !valid {
            return self.fail(format!("`{name}` is not a valid name"));
        }
        self.rest = rest;
        Ok(Some(Token::Name(name.into())))
    }

    /// What stands in brackets, the opening one already read.
    fn key(&mut self) -> Result<InstanceKey, AddrError> {
        let key = if let Some(quoted) = self.rest.strip_prefix('"') {
            self.rest = quoted;
            InstanceKey::Str(self.quoted()?)
        } else {
            let end = self.rest.find(']').unwrap_or(self.rest.len());
            let (digits, rest) = self.rest.split_at(end);
            let Ok(index) = digits.trim().parse() else {
                return self.fail("an instance key is a whole number, or a string in double quotes (quote the whole address for your shell)");
            };
            self.rest = rest;
            InstanceKey::Int(index)
        };
        match self.rest.strip_prefix(']') {
            Some(rest) => self.rest = rest,
            None => return self.fail("a closing bracket is missing"),
        }
        Ok(key)
    }

    /// The text up to the closing quote, decoded.
    fn quoted(&mut self) -> Result<EcoString, AddrError> {
        let mut text = EcoString::new();
        let mut chars = self.rest.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or("");
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, char @ ('"' | '\\'))) => text.push(char),
                    Some((at, 'u')) => {
                        let digits = self
                            .rest
                            .get(at + 1..at + 5)
                            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
                        let Some(char) = digits.and_then(char::from_u32) else {
                            return self.fail("an escape in the key is not valid");
                        };
                        text.push(char);
                        chars.nth(3);
                    }
                    _ => return self.fail("an escape in the key is not valid"),
                },
                '$' | '%' if chars.peek().is_some_and(|(_, next)| *next == char) => {
                    // `$${` stands for `${`; a lone `$$` stands for itself.
                    text.push(char);
                    let after = self.rest.get(at + 2..).unwrap_or("");
                    if after.starts_with('{') {
                        chars.next();
                    }
                }
                char => text.push(char),
            }
        }
        self.fail("a closing quote is missing")
    }

    fn name(&mut self, first: bool, what: &str) -> Result<EcoString, AddrError> {
        match self.token(first)? {
            Some(Token::Name(name)) => Ok(name),
            Some(Token::Key(_)) => self.fail(format!("{what} is expected before the key")),
            None => self.fail(format!("{what} is missing")),
        }
    }

    fn optional_key(&mut self) -> Result<Option<InstanceKey>, AddrError> {
        if !self.rest.starts_with('[') {
            return Ok(None);
        }
        match self.token(false)? {
            Some(Token::Key(key)) => Ok(Some(key)),
            _ => self.fail("an instance key is missing"),
        }
    }
}

impl FromStr for Target {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        let mut reader = Reader::new(text);
        let mut module = ModuleInstance::root();
        let mut first = true;
        let mut word = reader.name(first, "an address")?;
        while word == "module" {
            let name = reader.name(false, "a module name")?;
            let key = reader.optional_key()?;
            module = module.child(name, key);
            if reader.rest.is_empty() {
                return Ok(Self::Module(module));
            }
            first = false;
            word = reader.name(false, "a resource type")?;
        }
        let _ = first;
        let (mode, type_name) = match word.as_str() {
            "data" => (Mode::Data, reader.name(false, "a data source type")?),
            "ephemeral" => (
                Mode::Ephemeral,
                reader.name(false, "an ephemeral resource type")?,
            ),
            "action" => (Mode::Action, reader.name(false, "an action type")?),
            "resource" => (Mode::Managed, reader.name(false, "a resource type")?),
            _ => (Mode::Managed, word),
        };
        let name = reader.name(false, "a resource name")?;
        let key = reader.optional_key()?;
        if !reader.rest.is_empty() {
            return reader.fail("something stands behind the resource instance");
        }
        let resource = ResourceAddr {
            module,
            mode,
            type_name,
            name,
        };
        Ok(match key {
            None => Self::Resource(resource),
            key => Self::Instance(InstanceAddr { resource, key }),
        })
    }
}

impl FromStr for InstanceAddr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        match text.parse()? {
            Target::Instance(instance) => Ok(instance),
            Target::Resource(resource) => Ok(Self {
                resource,
                key: None,
            }),
            Target::Module(_) => Err(AddrError {
                text: text.to_owned(),
                problem: "it names a module, not a resource instance".into(),
            }),
        }
    }
}

impl FromStr for ResourceAddr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        match text.parse()? {
            Target::Resource(resource) => Ok(resource),
            _ => Err(AddrError {
                text: text.to_owned(),
                problem: "a resource without instance key is expected".into(),
            }),
        }
    }
}

impl FromStr for ModuleInstance {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        match text.parse()? {
            Target::Module(module) => Ok(module),
            _ => Err(AddrError {
                text: text.to_owned(),
                problem: "a module is expected".into(),
            }),
        }
    }
}

impl FromStr for ConfigResource {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        let resource: ResourceAddr = text.parse()?;
        if resource.module.0.iter().any(|step| step.key.is_some()) {
            return Err(AddrError {
                text: text.to_owned(),
                problem: "module keys are not allowed here".into(),
            });
        }
        Ok(resource.config())
    }
}

impl FromStr for ProviderAddr {
    type Err = AddrError;

    /// Reads `type`, `namespace/type` or `host/namespace/type`.
    fn from_str(text: &str) -> Result<Self, AddrError> {
        let fail = |problem: &str| AddrError {
            text: text.to_owned(),
            problem: problem.to_owned(),
        };
        let parts: Vec<&str> = text.split('/').collect();
        let valid = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|char| char.is_alphanumeric() || matches!(char, '-' | '_'))
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        let lower = |part: &str| EcoString::from(part.to_lowercase());
        let (host, namespace, type_name) = match parts[..] {
            ["terraform"] => return Ok(Self::builtin()),
            [type_name] => (Self::DEFAULT_HOST, "hashicorp", type_name),
            [namespace, type_name] => (Self::DEFAULT_HOST, namespace, type_name),
            [host, namespace, type_name] => (host, namespace, type_name),
            _ => {
                return Err(fail(
                    "a provider source has the form `[hostname/][namespace/]type`",
                ));
            }
        };
        if !valid(namespace) || !valid(type_name) {
            return Err(fail(
                "namespace and type may hold only letters, digits, dashes and underscores",
            ));
        }
        // Addresses become names of folders.
        if host.split('.').any(str::is_empty)
            || !host
                .chars()
                .all(|char| char.is_alphanumeric() || matches!(char, '-' | '.' | ':'))
        {
            return Err(fail("the host name is not valid"));
        }
        Ok(Self {
            host: lower(host),
            namespace: lower(namespace),
            type_name: lower(type_name),
        })
    }
}

impl FromStr for ProviderConfigAddr {
    type Err = AddrError;

    /// Reads the form of state files: `module.a.provider["host/ns/type"].alias`.
    fn from_str(text: &str) -> Result<Self, AddrError> {
        let mut reader = Reader::new(text);
        let mut module = ModulePath::root();
        let mut word = reader.name(true, "an address")?;
        while word == "module" {
            module = module.child(reader.name(false, "a module name")?);
            word = reader.name(false, "`provider`")?;
        }
        if word != "provider" {
            return reader.fail("`provider[\"…\"]` is expected");
        }
        let Some(InstanceKey::Str(source)) = reader.optional_key()? else {
            return reader.fail("`provider[\"…\"]` is expected");
        };
        let alias = if reader.rest.is_empty() {
            None
        } else {
            Some(reader.name(false, "an alias")?)
        };
        Ok(Self {
            module,
            provider: source.parse()?,
            alias,
        })
    }
}
