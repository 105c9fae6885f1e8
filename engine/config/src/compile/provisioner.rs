//! Provisioners and connections.

use super::Session;
use super::bind::Place;
use crate::body::CompiledBody;
use crate::config::Provisioner;
use crate::load::decl::{ProvisionerDecl, ResourceDecl};
use crate::provisioner_schema::{connection_schema, provisioner_schema};
use crate::rules;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_lang::syntax::body::Body;
use terrane_value::Value;

impl Session<'_> {
    pub(super) fn provisioners(
        &mut self,
        at: usize,
        decl: &ResourceDecl,
        place: Place,
    ) -> Vec<Provisioner> {
        decl.provisioners
            .iter()
            .filter_map(|provisioner| {
                self.provisioner(at, provisioner, decl.connection.as_ref(), place)
            })
            .collect()
    }

    /// A provisioner. `outer` is the connection of its resource.
    pub(super) fn provisioner(
        &mut self,
        at: usize,
        decl: &ProvisionerDecl,
        outer: Option<&(Body, Span)>,
        place: Place,
    ) -> Option<Provisioner> {
        let Some(schema) = provisioner_schema(&decl.type_name) else {
            let detail = format!(
                "This configuration requires provisioner \"{}\", which isn't available. The supported provisioners are file, local-exec and remote-exec.",
                decl.type_name
            );
            self.diagnostics.push(
                Diagnostic::error(&rules::resource::UNKNOWN_PROVISIONER, detail).at(decl.type_span),
            );
            return None;
        };
        let place = Place {
            self_object: true,
            destroying: decl.on_destroy,
            ..place
        };
        let body =
            self.compiler(at, place)
                .body(&decl.body, decl.escape.as_ref(), &schema, decl.span);
        self.exclusive_arguments(decl, &body);
        let connection = match (outer, &decl.connection) {
            (None, None) => None,
            (Some((body, span)), None) | (None, Some((body, span))) => {
                Some(self.connection(at, body, *span, place))
            }
            (Some((outer, _)), Some((own, span))) => {
                let merged = Body::Merged(vec![outer.clone(), own.clone()]);
                Some(self.connection(at, &merged, *span, place))
            }
        };
        Some(Provisioner {
            type_name: decl.type_name.clone(),
            span: decl.span,
            on_destroy: decl.on_destroy,
            continue_on_failure: decl.continue_on_failure,
            body,
            connection,
        })
    }

    fn connection(&mut self, at: usize, body: &Body, span: Span, place: Place) -> CompiledBody {
        let body = self
            .compiler(at, place)
            .body(body, None, &connection_schema(), span);
        let kind = body.attribute("type");
        let is_winrm = kind
            .and_then(|kind| kind.as_constant()?.as_str())
            .is_some_and(|kind| kind == "winrm");
        if let (true, Some(kind)) = (is_winrm, kind) {
            let detail = "Connections of type \"winrm\" are not supported: the provisioner will fail. Windows has an SSH server (OpenSSH).";
            self.diagnostics.push(
                Diagnostic::warning(&rules::resource::WINRM_CONNECTION, detail)
                    .at(kind.span())
                    .hint("use type = \"ssh\" with target_platform = \"windows\""),
            );
        }
        body
    }

    /// Arguments of which exactly one must be set.
    fn exclusive_arguments(&mut self, decl: &ProvisionerDecl, body: &CompiledBody) {
        let names: &[&str] = match decl.type_name.as_str() {
            "file" => &["source", "content"],
            "remote-exec" => &["inline", "script", "scripts"],
            _ => return,
        };
        let set = names
            .iter()
            // A null is as good as nothing.
            .filter(|name| {
                body.attribute(name)
                    .is_some_and(|value| !value.as_constant().is_some_and(Value::is_null))
            })
            .count();
        if set == 1 {
            return;
        }
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let detail = format!(
            "Exactly one of {} must be set in a \"{}\" provisioner.",
            quoted.join(", "),
            decl.type_name
        );
        let summary = if set == 0 {
            &rules::resource::MISSING_PROVISIONER_ARGUMENT
        } else {
            &rules::resource::CONFLICTING_PROVISIONER_ARGUMENTS
        };
        self.diagnostics
            .push(Diagnostic::error(summary, detail).at(decl.span));
    }
}
