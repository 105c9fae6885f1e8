//! Objects of providers written before blocks and attributes were told apart.

use super::access::attr;
use terrane_model::schema::{Block, NestedBlock, Nesting};
use terrane_value::Value;

/// Mends what old providers leave out: collections of blocks that are null become empty, and a group that is null becomes one in which nothing is set.
///
/// Blocks that are unknown altogether (optional ones that the provider may compute) stay so, as in Terraform. OpenTofu makes one block of unknowns of them, and
/// that one is then made, whether the provider wants it or not.
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
    if !inner.is_known() {
        return value.clone();
    }
    let normal = match nested.nesting {
        Nesting::Group if inner.is_null() => nested.block.empty_value(),
        Nesting::Single | Nesting::Group => normalize_from_legacy(&nested.block, inner),
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
