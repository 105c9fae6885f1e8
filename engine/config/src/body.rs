//! Bodies compiled against a schema.

use crate::rules;
use crate::schema_types::conversion_type;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::expr::{Compiled, Scope, Use};
use terrane_lang::source::Span;
use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting};
use terrane_value::convert::convert;
use terrane_value::{Kind, Marks, Path, PathStep, Type, Value};

/// The inside of a block, compiled: an expression per attribute, nested blocks, dynamic blocks.
#[derive(Clone, Debug)]
pub struct CompiledBody {
    /// The schema.
    pub schema: Arc<Block>,
    /// By attribute, in the order of the schema (lexical); `None`: not set.
    pub attributes: Vec<Option<Compiled>>,
    /// Of attributes that are written as blocks, some of them dynamic, by position: the blocks that are not. What is shown of a configuration has no place for
    /// the others.
    pub written_statically: BTreeMap<usize, Option<Compiled>>,
    /// By nested block type, in the order of the schema: the blocks in source order.
    pub blocks: Vec<Vec<NestedItem>>,
    /// The block header, where messages about the whole point to.
    pub span: Span,
    shape: Arc<Shape>,
}

/// What all bodies of one schema share.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Names of attributes and block types together, sorted: those of the value.
    names: Arc<[EcoString]>,
    /// By attribute, then by block type: the position in `names`.
    positions: Vec<usize>,
    /// By attribute: the type to which its value is converted.
    types: Vec<Type>,
    /// By attribute: its value where it is not set.
    nulls: Vec<Value>,
}

impl Shape {
    pub(crate) fn new(schema: &Block) -> Self {
        let all: Vec<&EcoString> = schema
            .attributes
            .keys()
            .chain(schema.blocks.keys())
            .collect();
        let mut names: Vec<EcoString> = all.iter().map(|name| (*name).clone()).collect();
        names.sort();
        let positions = all
            .iter()
            .map(|name| names.partition_point(|known| known < *name))
            .collect();
        Self {
            names: names.into(),
            positions,
            types: schema.attributes.values().map(conversion_type).collect(),
            nulls: schema
                .attributes
                .values()
                .map(|attribute| Value::null(attribute.value_type()))
                .collect(),
        }
    }
}

/// A nested block as written.
#[derive(Clone, Debug)]
pub enum NestedItem {
    /// A block.
    Static {
        /// Its label, for blocks in a map.
        label: Option<EcoString>,
        /// Its inside.
        body: CompiledBody,
    },
    /// A `dynamic` block.
    Dynamic {
        /// What it iterates over.
        for_each: Compiled,
        /// Its label, for blocks in a map: evaluated with the iterator in scope.
        label: Option<Compiled>,
        /// Its inside, compiled with one more lexical name (the iterator) behind those of the outside.
        content: CompiledBody,
        /// The block header.
        span: Span,
    },
}

/// What became of the blocks of one type.
#[derive(Default)]
struct Collected {
    /// Label (for maps) and value of each, in order.
    items: Vec<(Option<EcoString>, Value)>,
    /// Marks of the collections iterated over.
    marks: Marks,
    /// Whether the number of blocks can't be told yet.
    unknown: bool,
}

impl CompiledBody {
    /// A body in which nothing is set.
    #[must_use]
    pub fn empty(schema: Arc<Block>, span: Span) -> Self {
        let shape = Arc::new(Shape::new(&schema));
        Self::shaped(schema, shape, span)
    }

    /// A body in which nothing is set, with a shape that others of the schema have too.
    pub(crate) fn shaped(schema: Arc<Block>, shape: Arc<Shape>, span: Span) -> Self {
        let attributes = schema.attributes.iter().map(|_| None).collect();
        let blocks = schema.blocks.iter().map(|_| Vec::new()).collect();
        Self {
            attributes,
            written_statically: BTreeMap::new(),
            blocks,
            span,
            shape,
            schema,
        }
    }

    /// Computes the value: an object of the schema's implied type, with marks. `locals` are the iterators of outer `dynamic` blocks.
    ///
    /// # Errors
    /// All messages (wrong types with the attribute's place, missing required attributes, too few or too many blocks).
    pub fn eval(&self, scope: &dyn Scope, locals: &[Value]) -> Result<Value, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut values = vec![None; self.shape.names.len()];
        let mut positions = self.shape.positions.iter();
        for ((((name, attribute), compiled), ty), null) in self
            .schema
            .attributes
            .iter()
            .zip(&self.attributes)
            .zip(&self.shape.types)
            .zip(&self.shape.nulls)
        {
            let value = match compiled {
                None => Some(null.clone()),
                Some(compiled) => compiled
                    .eval(scope, locals)
                    .and_then(|value| attribute_value(name, attribute, compiled, ty, &value))
                    .map_err(|found| problems.extend(found))
                    .ok(),
            };
            if let Some(slot) = positions.next().and_then(|at| values.get_mut(*at)) {
                *slot = value;
            }
        }
        for ((name, nested), items) in self.schema.blocks.iter().zip(&self.blocks) {
            let value = collect(items, scope, locals, &mut problems)
                .and_then(|found| self.block_value(name, nested, found, &mut problems));
            if let Some(slot) = positions.next().and_then(|at| values.get_mut(*at)) {
                *slot = value;
            }
        }
        match values.into_iter().collect::<Option<Vec<Value>>>() {
            Some(values) if !problems.has_errors() => {
                Ok(Value::object_shaped(self.shape.names.clone(), values))
            }
            _ => Err(problems),
        }
    }

    /// The value of all blocks of one type together, or its problems.
    fn block_value(
        &self,
        name: &EcoString,
        nested: &NestedBlock,
        found: Collected,
        problems: &mut Diagnostics,
    ) -> Option<Value> {
        let Collected {
            items,
            marks,
            unknown,
        } = found;
        if unknown {
            return Some(Value::unknown(nested.value_type()).with_marks(&marks));
        }
        let count = items.len() as u64;
        let mut fail = |headline: Headline, detail: String| {
            problems.push(Diagnostic::error(headline, detail).at(self.span));
            None
        };
        let single = matches!(nested.nesting, Nesting::Single | Nesting::Group);
        if count < nested.min && single {
            return fail(
                rules::body::MISSING_BLOCK.named(format!("Missing {name} block")),
                format!("A block of type \"{name}\" is required here."),
            );
        }
        if count < nested.min {
            return fail(
                rules::body::TOO_FEW_BLOCKS.named(format!("Insufficient {name} blocks")),
                format!("At least {} \"{name}\" blocks are required.", nested.min),
            );
        }
        if single && count > 1 {
            return fail(
                rules::body::DUPLICATE_BLOCK.named(format!("Duplicate {name} block")),
                format!("Only one block of type \"{name}\" is allowed."),
            );
        }
        if nested.max > 0 && count > nested.max {
            return fail(
                rules::body::TOO_MANY_BLOCKS.named(format!("Too many {name} blocks")),
                format!("No more than {} \"{name}\" blocks are allowed", nested.max),
            );
        }
        let element = nested.block.implied_type().clone();
        let mut values = items.into_iter();
        let value = match nested.nesting {
            Nesting::Single | Nesting::Group => match values.next() {
                Some((_, value)) => value,
                None => nested.empty_value(),
            },
            Nesting::List if element.has_dynamic() => {
                Value::tuple(values.map(|(_, value)| value).collect())
            }
            Nesting::List => Value::list(element, values.map(|(_, value)| value).collect()),
            Nesting::Set => Value::set(element, values.map(|(_, value)| value).collect()),
            Nesting::Map => {
                let mut entries = BTreeMap::new();
                for (label, value) in values {
                    let label = label.unwrap_or_default();
                    if entries.insert(label.clone(), value).is_some() {
                        return fail(
                            rules::body::DUPLICATE_BLOCK_LABEL
                                .named(format!("Duplicate {name} block")),
                            format!(
                                "A block for {name} \"{label}\" was already defined. The {name} labels must be unique."
                            ),
                        );
                    }
                }
                if element.has_dynamic() {
                    Value::object(entries)
                } else {
                    Value::map(element, entries)
                }
            }
        };
        Some(value.with_marks(&marks))
    }

    /// Calls `visit` with every reference in it, at any depth.
    pub fn each_use(&self, visit: &mut dyn FnMut(&Use)) {
        for compiled in self.attributes.iter().flatten() {
            compiled.uses().iter().for_each(&mut *visit);
        }
        for item in self.blocks.iter().flatten() {
            match item {
                NestedItem::Static { label: _, body } => body.each_use(visit),
                NestedItem::Dynamic {
                    for_each,
                    label,
                    content,
                    span: _,
                } => {
                    for_each.uses().iter().for_each(&mut *visit);
                    if let Some(label) = label {
                        label.uses().iter().for_each(&mut *visit);
                    }
                    content.each_use(visit);
                }
            }
        }
    }

    /// Where the value at `path` is set, as near as can be told; the header if it is not set.
    #[must_use]
    pub fn span_of(&self, path: &Path) -> Span {
        self.span_of_steps(&path.0)
    }

    fn span_of_steps(&self, steps: &[PathStep]) -> Span {
        let Some((PathStep::Attr(name), rest)) = steps.split_first() else {
            return self.span;
        };
        if let Some(compiled) = self.attribute(name) {
            return compiled.span();
        }
        let Some(at) = self.schema.blocks.keys().position(|known| known == name) else {
            return self.span;
        };
        let items = self.blocks.get(at).map_or(&[][..], Vec::as_slice);
        let (key, inner) = match rest.split_first() {
            Some((PathStep::Index(key), inner)) => (Some(key), inner),
            _ => (None, rest),
        };
        // Behind a dynamic block positions can't be told apart.
        let has_dynamic = items
            .iter()
            .any(|item| matches!(item, NestedItem::Dynamic { .. }));
        let index = key
            .and_then(Value::as_number)
            .and_then(|number| number.to_string().parse::<usize>().ok());
        let chosen = match (index, key.and_then(Value::as_str)) {
            _ if items.len() == 1 => items.first(),
            (Some(index), _) if !has_dynamic => items.get(index),
            (_, Some(key)) => items.iter().find(
                |item| matches!(item, NestedItem::Static { label: Some(label), .. } if label == key),
            ),
            _ => None,
        };
        match chosen {
            Some(NestedItem::Static { body, .. }) => body.span_of_steps(inner),
            Some(NestedItem::Dynamic { content, .. }) => content.span_of_steps(inner),
            None => self.span,
        }
    }

    /// The expression of an attribute, if it is set.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Compiled> {
        let at = self
            .schema
            .attributes
            .keys()
            .position(|known| known == name)?;
        self.attributes.get(at)?.as_ref()
    }

    fn ephemeral_block(&self) -> Diagnostic {
        let detail =
            "Ephemeral values are not valid here, because the block must be persisted to state.";
        Diagnostic::error(&rules::body::EPHEMERAL_IN_BLOCKS, detail).at(self.span)
    }

    /// Messages about what can't be stored: ephemeral values, and infinite numbers. `value` is what [`Self::eval`] gave.
    pub fn unstorable(&self, value: &Value) -> Diagnostics {
        let mut found = self.ephemeral_misuse(value);
        if !value.contains_infinity() {
            return found;
        }
        let infinite = |name: &str| value.get(name).is_some_and(Value::contains_infinity);
        let message = |name: &str, span| {
            let detail = format!(
                "The value of \"{name}\" is or holds an infinite number, as a division by zero gives it. It can't be stored."
            );
            Diagnostic::error(&rules::body::INFINITE_NUMBER, detail).at(span)
        };
        for (name, attribute) in &self.schema.attributes {
            if infinite(name) && !attribute.write_only {
                let span = self.attribute(name).map_or(self.span, Compiled::span);
                found.push(message(name, span));
            }
        }
        for name in self.schema.blocks.keys().filter(|name| infinite(name)) {
            found.push(message(name, self.span));
        }
        found
    }

    /// Messages about ephemeral values in places that are stored.
    fn ephemeral_misuse(&self, value: &Value) -> Diagnostics {
        let mut found = Diagnostics::new();
        if !value.contains_marks() || !value.marks_deep().is_ephemeral() {
            return found;
        }
        if value.marks().is_ephemeral() {
            found.push(self.ephemeral_block());
            return found;
        }
        for (name, attribute) in &self.schema.attributes {
            let Some(part) = value.get(name) else {
                continue;
            };
            if !stores_ephemeral(attribute, part) {
                continue;
            }
            let detail = format!(
                "Ephemeral values are not valid for \"{name}\", because it is not a write-only attribute and must be persisted to state."
            );
            let span = self.attribute(name).map_or(self.span, Compiled::span);
            found.push(Diagnostic::error(&rules::body::EPHEMERAL_IN_ARGUMENT, detail).at(span));
        }
        for ((name, nested), items) in self.schema.blocks.iter().zip(&self.blocks) {
            let Some(part) = value.get(name) else {
                continue;
            };
            if part.marks().is_ephemeral() {
                found.push(self.ephemeral_block());
                continue;
            }
            let mut elements: Vec<&Value> = match nested.nesting {
                Nesting::Single | Nesting::Group => vec![part],
                _ => part.children().iter().collect(),
            };
            elements.retain(|element| element.marks_deep().is_ephemeral());
            for element in elements {
                let body = items.iter().find_map(|item| {
                    let body = match item {
                        NestedItem::Static { body, .. } => body,
                        NestedItem::Dynamic { content, .. } => content,
                    };
                    let problems = body.ephemeral_misuse(element);
                    (!problems.is_empty()).then_some(problems)
                });
                found.extend(body.into_iter().flatten());
            }
        }
        found
    }
}

/// Whether an attribute would put an ephemeral value into the state.
fn stores_ephemeral(attribute: &Attribute, value: &Value) -> bool {
    if attribute.write_only || !value.marks_deep().is_ephemeral() {
        return false;
    }
    let Some(nested) = attribute.nested() else {
        return true;
    };
    let within = |object: &Value| {
        object.marks().is_ephemeral()
            || nested.attributes.iter().any(|(name, attribute)| {
                object
                    .get(name)
                    .is_some_and(|part| stores_ephemeral(attribute, part))
            })
    };
    value.marks().is_ephemeral()
        || match nested.nesting {
            Nesting::Single | Nesting::Group => within(value),
            Nesting::List | Nesting::Set | Nesting::Map => value.children().iter().any(within),
        }
}

/// The value of one attribute, converted.
fn attribute_value(
    name: &EcoString,
    attribute: &Attribute,
    compiled: &Compiled,
    ty: &Type,
    value: &Value,
) -> Result<Value, Diagnostics> {
    let converted = convert(value, ty).map_err(|error| {
        let detail = format!("Inappropriate value for attribute \"{name}\": {error}.");
        Diagnostic::error(&rules::body::ATTRIBUTE_TYPE, detail).at(compiled.span())
    })?;
    if attribute.required && converted.is_null() {
        let detail =
            format!("The argument \"{name}\" is required, but the value given for it is null.");
        return Err(
            Diagnostic::error(&rules::body::NULL_REQUIRED_ARGUMENT, detail)
                .at(compiled.span())
                .into(),
        );
    }
    Ok(converted)
}

/// Evaluates the blocks of one type. `None`: some failed.
fn collect(
    items: &[NestedItem],
    scope: &dyn Scope,
    locals: &[Value],
    problems: &mut Diagnostics,
) -> Option<Collected> {
    let mut found = Collected::default();
    let mut good = true;
    for item in items {
        match item {
            NestedItem::Static { label, body } => match body.eval(scope, locals) {
                Ok(value) => found.items.push((label.clone(), value)),
                Err(diagnostics) => {
                    problems.extend(diagnostics);
                    good = false;
                }
            },
            NestedItem::Dynamic {
                for_each,
                label,
                content,
                span: _,
            } => {
                let dynamic = Dynamic {
                    for_each,
                    label: label.as_ref(),
                    content,
                };
                if let Err(diagnostics) = dynamic.expand(scope, locals, &mut found) {
                    problems.extend(diagnostics);
                    good = false;
                }
            }
        }
    }
    good.then_some(found)
}

struct Dynamic<'a> {
    for_each: &'a Compiled,
    label: Option<&'a Compiled>,
    content: &'a CompiledBody,
}

impl Dynamic<'_> {
    fn expand(
        &self,
        scope: &dyn Scope,
        locals: &[Value],
        found: &mut Collected,
    ) -> Result<(), Diagnostics> {
        let collection = self.for_each.eval(scope, locals)?;
        let (inner, marks) = collection.unmark();
        found.marks = found.marks.union(marks);
        let invalid = |detail: String| -> Diagnostics {
            Diagnostic::error(&rules::body::INVALID_DYNAMIC_FOR_EACH, detail)
                .at(self.for_each.span())
                .into()
        };
        let pairs: Vec<(Value, Value)> = match inner.kind() {
            Kind::Null(_) => return Err(invalid("Cannot use a null value in for_each.".into())),
            Kind::Unknown(ty, _) => {
                if ty.is_primitive() {
                    return Err(invalid(not_iterable(ty)));
                }
                found.unknown = true;
                // Its content is looked at all the same: what is wrong whatever the elements are is wrong now. There may be none, so
                // that nothing is said of what they lack.
                self.element(scope, locals, Value::dynamic(), Value::dynamic())?;
                return Ok(());
            }
            Kind::List(items) | Kind::Tuple(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| (Value::number(at as u64), item.clone()))
                .collect(),
            Kind::Set(items) => items
                .iter()
                .map(|item| (item.clone(), item.clone()))
                .collect(),
            Kind::Map(map) => map
                .iter()
                .map(|(key, value)| (Value::string(key.clone()), value.clone()))
                .collect(),
            Kind::Object(object) => object
                .iter()
                .map(|(key, value)| (Value::string(key.clone()), value.clone()))
                .collect(),
            Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Marked(..) => {
                return Err(invalid(not_iterable(&inner.ty())));
            }
        };
        for (key, value) in pairs {
            let item = self.element(
                scope,
                locals,
                key.with_marks(marks),
                value.with_marks(marks),
            )?;
            found.items.push(item);
        }
        Ok(())
    }

    fn element(
        &self,
        scope: &dyn Scope,
        locals: &[Value],
        key: Value,
        value: Value,
    ) -> Result<(Option<EcoString>, Value), Diagnostics> {
        let iterator = Value::object([("key", key), ("value", value)]);
        let mut inside = locals.to_vec();
        inside.push(iterator);
        let label = match self.label {
            None => None,
            Some(label) => Some(label_text(label, scope, &inside)?),
        };
        let value = self.content.eval(scope, &inside)?;
        Ok((label, value))
    }
}

fn label_text(
    label: &Compiled,
    scope: &dyn Scope,
    locals: &[Value],
) -> Result<EcoString, Diagnostics> {
    let value = label.eval(scope, locals)?;
    let fail = |detail: String| -> Diagnostics {
        Diagnostic::error(&rules::body::INVALID_DYNAMIC_LABEL, detail)
            .at(label.span())
            .into()
    };
    let value = convert(value.unmarked(), &Type::String).map_err(|error| {
        fail(format!(
            "Cannot use this value as a dynamic block label: {error}."
        ))
    })?;
    match value.as_str() {
        Some(text) => Ok(text.into()),
        None if value.is_null() => Err(fail(
            "Cannot use a null value as a dynamic block label.".into(),
        )),
        None => Ok(EcoString::new()),
    }
}

fn not_iterable(ty: &Type) -> String {
    format!("Cannot use a {ty} value in for_each. An iterable collection is required.")
}
