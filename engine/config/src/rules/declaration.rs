//! Rules about declarations.

terrane_lang::rules! {
    /// The author of the module says that this variable is not to be used any more, and what to use.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    ///   a      = 1
    /// }
    /// -- m/main.tf
    /// variable "a" {
    ///   default    = 0
    ///   deprecated = "Use b."
    /// }
    /// ```
    T1201 warning DEPRECATED_VARIABLE = "Variable marked as deprecated by the module author";

    /// The rule of a variable must look at its value, or else it checks nothing about it.
    ///
    /// ```terraform
    /// variable "a" {}
    /// locals {
    ///   b = 1
    /// }
    /// variable "c" {
    ///   validation {
    ///     condition     = local.b == 1
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1202 error VALIDATION_WITHOUT_VARIABLE = "Invalid variable validation condition";

    /// Outputs of the root module are stored, and ephemeral values are not to be. Only outputs of modules that are called can be ephemeral.
    ///
    /// ```terraform
    /// output "a" {
    ///   ephemeral = true
    ///   value     = 1
    /// }
    /// ```
    T1203 error EPHEMERAL_ROOT_OUTPUT = "Invalid output configuration";

    /// `depends_on` takes whole objects: `aws_instance.web`, `module.network`. One that depends on an attribute depends on all of it.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {
    ///   depends_on = [terraform_data.a.id]
    /// }
    /// ```
    T1204 error DEPENDS_ON_ATTRIBUTE = "Invalid depends_on reference";

    /// `depends_on` takes resources, data sources, modules, input variables and local values.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count      = 1
    ///   depends_on = [count.index]
    /// }
    /// ```
    T1205 error DEPENDS_ON_KIND = "Invalid depends_on reference";

    /// The argument takes a value of another type.
    ///
    /// ```terraform
    /// variable "a" {
    ///   sensitive = "maybe"
    /// }
    /// ```
    T1206 error UNSUITABLE_VALUE = "Unsuitable value type";

    /// A name begins with a letter or underscore and goes on with letters, digits, underscores and dashes.
    ///
    /// ```terraform
    /// output "a b" {
    ///   value = 1
    /// }
    /// ```
    T1207 error INVALID_NAME = "Invalid KIND name";

    /// A list must be written out here: it can't be computed, since it decides about order before anything is evaluated.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   depends_on = toset([])
    /// }
    /// ```
    T1208 error STATIC_LIST_REQUIRED = "Invalid expression";

    /// References are written without quotes. In quotes they are still understood here, but not in later versions.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {
    ///   depends_on = ["terraform_data.a"]
    /// }
    /// ```
    T1209 warning QUOTED_REFERENCE = "Quoted references are deprecated";

    /// A name begins with a letter or underscore and goes on with letters, digits, underscores and dashes.
    ///
    /// ```terraform
    /// variable "1st" {}
    /// ```
    T1210 error INVALID_VARIABLE_NAME = "Invalid variable name";

    /// In a module block these words are arguments with a meaning of their own, so a variable of that name could never be set: `source`, `version`, `providers`, `count`, `for_each`, `lifecycle`, `depends_on`, `locals`.
    ///
    /// ```terraform
    /// variable "count" {}
    /// ```
    T1211 error RESERVED_VARIABLE_NAME = "Invalid variable name";

    /// A module declares each variable once. Both places are shown.
    ///
    /// ```terraform
    /// variable "a" {}
    /// variable "a" {}
    /// ```
    T1212 error DUPLICATE_VARIABLE = "Duplicate variable declaration";

    /// With `nullable = false` the variable is never null, so its default can't be.
    ///
    /// ```terraform
    /// variable "a" {
    ///   nullable = false
    ///   default  = null
    /// }
    /// ```
    T1213 error NULL_DEFAULT = "Invalid default value for variable";

    /// The default must fit the type of the variable.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type    = number
    ///   default = "many"
    /// }
    /// ```
    T1214 error INVALID_DEFAULT = "Invalid default value for variable";

    /// The text says what to use instead, so it can't be empty.
    ///
    /// ```terraform
    /// variable "a" {
    ///   deprecated = ""
    /// }
    /// ```
    T1215 error INVALID_DEPRECATED = "Invalid `deprecated` value";

    /// A condition that looks at nothing is always the same, so it checks nothing.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = true
    ///       error_message = "No."
    ///     }
    ///   }
    /// }
    /// ```
    T1216 error CONSTANT_CONDITION = "Invalid KIND expression";

    /// A module defines each local value once, over all its `locals` blocks. Both places are shown.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1
    /// }
    /// locals {
    ///   a = 2
    /// }
    /// ```
    T1217 error DUPLICATE_LOCAL = "Duplicate local value definition";

    /// A module declares each output once. Both places are shown.
    ///
    /// ```terraform
    /// output "a" {
    ///   value = 1
    /// }
    /// output "a" {
    ///   value = 2
    /// }
    /// ```
    T1218 error DUPLICATE_OUTPUT = "Duplicate output definition";

    /// An output has preconditions only: its value is known before it is stored.
    ///
    /// ```terraform
    /// output "a" {
    ///   value = 1
    ///   postcondition {
    ///     condition     = true
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1219 error OUTPUT_POSTCONDITION = "Postconditions are not allowed";

    /// A check has at most one data source of its own. Write one check for each.
    ///
    /// ```terraform
    /// check "a" {
    ///   data "test_lookup" "b" {
    ///     name = "b"
    ///   }
    ///   data "test_lookup" "c" {
    ///     name = "c"
    ///   }
    ///   assert {
    ///     condition     = data.test_lookup.b.id != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1220 error SEVERAL_CHECK_DATA = "Multiple data resource blocks";

    /// A check without an `assert` block checks nothing.
    ///
    /// ```terraform
    /// check "a" {}
    /// ```
    T1221 error CHECK_WITHOUT_ASSERT = "Zero assert blocks";

    /// A module has each check once. Both places are shown.
    ///
    /// ```terraform
    /// check "a" {
    ///   assert {
    ///     condition     = path.module != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// check "a" {
    ///   assert {
    ///     condition     = path.module != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1222 error DUPLICATE_CHECK = "Duplicate check \"NAME\" configuration";

    /// A block has one `lifecycle` block. Both are shown; join them.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {}
    ///   lifecycle {}
    /// }
    /// ```
    T1223 error DUPLICATE_LIFECYCLE = "Duplicate lifecycle block";

    /// A module calls others under names that are each used once. Both places are shown.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1224 error DUPLICATE_MODULE_CALL = "Duplicate module call";

    /// The author of the module says that this output is not to be used any more, and what to use. Each place that refers to it is told.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// locals {
    ///   a = module.m.a
    /// }
    /// -- m/main.tf
    /// output "a" {
    ///   value      = 1
    ///   deprecated = "Use b."
    /// }
    /// ```
    T1250 warning DEPRECATED_OUTPUT = "Value derived from a deprecated source";
}
