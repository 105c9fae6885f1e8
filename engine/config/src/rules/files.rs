//! Rules about files and modules.

terrane_lang::rules! {
    /// Can't override … blocks.
    T1001 error OVERRIDE_CONDITION = "Can't override … blocks";

    /// Can't override variable validation rules.
    T1002 error OVERRIDE_VALIDATION = "Can't override variable validation rules";

    /// Missing base variable declaration to override.
    T1003 error MISSING_BASE_VARIABLE = "Missing base variable declaration to override";

    /// Missing base local value definition to override.
    T1004 error MISSING_BASE_LOCAL = "Missing base local value definition to override";

    /// Missing base output definition to override.
    T1005 error MISSING_BASE_OUTPUT = "Missing base output definition to override";

    /// Can't override precondition blocks.
    T1006 error OVERRIDE_PRECONDITION = "Can't override precondition blocks";

    /// Can't override check blocks.
    T1007 error OVERRIDE_CHECK = "Can't override check blocks";

    /// Missing base provider configuration for override.
    T1008 error MISSING_BASE_PROVIDER = "Missing base provider configuration for override";

    /// Missing module call to override.
    T1009 error MISSING_BASE_MODULE_CALL = "Missing module call to override";

    /// Missing … to override.
    T1010 error MISSING_BASE_RESOURCE = "Missing … to override";

    /// Unsupported override.
    T1011 error UNSUPPORTED_OVERRIDE = "Unsupported override";

    /// Invalid character encoding.
    T1012 error INVALID_ENCODING = "Invalid character encoding";

    /// Unreadable module directory.
    T1013 error UNREADABLE_MODULE = "Unreadable module directory";

    /// Module not installed.
    T1014 error MODULE_NOT_INSTALLED = "Module not installed";

    /// Endless module recursion.
    T1015 error ENDLESS_RECURSION = "Endless module recursion";

    /// Invalid module source address.
    T1016 error NULL_MODULE_SOURCE = "Invalid module source address";

    /// Invalid registry module source address.
    T1017 error INVALID_REGISTRY_SOURCE = "Invalid registry module source address";

    /// Invalid module source address.
    T1018 error INVALID_MODULE_SOURCE = "Invalid module source address";
}
