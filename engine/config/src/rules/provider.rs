//! Rules about providers.

terrane_lang::rules! {
    /// Missing required provider.
    T1401 error MISSING_PROVIDER = "Missing required provider";

    /// Missing required argument.
    T1402 error MISSING_PROVIDER_ARGUMENT = "Missing required argument";

    /// Invalid provider instance keys.
    T1403 error INVALID_PROVIDER_KEYS = "Invalid provider instance keys";

    /// Provider instance key required.
    T1404 error PROVIDER_KEY_REQUIRED = "Provider instance key required";

    /// Unexpected provider instance key.
    T1405 error UNEXPECTED_PROVIDER_KEY = "Unexpected provider instance key";

    /// Invalid provider local name.
    T1406 error INVALID_LOCAL_NAME = "Invalid provider local name";

    /// Reserved argument name in provider block.
    T1407 error RESERVED_ARGUMENT = "Reserved argument name in provider block";

    /// Invalid provider configuration alias.
    T1408 error INVALID_ALIAS = "Invalid provider configuration alias";

    /// Alias required when using \"for_each\".
    T1409 error ALIAS_REQUIRED = "Alias required when using \"for_each\"";

    /// Version constraints inside provider configuration blocks are deprecated.
    T1410 warning VERSION_IN_PROVIDER_BLOCK = "Version constraints inside provider configuration blocks are deprecated";

    /// Invalid version constraint.
    T1411 error INVALID_VERSION_CONSTRAINT = "Invalid version constraint";

    /// Duplicate provider configuration.
    T1412 error DUPLICATE_CONFIGURATION = "Duplicate provider configuration";

    /// Invalid expression.
    T1413 error STATIC_MAP_REQUIRED = "Invalid expression";

    /// Duplicate provider address.
    T1414 error DUPLICATE_PASSED = "Duplicate provider address";

    /// Provider configuration not present.
    T1415 error UNDECLARED_CONFIGURATION = "Provider configuration not present";

    /// Missing required provider configuration.
    T1416 error CONFIGURATION_NOT_PASSED = "Missing required provider configuration";

    /// Cannot override provider configuration.
    T1417 error CANNOT_OVERRIDE = "Cannot override provider configuration";

    /// Reference to undefined provider.
    T1418 error UNDEFINED_ALIAS = "Reference to undefined provider";

    /// Reference to undefined provider.
    T1419 error UNDEFINED_REQUIRED = "Reference to undefined provider";

    /// Reference to undefined provider.
    T1420 warning UNDEFINED_LOCAL_NAME = "Reference to undefined provider";

    /// Provider type mismatch.
    T1421 error TYPE_MISMATCH = "Provider type mismatch";

    /// Module is incompatible with ….
    T1422 error INCOMPATIBLE_MODULE = "Module is incompatible with …";

    /// Invalid dependency on built-in provider.
    T1423 error BUILTIN_REQUIREMENT = "Invalid dependency on built-in provider";
}
