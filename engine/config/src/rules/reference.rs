//! Rules about references.

terrane_lang::rules! {
    /// Unknown provider function.
    T1501 error UNKNOWN_PROVIDER_FUNCTION = "Unknown provider function";

    /// Invalid \"self\" reference.
    T1502 error SELF_NOT_AVAILABLE = "Invalid \"self\" reference";

    /// Reserved symbol name.
    T1503 error RESERVED_SYMBOL = "Reserved symbol name";

    /// Reference to undeclared input variable.
    T1504 error UNDECLARED_VARIABLE = "Reference to undeclared input variable";

    /// Self-referencing local value.
    T1505 error SELF_REFERENCING_LOCAL = "Self-referencing local value";

    /// Reference to undeclared local value.
    T1506 error UNDECLARED_LOCAL = "Reference to undeclared local value";

    /// Invalid \"count\" attribute.
    T1507 error COUNT_ATTRIBUTE = "Invalid \"count\" attribute";

    /// Reference to \"count\" in non-counted context.
    T1508 error COUNT_NOT_AVAILABLE = "Reference to \"count\" in non-counted context";

    /// Invalid \"each\" attribute.
    T1509 error EACH_ATTRIBUTE = "Invalid \"each\" attribute";

    /// Reference to \"each\" in context without for_each.
    T1510 error EACH_NOT_AVAILABLE = "Reference to \"each\" in context without for_each";

    /// Reference to undeclared module.
    T1511 error UNDECLARED_MODULE = "Reference to undeclared module";

    /// Unsupported attribute.
    T1512 error UNSUPPORTED_MODULE_ATTRIBUTE = "Unsupported attribute";

    /// Unsupported attribute.
    T1513 error UNDECLARED_OUTPUT = "Unsupported attribute";

    /// Invalid reference.
    T1514 error BARE_RESOURCE_TYPE = "Invalid reference";

    /// Invalid reference.
    T1515 error BARE_WORD = "Invalid reference";

    /// Reference to undeclared resource.
    T1516 error UNDECLARED_RESOURCE = "Reference to undeclared resource";

    /// Invalid reference from destroy provisioner.
    T1517 error OUTSIDE_REFERENCE_AT_DESTROY = "Invalid reference from destroy provisioner";

    /// Reference to scoped resource.
    T1518 error SCOPED_RESOURCE = "Reference to scoped resource";

    /// Invalid reference in ….
    T1519 error SELF_REFERENCE_IN_CONDITION = "Invalid reference in …";

    /// Self-referential block.
    T1520 error SELF_REFERENCE = "Self-referential block";

    /// Missing resource instance key.
    T1521 error MISSING_INSTANCE_KEY = "Missing resource instance key";

    /// Unsupported attribute.
    T1522 error UNSUPPORTED_ATTRIBUTE = "Unsupported attribute";

    /// Invalid \"path\" attribute.
    T1523 error PATH_ATTRIBUTE = "Invalid \"path\" attribute";

    /// Invalid \"…\" attribute.
    T1524 error ENV_ATTRIBUTE = "Invalid \"…\" attribute";

    /// Invalid \"…\" attribute.
    T1525 error WORKSPACE_ATTRIBUTE = "Invalid \"…\" attribute";

    /// Invalid reference.
    T1526 error UNSUPPORTED_OPERATION = "Invalid reference";

    /// Invalid reference.
    T1527 error WHOLE_OBJECT = "Invalid reference";

    /// Unexpected resource instance key.
    T1528 error UNEXPECTED_INSTANCE_KEY = "Unexpected resource instance key";

    /// Invalid index.
    T1529 error INSTANCE_KEY_TYPE = "Invalid index";

    /// Invalid index.
    T1530 error INSTANCE_KEY_OF_WRONG_TYPE = "Invalid index";

    /// Invalid index.
    T1531 error NO_SUCH_INSTANCE = "Invalid index";
}
