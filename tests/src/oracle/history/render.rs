//! Writes a configuration as files. References to what is not there become plain texts.

use super::model::{Call, Config, Expr, Module, Piece, Repeat, Resource};
use std::collections::BTreeMap;
use std::fmt::Write as _;

impl Config {
    /// Files by path.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut main = self.root.render();
        for (from, to) in &self.moved {
            line(
                &mut main,
                &format!("moved {{\n  from = {from}\n  to   = {to}\n}}"),
            );
        }
        for (from, destroy) in &self.removed {
            line(
                &mut main,
                &format!(
                    "removed {{\n  from = {from}\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}"
                ),
            );
        }
        files.insert(String::from("main.tf"), main);
        let values: String = self
            .root
            .variables
            .iter()
            .filter_map(|variable| {
                Some(format!(
                    "{} = {}\n",
                    variable.name,
                    variable.value.as_ref()?
                ))
            })
            .collect();
        files.insert(String::from("terraform.tfvars"), values);
        for (at, child) in self.children.iter().enumerate() {
            files.insert(format!("m{at}/main.tf"), child.render());
        }
        // What `init` would write: all modules are folders, and all providers are built in.
        let calls = self.root.calls.iter().map(|call| {
            format!(
                "{{\"Key\":\"{}\",\"Source\":\"./m{1}\",\"Dir\":\"m{1}\"}}",
                call.name, call.child
            )
        });
        let modules: Vec<String> = [String::from("{\"Key\":\"\",\"Source\":\"\",\"Dir\":\".\"}")]
            .into_iter()
            .chain(calls)
            .collect();
        files.insert(
            String::from(".terraform/modules/modules.json"),
            format!("{{\"Modules\":[{}]}}", modules.join(",")),
        );
        files
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

impl Module {
    fn render(&self) -> String {
        let mut out = String::new();
        for variable in &self.variables {
            line(&mut out, &format!("variable \"{}\" {{", variable.name));
            for text in &variable.body {
                line(&mut out, &format!("  {text}"));
            }
            line(&mut out, "}");
        }
        if !self.locals.is_empty() {
            line(&mut out, "locals {");
            for (name, value) in &self.locals {
                line(&mut out, &format!("  {name} = {}", self.expr(value)));
            }
            line(&mut out, "}");
        }
        for resource in &self.resources {
            self.resource(resource, &mut out);
        }
        for call in &self.calls {
            self.call(call, &mut out);
        }
        for output in &self.outputs {
            line(&mut out, &format!("output \"{}\" {{", output.name));
            line(&mut out, &format!("  value = {}", self.expr(&output.value)));
            for text in &output.lines {
                line(&mut out, &format!("  {}", self.expr(text)));
            }
            line(&mut out, "}");
        }
        for check in &self.checks {
            writeln!(
                out,
                "check \"{}\" {{\n  assert {{\n    condition     = {}\n    error_message = \"no\"\n  }}\n}}",
                check.name,
                self.expr(&check.condition)
            ).ok();
        }
        out
    }

    /// The block of a resource.
    pub(super) fn resource_text(&self, resource: &Resource) -> String {
        let mut out = String::new();
        self.resource(resource, &mut out);
        out
    }

    /// The block of a call.
    pub(super) fn call_text(&self, call: &Call) -> String {
        let mut out = String::new();
        self.call(call, &mut out);
        out
    }

    fn resource(&self, resource: &Resource, out: &mut String) {
        line(
            out,
            &format!("resource \"terraform_data\" \"{}\" {{", resource.name),
        );
        self.repeat(&resource.repeat, out);
        if let Some(input) = &resource.input {
            line(out, &format!("  input = {}", self.expr(input)));
        }
        if let Some(triggers) = &resource.triggers {
            line(
                out,
                &format!("  triggers_replace = {}", self.expr(triggers)),
            );
        }
        self.depends_on(&resource.depends_on, out);
        for block in &resource.blocks {
            line(out, block);
        }
        if !resource.lifecycle.is_empty() {
            line(out, "  lifecycle {");
            for text in &resource.lifecycle {
                line(out, &format!("    {}", self.expr(text)));
            }
            line(out, "  }");
        }
        line(out, "}");
    }

    fn call(&self, call: &Call, out: &mut String) {
        line(out, &format!("module \"{}\" {{", call.name));
        line(out, &format!("  source = \"./m{}\"", call.child));
        self.repeat(&call.repeat, out);
        for (name, value) in &call.inputs {
            line(out, &format!("  {name} = {}", self.expr(value)));
        }
        self.depends_on(&call.depends_on, out);
        line(out, "}");
    }

    fn repeat(&self, repeat: &Repeat, out: &mut String) {
        match repeat {
            Repeat::Once => {}
            Repeat::Count(count) => line(out, &format!("  count = {}", self.expr(count))),
            Repeat::ForEach(each) => line(out, &format!("  for_each = {}", self.expr(each))),
        }
    }

    fn depends_on(&self, on: &[u32], out: &mut String) {
        let addresses: Vec<String> = on
            .iter()
            .filter_map(|id| {
                let resource = self.resources.iter().find(|resource| resource.id == *id)?;
                Some(format!("terraform_data.{}", resource.name))
            })
            .collect();
        if !addresses.is_empty() {
            line(out, &format!("  depends_on = [{}]", addresses.join(", ")));
        }
    }

    /// An expression as text.
    pub(super) fn expr(&self, expr: &Expr) -> String {
        expr.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Resource(id, attribute) => self.reference(*id, attribute),
                Piece::Call(id, output) => self.call_output(*id, output),
            })
            .collect()
    }

    fn reference(&self, id: u32, attribute: &str) -> String {
        let found = self.resources.iter().find(|resource| resource.id == id);
        let Some(resource) = found else {
            return String::from("\"gone\"");
        };
        let name = format!("terraform_data.{}", resource.name);
        let dot = if attribute.is_empty() { "" } else { "." };
        match &resource.repeat {
            Repeat::Once => format!("{name}{dot}{attribute}"),
            Repeat::Count(_) => format!("{name}[*]{dot}{attribute}"),
            Repeat::ForEach(_) => format!("{{ for k, v in {name} : k => v{dot}{attribute} }}"),
        }
    }

    fn call_output(&self, id: u32, output: &str) -> String {
        let found = self.calls.iter().find(|call| call.id == id);
        let Some(call) = found else {
            return String::from("\"gone\"");
        };
        let name = format!("module.{}", call.name);
        match &call.repeat {
            Repeat::Once => format!("{name}.{output}"),
            Repeat::Count(_) => format!("{name}[*].{output}"),
            Repeat::ForEach(_) => format!("{{ for k, v in {name} : k => v.{output} }}"),
        }
    }
}
