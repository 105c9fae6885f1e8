//! Rules about conditions and outputs.

terrane_lang::rules! {
    /// Outputs of the root module are shown and read by others, so it must be said of a sensitive one that this is meant: `sensitive = true`. The value is then hidden in what is shown, and still stored.
    ///
    /// ```terraform
    /// variable "a" {
    ///   sensitive = true
    /// }
    /// output "b" {
    ///   value = var.a
    /// }
    /// ```
    T2101 error SENSITIVE_OUTPUT = "Output refers to sensitive values";

    /// The output takes an ephemeral value, so it must be declared with `ephemeral = true`; outputs of the root module can't be.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// variable "a" {
    ///   ephemeral = true
    ///   default   = "x"
    /// }
    /// output "b" {
    ///   value = var.a
    /// }
    /// ```
    T2102 error EPHEMERAL_OUTPUT = "Ephemeral value not allowed";

    /// The message of a condition is a string.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = path.module != ""
    ///       error_message = []
    ///     }
    ///   }
    /// }
    /// ```
    T2103 error ERROR_MESSAGE_TYPE = "Invalid error message";

    /// The rule of a variable is true or false.
    ///
    /// ```terraform
    /// variable "a" {
    ///   default = "x"
    ///   validation {
    ///     condition     = [var.a]
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T2104 error VALIDATION_RESULT = "Invalid variable validation result";

    /// A condition is true or false.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = [path.module]
    ///       error_message = "No."
    ///     }
    ///   }
    /// }
    /// ```
    T2105 error CONDITION_RESULT = "Invalid condition result";

    /// The value is stored, or passed to something that stores it, and ephemeral values are not to be. Declare the variable or output that takes it with `ephemeral = true`.
    ///
    /// ```terraform
    /// -- main.tf
    /// variable "a" {
    ///   ephemeral = true
    ///   default   = "x"
    /// }
    /// module "m" {
    ///   source = "./m"
    ///   b      = var.a
    /// }
    /// -- m/main.tf
    /// variable "b" {}
    /// ```
    T2106 error EPHEMERAL_NOT_ALLOWED = "Ephemeral value not allowed";

    /// The value of a variable does not keep a rule that its declaration has. The message is the author's; the rule is shown with it.
    ///
    /// ```plan
    /// variable "a" {
    ///   default = 1
    ///   validation {
    ///     condition     = var.a == 2
    ///     error_message = "It must be 2."
    ///   }
    /// }
    /// ```
    T2107 error VALIDATION_FAILED = "Invalid value for variable";

    /// The author of the module wrote a rule about what must be so for this output to make sense, and whatever values its variables get, it is not so.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type = number
    /// }
    /// output "b" {
    ///   value = var.a
    ///   precondition {
    ///     condition     = can(length(var.a))
    ///     error_message = "It must have elements."
    ///   }
    /// }
    /// ```
    T2108 error PRECONDITION_NEVER_HOLDS = "Module output value precondition failed";
}
