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

    /// A variable with `const = false`, or without `const` where other variables of the module have it, is used where values must be known before anything is planned: in a module source or version, a backend, or
    /// the `for_each` of a provider. Take `const = false` out, or use another variable.
    ///
    /// ```terraform
    /// variable "dir" {
    ///   default = "./m"
    ///   const   = false
    /// }
    /// module "m" {
    ///   source = var.dir
    /// }
    /// ```
    T1806 error NOT_CONSTANT = "Variable is not const";

    /// A backend argument is sensitive, ephemeral or not known. Backend settings are kept in the working directory and in saved plans, in the clear; pass
    /// secrets in the environment, or with `-backend-config` at `init`.
    ///
    /// ```terraform
    /// variable "path" {
    ///   default   = "state"
    ///   sensitive = true
    /// }
    /// terraform {
    ///   backend "local" {
    ///     path = var.path
    ///   }
    /// }
    /// ```
    T1807 error BACKEND_VALUE = "Invalid backend argument \"ARGUMENT\"";

    /// A variable with `const = true` is given a value that depends on resources, data sources or modules. It must be known before anything is
    /// planned.
    ///
    /// ```terraform
    /// -- main.tf
    /// resource "terraform_data" "a" {}
    /// module "m" {
    ///   source = "./m"
    ///   name   = terraform_data.a.id
    /// }
    /// -- m/main.tf
    /// variable "name" {
    ///   const = true
    /// }
    /// ```
    T1808 error CONST_INPUT = "Dynamic value in static context";
}
