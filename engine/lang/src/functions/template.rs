//! Templates: `templatefile` and `templatestring`.

use super::args::{text, unknown, value};
use super::string::shown;
use super::table::{Context, Fault, Function, Param, TOO_MANY_STEPS, Ty};
use crate::diagnostic::Diagnostics;
use crate::expr::simple::Names;
use crate::expr::values;
use crate::rules;
use crate::source::SourceMap;
use crate::syntax::parse::parse_template;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "templatefile",
        &[Param::new("path", Ty::String), VARS],
        Ty::Any,
        templatefile,
        "The content of a file as a template, filled in.",
    )
    .by(any_type)
    .nullable()
    .renders_templates(),
    Function::new(
        "templatestring",
        &[Param::new("template", Ty::String), VARS],
        Ty::Any,
        templatestring,
        "A text as a template, filled in.",
    )
    .by(any_type)
    .nullable()
    .renders_templates(),
];

const VARS: Param = Param::new("vars", Ty::Any);

/// The most templates within each other.
const MAX_TEMPLATES: usize = 1024;

/// The stack that the evaluation of one template may need, in bytes: all levels that an expression may have, in a build without optimization.
const STACK_FOR_ONE: usize = 4 << 20;

/// What is taken at a time where there is less.
const STACK_AT_A_TIME: usize = 32 << 20;

/// What it costs to come to the bound, in steps: an evaluation can afford that a few times, so that the message gets through.
const COST_OF_BOTTOM: u64 = 10_000_000;

/// What is said of an error in nested templates, in bytes: from then on the inner ones alone are named.
const LONG_ENOUGH: usize = 1000;

const TOO_DEEP: &str = "maximum recursion depth of templates that render templates reached";

fn any_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

fn templatefile(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let path = text(args, 0);
    let vars = variables(value(args, 1), context)?;
    let Some(vars) = vars else {
        return Ok(unknown(Type::Dynamic));
    };
    let template = super::file::read_text(path, context)?;
    let name = if context.sensitive {
        "(sensitive value)"
    } else {
        path
    };
    render(name, template, &vars, context)
}

fn templatestring(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let vars = variables(value(args, 1), context)?;
    let Some(vars) = vars else {
        return Ok(unknown(Type::Dynamic));
    };
    render(
        "<templatestring argument>",
        text(args, 0).to_owned(),
        &vars,
        context,
    )
}

/// The names and values of the second argument; `None` if they are not known.
fn variables(
    vars: &Value,
    context: &Context<'_>,
) -> Result<Option<BTreeMap<EcoString, Value>>, Fault> {
    let mut named = BTreeMap::new();
    match (vars.kind(), vars.ty()) {
        (Kind::Map(map), _) => {
            named.extend(
                map.iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        (Kind::Object(object), _) => {
            named.extend(
                object
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        (Kind::Unknown(..), Type::Map(_) | Type::Object(_) | Type::Dynamic) => return Ok(None),
        _ => return Err(Fault::new("invalid vars value: must be a map").at(1)),
    }
    if let Some(bad) = named.keys().find(|name| !values::is_identifier(name)) {
        return Err(Fault::new(format!(
            "invalid template variable name {}: must start with a letter, followed by zero or more letters, digits, and underscores",
            shown(bad, context)
        ))
        .at(1));
    }
    Ok(Some(named))
}

fn render(
    name: &str,
    template: String,
    vars: &BTreeMap<EcoString, Value>,
    context: &Context<'_>,
) -> Result<Value, Fault> {
    let Some(level) = context.work.enter_template(MAX_TEMPLATES) else {
        // A template that renders itself twice would come here as often as two to the power of the depth.
        context.work.spend(COST_OF_BOTTOM);
        return Err(Fault::new(TOO_DEEP));
    };
    let made = stacker::maybe_grow(STACK_FOR_ONE, STACK_AT_A_TIME, || {
        render_here(name, &template, vars, context)
    });
    context.work.leave_template(level);
    made
}

fn render_here(
    name: &str,
    template: &str,
    vars: &BTreeMap<EcoString, Value>,
    context: &Context<'_>,
) -> Result<Value, Fault> {
    // Reading the template is work too.
    context.charge(1000 + template.len())?;
    let mut sources = SourceMap::default();
    let file = sources.add(name, template);
    let (expr, diagnostics) = parse_template(file, template);
    let Some(expr) = expr else {
        return Err(told(&diagnostics, &sources));
    };
    Names::new(vars, context.functions)
        .for_template(context.providers.cloned())
        .evaluate_at(&expr, context.work)
        .map_err(|diagnostics| told(&diagnostics, &sources))
}

/// Messages from within a template as one phrase.
fn told(diagnostics: &Diagnostics, sources: &SourceMap) -> Fault {
    let Some(first) = diagnostics.iter().next() else {
        return Fault::new("the template can't be rendered");
    };
    // What ends everything is said once, not at every level.
    for one in diagnostics.iter() {
        if one.detail.contains(TOO_DEEP) || one.is(&rules::expr::EVALUATION_TOO_DEEP) {
            return Fault::new(TOO_DEEP);
        }
        if one.detail.contains(TOO_MANY_STEPS) || one.is(&rules::expr::TOO_MANY_STEPS) {
            return Fault::new(TOO_MANY_STEPS);
        }
    }
    let place = first
        .subject
        .map(|subject| sources.locate(subject))
        .unwrap_or_default();
    let more = match diagnostics.len() {
        1 => String::new(),
        count => format!(", and {} other diagnostic(s)", count - 1),
    };
    if let Some(missing) = first.detail.strip_prefix(crate::expr::simple::MISSING) {
        return Fault::new(format!(
            "vars map does not contain key {}, referenced at {place}{more}",
            missing.trim_end_matches('.')
        ))
        .at(1);
    }
    let detail = first.detail.trim_end_matches('.');
    if detail.len() > LONG_ENOUGH {
        // The caller says again which function failed.
        let inner = ["templatefile", "templatestring"]
            .iter()
            .find_map(|name| detail.strip_prefix(&format!("Call to function \"{name}\" failed: ")));
        return Fault::new(inner.unwrap_or(detail).to_owned());
    }
    Fault::new(format!("{place}: {}; {detail}{more}", first.summary))
}
