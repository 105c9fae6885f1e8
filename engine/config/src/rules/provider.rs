//! Rules about providers.

terrane_lang::rules! {
    /// The configuration needs a provider that is not available. `terrane init` fetches providers; where the name is mistyped (often the part before the underscore of a resource type), correct it.
    ///
    /// ```terraform
    /// resource "tset_thing" "a" {}
    /// ```
    T1401 error MISSING_PROVIDER = "Missing required provider";

    /// The provider can't do without this argument, and there is no `provider` block that sets it.
    ///
    /// ```text
    /// resource "strict_thing" "a" {}   # and the provider "strict" requires a region
    /// ```
    T1402 error MISSING_PROVIDER_ARGUMENT = "Missing required argument";

    /// The keys of a provider's `for_each` must be known before anything is planned, and may be shown: they are part of addresses.
    ///
    /// ```terraform
    /// provider "test" {
    ///   alias    = "all"
    ///   for_each = sensitive(toset(["a"]))
    /// }
    /// ```
    T1403 error INVALID_PROVIDER_KEYS = "Invalid provider instance keys";

    /// The configuration has `for_each`, so it must be said which of its instances is meant: `provider = aws.all[each.key]`.
    ///
    /// ```terraform
    /// provider "test" {
    ///   alias    = "all"
    ///   for_each = toset(["a"])
    /// }
    /// resource "test_thing" "a" {
    ///   provider = test.all
    /// }
    /// ```
    T1404 error PROVIDER_KEY_REQUIRED = "Provider instance key required";

    /// The configuration has no `for_each`, so it has no instances to choose from.
    ///
    /// ```terraform
    /// provider "test" {
    ///   alias = "b"
    /// }
    /// resource "test_thing" "a" {
    ///   provider = test.b["a"]
    /// }
    /// ```
    T1405 error UNEXPECTED_PROVIDER_KEY = "Unexpected provider instance key";

    /// Names of providers are lowercase letters, digits and dashes.
    ///
    /// ```terraform
    /// provider "Test" {}
    /// ```
    T1406 error INVALID_LOCAL_NAME = "Invalid provider local name";

    /// The word is kept for later versions of the language.
    ///
    /// ```terraform
    /// provider "test" {
    ///   count = 1
    /// }
    /// ```
    T1407 error RESERVED_ARGUMENT = "Reserved argument name in provider block";

    /// An alias is a name: it begins with a letter or underscore and goes on with letters, digits, underscores and dashes.
    ///
    /// ```terraform
    /// provider "test" {
    ///   alias = "a b"
    /// }
    /// ```
    T1408 error INVALID_ALIAS = "Invalid provider configuration alias";

    /// Resources choose an instance through the alias, so there must be one.
    ///
    /// ```terraform
    /// provider "test" {
    ///   for_each = toset(["a"])
    /// }
    /// ```
    T1409 error ALIAS_REQUIRED = "Alias required when using \"for_each\"";

    /// Which versions of a provider suit is said in the `required_providers` block.
    ///
    /// ```terraform
    /// provider "test" {
    ///   version = ">= 1.0"
    /// }
    /// ```
    T1410 warning VERSION_IN_PROVIDER_BLOCK = "Version constraints inside provider configuration blocks are deprecated";

    /// A module configures a provider once without alias, and once for each alias. Both places are shown; give one an alias.
    ///
    /// ```terraform
    /// provider "test" {}
    /// provider "test" {
    ///   region = "x"
    /// }
    /// ```
    T1411 error DUPLICATE_CONFIGURATION = "Duplicate provider configuration";

    /// The map must be written out: `providers = { aws = aws.west }`.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source    = "./m"
    ///   providers = []
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1412 error STATIC_MAP_REQUIRED = "Invalid expression";

    /// The module is passed two configurations for one name of its own.
    ///
    /// ```terraform
    /// -- main.tf
    /// provider "test" {}
    /// provider "test" {
    ///   alias = "b"
    /// }
    /// module "m" {
    ///   source = "./m"
    ///   providers = {
    ///     test = test
    ///     test = test.b
    ///   }
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1413 error DUPLICATE_PASSED = "Duplicate provider address";

    /// The module names a provider configuration that it neither declares nor is passed by its caller.
    ///
    /// ```terraform
    /// resource "test_thing" "a" {
    ///   provider = test.west
    /// }
    /// ```
    T1414 error UNDECLARED_CONFIGURATION = "Provider configuration not present";

    /// The module says in `configuration_aliases` which configurations it must be passed, and one of them is missing. Add it to `providers` of the module call.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source                = "hashicorp/test"
    ///       configuration_aliases = [test.west]
    ///     }
    ///   }
    /// }
    /// ```
    T1415 error CONFIGURATION_NOT_PASSED = "Missing required provider configuration";

    /// The module has a configuration of its own under this name, so none can be passed for it.
    ///
    /// ```terraform
    /// -- main.tf
    /// provider "test" {
    ///   alias = "x"
    /// }
    /// module "m" {
    ///   source = "./m"
    ///   providers = {
    ///     test = test.x
    ///   }
    /// }
    /// -- m/main.tf
    /// provider "test" {
    ///   region = "y"
    /// }
    /// resource "test_thing" "a" {}
    /// ```
    T1416 error CANNOT_OVERRIDE = "Cannot override provider configuration";

    /// The caller passes a configuration for an alias that the module does not ask for. Declare it in its `configuration_aliases`. For a provider
    /// of `hashicorp` this is only a warning.
    ///
    /// ```terraform
    /// -- main.tf
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source = "acme/test"
    ///     }
    ///   }
    /// }
    /// provider "test" {}
    /// module "m" {
    ///   source = "./m"
    ///   providers = {
    ///     test.west = test
    ///   }
    /// }
    /// -- m/main.tf
    /// terraform {
    ///   required_providers {
    ///     test = {
    ///       source = "acme/test"
    ///     }
    ///   }
    /// }
    /// ```
    T1417 error UNDEFINED_ALIAS = "Reference to undefined provider";

    /// The caller passes a configuration for a provider that the module does not ask for. Declare it in its `required_providers`.
    ///
    /// ```terraform
    /// -- main.tf
    /// provider "test" {}
    /// module "m" {
    ///   source = "./m"
    ///   providers = {
    ///     mine.west = test
    ///   }
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1418 error UNDEFINED_REQUIRED = "Reference to undefined provider";

    /// The caller passes a configuration for a provider that the module uses without saying which one it means. Declare it in its `required_providers`.
    ///
    /// ```terraform
    /// -- main.tf
    /// provider "test" {}
    /// module "m" {
    ///   source = "./m"
    ///   providers = {
    ///     test = test
    ///   }
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1419 warning UNDEFINED_LOCAL_NAME = "Reference to undefined provider";

    /// The module means another provider by its name than the caller that passes the configuration. Compare their `required_providers`.
    ///
    /// ```terraform
    /// -- main.tf
    /// provider "test" {}
    /// module "m" {
    ///   source = "./m"
    ///   providers = {
    ///     terraform = test
    ///   }
    /// }
    /// -- m/main.tf
    /// resource "terraform_data" "a" {}
    /// ```
    T1420 error TYPE_MISMATCH = "Provider type mismatch";

    /// A module that configures providers by itself can't be repeated or depend on other things: the configurations would be needed after the instances are gone. Move the `provider` block to the root module, and pass the configuration with `providers`.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   count  = 1
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// provider "test" {
    ///   region = "x"
    /// }
    /// ```
    T1421 error INCOMPATIBLE_MODULE = "Module is incompatible with ARGUMENT";

    /// The built-in provider has the version of this program, and no other can be asked for.
    ///
    /// ```terraform
    /// terraform {
    ///   required_providers {
    ///     terraform = {
    ///       source  = "terraform.io/builtin/terraform"
    ///       version = "1.0.0"
    ///     }
    ///   }
    /// }
    /// ```
    T1422 error BUILTIN_REQUIREMENT = "Invalid dependency on built-in provider";
}
