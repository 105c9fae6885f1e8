//! Objects of providers written before blocks and attributes were told apart.

use super::access::attr;
use terrane_model::schema::{Block, NestedBlock, Nesting};
use terrane_value::Value;

/// Mends what old providers leave out: collections of blocks that are null become empty, unknown ones become one block of unknowns,
/// and a group that is null becomes one in which nothing is set.
#[must_use]
pub fn normalize_from_legacy(block: &Block, value: &Value) -> Value {
    let (object, marks) = value.unmark();
    if object.is_null() || !object.is_known() || block.blocks.is_empty() {
        return value.clone();
    }
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let value = attr(object, name, || attribute.value_type());
        (name.clone(), value)
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let value = attr(object, name, || nested.value_type());
        (name.clone(), nested_value(nested, &value))
    });
    Value::object(attributes.chain(blocks)).with_marks(marks)
}

fn nested_value(nested: &NestedBlock, value: &Value) -> Value {
    let ty = nested.block.implied_type();
    // Old providers have no dynamic attributes, so this is not of one of them.
    if ty.has_dynamic() {
        return value.clone();
    }
    let (inner, marks) = value.unmark();
    let normal = match nested.nesting {
        Nesting::Single | Nesting::Group if !inner.is_known() => stub(&nested.block),
        Nesting::Group if inner.is_null() => nested.block.empty_value(),
        Nesting::Single | Nesting::Group => normalize_from_legacy(&nested.block, inner),
        Nesting::List if !inner.is_known() => Value::list(ty.clone(), vec![stub(&nested.block)]),
        Nesting::Set if !inner.is_known() => Value::set(ty.clone(), vec![stub(&nested.block)]),
        Nesting::List | Nesting::Set if inner.is_null() => nested.empty_value(),
        Nesting::List => inner.map_children(|_, item| normalize_from_legacy(&nested.block, item)),
        Nesting::Set => {
            let items = inner.children().iter();
            let items = items.map(|item| normalize_from_legacy(&nested.block, item));
            Value::set(ty.clone(), items.collect())
        }
        Nesting::Map => inner.clone(),
    };
    normal.with_marks(marks)
}

/// A block of which nothing is known but that it is there.
fn stub(block: &Block) -> Value {
    let attributes = block
        .attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), Value::unknown(attribute.value_type())));
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let ty = nested.block.implied_type();
        let value = match nested.nesting {
            Nesting::Single | Nesting::Group => stub(&nested.block),
            Nesting::List if !ty.has_dynamic() => {
                Value::list(ty.clone(), vec![stub(&nested.block)])
            }
            Nesting::List => Value::tuple(vec![stub(&nested.block)]),
            Nesting::Set => Value::set(ty.clone(), vec![stub(&nested.block)]),
            Nesting::Map => nested.empty_value(),
        };
        (name.clone(), value)
    });
    Value::object(attributes.chain(blocks))
}
