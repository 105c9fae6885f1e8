//! Stored objects and outputs, written the way a configuration would have them.

use super::diff::{Change, dynamic};
use super::draw::{Options, draw, name};
use super::resource::{compare, different, header};
use super::{Schemas, Style};
use std::fmt;
use terrane_model::addr::{DeposedKey, InstanceAddr, ProviderConfigAddr};
use terrane_model::snapshot::{ObjectState, OutputState, Snapshot, Status};
use terrane_value::{Marks, Value};

/// The block of a stored object, without the comment above it. The value is marked where it is sensitive.
#[must_use]
pub fn render_object(
    addr: &InstanceAddr,
    provider: &ProviderConfigAddr,
    value: &Value,
    schemas: Schemas<'_>,
    style: Style,
) -> String {
    let change = Change::new(value, value, style.show_sensitive);
    let diff = compare(&change, addr, provider, schemas);
    let mut out = String::new();
    header(&mut out, addr);
    draw(&mut out, &diff, 0, still(style));
    out.push('\n');
    out
}

/// The block of an instance with what is different between two of its stored objects. A null one stands for none. The values are marked
/// where they are sensitive.
#[must_use]
pub fn render_difference(
    addr: &InstanceAddr,
    provider: &ProviderConfigAddr,
    objects: (&Value, &Value),
    schemas: Schemas<'_>,
    style: Style,
) -> String {
    different(addr, provider, objects, schemas, style)
}

/// Things as they are: everything, and no symbols.
fn still(style: Style) -> Options {
    Options {
        color: style.color,
        unchanged: true,
        no_symbols: true,
        ..Options::default()
    }
}

/// A value as an expression, over several lines where it has parts.
#[must_use]
pub fn render_value(value: &Value, style: Style) -> String {
    let diff = dynamic(&Change::new(value, value, style.show_sensitive));
    let mut out = String::new();
    draw(&mut out, &diff, 0, still(style));
    out
}

/// Outputs, one `name = value` each, in the order of their names.
#[must_use]
pub fn render_outputs<'a>(
    outputs: impl IntoIterator<Item = (&'a str, &'a OutputState)>,
    style: Style,
) -> String {
    let mut out = String::new();
    for (label, output) in outputs {
        let value = if output.sensitive {
            output.value.clone().with_marks(&Marks::SENSITIVE)
        } else {
            output.value.clone()
        };
        out.push_str(&name(label));
        out.push_str(" = ");
        out.push_str(&render_value(&value, style));
        out.push('\n');
    }
    out
}

/// Everything that is stored: what `show` says without a plan.
///
/// `decode` makes the value of a stored object, with marks; an object for which it gives nothing is only named.
///
/// # Errors
/// Those of `out`.
pub fn render_snapshot(
    out: &mut dyn fmt::Write,
    snapshot: &Snapshot,
    decode: &dyn Fn(&InstanceAddr, &ProviderConfigAddr, &ObjectState) -> Option<Value>,
    schemas: Schemas<'_>,
    style: Style,
) -> fmt::Result {
    if snapshot.resources.is_empty() && snapshot.outputs.is_empty() {
        return out.write_str("The state file is empty. No resources are represented.\n");
    }
    let mut first = true;
    for (addr, resource, instance) in snapshot.instances() {
        let current = instance.current.iter().map(|object| (None, object));
        let deposed = instance.deposed.iter();
        let deposed = deposed.map(|(key, object)| (Some(key), object));
        for (key, object) in current.chain(deposed) {
            if !first {
                out.write_char('\n')?;
            }
            first = false;
            writeln!(out, "# {addr}:{}", remark(key, object))?;
            let text = match decode(&addr, &resource.provider, object) {
                Some(value) => render_object(&addr, &resource.provider, &value, schemas, style),
                None => "# (its schema is not at hand)\n".to_owned(),
            };
            out.write_str(&text)?;
        }
    }
    if !snapshot.outputs.is_empty() {
        out.write_str(if first {
            "\nOutputs:\n\n"
        } else {
            "\n\nOutputs:\n\n"
        })?;
        let outputs = snapshot.outputs.iter();
        let outputs = outputs.map(|(name, output)| (name.as_str(), output));
        out.write_str(&render_outputs(outputs, style))?;
    }
    Ok(())
}

fn remark(deposed: Option<&DeposedKey>, object: &ObjectState) -> String {
    match (deposed, object.status) {
        (Some(key), _) => format!(" (deposed object {key})"),
        (None, Status::Tainted) => " (tainted)".to_owned(),
        (None, Status::Ready) => String::new(),
    }
}
