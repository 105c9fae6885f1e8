//! Rules about values needed before planning.

terrane_lang::rules! {
    /// The value decides which modules, providers or backend there are, so it must be known before anything is planned. It can use variables, local values, `path` and functions, but nothing that resources, data sources or modules bring.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// module "m" {
    ///   source = terraform_data.a.id
    /// }
    /// ```
    T1801 error DYNAMIC_VALUE = "Dynamic value in static context";

    /// Values that must be known before planning depend on each other in a circle.
    ///
    /// ```terraform
    /// locals {
    ///   a = local.b
    ///   b = local.a
    /// }
    /// module "m" {
    ///   source = local.a
    /// }
    /// ```
    T1802 error CIRCULAR_REFERENCE = "Circular reference";

    /// The value must be known before anything is planned, and a variable that it uses has neither a value nor a default.
    ///
    /// ```sh
    /// terrane init   # with source = var.source in a module block
    /// ```
    T1803 error VARIABLE_NOT_PROVIDED = "Variable value not provided";

    /// The value must be a known string that may be shown.
    ///
    /// ```terraform
    /// module "m" {
    ///   source = []
    /// }
    /// ```
    T1804 error INVALID_STATIC_VALUE = "Invalid ARGUMENT";

    /// The value must be known before any provider is there, so it can't use functions of providers.
    ///
    /// ```terraform
    /// module "m" {
    ///   source = "./${provider::terraform::encode_expr(1)}"
    /// }
    /// ```
    T1805 error STATIC_PROVIDER_FUNCTION = "Provider function in static context";

    /// A module that declares any of its variables with `const` says by that which ones must be known before anything is planned: those with `const = true`, and only they can be used where that is needed. (Where no variable says `const`, all can.)
    ///
    /// ```terraform
    /// variable "a" {
    ///   const   = false
    ///   default = "./a"
    /// }
    /// module "m" {
    ///   source = var.a
    /// }
    /// ```
    T1850 error NOT_CONST = "Variable is not const";
}
