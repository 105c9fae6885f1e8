//! Provisioners and connections.

use super::Session;
use super::bind::Place;
use crate::config::Provisioner;
use crate::load::decl::{ProvisionerDecl, ResourceDecl};
use crate::provisioner_schema::{connection_schema, provisioner_schema};
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_lang::syntax::body::Body;

impl Session<'_> {
    pub(super) fn provisioners(
        &mut self,
        at: usize,
        decl: &ResourceDecl,
        place: Place,
    ) -> Vec<Provisioner> {
        if decl.provisioners.is_empty()
            && let Some((body, span)) = &decl.connection
        {
            // Nothing uses it, but what is wrong with it is said.
            let place = Place {
                self_object: true,
                ..place
            };
            self.connection(at, body, *span, place);
        }
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
                Diagnostic::error("Missing required provisioner plugin", detail).at(decl.type_span),
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

    fn connection(
        &mut self,
        at: usize,
        body: &Body,
        span: Span,
        place: Place,
    ) -> crate::body::CompiledBody {
        self.compiler(at, place)
            .body(body, None, &connection_schema(), span)
    }
}
