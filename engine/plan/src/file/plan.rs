//! The sections of the file and what is in each.

use super::Reader;
use super::Result;
use super::addrs::{
    read_config, read_instance, read_key, read_module, read_target, write_config, write_instance,
    write_key, write_module, write_target,
};
use super::container::Section;
use super::objects::{read_check, read_state, write_check, write_state};
use super::values::{Shared, Tables};
use super::{FileError, SavedPlan};
use crate::ephemeral::EphemeralInstance;
use crate::exec::{ExecGraph, Step, StepId, StepKind};
use crate::plan::{
    Action, ActionReason, Base, DeferredChange, DeferredReason, Drift, Importing, LeftOut,
    OutputChange, Plan, PlanMode, RelevantAttribute, ResourceChange,
};
use rayon::prelude::*;
use std::collections::BTreeMap;
use terrane_model::addr::DeposedKey;
use terrane_model::claim::{Access, Claim, Part};
use terrane_value::Value;
use terrane_value::bytes::Writer;

const ABOUT: [u8; 4] = *b"ABOU";
const TABLES: [u8; 4] = *b"TABL";
const CHANGES: [u8; 4] = *b"CHAN";
const OUTPUTS: [u8; 4] = *b"OUTP";
const DRIFT: [u8; 4] = *b"DRIF";
const GRAPH: [u8; 4] = *b"GRAP";
const SOURCES: [u8; 4] = *b"SRCS";
const EXTRA: [u8; 4] = *b"EXTR";
/// Since format 2.
const EPHEMERALS: [u8; 4] = *b"EPHE";
/// Since format 3.
const SHOWN: [u8; 4] = *b"SHOW";
const CLAIM: [u8; 4] = *b"CLAI";
/// Since format 4.
const DEFERRED: [u8; 4] = *b"DEFE";
/// Since format 5.
const INVOCATIONS: [u8; 4] = *b"INVO";
const ORDER: [[u8; 4]; 13] = [
    ABOUT,
    TABLES,
    CHANGES,
    OUTPUTS,
    DRIFT,
    GRAPH,
    SOURCES,
    EXTRA,
    EPHEMERALS,
    SHOWN,
    CLAIM,
    DEFERRED,
    INVOCATIONS,
];
/// So many sections are in a file of format 1.
const FIRST: usize = 8;

pub(super) fn write(saved: &SavedPlan) -> Result<Vec<Section>> {
    let SavedPlan {
        version,
        plan,
        sources,
        extra,
    } = saved;
    let mut tables = Tables::default();
    let about = write_about(version, plan, &mut tables)?;
    let mut changes = Writer::default();
    changes.length(plan.changes.len());
    for change in &plan.changes {
        let mut one = Writer::default();
        write_change(&mut one, &mut tables, change)?;
        changes.blob(&one.bytes);
    }
    let mut outputs = Writer::default();
    outputs.length(plan.outputs.len());
    for output in &plan.outputs {
        write_output(&mut outputs, &mut tables, output)?;
    }
    let mut drift = Writer::default();
    drift.length(plan.drift.len());
    for one in &plan.drift {
        write_drift(&mut drift, &mut tables, one)?;
    }
    let mut graph = Writer::default();
    graph.list(plan.graph.steps.iter(), write_step);
    let mut files = Writer::default();
    files.list(sources.iter(), |out, (path, content)| {
        out.text(path);
        out.blob(content);
    });
    let mut more = Writer::default();
    more.list(extra.iter(), |out, (name, content)| {
        out.text(name);
        out.blob(content);
    });
    let ephemerals = write_ephemerals(plan, &mut tables);
    let shown = write_shown(plan, &mut tables)?;
    let claim = write_claim(plan);
    let deferred = write_deferred(plan, &mut tables)?;
    let invocations = super::actions::write(plan, &mut tables)?;
    let tables = tables.write();
    let contents = [
        about,
        tables,
        changes,
        outputs,
        drift,
        graph,
        files,
        more,
        ephemerals,
        shown,
        claim,
        deferred,
        invocations,
    ];
    let sections = ORDER.into_iter().zip(contents);
    Ok(sections.map(|(tag, writer)| (tag, writer.bytes)).collect())
}

#[expect(clippy::too_many_lines, reason = "one thing after the other")]
pub(super) fn read(sections: &[Section]) -> Result<SavedPlan> {
    let mut contents = Vec::with_capacity(ORDER.len());
    for (wanted, found) in ORDER.iter().zip(sections) {
        if *wanted != found.0 {
            return Err(FileError::Malformed("sections are not in their order"));
        }
        contents.push(found.1.as_slice());
    }
    // Empty lists: two, and three.
    const NONE: [&[u8]; 2] = [&[0, 0], &[0, 0, 0]];
    let missing = NONE.iter().skip(contents.len().saturating_sub(FIRST));
    if contents.len() >= FIRST {
        contents.extend(missing);
    }
    let invocations = match contents.len() {
        13 => contents.pop(),
        _ => None,
    };
    let deferred = match contents.len() {
        12 => contents.pop(),
        _ => None,
    };
    let claim = match contents.len() {
        11 => contents.pop(),
        _ => None,
    };
    let Ok(
        [
            about,
            tables,
            changes,
            outputs,
            drift,
            graph,
            files,
            more,
            ephemerals,
            shown,
        ],
    ) = <[&[u8]; ORDER.len() - 3]>::try_from(contents)
    else {
        return Err(FileError::Malformed("a section is missing"));
    };
    let shared = Shared::read(tables)?;
    let (version, mut plan) = whole(about, |bytes| read_about(bytes, &shared))?;
    // Each change is a blob of its own, so that they can be read side by side.
    let changes = whole(changes, |bytes| bytes.list(Reader::blob))?;
    plan.changes = changes
        .into_par_iter()
        .map(|bytes| whole(bytes, |bytes| read_change(bytes, &shared)))
        .collect::<Result<_>>()?;
    plan.outputs = whole(outputs, |bytes| {
        bytes.list(|bytes| read_output(bytes, &shared))
    })?;
    plan.drift = whole(drift, |bytes| {
        bytes.list(|bytes| read_drift(bytes, &shared))
    })?;
    (plan.ephemerals, plan.apply_time_variables) =
        whole(ephemerals, |bytes| read_ephemerals(bytes, &shared))?;
    (plan.given, plan.left_out) = whole(shown, |bytes| read_shown(bytes, &shared))?;
    // Older plans do not say what they read: everything.
    (plan.claim, plan.base.open) = match claim {
        Some(claim) => whole(claim, read_claim)?,
        None => (Claim::whole(), Vec::new()),
    };
    if let Some(deferred) = deferred {
        plan.deferred = whole(deferred, |bytes| {
            bytes.list(|bytes| read_deferred(bytes, &shared))
        })?;
    }
    if let Some(invocations) = invocations {
        plan.invocations = whole(invocations, |bytes| {
            bytes.list(|bytes| super::actions::read(bytes, &shared))
        })?;
    }
    let counts = (
        plan.changes.len(),
        plan.ephemerals.len(),
        plan.invocations.len(),
    );
    plan.graph = whole(graph, |bytes| read_graph(bytes, counts))?;
    let pair = |bytes: &mut Reader<'_>| Ok((bytes.str()?.to_owned(), bytes.shared()?));
    let sources = whole(files, |bytes| bytes.list(pair))?;
    let extra = whole(more, |bytes| bytes.list(pair))?;
    Ok(SavedPlan {
        version,
        plan,
        sources,
        extra: extra.into_iter().collect(),
    })
}

/// Reads a section to its end.
fn whole<'b, T>(bytes: &'b [u8], read: impl FnOnce(&mut Reader<'b>) -> Result<T>) -> Result<T> {
    let mut reader = Reader::new(bytes);
    let found = read(&mut reader)?;
    reader.end()?;
    Ok(found)
}

fn write_about(version: &str, plan: &Plan, tables: &mut Tables) -> Result<Writer> {
    let Plan {
        mode,
        timestamp,
        workspace,
        variables,
        targets,
        excludes,
        force_replace,
        base,
        changes: _,
        deferred: _,
        ephemerals: _,
        invocations: _,
        apply_time_variables: _,
        given: _,
        left_out: _,
        outputs: _,
        drift: _,
        moves,
        checks,
        module_instances,
        relevant,
        claim: _,
        graph: _,
        notes: _,
        errored,
    } = plan;
    let Base {
        lineage,
        serial,
        read,
        open: _,
    } = base;
    let mut out = Writer::default();
    out.text(version);
    out.byte(match mode {
        PlanMode::Normal => 0,
        PlanMode::RefreshOnly => 1,
        PlanMode::Destroy => 2,
    });
    out.bool(*errored);
    out.text(timestamp);
    out.text(workspace);
    out.text(lineage);
    out.number(*serial);
    out.list(read.iter(), |out, (instance, serial)| {
        write_instance(out, instance);
        out.number(*serial);
    });
    out.length(variables.len());
    for (name, value) in variables {
        out.text(name);
        tables.value(&mut out, value)?;
    }
    out.list(targets.iter(), write_target);
    out.list(excludes.iter(), write_target);
    out.list(force_replace.iter(), write_instance);
    out.list(moves.iter(), |out, (from, to)| {
        write_instance(out, from);
        write_instance(out, to);
    });
    out.list(checks.iter(), write_check);
    out.list(module_instances.iter(), write_module);
    out.length(relevant.len());
    for RelevantAttribute { resource, path } in relevant {
        out.text(resource);
        tables.path(&mut out, path)?;
    }
    Ok(out)
}

fn read_about(bytes: &mut Reader<'_>, shared: &Shared) -> Result<(String, Plan)> {
    let version = bytes.str()?.to_owned();
    let mode = match bytes.byte()? {
        0 => PlanMode::Normal,
        1 => PlanMode::RefreshOnly,
        2 => PlanMode::Destroy,
        _ => return Err(FileError::Malformed("the plan is of no kind")),
    };
    let errored = bytes.bool()?;
    let timestamp = bytes.text()?;
    let workspace = bytes.text()?;
    let base = Base {
        lineage: bytes.text()?,
        serial: bytes.number()?,
        read: bytes
            .list(|bytes| Ok((read_instance(bytes)?, bytes.number()?)))?
            .into_iter()
            .collect(),
        open: Vec::new(),
    };
    let variables = bytes.list(|bytes| Ok((bytes.text()?, shared.value(bytes)?)))?;
    let targets = bytes.list(read_target)?;
    let excludes = bytes.list(read_target)?;
    let force_replace = bytes.list(read_instance)?;
    let moves = bytes.list(|bytes| Ok((read_instance(bytes)?, read_instance(bytes)?)))?;
    let checks = bytes.list(read_check)?;
    let module_instances = bytes.list(read_module)?;
    let relevant = bytes.list(|bytes| {
        Ok(RelevantAttribute {
            resource: bytes.str()?.to_owned(),
            path: shared.path(bytes)?,
        })
    })?;
    let plan = Plan {
        mode,
        timestamp,
        workspace,
        variables: variables.into_iter().collect::<BTreeMap<_, _>>(),
        targets,
        excludes,
        force_replace,
        base,
        changes: Vec::new(),
        deferred: Vec::new(),
        ephemerals: Vec::new(),
        invocations: Vec::new(),
        apply_time_variables: Vec::new(),
        given: BTreeMap::new(),
        left_out: LeftOut::default(),
        outputs: Vec::new(),
        drift: Vec::new(),
        moves,
        checks,
        module_instances,
        relevant,
        claim: Claim::nothing(),
        graph: ExecGraph::default(),
        notes: BTreeMap::new(),
        errored,
    };
    Ok((version, plan))
}

const ACTIONS: [Action; 9] = [
    Action::NoOp,
    Action::Create,
    Action::Read,
    Action::Update,
    Action::DeleteThenCreate,
    Action::CreateThenDelete,
    Action::Delete,
    Action::Forget,
    Action::ForgetThenCreate,
];

const REASONS: [ActionReason; 14] = [
    ActionReason::ReplaceBecauseCannotUpdate,
    ActionReason::ReplaceBecauseTainted,
    ActionReason::ReplaceByRequest,
    ActionReason::ReplaceByTriggers,
    ActionReason::DeleteBecauseNoResourceConfig,
    ActionReason::DeleteBecauseWrongRepetition,
    ActionReason::DeleteBecauseCountIndex,
    ActionReason::DeleteBecauseEnabledFalse,
    ActionReason::DeleteBecauseEachKey,
    ActionReason::DeleteBecauseNoModule,
    ActionReason::DeleteBecauseNoMoveTarget,
    ActionReason::ReadBecauseConfigUnknown,
    ActionReason::ReadBecauseDependencyPending,
    ActionReason::ReadBecauseCheckNested,
];

/// The number of something in its table. (New ones are added at the end.)
fn write_choice<T: PartialEq>(out: &mut Writer, table: &[T], choice: &T) -> Result<()> {
    let place = table.iter().position(|one| one == choice);
    // A choice that is not in its table would be forgotten; a test goes through all of them.
    out.length(place.ok_or(FileError::Malformed("a choice has no number"))?);
    Ok(())
}

fn read_choice<T: Copy>(bytes: &mut Reader<'_>, table: &[T]) -> Result<T> {
    let place = usize::try_from(bytes.number()?).unwrap_or(usize::MAX);
    let choice = table.get(place).copied();
    choice.ok_or(FileError::Malformed("a choice is none"))
}

fn write_change(out: &mut Writer, tables: &mut Tables, change: &ResourceChange) -> Result<()> {
    let ResourceChange {
        addr,
        previous_addr,
        deposed,
        provider,
        provider_key,
        action,
        reason,
        before,
        after,
        replace_paths,
        private,
        before_identity,
        after_identity,
        importing,
        schema_version,
        dependencies,
        create_before_destroy,
        tainted,
        marks_only,
        stored,
    } = change;
    write_instance(out, addr);
    out.option(previous_addr.as_ref(), write_instance);
    out.option(deposed.as_ref(), |out, key| out.text(&key.0));
    tables.provider(out, provider);
    write_key(out, provider_key.as_ref());
    write_choice(out, &ACTIONS, action)?;
    out.bool(reason.is_some());
    if let Some(reason) = reason {
        write_choice(out, &REASONS, reason)?;
    }
    tables.pair(out, before, after)?;
    tables.paths(out, replace_paths)?;
    out.blob(private);
    tables.pair(out, before_identity, after_identity)?;
    out.option(importing.as_ref(), |out, importing| {
        let Importing {
            id,
            unknown,
            generated_config,
        } = importing;
        out.option(id.as_ref(), |out, id| out.text(id));
        out.bool(*unknown);
        out.option(generated_config.as_ref(), |out, text| out.text(text));
    });
    out.number(*schema_version);
    tables.dependencies(out, dependencies);
    out.bool(*create_before_destroy);
    out.bool(*tainted);
    out.bool(*marks_only);
    write_state(out, tables, stored.as_deref())
}

fn read_change(bytes: &mut Reader<'_>, shared: &Shared) -> Result<ResourceChange> {
    let addr = read_instance(bytes)?;
    let previous_addr = bytes.option(read_instance)?;
    let deposed = bytes.option(Reader::text)?.map(DeposedKey);
    let provider = shared.provider(bytes)?;
    let provider_key = read_key(bytes)?;
    let action = read_choice(bytes, &ACTIONS)?;
    let reason = bytes.option(|bytes| read_choice(bytes, &REASONS))?;
    let (before, after) = shared.pair(bytes)?;
    let replace_paths = shared.paths(bytes)?;
    let private = bytes.shared()?;
    let (before_identity, after_identity) = shared.pair(bytes)?;
    let importing = bytes.option(|bytes| {
        Ok(Importing {
            id: bytes.option(Reader::text)?,
            unknown: bytes.bool()?,
            generated_config: bytes.option(|bytes| Ok(bytes.str()?.to_owned()))?,
        })
    })?;
    Ok(ResourceChange {
        addr,
        previous_addr,
        deposed,
        provider,
        provider_key,
        action,
        reason,
        before,
        after,
        replace_paths,
        private,
        before_identity,
        after_identity,
        importing,
        schema_version: bytes.number()?,
        dependencies: shared.dependencies(bytes)?,
        create_before_destroy: bytes.bool()?,
        tainted: bytes.bool()?,
        marks_only: bytes.bool()?,
        stored: read_state(bytes, shared)?,
    })
}

fn write_output(out: &mut Writer, tables: &mut Tables, output: &OutputChange) -> Result<()> {
    let OutputChange {
        name,
        action,
        before,
        after,
        sensitive,
    } = output;
    out.text(name);
    write_choice(out, &ACTIONS, action)?;
    tables.pair(out, before, after)?;
    out.bool(*sensitive);
    Ok(())
}

fn read_output(bytes: &mut Reader<'_>, shared: &Shared) -> Result<OutputChange> {
    let name = bytes.text()?;
    let action = read_choice(bytes, &ACTIONS)?;
    let (before, after) = shared.pair(bytes)?;
    Ok(OutputChange {
        name,
        action,
        before,
        after,
        sensitive: bytes.bool()?,
    })
}

fn write_drift(out: &mut Writer, tables: &mut Tables, drift: &Drift) -> Result<()> {
    let Drift {
        addr,
        previous_addr,
        deposed,
        provider,
        before,
        after,
        identity,
        refreshed,
    } = drift;
    write_instance(out, addr);
    out.option(previous_addr.as_ref(), write_instance);
    out.option(deposed.as_ref(), |out, key| out.text(&key.0));
    tables.provider(out, provider);
    tables.pair(out, before, after)?;
    tables.pair(out, &identity.0, &identity.1)?;
    write_state(out, tables, refreshed.as_deref())
}

fn read_drift(bytes: &mut Reader<'_>, shared: &Shared) -> Result<Drift> {
    let addr = read_instance(bytes)?;
    let previous_addr = bytes.option(read_instance)?;
    let deposed = bytes.option(Reader::text)?.map(DeposedKey);
    let provider = shared.provider(bytes)?;
    let (before, after) = shared.pair(bytes)?;
    Ok(Drift {
        addr,
        previous_addr,
        deposed,
        provider,
        before,
        after,
        identity: shared.pair(bytes)?,
        refreshed: read_state(bytes, shared)?,
    })
}

fn write_ephemerals(plan: &Plan, tables: &mut Tables) -> Writer {
    let mut out = Writer::default();
    out.length(plan.ephemerals.len());
    for EphemeralInstance {
        addr,
        provider,
        provider_key,
    } in &plan.ephemerals
    {
        write_instance(&mut out, addr);
        tables.provider(&mut out, provider);
        write_key(&mut out, provider_key.as_ref());
    }
    out.list(plan.apply_time_variables.iter(), |out, name| out.text(name));
    out
}

fn read_ephemerals(
    bytes: &mut Reader<'_>,
    shared: &Shared,
) -> Result<(Vec<EphemeralInstance>, Vec<ecow::EcoString>)> {
    let instances = bytes.list(|bytes| {
        Ok(EphemeralInstance {
            addr: read_instance(bytes)?,
            provider: shared.provider(bytes)?,
            provider_key: read_key(bytes)?,
        })
    })?;
    Ok((instances, bytes.list(Reader::text)?))
}

/// What views show and applying does not need.
fn write_shown(plan: &Plan, tables: &mut Tables) -> Result<Writer> {
    let mut out = Writer::default();
    out.length(plan.given.len());
    for (name, value) in &plan.given {
        out.text(name);
        tables.value(&mut out, value)?;
    }
    let LeftOut { objects, outputs } = &plan.left_out;
    out.length(objects.len());
    for change in objects {
        write_change(&mut out, tables, change)?;
    }
    out.length(outputs.len());
    for output in outputs {
        write_output(&mut out, tables, output)?;
    }
    Ok(out)
}

fn read_shown(
    bytes: &mut Reader<'_>,
    shared: &Shared,
) -> Result<(BTreeMap<ecow::EcoString, Value>, LeftOut)> {
    let given = bytes.list(|bytes| Ok((bytes.text()?, shared.value(bytes)?)))?;
    let left_out = LeftOut {
        objects: bytes.list(|bytes| read_change(bytes, shared))?,
        outputs: bytes.list(|bytes| read_output(bytes, shared))?,
    };
    Ok((given.into_iter().collect(), left_out))
}

const DEFERRALS: [DeferredReason; 6] = [
    DeferredReason::Unknown,
    DeferredReason::ResourceConfigUnknown,
    DeferredReason::ProviderConfigUnknown,
    DeferredReason::AbsentPrerequisite,
    DeferredReason::DeferredPrerequisite,
    DeferredReason::InstanceCountUnknown,
];

/// What is put off: reason and change, which is not done.
fn write_deferred(plan: &Plan, tables: &mut Tables) -> Result<Writer> {
    let mut out = Writer::default();
    out.length(plan.deferred.len());
    for DeferredChange { reason, change } in &plan.deferred {
        write_choice(&mut out, &DEFERRALS, reason)?;
        write_change(&mut out, tables, change)?;
    }
    Ok(out)
}

fn read_deferred(bytes: &mut Reader<'_>, shared: &Shared) -> Result<DeferredChange> {
    Ok(DeferredChange {
        reason: read_choice(bytes, &DEFERRALS)?,
        change: read_change(bytes, shared)?,
    })
}

fn write_claim(plan: &Plan) -> Writer {
    let access = |out: &mut Writer, access: Access| out.bool(access == Access::Write);
    let mut out = Writer::default();
    match plan.claim.to_all() {
        None => out.bool(false),
        Some(all) => {
            out.bool(true);
            access(&mut out, all);
        }
    }
    let parts: Vec<_> = plan.claim.parts().collect();
    out.list(parts.iter(), |out, (part, how)| {
        access(out, *how);
        match part {
            Part::Resource(addr) => {
                out.byte(0);
                write_config(out, addr);
            }
            Part::Instance(addr) => {
                out.byte(1);
                write_instance(out, addr);
            }
            Part::Output(name) => {
                out.byte(2);
                out.text(name);
            }
        }
    });
    out.list(plan.base.open.iter(), |out, op| out.number(*op));
    out
}

fn read_claim(bytes: &mut Reader<'_>) -> Result<(Claim, Vec<u64>)> {
    let access = |bytes: &mut Reader<'_>| -> Result<Access> {
        Ok(if bytes.bool()? {
            Access::Write
        } else {
            Access::Read
        })
    };
    let mut claim = Claim::nothing();
    if bytes.bool()? {
        claim = Claim::all(access(bytes)?);
    }
    let parts = bytes.list(|bytes| {
        let how = access(bytes)?;
        let part = match bytes.byte()? {
            0 => Part::Resource(read_config(bytes)?),
            1 => Part::Instance(read_instance(bytes)?),
            2 => Part::Output(bytes.text()?),
            _ => return Err(FileError::Malformed("a part of the state is of no kind")),
        };
        Ok((part, how))
    })?;
    for (part, how) in parts {
        claim.add(part, how);
    }
    Ok((claim, bytes.list(Reader::number)?))
}

fn write_step(out: &mut Writer, step: &Step) {
    let Step { kind, after } = step;
    let (tag, change) = match kind {
        StepKind::Apply(change) => (0, Some(*change)),
        StepKind::Destroy(change) => (1, Some(*change)),
        StepKind::Forget(change) => (2, Some(*change)),
        StepKind::Join => (3, None),
        StepKind::Open(instance) => (4, Some(*instance)),
        StepKind::Close(instance) => (5, Some(*instance)),
        StepKind::Invoke(invocation) => (6, Some(*invocation)),
    };
    out.byte(tag);
    if let Some(change) = change {
        out.number(u64::from(change));
    }
    out.list(after.iter(), |out, step| out.number(u64::from(step.0)));
}

/// Steps refer to changes and to each other: what does not exist is refused here, so that nobody else has to ask.
fn read_graph(
    bytes: &mut Reader<'_>,
    (changes, leases, invocations): (usize, usize, usize),
) -> Result<ExecGraph> {
    let below = |bytes: &mut Reader<'_>, bound: usize| {
        let change = bytes.number32()?;
        let known = usize::try_from(change).is_ok_and(|change| change < bound);
        known
            .then_some(change)
            .ok_or(FileError::Malformed("a step has no change"))
    };
    let change = |bytes: &mut Reader<'_>| below(bytes, changes);
    let steps = bytes.list(|bytes| {
        let kind = match bytes.byte()? {
            0 => StepKind::Apply(change(bytes)?),
            1 => StepKind::Destroy(change(bytes)?),
            2 => StepKind::Forget(change(bytes)?),
            3 => StepKind::Join,
            4 => StepKind::Open(below(bytes, leases)?),
            5 => StepKind::Close(below(bytes, leases)?),
            6 => StepKind::Invoke(below(bytes, invocations)?),
            _ => return Err(FileError::Malformed("a step is of no kind")),
        };
        let after = bytes.list(|bytes| Ok(StepId(bytes.number32()?)))?;
        Ok(Step { kind, after })
    })?;
    let known = |step: &StepId| usize::try_from(step.0).is_ok_and(|step| step < steps.len());
    if !steps.iter().all(|step| step.after.iter().all(known)) {
        return Err(FileError::Malformed("a step waits for no step"));
    }
    Ok(ExecGraph { steps })
}
