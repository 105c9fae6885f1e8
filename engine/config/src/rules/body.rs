//! Rules about resource and provider bodies.

terrane_lang::rules! {
    /// Missing … block.
    T1601 error MISSING_BLOCK = "Missing … block";

    /// Insufficient … blocks.
    T1602 error TOO_FEW_BLOCKS = "Insufficient … blocks";

    /// Duplicate … block.
    T1603 error DUPLICATE_BLOCK = "Duplicate … block";

    /// Too many … blocks.
    T1604 error TOO_MANY_BLOCKS = "Too many … blocks";

    /// Duplicate … block.
    T1605 error DUPLICATE_BLOCK_LABEL = "Duplicate … block";

    /// Invalid use of ephemeral value.
    T1606 error EPHEMERAL_IN_BLOCKS = "Invalid use of ephemeral value";

    /// Invalid use of ephemeral value.
    T1607 error EPHEMERAL_IN_ARGUMENT = "Invalid use of ephemeral value";

    /// Incorrect attribute value type.
    T1608 error ATTRIBUTE_TYPE = "Incorrect attribute value type";

    /// Missing required argument.
    T1609 error NULL_REQUIRED_ARGUMENT = "Missing required argument";

    /// Invalid dynamic for_each value.
    T1610 error INVALID_DYNAMIC_FOR_EACH = "Invalid dynamic for_each value";

    /// Invalid dynamic block label.
    T1611 error INVALID_DYNAMIC_LABEL = "Invalid dynamic block label";

    /// Too many nested blocks.
    T1612 error TOO_DEEP = "Too many nested blocks";

    /// Value for unconfigurable attribute.
    T1613 error UNCONFIGURABLE = "Value for unconfigurable attribute";

    /// Argument is deprecated.
    T1614 warning DEPRECATED_ARGUMENT = "Argument is deprecated";

    /// Block is deprecated.
    T1615 warning DEPRECATED_BLOCK = "Block is deprecated";

    /// Insufficient dynamic block labels.
    T1616 error MISSING_DYNAMIC_LABEL = "Insufficient dynamic block labels";

    /// Extraneous dynamic block label.
    T1617 error EXTRANEOUS_DYNAMIC_LABEL = "Extraneous dynamic block label";

    /// Invalid expression.
    T1618 error STATIC_LABELS_REQUIRED = "Invalid expression";

    /// Extraneous dynamic content block.
    T1619 error EXTRANEOUS_DYNAMIC_CONTENT = "Extraneous dynamic content block";

    /// Missing dynamic content block.
    T1620 error MISSING_DYNAMIC_CONTENT = "Missing dynamic content block";

    /// Invalid expression.
    T1621 error INVALID_ITERATOR = "Invalid expression";
}
