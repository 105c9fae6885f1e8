//! Whether an expression renders templates.

use super::node::{Code, Node, Part, Step, StepKind};

/// Whether a call of a function that renders templates is a part of the expression.
pub(super) fn renders_templates(code: &Code) -> bool {
    match &code.node {
        Node::Constant(_) | Node::Slot(_) | Node::Local(..) | Node::Failed | Node::Fault(_) => {
            false
        }
        Node::Keyed(_, key) => renders_templates(&key.0.code),
        Node::Path(source, steps) => renders_templates(source) || steps.iter().any(step),
        Node::Template(parts) => parts.iter().any(part),
        Node::Call(call) => call.function.renders_templates || any(&call.args),
        Node::ProviderCall(call) => any(&call.args),
        Node::Try(args) | Node::Tuple(args) => any(args),
        Node::Can(inner) | Node::TypeOf(inner) | Node::Unary(_, inner) => renders_templates(inner),
        Node::Spread(spread) => any(&spread.args),
        Node::Convert(convert) => renders_templates(&convert.value),
        Node::Conditional(parts) => any(&parts[..]),
        Node::Binary(first, rest) => {
            renders_templates(first) || rest.iter().any(|more| renders_templates(&more.operand))
        }
        Node::Shaped(shaped) => shaped
            .values
            .iter()
            .any(|(_, value)| renders_templates(value)),
        Node::Object(entries) => entries
            .iter()
            .any(|(key, value)| renders_templates(key) || renders_templates(value)),
        Node::For(parts) => {
            renders_templates(&parts.collection)
                || renders_templates(&parts.value)
                || parts.key.as_ref().is_some_and(renders_templates)
                || parts.condition.as_ref().is_some_and(renders_templates)
        }
    }
}

fn any(all: &[Code]) -> bool {
    all.iter().any(renders_templates)
}

fn step(step: &Step) -> bool {
    match &step.kind {
        StepKind::Attr(_) => false,
        StepKind::Index(key) => renders_templates(key),
        StepKind::Splat(steps) => steps.iter().any(self::step),
    }
}

fn part(part: &Part) -> bool {
    match part {
        Part::Literal(_) => false,
        Part::Interpolation(code) => renders_templates(code),
        Part::If(parts) => {
            renders_templates(&parts.condition)
                || parts.then.iter().any(self::part)
                || parts.otherwise.iter().any(self::part)
        }
        Part::For(parts) => {
            renders_templates(&parts.collection) || parts.body.iter().any(self::part)
        }
    }
}
