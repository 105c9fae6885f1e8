//! Rules about arguments and blocks.

crate::rules! {
    /// Only arguments may stand here, no blocks.
    ///
    /// ```tfvars
    /// network {
    ///   cidr = "10.0.0.0/8"
    /// }
    /// ```
    T0301 error UNEXPECTED_BLOCK = "Unexpected \"TYPE\" block";

    /// The block can't do without this argument.
    ///
    /// ```terraform
    /// module "m" {
    /// }
    /// ```
    T0302 error MISSING_ARGUMENT = "Missing required argument";

    /// The block has no argument of this name. A similar one is named if there is one; the version of the provider that is in use may also not know it yet.
    ///
    /// ```terraform
    /// variable "a" {
    ///   typ = string
    /// }
    /// ```
    T0303 error UNSUPPORTED_ARGUMENT = "Unsupported argument";

    /// No block of this type may stand here. What is an argument in this place is written with an equals sign.
    ///
    /// ```terraform
    /// resources "terraform_data" "a" {}
    /// ```
    T0304 error UNSUPPORTED_BLOCK = "Unsupported block type";

    /// The block has more labels than its type takes.
    ///
    /// ```terraform
    /// locals "a" {}
    /// ```
    T0305 error EXTRANEOUS_LABEL = "Extraneous label for TYPE";

    /// The block has fewer labels than its type takes. A resource, for instance, has a type and a name.
    ///
    /// ```terraform
    /// resource "terraform_data" {}
    /// ```
    T0306 error MISSING_LABEL = "Missing LABEL for TYPE";

    /// Here stands a name or an address as such, which can't be computed.
    ///
    /// ```terraform
    /// removed {
    ///   from = upper("a")
    /// }
    /// ```
    T0307 error NOT_STATIC = "Invalid expression";

    /// The value is needed before anything is evaluated, so it must be written out: names mean nothing here.
    ///
    /// ```terraform
    /// variable "a" {
    ///   default = var.b
    /// }
    /// variable "b" {}
    /// ```
    T0308 error VARIABLES_NOT_ALLOWED = "Variables not allowed";

    /// The value is needed before anything is evaluated, so it must be written out: functions can't be called here. A `locals` block can compute what a default can't.
    ///
    /// ```terraform
    /// variable "a" {
    ///   default = upper("x")
    /// }
    /// ```
    T0309 error FUNCTIONS_NOT_ALLOWED = "Function calls not allowed";
}
