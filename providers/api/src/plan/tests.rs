//! The usual plan of a change.

use super::{PlanRequest, Rules};
use crate::args;
use crate::conformance::{plan_faults, proposed_new};
use terrane_model::schema::{Attribute, Block, NestedBlock, Schema};
use terrane_value::{EcoString, Path, PathStep, Type, Value};

fn schema() -> Schema {
    let part = Block::new()
        .attr("address", Attribute::string().computed())
        .attr("kind", Attribute::string().optional());
    let block = Block::new()
        .attr("id", Attribute::string().computed())
        .attr("image", Attribute::string().required())
        .attr("mode", Attribute::string().optional().computed())
        .attr("secret", Attribute::string().optional().write_only())
        .attr("stamp", Attribute::string().computed())
        .attr("tags", Attribute::string_map().optional())
        .block("item", NestedBlock::list(part.clone_block()))
        .block("named", NestedBlock::map(part.clone_block()))
        .block("piece", NestedBlock::set(part));
    Schema::new(0, block)
}

trait CloneBlock {
    fn clone_block(&self) -> Block;
}

impl CloneBlock for Block {
    fn clone_block(&self) -> Block {
        self.attributes
            .iter()
            .fold(Self::new(), |block, (name, attribute)| {
                block.attr(name.clone(), attribute.clone())
            })
    }
}

fn rules() -> Rules {
    Rules::new()
        .replace(&["image", "item.kind", "named.kind", "piece.kind"])
        .unset_is("mode", Value::string("usual"))
        .recomputed(&["stamp"])
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn part(kind: &str, address: Option<&str>) -> Value {
    let address = address.map_or(Value::null(Type::String), text);
    Value::object([("kind", text(kind)), ("address", address)])
}

fn list(parts: &[Value]) -> Value {
    Value::list(part("", None).ty(), parts.to_vec())
}

fn config(changes: &[(&str, Value)]) -> Value {
    let base = args::with(&schema().block.empty_value(), "image", text("a"));
    args::with_all(
        &base,
        changes.iter().map(|(name, value)| (*name, value.clone())),
    )
}

/// The plan, which must keep the contract.
fn plan(prior: &Value, config: &Value) -> (Value, Vec<Path>) {
    let schema = schema();
    let request = PlanRequest {
        prior: prior.clone(),
        proposed: proposed_new(&schema.block, prior, config),
        config: config.clone(),
        private: terrane_model::provider::Private::default(),
        identity: Value::NULL,
    };
    let response = rules().plan(&schema, &request);
    let faults = plan_faults(&schema.block, prior, config, &response.planned);
    assert_eq!(faults, Vec::<String>::new());
    (response.planned, response.requires_replace)
}

/// The object that comes of a creation: what was unknown is chosen.
fn made(config: &Value) -> Value {
    fn known(value: &Value) -> Value {
        if value.is_known() {
            return value.map_children(|_, part| known(part));
        }
        text("chosen")
    }
    known(&plan(&Value::NULL, config).0)
}

#[test]
fn a_new_object_is_unknown_where_the_provider_decides() {
    let config = config(&[("secret", text("s")), ("item", list(&[part("k", None)]))]);
    let (planned, replaced) = plan(&Value::NULL, &config);
    let unknown = Value::unknown(Type::String);
    assert_eq!(args::get(&planned, "id"), unknown);
    assert_eq!(args::get(&planned, "mode"), text("usual"));
    assert_eq!(args::get(&planned, "secret"), Value::null(Type::String));
    let item = args::get(&planned, "item");
    assert_eq!(args::get(&item.children()[0], "address"), unknown);
    assert!(replaced.is_empty());
}

#[test]
fn nothing_changes_without_a_change() {
    let config = config(&[
        ("secret", text("s")),
        ("item", list(&[part("k", None)])),
        (
            "piece",
            Value::set(part("", None).ty(), vec![part("p", None), part("q", None)]),
        ),
    ]);
    let prior = made(&config);
    assert_eq!(plan(&prior, &config), (prior, Vec::new()));
}

#[test]
fn a_change_keeps_what_was_chosen_but_for_what_is_made_anew() {
    let prior = made(&config(&[]));
    let tags = Value::map(Type::String, [(EcoString::from("a"), text("1"))].into());
    let (planned, replaced) = plan(&prior, &config(&[("tags", tags)]));
    assert_eq!(args::get(&planned, "id"), text("chosen"));
    assert_eq!(args::get(&planned, "stamp"), Value::unknown(Type::String));
    assert!(replaced.is_empty());
}

#[test]
fn what_cannot_change_in_place_asks_for_a_new_object() {
    let map = |kind| {
        let entries = [(EcoString::from("x"), part(kind, None))];
        Value::map(part("", None).ty(), entries.into())
    };
    let set = |kind| Value::set(part("", None).ty(), vec![part(kind, None)]);
    let index = |name: &str, key: Value| {
        Path::new()
            .attr(name)
            .then(PathStep::Index(key))
            .attr("kind")
    };
    let table = [
        ("image", text("a"), text("b"), Path::new().attr("image")),
        (
            "image",
            text("a"),
            Value::unknown(Type::String),
            Path::new().attr("image"),
        ),
        (
            "item",
            list(&[part("k", None), part("l", None)]),
            list(&[part("k", None), part("m", None)]),
            index("item", Value::number(1)),
        ),
        (
            "item",
            list(&[part("k", None), part("l", None)]),
            list(&[part("k", None)]),
            index("item", Value::number(1)),
        ),
        ("named", map("k"), map("l"), index("named", text("x"))),
        ("piece", set("k"), set("l"), Path::new().attr("piece")),
    ];
    for (name, before, after, path) in table {
        let prior = made(&config(&[(name, before)]));
        let (_, replaced) = plan(&prior, &config(&[(name, after)]));
        assert_eq!(replaced, [path], "{name}");
    }
}
