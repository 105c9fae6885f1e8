//! Rules about values needed before planning.

terrane_lang::rules! {
    /// Dynamic value in static context.
    T1801 error DYNAMIC_VALUE = "Dynamic value in static context";

    /// Circular reference.
    T1802 error CIRCULAR_REFERENCE = "Circular reference";

    /// Variable value not provided.
    T1803 error VARIABLE_NOT_PROVIDED = "Variable value not provided";

    /// Invalid ….
    T1804 error INVALID_STATIC_VALUE = "Invalid …";

    /// A variable with `const = false` is used where values must be known before anything is planned: in a module source or version, a backend, or
    /// the `for_each` of a provider. Take `const = false` out, or use another variable.
    ///
    /// ```terraform
    /// variable "region" {
    ///   default = "eu"
    ///   const   = false
    /// }
    ///
    /// provider "local" {
    ///   alias    = "by"
    ///   for_each = toset([var.region])
    /// }
    /// ```
    T1805 error NOT_CONSTANT = "Variable is not constant";

    /// A backend argument is sensitive, ephemeral or not known. Backend settings are kept in the working directory and in saved plans, in the clear; pass
    /// secrets in the environment, or with `-backend-config` at `init`.
    T1806 error BACKEND_VALUE = "Invalid backend argument";

    /// A variable with `const = true` is given a value that depends on resources, data sources or modules. It must be known before anything is
    /// planned.
    T1807 error CONST_INPUT = "Value of a constant variable is not constant";
}
