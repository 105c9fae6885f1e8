//! Rules about checked conditions.

terrane_lang::rules! {
    /// A condition must be true or false, and this one is null or something else.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     postcondition {
    ///       condition     = self.input
    ///       error_message = "No."
    ///     }
    ///   }
    /// }
    /// ```
    T3201 error INVALID_RESULT = "Invalid KIND expression result";

    /// The message would show a value that is not to be shown. Write it without the value, or take off the mark with `nonsensitive` where it is no secret.
    /// A warning beside the condition that failed; an error where it is a rule of a variable.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   input = sensitive("x")
    ///   lifecycle {
    ///     postcondition {
    ///       condition     = self.input == "y"
    ///       error_message = "It is ${self.input}."
    ///     }
    ///   }
    /// }
    /// ```
    T3202 error SENSITIVE_ERROR_MESSAGE = "Error message refers to KIND values";

    /// The message of a condition is a string, and not null.
    ///
    /// ```plan
    /// variable "a" {
    ///   default = null
    /// }
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = path.module != "."
    ///       error_message = var.a
    ///     }
    ///   }
    /// }
    /// ```
    T3203 error INVALID_ERROR_MESSAGE = "Invalid error message";

    /// The author of the configuration wrote a rule about the object, and it does not keep it. The message is the author's; the values that took part are shown with it.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   input = 1
    ///   lifecycle {
    ///     postcondition {
    ///       condition     = self.input == 2
    ///       error_message = "It must be 2."
    ///     }
    ///   }
    /// }
    /// ```
    T3204 error POSTCONDITION_FAILED = "Resource postcondition failed";

    /// The author of the configuration wrote a rule about what must be so before this is done, and it is not so. The message is the author's; the values that took part are shown with it.
    ///
    /// ```plan
    /// variable "a" {
    ///   default = 1
    /// }
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = var.a == 2
    ///       error_message = "It must be 2."
    ///     }
    ///   }
    /// }
    /// ```
    T3205 error PRECONDITION_FAILED = "Resource precondition failed";

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
    T3206 error VALIDATION_FAILED = "Invalid value for variable";

    /// The author of the module wrote a rule about what must be so for this output to make sense. The message is the author's; the values that took part are shown with it.
    ///
    /// ```plan
    /// variable "a" {
    ///   default = 1
    /// }
    /// output "b" {
    ///   value = var.a
    ///   precondition {
    ///     condition     = var.a == 2
    ///     error_message = "It must be 2."
    ///   }
    /// }
    /// ```
    T3207 error OUTPUT_PRECONDITION_FAILED = "Module output value precondition failed";

    /// An assertion of a check does not hold. Checks only warn; the message is the author's.
    ///
    /// ```plan
    /// variable "a" {
    ///   default = 1
    /// }
    /// check "b" {
    ///   assert {
    ///     condition     = var.a == 2
    ///     error_message = "It should be 2."
    ///   }
    /// }
    /// ```
    T3208 error CHECK_FAILED = "Check block assertion failed";

    /// An assertion of a check looks at a value that is known only after apply; it is checked then.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// check "b" {
    ///   assert {
    ///     condition     = terraform_data.a.id != ""
    ///     error_message = "It should have an id."
    ///   }
    /// }
    /// ```
    T3209 warning CHECK_UNKNOWN = "Check block assertion known after apply";
}
