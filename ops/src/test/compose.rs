//! The values of objects that a stand-in answers for.
//!
//! What the configuration sets stays. A computed attribute that it does not set gets the value that the test gives for it; where the test
//! gives none, it is not known while planning, and made up while applying: a string of eight random characters, 0, false, an empty collection.

use ecow::EcoString;
use rand::Rng as _;
use std::collections::BTreeMap;
use terrane_model::schema::{Attribute, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// What becomes of a computed attribute for which there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is not known yet.
    Unknown,
    /// It is made up.
    MadeUp,
}

/// Composes the values of one object.
#[derive(Debug)]
pub(super) struct Composer {
    missing: Missing,
    /// Values that don't fit: the attribute, and why.
    problems: Vec<(String, String)>,
}

impl Composer {
    pub(super) fn new(missing: Missing) -> Self {
        Self {
            missing,
            problems: Vec::new(),
        }
    }

    /// The values that don't fit: the attribute, and why.
    pub(super) fn into_problems(self) -> Vec<(String, String)> {
        self.problems
    }

    /// An object. `base` is what it is so far (a plan, with unknown values; or the configuration), `config` what the configuration says, for
    /// what is not known in `base`; `values` is what the test gives.
    pub(super) fn object(
        &mut self,
        block: &Block,
        base: &Value,
        config: &Value,
        values: Option<&Value>,
    ) -> Value {
        self.block(block, base, config, values, "")
    }

    fn block(
        &mut self,
        block: &Block,
        base: &Value,
        config: &Value,
        values: Option<&Value>,
        path: &str,
    ) -> Value {
        if !matches!(base.kind(), Kind::Object(_)) {
            return base.clone();
        }
        let null = Value::NULL;
        let mut found = self.attributes(&block.attributes, base, config, values, path);
        for (name, nested) in &block.blocks {
            let path = format!("{path}.{name}");
            let value = self.blocks(
                nested,
                base.get(name).unwrap_or(&null),
                config.get(name).unwrap_or(&null),
                values.and_then(|values| values.get(name)),
                &path,
            );
            found.insert(name.clone(), value);
        }
        Value::object(found)
    }

    fn attributes(
        &mut self,
        attributes: &BTreeMap<EcoString, Attribute>,
        base: &Value,
        config: &Value,
        values: Option<&Value>,
        path: &str,
    ) -> BTreeMap<EcoString, Value> {
        let null = Value::NULL;
        let composed = attributes.iter().map(|(name, attribute)| {
            let path = format!("{path}.{name}");
            let value = self.attribute(
                attribute,
                base.get(name).unwrap_or(&null),
                config.get(name).unwrap_or(&null),
                values.and_then(|values| values.get(name)),
                &path,
            );
            (name.clone(), value)
        });
        composed.collect()
    }

    fn attribute(
        &mut self,
        attribute: &Attribute,
        base: &Value,
        config: &Value,
        given: Option<&Value>,
        path: &str,
    ) -> Value {
        if attribute.write_only {
            return Value::null(attribute.value_type());
        }
        let base = settled(base, config, self.missing);
        if !base.is_null() && base.is_known() {
            return match attribute.nested() {
                Some(nested) => each(nested.nesting, base, config, |at, base, config| {
                    let given = given.and_then(|given| element(given, at));
                    self.nested(nested, base, config, given, path)
                }),
                None => base.clone(),
            };
        }
        if !attribute.computed {
            return base.clone();
        }
        if let Some(given) = given {
            return self.given(attribute, given, path);
        }
        match self.missing {
            Missing::Unknown => Value::unknown(attribute.value_type()),
            Missing::MadeUp => match attribute.nested() {
                Some(nested) => made_up_nested(nested),
                None => made_up(&attribute.value_type()),
            },
        }
    }

    /// The value that the test gives for an attribute.
    fn given(&mut self, attribute: &Attribute, given: &Value, path: &str) -> Value {
        let ty = attribute.value_type();
        let completed = complete(given, &ty);
        match convert(&completed, &ty) {
            Ok(value) => value,
            Err(problem) => {
                self.problems.push((path.to_owned(), problem.to_string()));
                Value::null(ty)
            }
        }
    }

    fn nested(
        &mut self,
        nested: &NestedObject,
        base: &Value,
        config: &Value,
        values: Option<&Value>,
        path: &str,
    ) -> Value {
        if !matches!(base.kind(), Kind::Object(_)) {
            return base.clone();
        }
        Value::object(self.attributes(&nested.attributes, base, config, values, path))
    }

    fn blocks(
        &mut self,
        nested: &NestedBlock,
        base: &Value,
        config: &Value,
        given: Option<&Value>,
        path: &str,
    ) -> Value {
        let base = if base.is_known() { base } else { config };
        each(nested.nesting, base, config, |at, base, config| {
            let given = given.and_then(|given| element(given, at));
            self.block(&nested.block, base, config, given, path)
        })
    }
}

/// What an attribute is so far: what is planned, or what is configured where the plan did not know.
fn settled<'v>(base: &'v Value, config: &'v Value, missing: Missing) -> &'v Value {
    if missing == Missing::MadeUp && !base.is_wholly_known() && !config.is_null() {
        config
    } else {
        base
    }
}

/// What a test gives for one of several blocks: an object is for all of them, a list for one each.
fn element(given: &Value, at: usize) -> Option<&Value> {
    match given.kind() {
        Kind::Object(_) | Kind::Map(_) => Some(given),
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => items.get(at),
        _ => None,
    }
}

/// Changes each object of a nesting, with what the configuration says of it.
fn each(
    nesting: Nesting,
    base: &Value,
    config: &Value,
    mut change: impl FnMut(usize, &Value, &Value) -> Value,
) -> Value {
    let null = Value::NULL;
    match (nesting, base.kind()) {
        (Nesting::Single | Nesting::Group, Kind::Object(_)) => change(0, base, config),
        (Nesting::List, Kind::List(_) | Kind::Tuple(_)) => base.map_children(|at, object| {
            let config = config.children().get(at).unwrap_or(&null);
            change(at, object, config)
        }),
        (Nesting::Map, Kind::Map(map)) => {
            let entries = map.iter().enumerate().map(|(at, (key, object))| {
                let config = config.get(key).unwrap_or(&null);
                (key.clone(), change(at, object, config))
            });
            Value::map(map.element_type().clone(), entries.collect())
        }
        (Nesting::Set, Kind::Set(_)) => {
            // Elements of sets that differ in what is not known can't be told apart: those of the configuration are taken.
            let source = if base.is_wholly_known() || config.is_null() {
                base
            } else {
                config
            };
            let Some(ty) = source.ty().element().cloned() else {
                return base.clone();
            };
            let items = source.children().iter().enumerate();
            let items = items
                .map(|(at, object)| change(at, object, object))
                .collect();
            Value::set(ty, items)
        }
        _ => base.clone(),
    }
}

/// Makes up the attributes of objects that a given value leaves out.
fn complete(value: &Value, ty: &Type) -> Value {
    match (value.kind(), ty) {
        (Kind::Object(object), Type::Object(wanted)) => {
            let attributes = wanted.attributes.iter().map(|(name, ty)| {
                let value = object
                    .get(name)
                    .map_or_else(|| made_up(ty), |value| complete(value, ty));
                (name.clone(), value)
            });
            Value::object(attributes)
        }
        (Kind::Tuple(items), Type::List(ty) | Type::Set(ty)) => {
            Value::tuple(items.iter().map(|item| complete(item, ty)).collect())
        }
        (Kind::Object(object), Type::Map(ty)) => Value::object(
            object
                .iter()
                .map(|(key, value)| (key.clone(), complete(value, ty))),
        ),
        _ => value.clone(),
    }
}

/// A value of this type.
pub(super) fn made_up(ty: &Type) -> Value {
    match ty {
        Type::Dynamic => Value::null(Type::Dynamic),
        Type::Bool => Value::bool(false),
        Type::Number => Value::number(0u64),
        Type::String => Value::string(random_text()),
        Type::List(element) => Value::list((**element).clone(), Vec::new()),
        Type::Set(element) => Value::set((**element).clone(), Vec::new()),
        Type::Map(element) => Value::map((**element).clone(), BTreeMap::new()),
        Type::Tuple(items) => Value::tuple(items.iter().map(made_up).collect()),
        Type::Object(object) => Value::object(
            object
                .attributes
                .iter()
                .map(|(name, ty)| (name.clone(), made_up(ty))),
        ),
    }
}

fn made_up_nested(nested: &NestedObject) -> Value {
    if nested.nesting != Nesting::Single {
        return made_up(&nested.value_type());
    }
    Value::object(nested.attributes.iter().map(|(name, attribute)| {
        let value = match attribute.nested() {
            _ if !attribute.computed => Value::null(attribute.value_type()),
            Some(inner) => made_up_nested(inner),
            None => made_up(&attribute.value_type()),
        };
        (name.clone(), value)
    }))
}

/// Eight characters.
fn random_text() -> String {
    const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    (0..8)
        .map(|_| char::from(CHARACTERS[rng.random_range(0..CHARACTERS.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Composer, Missing, made_up};
    use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, Nesting};
    use terrane_value::{Type, Value};

    fn attribute(ty: Type, computed: bool) -> Attribute {
        Attribute {
            ty: AttributeType::Plain(ty),
            required: false,
            optional: true,
            computed,
            sensitive: false,
            write_only: false,
            deprecated: None,
            description: "".into(),
        }
    }

    fn block() -> Block {
        let inner = Block {
            attributes: [
                ("name".into(), attribute(Type::String, false)),
                ("port".into(), attribute(Type::Number, true)),
            ]
            .into(),
            ..Block::default()
        };
        Block {
            attributes: [
                ("id".into(), attribute(Type::String, true)),
                ("name".into(), attribute(Type::String, false)),
                ("tags".into(), attribute(Type::map(Type::String), true)),
            ]
            .into(),
            blocks: [(
                "rule".into(),
                NestedBlock {
                    nesting: Nesting::List,
                    block: inner.into(),
                    min: 0,
                    max: 0,
                },
            )]
            .into(),
            ..Block::default()
        }
    }

    fn configured() -> Value {
        let rule = |name: &str| {
            Value::object([
                ("name", Value::string(name)),
                ("port", Value::null(Type::Number)),
            ])
        };
        Value::object([
            ("id", Value::null(Type::String)),
            ("name", Value::string("n")),
            ("tags", Value::null(Type::map(Type::String))),
            (
                "rule",
                Value::list(
                    Type::object([("name", Type::String), ("port", Type::Number)]),
                    vec![rule("a"), rule("b")],
                ),
            ),
        ])
    }

    fn port(object: &Value, at: usize) -> Value {
        let rule = object.get("rule").unwrap().children()[at].clone();
        rule.get("port").unwrap().clone()
    }

    #[test]
    fn what_is_computed_and_not_given_is_unknown_then_made_up() {
        let (block, config) = (block(), configured());
        let planned = Composer::new(Missing::Unknown).object(&block, &config, &config, None);
        assert!(!planned.get("id").unwrap().is_known());
        assert!(!port(&planned, 1).is_known());
        assert_eq!(planned.get("name").unwrap().as_str(), Some("n"));
        let applied = Composer::new(Missing::MadeUp).object(&block, &planned, &config, None);
        assert_eq!(applied.get("id").unwrap().as_str().unwrap().len(), 8);
        assert_eq!(port(&applied, 1), Value::number(0u64));
        assert!(applied.is_wholly_known());
    }

    #[test]
    fn given_values_are_converted_and_stand_for_all_blocks() {
        let (block, config) = (block(), configured());
        let values = Value::object([
            ("id", Value::number(3u64)),
            ("name", Value::string("not computed")),
            ("rule", Value::object([("port", Value::string("8080"))])),
        ]);
        let mut composer = Composer::new(Missing::MadeUp);
        let applied = composer.object(&block, &config, &config, Some(&values));
        assert_eq!(applied.get("id").unwrap().as_str(), Some("3"));
        assert_eq!(applied.get("name").unwrap().as_str(), Some("n"));
        assert_eq!(port(&applied, 0), Value::number(8080u64));
        assert_eq!(port(&applied, 1), Value::number(8080u64));
        assert_eq!(composer.into_problems(), []);
    }

    #[test]
    fn a_value_that_does_not_fit_is_a_problem() {
        let (block, config) = (block(), configured());
        let values = Value::object([("id", Value::tuple(vec![]))]);
        let mut composer = Composer::new(Missing::MadeUp);
        composer.object(&block, &config, &config, Some(&values));
        let problems = composer.into_problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, ".id");
    }

    #[test]
    fn values_of_every_type_can_be_made_up() {
        for ty in [
            Type::Bool,
            Type::Number,
            Type::String,
            Type::list(Type::String),
            Type::set(Type::Bool),
            Type::map(Type::Number),
            Type::tuple([Type::Bool, Type::Number]),
            Type::object([("a", Type::list(Type::String))]),
        ] {
            let value = made_up(&ty);
            assert!(value.is_of(&ty) && value.is_wholly_known(), "{ty:?}");
        }
        assert!(made_up(&Type::Dynamic).is_null());
    }
}
