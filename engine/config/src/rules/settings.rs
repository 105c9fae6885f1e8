//! Rules about settings.

terrane_lang::rules! {
    /// A version constraint is made of versions with an operator before each, separated by commas: `>= 1.2, < 2.0`, `~> 1.4`.
    ///
    /// ```terraform
    /// terraform {
    ///   required_version = "newest"
    /// }
    /// ```
    T1101 error INVALID_VERSION_CONSTRAINT = "Invalid version constraint";

    /// The module asks for a version of the language that this is not.
    ///
    /// ```terraform
    /// language {
    ///   compatible_with {
    ///     opentofu = "< 1.0"
    ///   }
    /// }
    /// ```
    T1102 error INCOMPATIBLE_MODULE = "Incompatible module";

    /// A `language` block belongs in an ordinary file, not in one that ends in `_override`.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// language {
    ///   edition = tofu2024
    /// }
    /// ```
    T1103 error OVERRIDE_LANGUAGE = "Cannot override language settings";

    /// There is one edition of the language.
    ///
    /// ```terraform
    /// language {
    ///   edition = old
    /// }
    /// ```
    T1104 error UNSUPPORTED_EDITION = "Unsupported language edition";

    /// There is no experiment of this name, or it has become an ordinary part of the language: then remove it from the list.
    ///
    /// ```terraform
    /// language {
    ///   experiments = [sorcery]
    /// }
    /// ```
    T1105 error UNKNOWN_EXPERIMENT = "Unknown experiment keyword";

    /// A constraint for compatibility must not name a version before its release, such as `1.2.0-beta1`.
    ///
    /// ```terraform
    /// language {
    ///   compatible_with {
    ///     opentofu = ">= 1.2.0-beta1"
    ///   }
    /// }
    /// ```
    T1106 error PRERELEASE_CONSTRAINT = "Invalid version constraint";

    /// A configuration has one place for its state. Both blocks are shown; remove one.
    ///
    /// ```terraform
    /// terraform {
    ///   backend "local" {}
    ///   backend "local" {}
    /// }
    /// ```
    T1107 error DUPLICATE_BACKEND = "Duplicate backend configuration";

    /// A configuration has one place for its state. Both blocks are shown; remove one.
    ///
    /// ```terraform
    /// terraform {
    ///   cloud {}
    ///   cloud {}
    /// }
    /// ```
    T1108 error DUPLICATE_CLOUD = "Duplicate cloud configurations";

    /// A configuration has one place for its state: a `backend` block or a `cloud` block, not both.
    ///
    /// ```terraform
    /// terraform {
    ///   backend "local" {}
    ///   cloud {}
    /// }
    /// ```
    T1109 error BACKEND_AND_CLOUD = "Both a backend and cloud configuration are present";

    /// A module says only once what it tells a provider about itself.
    ///
    /// ```terraform
    /// terraform {
    ///   provider_meta "test" {}
    ///   provider_meta "test" {}
    /// }
    /// ```
    T1110 error DUPLICATE_PROVIDER_META = "Duplicate provider_meta block";

    /// The block stands within a `terraform` block.
    ///
    /// ```terraform
    /// required_providers {
    ///   test = {
    ///     source = "hashicorp/test"
    ///   }
    /// }
    /// ```
    T1111 error MISPLACED_REQUIRED_PROVIDERS = "Invalid required_providers block";

    /// A module has one `required_providers` block. Both are shown; join them.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {}
    ///   required_providers {}
    /// }
    /// ```
    T1112 error DUPLICATE_REQUIRED_PROVIDERS = "Duplicate required providers configuration";

    /// The source of a provider is a string such as `hashicorp/aws`.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source = 1
    ///     }
    ///   }
    /// }
    /// ```
    T1113 error INVALID_SOURCE = "Invalid source";

    /// What a module requires of a provider is its `source`, its `version`, and the `configuration_aliases` that callers must pass.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       src = "hashicorp/test"
    ///     }
    ///   }
    /// }
    /// ```
    T1114 error UNKNOWN_REQUIREMENT = "Invalid required_providers object";

    /// An entry is an object, such as `{ source = "hashicorp/aws", version = "~> 5.0" }`, or a version constraint alone.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = []
    ///   }
    /// }
    /// ```
    T1115 error INVALID_REQUIREMENT = "Invalid required_providers object";

    /// The source of a provider has the form `NAMESPACE/NAME`, with a host name before it where it is not the public registry.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source = "a/b/c/d"
    ///     }
    ///   }
    /// }
    /// ```
    T1116 error PROVIDER_SOURCE_PARTS = "Invalid provider source string";

    /// The source of a provider has the form `NAMESPACE/NAME`, with a host name before it where it is not the public registry.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source = "a b/c"
    ///     }
    ///   }
    /// }
    /// ```
    T1117 error INVALID_PROVIDER_SOURCE = "Invalid provider source string";

    /// Callers must pass the configurations of this list: `configuration_aliases = [aws.east, aws.west]`.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source                = "hashicorp/test"
    ///       configuration_aliases = "test.a"
    ///     }
    ///   }
    /// }
    /// ```
    T1118 error INVALID_CONFIGURATION_ALIASES = "Invalid configuration_aliases value";

    /// A configuration in this list begins with the name that the provider has in this block.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source                = "hashicorp/test"
    ///       configuration_aliases = [other.a]
    ///     }
    ///   }
    /// }
    /// ```
    T1119 error FOREIGN_CONFIGURATION_ALIAS = "Invalid configuration_aliases value";

    /// A configuration in this list has the form `NAME.ALIAS`.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source                = "hashicorp/test"
    ///       configuration_aliases = [test]
    ///     }
    ///   }
    /// }
    /// ```
    T1120 error MALFORMED_CONFIGURATION_ALIAS = "Invalid configuration_aliases value";

    /// Where the state is kept is decided by the root module. A backend block in a module that is called has no effect; remove it.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// terraform {
    ///   backend "local" {}
    /// }
    /// ```
    T1121 warning BACKEND_IGNORED = "Backend configuration ignored";

    /// A `provider_meta` block holds an argument that the provider does not take there. Take it out.
    ///
    /// ```text
    /// terraform {
    ///   provider_meta "google" {
    ///     modul_name = "blueprints/terraform/x/v1.0.0" # module_name
    ///   }
    /// }
    /// ```
    T1122 error UNSUPPORTED_META = "Unsupported argument";

    /// A `provider_meta` block lacks an argument that the provider needs there. Add it.
    ///
    /// ```text
    /// terraform {
    ///   provider_meta "acme" {} # where the provider says that `module` is required
    /// }
    /// ```
    T1123 error MISSING_META = "Missing required argument";

    /// What `-backend-config` gives does not fit the backend: it has no such argument, or the value is not of its type.
    ///
    /// ```sh
    /// terrane init -backend-config=bucet=states
    /// ```
    T1124 error BACKEND_ARGUMENT = "Invalid backend configuration argument";

    /// In a `.tf` file `required_version` is about another program and is not enforced here. This one allows neither the version of OpenTofu whose language terrane
    /// reads nor the version of Terraform that it is compared with, so the configuration may mean something else to the program that it was written for. See
    /// `docs/compatibility.md`.
    ///
    /// ```terraform
    /// terraform {
    ///   required_version = "= 0.12.31"
    /// }
    /// ```
    T1125 warning VERSION_NOT_ENFORCED = "Version constraint is not enforced";
}
