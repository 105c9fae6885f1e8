//! Rules about expressions.

use crate::diagnostic::Rule;
use terrane_value::ops::AccessError;

crate::rules! {
    /// Expressions may be nested up to 500 levels. Give parts a name of their own in a `locals` block.
    ///
    /// ```text
    /// locals {
    ///   a = f(f(f(…)))   # more than 500 levels
    /// }
    /// ```
    T0501 error EXPRESSION_TOO_DEEP = "Expression nested too deeply";

    /// A key of the form `a.b` could be meant as a name or as a reference. Put a reference in parentheses, a name in quotes.
    ///
    /// ```terraform
    /// locals {
    ///   a = { b.c = 1 }
    /// }
    /// ```
    T0502 error AMBIGUOUS_ATTRIBUTE_KEY = "Ambiguous attribute key";

    /// Directives in a template may be nested up to 500 levels.
    ///
    /// ```text
    /// %{ if a }%{ if b }…   more than 500 levels
    /// ```
    T0503 error TEMPLATE_TOO_DEEP = "Expression nested too deeply";

    /// Splats may be nested up to 500 levels.
    ///
    /// ```text
    /// a[*][*][*]…   more than 500 levels
    /// ```
    T0504 error SPLAT_TOO_DEEP = "Expression nested too deeply";

    /// The value of this expression goes through too many others, one within the other. Look for something that leads back to itself.
    ///
    /// ```text
    /// ((((…)))) of more than 700 levels, with what is within names and calls
    /// ```
    T0505 error EVALUATION_TOO_DEEP = "Expression nested too deeply";

    /// The key of an attribute is null.
    ///
    /// ```terraform
    /// locals {
    ///   a = { (null) = 1 }
    /// }
    /// ```
    T0506 error NULL_OBJECT_KEY = "Null value as key";

    /// The key of an attribute must be a string, or something that converts to one.
    ///
    /// ```terraform
    /// locals {
    ///   a = { ([]) = 1 }
    /// }
    /// ```
    T0507 error OBJECT_KEY_TYPE = "Incorrect key type";

    /// The collection of a `for` is null. `coalesce(var.list, [])` stands for an empty list where nothing is given.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in null : x]
    /// }
    /// ```
    T0508 error FOR_OVER_NULL = "Iteration over null value";

    /// A `for` goes over a list, set, tuple, map or object.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in "text" : x]
    /// }
    /// ```
    T0509 error FOR_OVER_NON_ITERABLE = "Iteration over non-iterable value";

    /// Two elements produce the same key, and an object has each key once. To collect their values in a list, write the ellipsis behind the value: `{for x in list : x.group => x.name...}`.
    ///
    /// ```terraform
    /// locals {
    ///   a = { for x in ["a", "a"] : x => 1 }
    /// }
    /// ```
    T0510 error DUPLICATE_FOR_KEY = "Duplicate object key";

    /// The `if` of a `for` is null for an element; it must be true or false.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in [1] : x if null]
    /// }
    /// ```
    T0511 error NULL_FOR_CONDITION = "Condition is null";

    /// The `if` of a `for` must be true or false.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in [1] : x if "maybe"]
    /// }
    /// ```
    T0512 error FOR_CONDITION_TYPE = "Invalid 'for' condition";

    /// The key of an element is null.
    ///
    /// ```terraform
    /// locals {
    ///   a = { for x in [null] : x => 1 }
    /// }
    /// ```
    T0513 error NULL_FOR_KEY = "Invalid object key";

    /// The key of an element must be a string, or something that converts to one.
    ///
    /// ```terraform
    /// locals {
    ///   a = { for x in [[]] : x => 1 }
    /// }
    /// ```
    T0514 error FOR_KEY_TYPE = "Invalid object key";

    /// The operator works on numbers or on truth values, and a side of it is neither, or nothing that converts to one.
    ///
    /// ```terraform
    /// locals {
    ///   a = "one" + 1
    /// }
    /// ```
    T0515 error INVALID_OPERAND = "Invalid operand";

    /// A side of the operator is null. Only `==` and `!=` take null; `coalesce` puts something in its place.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1 + null
    /// }
    /// ```
    T0516 error NULL_OPERAND = "Operation failed";

    /// There is no result, as of a division by zero.
    ///
    /// ```terraform
    /// locals {
    ///   a = 0 / 0
    /// }
    /// ```
    T0517 error OPERATION_FAILED = "Operation failed";

    /// `-` works on a number and `!` on a truth value.
    ///
    /// ```terraform
    /// locals {
    ///   a = -"one"
    /// }
    /// ```
    T0518 error INVALID_UNARY_OPERAND = "Invalid operand";

    /// `-` and `!` don't take null.
    ///
    /// ```terraform
    /// locals {
    ///   a = !null
    /// }
    /// ```
    T0519 error NULL_UNARY_OPERAND = "Operation failed";

    /// Both results of a condition must be of one type, or convert to one. Convert one of them (`tostring`, `tolist`), or make objects that have the same attributes.
    ///
    /// ```terraform
    /// locals {
    ///   a = true ? [] : { b = 1 }
    /// }
    /// ```
    T0520 error INCONSISTENT_CONDITIONAL = "Inconsistent conditional result types";

    /// A result of the condition does not convert to the type that both together have.
    ///
    /// ```text
    /// var.on ? local.a : local.b   # whose types are known only when they are computed
    /// ```
    T0521 error CONDITIONAL_CONVERSION = "Inconsistent conditional result types";

    /// The condition before `?` is null; it must be true or false. `var.enabled == true` is false where nothing is given.
    ///
    /// ```terraform
    /// locals {
    ///   a = null ? 1 : 2
    /// }
    /// ```
    T0522 error NULL_CONDITION = "Null condition";

    /// The condition before `?` must be true or false. Compare: `var.name != ""`, `length(var.list) > 0`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "x" ? 1 : 2
    /// }
    /// ```
    T0523 error CONDITION_TYPE = "Incorrect condition type";

    /// `[*]` gives an empty list for null where a single object could stand, but not where a list is expected and is null.
    ///
    /// ```terraform
    /// locals {
    ///   a = tolist(null)[*]
    /// }
    /// ```
    T0524 error SPLAT_OF_NULL = "Splat of null value";

    /// A value in a text is null. `coalesce(var.name, "none")` puts something in its place.
    ///
    /// ```terraform
    /// locals {
    ///   a = "x${null}"
    /// }
    /// ```
    T0525 error NULL_IN_TEMPLATE = "Invalid template interpolation value";

    /// A value in a text must be a string, a number or a truth value. Lists are put into texts with `join(", ", list)`, anything with `jsonencode(value)`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "x${[]}"
    /// }
    /// ```
    T0526 error INVALID_INTERPOLATION = "Invalid template interpolation value";

    /// The directives of this template go through too many levels.
    ///
    /// ```text
    /// %{ for … }%{ for … }…   more than 500 levels
    /// ```
    T0527 error TEMPLATE_EVALUATION_TOO_DEEP = "Expression nested too deeply";

    /// A template sees the variables that it is given, and nothing else. Give it this one: `templatefile("a.tmpl", { name = var.name })`.
    ///
    /// ```sh
    /// echo 'templatestring("$${name}", {})' | terrane console
    /// ```
    T0528 error MISSING_TEMPLATE_VARIABLE = "Unknown variable";

    /// There is nothing of this name here. Names of `for` expressions are known within them only.
    ///
    /// ```text
    /// type(a)
    /// ```
    T0529 error UNKNOWN_NAME = "Unknown variable";

    /// The value before the brackets is null. Use `try(value[0], null)`, or a condition, where it may be.
    ///
    /// ```terraform
    /// locals {
    ///   a = null
    ///   b = local.a[0]
    /// }
    /// ```
    T0530 error INDEX_OF_NULL = "Attempt to index null value";

    /// The value before the dot is null. Use `try(value.name, null)`, or a condition, where it may be.
    ///
    /// ```terraform
    /// locals {
    ///   a = null
    ///   b = local.a.name
    /// }
    /// ```
    T0531 error ATTRIBUTE_OF_NULL = "Attempt to get attribute from null value";

    /// The key in brackets is null.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1][null]
    /// }
    /// ```
    T0532 error NULL_INDEX = "Invalid index";

    /// Lists are indexed by number, maps and objects by string.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1]["first"]
    /// }
    /// ```
    T0533 error INDEX_TYPE = "Invalid index";

    /// Indices count from 0. The last element is `element(list, -1)`, or `list[length(list) - 1]`.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1][-1]
    /// }
    /// ```
    T0534 error NEGATIVE_INDEX = "Invalid index";

    /// An index is a whole number. Divisions give fractions: use `floor`.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1, 2][0.5]
    /// }
    /// ```
    T0535 error FRACTIONAL_INDEX = "Invalid index";

    /// Indices count from 0, so the last one is one less than the length. `one(list)` takes the only element or null, `try(list[0], null)` the first or null.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1, 2][2]
    /// }
    /// ```
    T0536 error INDEX_BEYOND_END = "Invalid index";

    /// The map or object has no such key. `lookup(map, key, default)` and `try(map[key], default)` put something in its place.
    ///
    /// ```terraform
    /// locals {
    ///   a = { b = 1 }["c"]
    /// }
    /// ```
    T0537 error NO_SUCH_KEY = "Invalid index";

    /// The elements of a set have no order and no keys. `one(set)` takes the only element, `tolist(set)[0]` the first in sorted order, and a `for` expression finds the one that you look for.
    ///
    /// ```terraform
    /// locals {
    ///   a = toset(["x"])[0]
    /// }
    /// ```
    T0538 error INDEX_OF_SET = "Invalid index";

    /// Only lists, tuples, maps and objects have elements that brackets select. Characters of a string are taken with `substr`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "text"[0]
    /// }
    /// ```
    T0539 error NO_INDICES = "Invalid index";

    /// The map has no such key. `lookup(map, key, default)` and `try(map.key, default)` put something in its place.
    ///
    /// ```terraform
    /// locals {
    ///   a = tomap({ b = 1 }).c
    /// }
    /// ```
    T0540 error NO_SUCH_ELEMENT = "Missing map element";

    /// The object has no attribute of this name. `try(object.name, default)` puts something in its place where it may be missing.
    ///
    /// ```terraform
    /// locals {
    ///   a = { b = 1 }.c
    /// }
    /// ```
    T0541 error NO_SUCH_ATTRIBUTE = "Unsupported attribute";

    /// A list has no attributes, but its elements do: `list[*].name` takes it of all, `list[0].name` of the first, `one(list).name` of the only one.
    ///
    /// ```terraform
    /// locals {
    ///   a = tolist([{ b = 1 }]).b
    /// }
    /// ```
    T0542 error ATTRIBUTE_OF_LIST = "Unsupported attribute";

    /// A set has no attributes, but its elements do: `[for x in set : x.name]` takes it of all, `one(set).name` of the only one.
    ///
    /// ```terraform
    /// locals {
    ///   a = toset([{ b = 1 }]).b
    /// }
    /// ```
    T0543 error ATTRIBUTE_OF_SET = "Unsupported attribute";

    /// Only objects and maps have attributes.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1].b
    /// }
    /// ```
    T0544 error NO_ATTRIBUTES = "Unsupported attribute";

    /// Strings, numbers and truth values have no attributes. Often a reference is one step too long.
    ///
    /// ```terraform
    /// locals {
    ///   a = "text"
    ///   b = local.a.length
    /// }
    /// ```
    T0545 error ATTRIBUTE_OF_PRIMITIVE = "Unsupported attribute";

    /// One expression may take a hundred million steps, which is some seconds. Loops within loops over large collections reach that: look up in a map instead of searching a list, and compute once, in a local value, what is the same in every round.
    ///
    /// ```text
    /// [for a in local.many : [for b in local.many : [for c in local.many : a + b + c]]]
    /// ```
    T0546 error TOO_MANY_STEPS = "Expression takes too many steps";

    /// A value may hold about four million others, counting those within them, and 256 MiB of text.
    ///
    /// ```text
    /// [for a in range(100000) : range(100000)]
    /// ```
    T0547 error VALUE_TOO_LARGE = "Value too large";

    /// Lists, objects and other containers may be nested in each other up to 256 levels.
    ///
    /// ```text
    /// [[[[[…]]]]]   # more than 256 levels, through local values
    /// ```
    T0548 error VALUE_TOO_DEEP = "Value nested too deeply";
}

/// The rule that an access to a part breaks.
#[must_use]
pub fn of_access(error: &AccessError) -> &'static Rule {
    match error {
        AccessError::IndexOfNull => &INDEX_OF_NULL,
        AccessError::AttributeOfNull => &ATTRIBUTE_OF_NULL,
        AccessError::NullKey => &NULL_INDEX,
        AccessError::KeyType(_) => &INDEX_TYPE,
        AccessError::NegativeIndex => &NEGATIVE_INDEX,
        AccessError::FractionalIndex => &FRACTIONAL_INDEX,
        AccessError::IndexBeyondEnd { .. } => &INDEX_BEYOND_END,
        AccessError::NoSuchKey => &NO_SUCH_KEY,
        AccessError::IndexOfSet => &INDEX_OF_SET,
        AccessError::NoIndices => &NO_INDICES,
        AccessError::NoSuchElement(_) => &NO_SUCH_ELEMENT,
        AccessError::NoSuchAttribute(_) => &NO_SUCH_ATTRIBUTE,
        AccessError::AttributeOfList(_) => &ATTRIBUTE_OF_LIST,
        AccessError::AttributeOfSet => &ATTRIBUTE_OF_SET,
        AccessError::NoAttributes => &NO_ATTRIBUTES,
        AccessError::AttributeOfPrimitive(_) => &ATTRIBUTE_OF_PRIMITIVE,
    }
}
