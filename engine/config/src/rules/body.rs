//! Rules about resource and provider bodies.

terrane_lang::rules! {
    /// The resource can't do without this block.
    ///
    /// ```terraform
    /// resource "test_strict" "a" {
    ///   item {
    ///     name = "a"
    ///   }
    ///   item {
    ///     name = "b"
    ///   }
    /// }
    /// ```
    T1601 error MISSING_BLOCK = "Missing TYPE block";

    /// The resource needs more blocks of this type.
    ///
    /// ```terraform
    /// resource "test_strict" "a" {
    ///   single {
    ///     name = "a"
    ///   }
    /// }
    /// ```
    T1602 error TOO_FEW_BLOCKS = "Insufficient TYPE blocks";

    /// The resource has one block of this type at most.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   single {
    ///     name = "a"
    ///   }
    ///   single {
    ///     name = "b"
    ///   }
    /// }
    /// ```
    T1603 error DUPLICATE_BLOCK = "Duplicate TYPE block";

    /// The resource has fewer blocks of this type.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "item" {
    ///     for_each = range(4)
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1604 error TOO_MANY_BLOCKS = "Too many TYPE blocks";

    /// Blocks of this type are told apart by their labels, and two have the same one.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   entry "x" {
    ///     name = "a"
    ///   }
    ///   entry "x" {
    ///     name = "b"
    ///   }
    /// }
    /// ```
    T1605 error DUPLICATE_BLOCK_LABEL = "Duplicate TYPE block";

    /// How many blocks there are would be stored, and ephemeral values are not to be.
    ///
    /// ```terraform
    /// variable "a" {
    ///   ephemeral = true
    ///   type      = set(string)
    /// }
    /// resource "test_thing" "a" {
    ///   dynamic "tag" {
    ///     for_each = var.a
    ///     content {
    ///       name = tag.key
    ///     }
    ///   }
    /// }
    /// ```
    T1606 error EPHEMERAL_IN_BLOCKS = "Invalid use of ephemeral value";

    /// The argument is stored in plan and state, and ephemeral values are not to be. Only write-only arguments take them.
    ///
    /// ```terraform
    /// variable "a" {
    ///   ephemeral = true
    /// }
    /// resource "test_thing" "a" {
    ///   text = var.a
    /// }
    /// ```
    T1607 error EPHEMERAL_IN_ARGUMENT = "Invalid use of ephemeral value";

    /// The value does not fit the type of the argument, and does not convert to it.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   number = "many"
    /// }
    /// ```
    T1608 error ATTRIBUTE_TYPE = "Incorrect attribute value type";

    /// The argument is set to null, which is the same as not set, and the block can't do without it.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   item {
    ///     name = null
    ///   }
    /// }
    /// ```
    T1609 error NULL_REQUIRED_ARGUMENT = "Missing required argument";

    /// A `dynamic` block makes a block for each element of a list, set or map, which must be known and may be shown.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "item" {
    ///     for_each = "text"
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1610 error INVALID_DYNAMIC_FOR_EACH = "Invalid dynamic for_each value";

    /// The labels of the blocks that a `dynamic` block makes are strings that are known and may be shown.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "entry" {
    ///     for_each = ["a"]
    ///     labels   = [null]
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1611 error INVALID_DYNAMIC_LABEL = "Invalid dynamic block label";

    /// Blocks are nested deeper than any resource has them.
    ///
    /// ```text
    /// dynamic "a" { … content { dynamic "b" { … } } }   many levels
    /// ```
    T1612 error TOO_DEEP = "Too many nested blocks";

    /// The provider alone decides about this attribute; it can be read, not set.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   id = "x"
    /// }
    /// ```
    T1613 error UNCONFIGURABLE = "Value for unconfigurable attribute";

    /// The provider says that this argument is not to be used any more, and what to use.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   old = "x"
    /// }
    /// ```
    T1614 warning DEPRECATED_ARGUMENT = "Argument is deprecated";

    /// The provider says that this block is not to be used any more, and what to use.
    ///
    /// ```text
    /// an old block of a resource, as its provider says
    /// ```
    T1615 warning DEPRECATED_BLOCK = "Block is deprecated";

    /// The blocks have a label, which `labels = [dynamic.key]` computes.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "entry" {
    ///     for_each = ["a"]
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1616 error MISSING_DYNAMIC_LABEL = "Insufficient dynamic block labels";

    /// Blocks of this type have no labels.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "item" {
    ///     for_each = ["a"]
    ///     labels   = ["x"]
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1617 error EXTRANEOUS_DYNAMIC_LABEL = "Extraneous dynamic block label";

    /// The list of labels is written out; its elements may be computed.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "entry" {
    ///     for_each = ["a"]
    ///     labels   = toset(["x"])
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1618 error STATIC_LABELS_REQUIRED = "Invalid expression";

    /// One `content` block describes the blocks that are made. Both are shown.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "item" {
    ///     for_each = ["a"]
    ///     content {
    ///       name = "a"
    ///     }
    ///     content {
    ///       name = "b"
    ///     }
    ///   }
    /// }
    /// ```
    T1619 error EXTRANEOUS_DYNAMIC_CONTENT = "Extraneous dynamic content block";

    /// A `content` block describes the blocks that are made.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "item" {
    ///     for_each = ["a"]
    ///   }
    /// }
    /// ```
    T1620 error MISSING_DYNAMIC_CONTENT = "Missing dynamic content block";

    /// The iterator is a name, without quotes, under which the block's content sees the element.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   dynamic "item" {
    ///     for_each = ["a"]
    ///     iterator = "x"
    ///     content {
    ///       name = "a"
    ///     }
    ///   }
    /// }
    /// ```
    T1621 error INVALID_ITERATOR = "Invalid expression";

    /// A number divided by zero is infinite. Infinite numbers can be compared, but not be stored.
    ///
    /// ```terraform
    /// locals {
    ///   servers = 0
    /// }
    /// resource "terraform_data" "a" {
    ///   input = 100 / local.servers
    /// }
    /// ```
    T1622 error INFINITE_NUMBER = "Infinite number";
}
