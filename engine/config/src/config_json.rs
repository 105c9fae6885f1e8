//! The configuration as the plan's JSON shows it: arguments as constant values or as lists of references.
//!
//! Source: `opentofu.md` 4.4, and the output of `show -json`.

use crate::body::{CompiledBody, NestedItem};
use crate::config::{
    Config, Dependency, Module, ModuleCall, ProviderId, Provisioner, Reference, Repetition,
    Resource,
};
use crate::constant::NoScope;
use crate::load::Requirement;
use crate::version::Constraint;
use ecow::EcoString;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use terrane_lang::expr::{Compiled, Use};
use terrane_lang::source::SourceMap;
use terrane_lang::syntax::{parse, static_expr};
use terrane_model::addr::{Mode, ModulePath, ProviderAddr, ProviderConfigAddr};
use terrane_model::schema::{Attribute, AttributeType, Nesting};
use terrane_value::convert::convert;
use terrane_value::{Type, Value};

/// The `configuration` object of a plan in JSON. `requirements` are those of the tree that the configuration was compiled from.
#[must_use]
pub fn configuration(
    config: &Config,
    requirements: &BTreeMap<ProviderAddr, Requirement>,
    sources: &SourceMap,
) -> String {
    let writer = Writer {
        config,
        requirements,
        sources,
    };
    let mut root = Map::new();
    let providers = writer.providers();
    if !providers.is_empty() {
        root.insert("provider_config".into(), Json::Object(providers));
    }
    let module = config
        .modules
        .first()
        .map_or_else(Map::new, |module| writer.module(module));
    root.insert("root_module".into(), Json::Object(module));
    Json::Object(root).to_string()
}

struct Writer<'a> {
    config: &'a Config,
    requirements: &'a BTreeMap<ProviderAddr, Requirement>,
    sources: &'a SourceMap,
}

fn constant(value: &Value) -> Json {
    let text = terrane_value::json::encode_plain(&value.unmark_deep()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Json::Null)
}

fn set(object: &mut Map<String, Json>, name: &str, value: impl Into<Json>) {
    object.insert(name.into(), value.into());
}

/// The key of a provider in a module.
fn key(module: &ModulePath, name: &str) -> String {
    if module.is_root() {
        name.to_owned()
    } else {
        format!("{module}:{name}")
    }
}

/// Adds an object unless it is empty.
fn set_some(object: &mut Map<String, Json>, name: &str, value: Map<String, Json>) {
    if !value.is_empty() {
        object.insert(name.into(), Json::Object(value));
    }
}

impl Writer<'_> {
    fn provider_key(&self, user: &Module, id: ProviderId) -> String {
        let Some(provider) = self.config.providers.get(id.0 as usize) else {
            return String::new();
        };
        let ProviderConfigAddr {
            module,
            provider: addr,
            alias,
        } = &provider.addr;
        match alias {
            None => {
                let home = &self.home(user, addr).path;
                key(home, self.local_name(home, addr))
            }
            Some(alias) => key(
                module,
                &format!("{}.{alias}", self.local_name(module, addr)),
            ),
        }
    }

    /// What a module calls a provider.
    fn local_name<'s>(&'s self, module: &ModulePath, addr: &'s ProviderAddr) -> &'s str {
        let requirement = self.requirements.get(addr);
        let name = requirement.and_then(|requirement| requirement.names.get(module));
        name.unwrap_or(&addr.type_name)
    }

    /// The module under which a provider without alias is listed: the outermost that is reached from a module through callers that need the
    /// provider too, but not beyond a `provider` block. (A caller that does not mention the provider ends the way, though the configuration
    /// that is used may lie beyond it: seen with Terraform 1.11.4.)
    fn home<'m>(&'m self, module: &'m Module, addr: &ProviderAddr) -> &'m Module {
        let needs = |module: &Module| {
            let requirement = self.requirements.get(addr);
            requirement.is_some_and(|requirement| requirement.modules.contains(&module.path))
        };
        let mut at = module;
        while let Some((parent, _)) = at.parent {
            let parent = self.config.module(parent);
            if self.has_block(at, addr) || !needs(parent) {
                break;
            }
            at = parent;
        }
        at
    }

    /// Whether a module has a `provider` block without alias.
    fn has_block(&self, module: &Module, addr: &ProviderAddr) -> bool {
        self.config.providers.iter().any(|known| {
            known.span.is_some()
                && known.addr.alias.is_none()
                && known.addr.module == module.path
                && known.addr.provider == *addr
        })
    }

    fn providers(&self) -> Map<String, Json> {
        let mut found = Map::new();
        for provider in self.config.providers.iter() {
            if provider.span.is_none() {
                continue;
            }
            let ProviderConfigAddr {
                module,
                provider: addr,
                alias,
            } = &provider.addr;
            let alias = alias.as_deref();
            let mut object = self.provider(addr, alias, module);
            let body = self.body(self.config.module(provider.module), &provider.body);
            set_some(&mut object, "expressions", body);
            let local = self.local_name(module, addr);
            let name = match alias {
                None => local.to_owned(),
                Some(alias) => format!("{local}.{alias}"),
            };
            found.insert(key(module, &name), Json::Object(object));
        }
        for (addr, requirement) in self.requirements {
            for module in &self.config.modules {
                if !requirement.modules.contains(&module.path) || self.is_passed(module, addr) {
                    continue;
                }
                let home = self.home(module, addr);
                found
                    .entry(key(&home.path, self.local_name(&home.path, addr)))
                    .or_insert_with(|| Json::Object(self.provider(addr, None, &home.path)));
            }
        }
        found
    }

    /// Whether all that a module uses of a provider are configurations with alias.
    fn is_passed(&self, module: &Module, addr: &ProviderAddr) -> bool {
        let used = module.resources.iter().filter_map(|resource| {
            let provider = self.config.provider(resource.provider.provider);
            (provider.addr.provider == *addr).then_some(&provider.addr.alias)
        });
        let mut used = used.peekable();
        used.peek().is_some() && used.all(Option::is_some)
    }

    /// What is said of a provider besides its arguments.
    fn provider(
        &self,
        addr: &ProviderAddr,
        alias: Option<&str>,
        module: &ModulePath,
    ) -> Map<String, Json> {
        let mut object = Map::new();
        set(&mut object, "name", self.local_name(module, addr));
        set(&mut object, "full_name", addr.to_string());
        if let Some(alias) = alias {
            set(&mut object, "alias", alias);
        }
        if !module.is_root() {
            set(&mut object, "module_address", module.to_string());
        }
        // Those of the module that has the configuration, not of all that use it.
        let constraints = self
            .requirements
            .get(addr)
            .into_iter()
            .flat_map(|required| {
                let own = required.asked.iter().filter(|(asker, _)| asker == module);
                own.filter_map(|(_, at)| Some(required.constraints.get(*at)?.0.as_str()))
            });
        let constraints = Constraint::in_one_form(constraints);
        if !constraints.is_empty() {
            set(&mut object, "version_constraint", constraints);
        }
        object
    }

    fn module(&self, module: &Module) -> Map<String, Json> {
        let mut found = Map::new();
        let mut outputs = Map::new();
        for output in &module.outputs {
            let mut object = Map::new();
            if output.sensitive {
                set(&mut object, "sensitive", true);
            }
            if output.ephemeral {
                set(&mut object, "ephemeral", true);
            }
            if let Some(message) = &output.deprecated {
                set(&mut object, "deprecated", message.as_str());
            }
            set(
                &mut object,
                "expression",
                self.expression(module, &output.value),
            );
            self.depends_on(module, &output.depends_on, &mut object);
            if !output.description.is_empty() {
                set(&mut object, "description", output.description.as_str());
            }
            outputs.insert(output.name.to_string(), Json::Object(object));
        }
        set_some(&mut found, "outputs", outputs);
        if !module.resources.is_empty() {
            // Managed resources first, each kind by address. What is ephemeral has no place in this form.
            let listed = module.resources.iter();
            let mut resources: Vec<&Resource> = listed
                .filter(|resource| matches!(resource.mode, Mode::Managed | Mode::Data))
                .collect();
            resources.sort_by_key(|resource| {
                let data = resource.mode == Mode::Data;
                (data, resource.type_name.clone(), resource.name.clone())
            });
            let resources: Vec<Json> = resources
                .into_iter()
                .map(|resource| Json::Object(self.resource(module, resource)))
                .collect();
            set(&mut found, "resources", resources);
        }
        let mut actions: Vec<&Resource> = (module.resources.iter())
            .filter(|resource| resource.mode == Mode::Action)
            .collect();
        if !actions.is_empty() {
            actions.sort_by_key(|action| (action.type_name.clone(), action.name.clone()));
            let actions: Vec<Json> = (actions.into_iter())
                .map(|action| Json::Object(self.action(module, action)))
                .collect();
            set(&mut found, "actions", actions);
        }
        let calls = module
            .calls
            .iter()
            .map(|call| (call.name.to_string(), Json::Object(self.call(module, call))))
            .collect();
        set_some(&mut found, "module_calls", calls);
        let mut variables = Map::new();
        for variable in &module.variables {
            let mut object = Map::new();
            if let Some(default) = &variable.default {
                set(&mut object, "default", constant(default));
            }
            if !variable.description.is_empty() {
                set(&mut object, "description", variable.description.as_str());
            }
            if variable.sensitive {
                set(&mut object, "sensitive", true);
            }
            if let Some(message) = &variable.deprecated {
                set(&mut object, "deprecated", message.as_str());
            }
            variables.insert(variable.name.to_string(), Json::Object(object));
        }
        set_some(&mut found, "variables", variables);
        found
    }

    fn resource(&self, module: &Module, resource: &Resource) -> Map<String, Json> {
        let (mode, prefix) = match resource.mode {
            Mode::Managed => ("managed", ""),
            Mode::Data => ("data", "data."),
            Mode::Ephemeral => ("ephemeral", "ephemeral."),
            Mode::Action => ("action", "action."),
        };
        let mut found = Map::new();
        let address = format!("{prefix}{}.{}", resource.type_name, resource.name);
        set(&mut found, "address", address);
        set(&mut found, "mode", mode);
        set(&mut found, "type", resource.type_name.as_str());
        set(&mut found, "name", resource.name.as_str());
        set(
            &mut found,
            "provider_config_key",
            self.provider_key(module, resource.provider.provider),
        );
        let provisioners: Vec<Json> = resource
            .provisioners
            .iter()
            .map(|provisioner| self.provisioner(module, provisioner))
            .collect();
        if !provisioners.is_empty() {
            set(&mut found, "provisioners", provisioners);
        }
        set_some(&mut found, "expressions", self.body(module, &resource.body));
        // Schemas of data sources have versions, but the peers know of none: what was read is never upgraded.
        let version = match resource.mode {
            Mode::Data => 0,
            Mode::Managed | Mode::Ephemeral | Mode::Action => resource.schema.version,
        };
        set(&mut found, "schema_version", version);
        self.repetition(module, &resource.repetition, &mut found);
        self.depends_on(module, &resource.depends_on, &mut found);
        found
    }

    fn action(&self, module: &Module, action: &Resource) -> Map<String, Json> {
        let mut found = self.resource(module, action);
        found.remove("mode");
        found.remove("schema_version");
        found
    }

    fn provisioner(&self, module: &Module, provisioner: &Provisioner) -> Json {
        let mut found = Map::new();
        set(&mut found, "type", provisioner.type_name.as_str());
        set_some(
            &mut found,
            "expressions",
            self.body(module, &provisioner.body),
        );
        Json::Object(found)
    }

    fn call(&self, module: &Module, call: &ModuleCall) -> Map<String, Json> {
        let mut found = Map::new();
        set(&mut found, "source", call.source.as_str());
        if let Some(version) = &call.version {
            set(&mut found, "version_constraint", version.as_str());
        }
        let called = self.config.module(call.module);
        let inputs = called
            .variables
            .iter()
            .zip(&call.inputs)
            .filter_map(|(variable, input)| {
                let expression = self.expression(module, input.as_ref()?);
                Some((variable.name.to_string(), expression))
            })
            .collect();
        set_some(&mut found, "expressions", inputs);
        self.repetition(module, &call.repetition, &mut found);
        // A call whose module could not be had points back; the configuration is not valid then.
        if called.id > module.id {
            set(&mut found, "module", Json::Object(self.module(called)));
        }
        self.depends_on(module, &call.depends_on, &mut found);
        found
    }

    fn repetition(&self, module: &Module, repetition: &Repetition, found: &mut Map<String, Json>) {
        let (name, expr) = match repetition {
            Repetition::Single => return,
            Repetition::Count(expr) => ("count_expression", expr),
            Repetition::ForEach(expr) => ("for_each_expression", expr),
            Repetition::Enabled(expr) => ("enabled_expression", expr),
        };
        let expression = self.expression(module, expr);
        if expression
            .as_object()
            .is_some_and(|object| !object.is_empty())
        {
            set(found, name, expression);
        }
    }

    fn depends_on(&self, module: &Module, list: &[Dependency], found: &mut Map<String, Json>) {
        if list.is_empty() {
            return;
        }
        let names: Vec<Json> = list
            .iter()
            .map(|entry| {
                let written = chain(self.sources.text(entry.span));
                let name = if written.is_empty() {
                    module.reference_name(entry.on).to_string()
                } else {
                    written.concat()
                };
                Json::from(name)
            })
            .collect();
        set(found, "depends_on", names);
    }

    fn body(&self, module: &Module, body: &CompiledBody) -> Map<String, Json> {
        let mut found = Map::new();
        let attributes = body.schema.attributes.iter().zip(&body.attributes);
        for (at, ((name, attribute), compiled)) in attributes.enumerate() {
            let shown = match body.written_statically.get(&at) {
                Some(part) => part.as_ref(),
                None => compiled.as_ref(),
            };
            if let Some(compiled) = shown {
                let json = self
                    .constant_blocks(name, attribute, compiled)
                    .unwrap_or_else(|| self.expression(module, compiled));
                found.insert(name.to_string(), json);
            }
        }
        for ((name, nested), items) in body.schema.blocks.iter().zip(&body.blocks) {
            let blocks: Vec<(Option<&EcoString>, Json)> = items
                .iter()
                .filter_map(|item| match item {
                    NestedItem::Static { label, body } => {
                        Some((label.as_ref(), Json::Object(self.body(module, body))))
                    }
                    // The form has no place for them.
                    NestedItem::Dynamic { .. } => None,
                })
                .collect();
            let json = match nested.nesting {
                Nesting::Single | Nesting::Group => blocks.into_iter().next().map(|(_, json)| json),
                Nesting::List | Nesting::Set if blocks.is_empty() => None,
                Nesting::List | Nesting::Set => Some(Json::Array(
                    blocks.into_iter().map(|(_, json)| json).collect(),
                )),
                Nesting::Map if blocks.is_empty() => None,
                Nesting::Map => Some(Json::Object(
                    blocks
                        .into_iter()
                        .map(|(label, json)| {
                            (label.map(ToString::to_string).unwrap_or_default(), json)
                        })
                        .collect(),
                )),
            };
            if let Some(json) = json {
                found.insert(name.to_string(), json);
            }
        }
        found
    }

    /// An attribute that is written as blocks of constants has the type of the attribute, as with the peers: what is in its sets is in their order.
    fn constant_blocks(
        &self,
        name: &str,
        attribute: &Attribute,
        compiled: &Compiled,
    ) -> Option<Json> {
        let AttributeType::Plain(ty @ (Type::List(_) | Type::Set(_))) = &attribute.ty else {
            return None;
        };
        let value = compiled.as_constant()?;
        let as_blocks = self.sources.text(compiled.span()).starts_with(name);
        let value = convert(value, ty).ok().filter(|_| as_blocks)?;
        let known = value.is_wholly_known();
        known.then(|| json!({ "constant_value": constant(&value) }))
    }

    fn expression(&self, module: &Module, compiled: &Compiled) -> Json {
        // An index that is an expression is compiled before what it is taken of; here the order is that of the text.
        let mut uses: Vec<&Use> = compiled.uses().iter().collect();
        uses.sort_by_key(|used| (used.span.file, used.span.start));
        let references: Vec<String> = uses
            .into_iter()
            .flat_map(|used| self.references(module, used))
            .collect();
        if !references.is_empty() {
            return json!({ "references": references });
        }
        let value = compiled
            .as_constant()
            .cloned()
            .or_else(|| self.constant_operation(compiled));
        match value {
            Some(value) if value.is_wholly_known() => json!({ "constant_value": constant(&value) }),
            _ => json!({}),
        }
    }

    /// The value of operators on constants. What functions give is not counted as constant, as with the peers.
    fn constant_operation(&self, compiled: &Compiled) -> Option<Value> {
        let span = compiled.span();
        let (expr, _) = parse::parse_expression(span.file, self.sources.text(span));
        static_expr::is_constant(&expr?)
            .then(|| compiled.eval(&NoScope::default(), &[]).ok())
            .flatten()
    }

    /// A reference as written, and then ever less of it, down to the object that it refers to.
    fn references(&self, module: &Module, used: &Use) -> Vec<String> {
        let Some(reference) = module.slots.get(used.slot.0 as usize).copied() else {
            return Vec::new();
        };
        // The name of a function is no reference to an object.
        if matches!(reference, Reference::Provider(_)) {
            return Vec::new();
        }
        let text = self
            .sources
            .get(used.span.file)
            .and_then(|file| file.text.get(used.span.start as usize..))
            .unwrap_or("");
        let parts = chain(text);
        if parts.is_empty() {
            return vec![module.reference_name(reference).to_string()];
        }
        let prefixed = matches!(
            parts.first().map(String::as_str),
            Some("data" | "ephemeral" | "resource")
        );
        let smallest = match reference {
            Reference::Resource(_) if prefixed => 3,
            Reference::SelfObject => 1,
            Reference::CallOutput(..) => parts
                .iter()
                .skip(2)
                .position(|part| part.starts_with('.'))
                .map_or(3, |at| 2 + at),
            Reference::Call(_) if parts.get(2).is_some_and(|part| part.starts_with('[')) => 2,
            _ => 2,
        };
        let smallest = smallest.min(parts.len()).max(1);
        (smallest..=parts.len())
            .rev()
            .filter_map(|length| parts.get(..length).map(|parts| parts.concat()))
            .collect()
    }
}

/// The parts of the reference that a text begins with: a name, then `.name`, `.0`, `[0]` or `["key"]`.
fn chain(text: &str) -> Vec<String> {
    let is_word = |char: char| char == '_' || char == '-' || char.is_alphanumeric();
    let word_end = |text: &str| text.find(|char| !is_word(char)).unwrap_or(text.len());
    let mut parts = Vec::new();
    let (first, mut rest) = text.split_at(word_end(text));
    if first.is_empty() {
        return parts;
    }
    parts.push(first.to_owned());
    loop {
        if let Some(after) = rest.strip_prefix('.') {
            let (word, after) = after.split_at(word_end(after));
            if word.is_empty() {
                return parts;
            }
            parts.push(if word.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("[{word}]")
            } else {
                format!(".{word}")
            });
            rest = after;
            continue;
        }
        let Some((key, after)) = rest
            .strip_prefix('[')
            .and_then(|after| after.split_once(']'))
        else {
            return parts;
        };
        // Within JSON the quotes are escaped.
        let key = key.trim().replace("\\\"", "\"");
        let quoted = key.len() >= 2
            && key.starts_with('"')
            && key.ends_with('"')
            && !key.contains("${")
            && key.matches('"').count() == 2;
        let number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        if !quoted && !number {
            return parts;
        }
        parts.push(format!("[{key}]"));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[test]
    fn chains() {
        for (text, want) in [
            ("var.x + 1", &["var", ".x"][..]),
            ("a.b[0].c.d[each.key].e", &["a", ".b", "[0]", ".c", ".d"]),
            ("m.n[\"k\"].o)", &["m", ".n", "[\"k\"]", ".o"]),
            ("m.n[\\\"k\\\"].o}", &["m", ".n", "[\"k\"]", ".o"]),
            ("a.b[*].c", &["a", ".b"]),
            ("a.b.0.c", &["a", ".b", "[0]", ".c"]),
            ("(x)", &[]),
        ] {
            assert_eq!(chain(text), want, "{text}");
        }
    }
}
