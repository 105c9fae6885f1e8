//! Rules about input variables.

terrane_lang::rules! {
    /// The variable is declared as deprecated, with a text that says what to use instead.
    ///
    /// ```sh
    /// terrane plan -var='old=1'
    /// ```
    T1901 warning DEPRECATED_VARIABLE_SET = "Deprecated variable used from the root module";

    /// A variable of the root module without default needs a value: `-var='name=value'`, a file given with `-var-file` or named `terraform.tfvars` or `*.auto.tfvars`, the environment variable `TF_VAR_name`, or an answer at the prompt. Or give it a default.
    ///
    /// ```sh
    /// echo 'variable "a" {}' > main.tf
    /// terrane plan -input=false
    /// ```
    T1902 error NO_VALUE = "No value for required variable";

    /// The variable has no default and is not nullable, and the module call passes null.
    ///
    /// ```plan
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    ///   a      = null
    /// }
    /// -- m/main.tf
    /// variable "a" {
    ///   nullable = false
    /// }
    /// ```
    T1903 error REQUIRED_VARIABLE_NULL = "Required variable not set";

    /// The module call passes a value that does not fit the type of the variable. Both places are shown.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    ///   a      = "many"
    /// }
    /// -- m/main.tf
    /// variable "a" {
    ///   type = number
    /// }
    /// ```
    T1904 error INVALID_MODULE_INPUT = "Invalid value for input variable";

    /// The value does not fit the type of the variable. On the command line and in the environment, values of other types than string, number and bool are written as expressions: `-var='list=["a", "b"]'`.
    ///
    /// ```sh
    /// terrane plan -var='size=large'
    /// ```
    T1905 error INVALID_VALUE = "Invalid value for input variable";

    /// The file gives a value to a variable that the root module does not declare. That may be on purpose where one file serves several configurations.
    ///
    /// ```sh
    /// echo 'nope = 1' > terraform.tfvars
    /// ```
    T1906 warning UNDECLARED_IN_FILE = "Value for undeclared variable";

    /// The root module declares no variable of this name, so the value would have no effect.
    ///
    /// ```sh
    /// terrane plan -var='nope=1'
    /// ```
    T1907 error UNDECLARED_ON_COMMAND_LINE = "Value for undeclared variable";

    /// The files give values to more undeclared variables than are worth a message each.
    ///
    /// ```sh
    /// terrane plan -var-file=shared.tfvars
    /// ```
    T1908 warning MANY_UNDECLARED = "Values for undeclared variables";

    /// A `.tfvars` file gives values to variables: `name = value`. Variables are declared in `.tf` files.
    ///
    /// ```sh
    /// echo 'variable "a" {}' > terraform.tfvars
    /// ```
    T1909 error DECLARATION_IN_VALUES = "Variable declaration in .tfvars file";
}
