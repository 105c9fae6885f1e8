//! Rules about moved, removed and import blocks.

terrane_lang::rules! {
    /// Configuration for import target does not exist.
    T1701 error IMPORT_WITHOUT_RESOURCE = "Configuration for import target does not exist";

    /// Invalid import provider argument.
    T1702 error IMPORT_PROVIDER = "Invalid import provider argument";

    /// Invalid import 'to' expression.
    T1703 error INVALID_IMPORT_TO = "Invalid import 'to' expression";

    /// Removed resource block still exists.
    T1704 error REMOVED_RESOURCE_EXISTS = "Removed resource block still exists";

    /// Removed module block still exists.
    T1705 error REMOVED_MODULE_EXISTS = "Removed module block still exists";

    /// Redundant move statement.
    T1706 error REDUNDANT_MOVE = "Redundant move statement";

    /// Ambiguous move statements.
    T1707 error AMBIGUOUS_MOVE = "Ambiguous move statements";

    /// Moved object still exists.
    T1708 error MOVED_OBJECT_EXISTS = "Moved object still exists";

    /// Cannot override '…' blocks.
    T1709 error OVERRIDE_RECORD = "Cannot override '…' blocks";

    /// Invalid \"moved\" addresses.
    T1710 error MOVED_ACROSS_LEVELS = "Invalid \"moved\" addresses";

    /// Invalid \"moved\" address.
    T1711 error MOVED_EPHEMERAL = "Invalid \"moved\" address";

    /// Invalid \"moved\" addresses.
    T1712 error MOVED_ACROSS_MODES = "Invalid \"moved\" addresses";

    /// Missing lifecycle from the removed block.
    T1713 warning REMOVED_WITHOUT_LIFECYCLE = "Missing lifecycle from the removed block";

    /// Module instance keys not allowed.
    T1714 error REMOVED_MODULE_INSTANCE = "Module instance keys not allowed";

    /// Resource instance keys not allowed.
    T1715 error REMOVED_RESOURCE_INSTANCE = "Resource instance keys not allowed";

    /// Invalid provisioner block.
    T1716 error PROVISIONER_OF_MODULE = "Invalid provisioner block";

    /// Missing required argument.
    T1717 error IMPORT_WITHOUT_ID = "Missing required argument";

    /// Invalid import block.
    T1718 error IMPORT_ID_AND_IDENTITY = "Invalid import block";

    /// Duplicate import configuration for \"…\".
    T1719 error DUPLICATE_IMPORT = "Duplicate import configuration for \"…\"";

    /// Invalid expression.
    T1720 error NOT_STATIC = "Invalid expression";

    /// Invalid address.
    T1721 error INVALID_ADDRESS = "Invalid address";

    /// Invalid import address.
    T1722 error INVALID_IMPORT_ADDRESS = "Invalid import address";

    /// Invalid import configuration.
    T1723 error IMPORT_IN_MODULE = "Invalid import configuration";

    /// Invalid import id argument.
    T1724 error INVALID_IMPORT_ID = "Invalid import id argument";

    /// A `connection` is for provisioners, which are allowed only where a `removed` block refers to a resource, not to a module.
    T1725 error CONNECTION_OF_MODULE = "Invalid connection block";
}
