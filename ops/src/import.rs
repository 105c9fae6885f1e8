//! `import`: takes one object that exists into the state.

use crate::clock::now_ms;
use crate::drive::{Pool, drive_takeover};
use crate::failure::{Failure, Report};
use crate::files::functions_for_plan;
use crate::gates::book::Book;
use crate::interrupt::Interrupt;
use crate::load::{Origin, load};
use crate::rules;
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::{self, Resolved, VariableArgument};
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::SourceMap;
use terrane_model::addr::{InstanceAddr, Mode, Target};
use terrane_model::provider::ImportTarget;
use terrane_plan::machine::{PlanInput, PlanOptions, Takeover};

/// What is to be imported.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    /// The address that it will have.
    pub address: String,
    /// What the provider knows it by.
    pub id: String,
    /// `-config`: the folder of the configuration; `None`: the working directory.
    pub config: Option<String>,
    /// `-var` and `-var-file`, in order.
    pub variables: Vec<VariableArgument>,
}

/// Where the object goes, if the request makes sense and no gates stand before it.
fn may_be_imported(session: &Session, request: &ImportRequest) -> Result<InstanceAddr, Failure> {
    let addr = address(&request.address)?;
    if request.id.is_empty() {
        return Err(Failure::input(
            &rules::import::INVALID_ID,
            "The id must not be empty. It is what the provider knows the object by; its documentation says for each resource type what that is.",
        ));
    }
    if let Some(folder) = &request.config {
        session.configured_in(folder);
    }
    if Book::open(session)?.is_some() {
        return Err(Failure::input(
            &rules::gates::IMPORT_UNDER_GATES,
            format!(
                "Where there are gates, objects come into the state through a plan that passes them. Write an import block instead, and plan it:\n\n  import {{\n    to = {addr}\n    id = {:?}\n  }}",
                request.id
            ),
        ));
    }
    Ok(addr)
}

/// Imports an object. The messages are warnings.
///
/// # Errors
/// When the address is not valid or not configured, state holds an object for it, the provider does not find the object, or the state can't be written.
pub async fn run(
    session: &Session,
    request: &ImportRequest,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Report, Failure> {
    let addr = may_be_imported(session, request)?;
    let workspace = session.open()?;
    let snapshot = workspace.snapshot();
    let early =
        variables::collect(&session.env, &request.variables, &mut SourceMap::default())?.values;
    let origin = request
        .config
        .as_deref()
        .map_or(Origin::Disk, Origin::Folder);
    let mut loaded = load(session, &snapshot, origin, &early).await?;
    if loaded.is_empty() {
        return Err(Failure::input(
            &rules::import::NO_CONFIGURATION,
            "There is no configuration in this folder, and a resource must be configured before an object is imported to it. Make a configuration file (.tf) with a block for it, or name the right folder with -chdir or -config.",
        ));
    }
    let mut diagnostics = std::mem::take(&mut loaded.warnings);
    let collected = variables::collect(&session.env, &request.variables, &mut loaded.sources)?;
    let asking: Option<&mut dyn Ui> = if session.input { Some(ui) } else { None };
    let Resolved {
        values,
        as_given: _,
        given_at: _,
        given_ephemeral: _,
        diagnostics: found,
    } = variables::resolve(&loaded.config, collected, asking);
    diagnostics.extend(found);
    let failed = |diagnostics: Diagnostics, sources: SourceMap| {
        Err(Failure::Input(Report {
            diagnostics,
            sources,
        }))
    };
    if diagnostics.has_errors() {
        return failed(diagnostics, loaded.sources);
    }
    let now_ms = now_ms();
    let input = PlanInput {
        config: loaded.config.clone(),
        snapshot,
        providers: loaded.registry.infos().clone(),
        variables: values,
        functions: functions_for_plan(now_ms).with_providers(loaded.registry.functions()),
        options: PlanOptions {
            refresh: true,
            workspace: session.workspace()?.into(),
            cwd: session.cwd.as_str().into(),
            now_ms,
            ..PlanOptions::default()
        },
    };
    let takeover = Takeover::new(input, addr, ImportTarget::Id(request.id.as_str().into()));
    let mut pool = Pool::new(
        loaded.config.clone(),
        loaded.registry.clone(),
        interrupt.clone(),
        session.places,
    );
    let (events, found) = drive_takeover(takeover, &mut pool, interrupt, ui).await?;
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        return failed(diagnostics, loaded.sources);
    }
    session.commit(workspace, events)?;
    Ok(Report {
        diagnostics,
        sources: loaded.sources,
    })
}

/// Reads the address of a managed resource instance.
fn address(text: &str) -> Result<InstanceAddr, Failure> {
    let target: Target = text
        .parse()
        .map_err(|error: terrane_model::addr::AddrError| {
            Failure::input(&rules::import::INVALID_ADDRESS, format!("{error}."))
        })?;
    let instance = match target {
        Target::Instance(instance) => instance,
        Target::Resource(resource) => resource.instance(None),
        Target::Module(module) => {
            return Err(Failure::input(
                &rules::import::INVALID_ADDRESS,
                format!(
                    "{module} is a module. The address of one resource instance is needed, such as {module}.aws_instance.example."
                ),
            ));
        }
    };
    match instance.resource.mode {
        Mode::Managed => Ok(instance),
        Mode::Data => Err(Failure::input(
            &rules::import::INVALID_ADDRESS,
            "A managed resource address is required. Importing into a data resource is not allowed.",
        )),
        Mode::Action => Err(Failure::input(
            &rules::import::INVALID_ADDRESS,
            "A managed resource address is required. An action is nothing that could be imported.",
        )),
        Mode::Ephemeral => Err(Failure::input(
            &rules::import::INVALID_ADDRESS,
            "A managed resource address is required. Importing into an ephemeral resource is not allowed.",
        )),
    }
}
