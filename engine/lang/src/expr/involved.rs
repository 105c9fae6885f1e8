//! Values that took part in an error.

use super::eval::Evaluator;
use super::node::{Code, Node, Part, Step, StepKind};
use super::values;
use terrane_value::display::shortened;
use terrane_value::{Kind, Type, Value};

/// More than these help nobody.
const MOST: usize = 12;

impl Evaluator<'_> {
    /// References under a node with a word on their values: known, not sensitive, each once.
    #[inline(never)]
    pub(super) fn involved(&mut self, code: &Code) -> Vec<(String, String)> {
        let mut found = self.all_involved(code);
        found.retain(|(_, text)| !text.ends_with(LATER));
        found
    }

    /// With those that are not known yet.
    pub(super) fn all_involved(&mut self, code: &Code) -> Vec<(String, String)> {
        let messages = self.diagnostics.len();
        let mut found = Vec::new();
        let visible = self.frame.len();
        self.collect(code, visible, &mut found);
        self.diagnostics.truncate(messages);
        found.sort();
        found.dedup();
        found
    }

    fn collect(&mut self, code: &Code, visible: usize, found: &mut Vec<(String, String)>) {
        if found.len() >= MOST || self.depth >= super::eval::MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match &code.node {
            Node::Constant(_) | Node::Failed | Node::Fault(_) => {}
            Node::Slot(_) | Node::Local(..) => self.reference(code, &[], visible, found),
            Node::Keyed(_, key) => {
                self.collect(&key.0.code, visible, found);
                self.reference(code, &[], visible, found);
            }
            Node::Path(source, steps) => {
                if let Node::Keyed(_, key) = &source.node {
                    self.collect(&key.0.code, visible, found);
                }
                match &source.node {
                    Node::Slot(_) | Node::Local(..) | Node::Keyed(..) => {
                        self.reference(source, steps, visible, found);
                    }
                    _ => self.collect(source, visible, found),
                }
                self.collect_steps(steps, visible, found);
            }
            Node::Template(parts) => self.collect_parts(parts, visible, found),
            Node::Call(call) => self.collect_all(&call.args, visible, found),
            Node::ProviderCall(call) => self.collect_all(&call.args, visible, found),
            Node::Spread(spread) => self.collect_all(&spread.args, visible, found),
            Node::Try(items) | Node::Tuple(items) => self.collect_all(items, visible, found),
            Node::Can(inner) | Node::TypeOf(inner) | Node::Unary(_, inner) => {
                self.collect(inner, visible, found);
            }
            Node::Convert(convert) => self.collect(&convert.value, visible, found),
            Node::Conditional(parts) => self.collect_all(&parts[..], visible, found),
            Node::Binary(first, rest) => {
                self.collect(first, visible, found);
                for more in rest {
                    self.collect(&more.operand, visible, found);
                }
            }
            Node::Shaped(shaped) => {
                for (_, value) in &shaped.values {
                    self.collect(value, visible, found);
                }
            }
            Node::Object(entries) => {
                for (key, value) in entries {
                    self.collect(key, visible, found);
                    self.collect(value, visible, found);
                }
            }
            Node::For(parts) => {
                self.collect(&parts.collection, visible, found);
                for part in [
                    parts.key.as_ref(),
                    Some(&parts.value),
                    parts.condition.as_ref(),
                ]
                .into_iter()
                .flatten()
                {
                    self.collect(part, visible, found);
                }
            }
        }
        self.depth -= 1;
    }

    fn collect_all(&mut self, items: &[Code], visible: usize, found: &mut Vec<(String, String)>) {
        for item in items {
            self.collect(item, visible, found);
        }
    }

    fn collect_steps(&mut self, steps: &[Step], visible: usize, found: &mut Vec<(String, String)>) {
        for step in steps {
            match &step.kind {
                StepKind::Attr(_) => {}
                StepKind::Index(key) => self.collect(key, visible, found),
                StepKind::Splat(each) => self.collect_steps(each, visible, found),
            }
        }
    }

    fn collect_parts(&mut self, parts: &[Part], visible: usize, found: &mut Vec<(String, String)>) {
        for part in parts {
            match part {
                Part::Literal(_) => {}
                Part::Interpolation(code) => self.collect(code, visible, found),
                Part::If(parts) => {
                    self.collect(&parts.condition, visible, found);
                    self.collect_parts(&parts.then, visible, found);
                    self.collect_parts(&parts.otherwise, visible, found);
                }
                Part::For(parts) => {
                    self.collect(&parts.collection, visible, found);
                    self.collect_parts(&parts.body, visible, found);
                }
            }
        }
    }

    /// One reference: as many of its plain steps as lead to a value.
    fn reference(
        &mut self,
        source: &Code,
        steps: &[Step],
        visible: usize,
        found: &mut Vec<(String, String)>,
    ) {
        let mut name = match &source.node {
            Node::Slot(slot) | Node::Keyed(slot, _) => self.scope.name(*slot).to_string(),
            // Inside of a `for` that is not running there is no value.
            Node::Local(at, name) if *at < visible => name.to_string(),
            _ => return,
        };
        if let Node::Keyed(slot, key) = &source.node {
            match self.eval(&key.0.code) {
                Ok(key) => name = self.scope.keyed_name(*slot, &index_text(&key)).to_string(),
                Err(_) => return,
            }
        }
        let Ok(mut value) = self.eval(source) else {
            return;
        };
        for step in steps {
            let next = match &step.kind {
                StepKind::Attr(attribute) => super::eval_path::attribute(&value, attribute)
                    .map(|value| (value, format!(".{attribute}"))),
                StepKind::Index(code) => match self.eval(code) {
                    Ok(key) => {
                        super::eval_path::index(&value, &key).map(|value| (value, index_text(&key)))
                    }
                    Err(_) => break,
                },
                StepKind::Splat(_) => break,
            };
            match next {
                Ok((next, text)) => {
                    value = next;
                    name.push_str(&text);
                }
                Err(_) => break,
            }
        }
        found.extend(describe(&value).map(|text| (name, text)));
    }
}

fn index_text(key: &Value) -> String {
    match key.kind() {
        Kind::String(text) => format!("[{}]", values::quote(text)),
        Kind::Number(number) => format!("[{number}]"),
        _ => String::from("[...]"),
    }
}

/// How much of a value is shown.
const MOST_CHARACTERS: usize = 80;

/// What is said of unknown values.
const LATER: &str = "known only after apply";

/// A word on a value, as `is "a"`; of a sensitive or ephemeral one only that it is.
fn describe(value: &Value) -> Option<String> {
    if value.marks().is_sensitive() {
        return Some("has a sensitive value".into());
    }
    if value.marks().is_ephemeral() {
        return Some("has an ephemeral value".into());
    }
    let value = value.unmarked();
    let count = |length: usize, thing: &str| match length {
        1 => format!("1 {thing}"),
        _ => format!("{length} {thing}s"),
    };
    let type_name = || values::type_name(&value.ty());
    Some(match value.kind() {
        Kind::Unknown(Type::Dynamic, _) => format!("is {LATER}"),
        Kind::Unknown(..) => {
            let name = type_name();
            let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
                "an"
            } else {
                "a"
            };
            format!("is {article} {name}, {LATER}")
        }
        Kind::Null(_) => String::from("is null"),
        Kind::Bool(value) => format!("is {value}"),
        Kind::Number(number) => format!("is {}", shorten(&number.text())),
        Kind::String(text) => format!("is {}", shorten(&values::quote(text))),
        Kind::List(items) | Kind::Set(items) if items.is_empty() => {
            format!("is empty {}", type_name())
        }
        Kind::Map(map) if map.is_empty() => format!("is empty {}", type_name()),
        Kind::List(items) | Kind::Set(items) => {
            format!("is {} with {}", type_name(), count(items.len(), "element"))
        }
        Kind::Map(map) => format!("is {} with {}", type_name(), count(map.len(), "element")),
        Kind::Tuple([]) => String::from("is empty tuple"),
        Kind::Tuple(items) => format!("is tuple with {}", count(items.len(), "element")),
        Kind::Object(object) => match &object.names()[..] {
            [] => String::from("is object with no attributes"),
            [name] => format!(
                "is object with 1 attribute {}",
                shorten(&values::quote(name))
            ),
            names => format!("is object with {} attributes", names.len()),
        },
        Kind::Marked(..) => return None,
    })
}

fn shorten(text: &str) -> String {
    shortened(text, MOST_CHARACTERS)
}
