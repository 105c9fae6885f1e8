//! Rules about settings.

terrane_lang::rules! {
    /// Invalid version constraint.
    T1101 error INVALID_VERSION_CONSTRAINT = "Invalid version constraint";

    /// Incompatible module.
    T1102 error INCOMPATIBLE_MODULE = "Incompatible module";

    /// Cannot override language settings.
    T1103 error OVERRIDE_LANGUAGE = "Cannot override language settings";

    /// Unsupported language edition.
    T1104 error UNSUPPORTED_EDITION = "Unsupported language edition";

    /// Unknown experiment keyword.
    T1105 error UNKNOWN_EXPERIMENT = "Unknown experiment keyword";

    /// Invalid expression.
    T1106 error STATIC_LIST_REQUIRED = "Invalid expression";

    /// Invalid version constraint.
    T1107 error PRERELEASE_CONSTRAINT = "Invalid version constraint";

    /// Duplicate backend configuration.
    T1108 error DUPLICATE_BACKEND = "Duplicate backend configuration";

    /// Duplicate cloud configurations.
    T1109 error DUPLICATE_CLOUD = "Duplicate cloud configurations";

    /// Both a backend and cloud configuration are present.
    T1110 error BACKEND_AND_CLOUD = "Both a backend and cloud configuration are present";

    /// Duplicate provider_meta block.
    T1111 error DUPLICATE_PROVIDER_META = "Duplicate provider_meta block";

    /// Invalid required_providers block.
    T1112 error MISPLACED_REQUIRED_PROVIDERS = "Invalid required_providers block";

    /// Duplicate required providers configuration.
    T1113 error DUPLICATE_REQUIRED_PROVIDERS = "Duplicate required providers configuration";

    /// Invalid source.
    T1114 error INVALID_SOURCE = "Invalid source";

    /// Invalid required_providers object.
    T1115 error UNKNOWN_REQUIREMENT = "Invalid required_providers object";

    /// Invalid required_providers object.
    T1116 error INVALID_REQUIREMENT = "Invalid required_providers object";

    /// Invalid provider source string.
    T1117 error EMPTY_PROVIDER_SOURCE = "Invalid provider source string";

    /// Invalid provider source string.
    T1118 error INVALID_PROVIDER_SOURCE = "Invalid provider source string";

    /// Invalid configuration_aliases value.
    T1119 error INVALID_CONFIGURATION_ALIASES = "Invalid configuration_aliases value";

    /// Invalid configuration_aliases value.
    T1120 error FOREIGN_CONFIGURATION_ALIAS = "Invalid configuration_aliases value";

    /// Invalid configuration_aliases value.
    T1121 error MALFORMED_CONFIGURATION_ALIAS = "Invalid configuration_aliases value";

    /// Backend configuration ignored.
    T1122 warning BACKEND_IGNORED = "Backend configuration ignored";

    /// A `provider_meta` block holds an argument that the provider does not take there.
    T1123 error UNSUPPORTED_META = "Unsupported argument";

    /// A `provider_meta` block lacks an argument that the provider needs there.
    T1124 error MISSING_META = "Missing required argument";
}
