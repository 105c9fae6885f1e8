//! Rules about files and modules.

terrane_lang::rules! {
    /// A file whose name ends in `_override` changes arguments of what other files declare. Conditions can't be changed that way.
    ///
    /// ```terraform
    /// -- main.tf
    /// resource "terraform_data" "a" {}
    /// -- main_override.tf
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = var.a
    ///       error_message = "No."
    ///     }
    ///   }
    /// }
    /// ```
    T1001 error OVERRIDE_CONDITION = "Can't override TYPE blocks";

    /// A file whose name ends in `_override` can't change the rules that check a variable.
    ///
    /// ```terraform
    /// -- main.tf
    /// variable "a" {}
    /// -- main_override.tf
    /// variable "a" {
    ///   validation {
    ///     condition     = var.a != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1002 error OVERRIDE_VALIDATION = "Can't override variable validation rules";

    /// A file whose name ends in `_override` changes what other files declare, and none declares this variable.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// variable "a" {}
    /// ```
    T1003 error MISSING_BASE_VARIABLE = "Missing base variable declaration to override";

    /// A file whose name ends in `_override` changes what other files declare, and none declares this value.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// locals {
    ///   a = 1
    /// }
    /// ```
    T1004 error MISSING_BASE_LOCAL = "Missing base local value definition to override";

    /// A file whose name ends in `_override` changes what other files declare, and none declares this output.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// output "a" {
    ///   value = 1
    /// }
    /// ```
    T1005 error MISSING_BASE_OUTPUT = "Missing base output definition to override";

    /// A file whose name ends in `_override` can't change the conditions of an output.
    ///
    /// ```terraform
    /// -- main.tf
    /// output "a" {
    ///   value = 1
    /// }
    /// -- main_override.tf
    /// output "a" {
    ///   precondition {
    ///     condition     = true == true
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1006 error OVERRIDE_PRECONDITION = "Can't override precondition blocks";

    /// A file whose name ends in `_override` can't change checks.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// check "a" {
    ///   assert {
    ///     condition     = true
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1007 error OVERRIDE_CHECK = "Can't override check blocks";

    /// A file whose name ends in `_override` changes what other files declare, and none declares this provider configuration.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// provider "test" {
    ///   alias  = "other"
    ///   region = "x"
    /// }
    /// ```
    T1008 error MISSING_BASE_PROVIDER = "Missing base provider configuration for override";

    /// A file whose name ends in `_override` changes what other files declare, and none declares this module call.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// ```
    T1009 error MISSING_BASE_MODULE_CALL = "Missing module call to override";

    /// A file whose name ends in `_override` changes what other files declare, and none declares this resource.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// resource "terraform_data" "a" {}
    /// ```
    T1010 error MISSING_BASE_RESOURCE = "Missing KIND to override";

    /// A file whose name ends in `_override` can't change what this argument says.
    ///
    /// ```terraform
    /// -- main.tf
    /// resource "terraform_data" "a" {}
    /// -- main_override.tf
    /// resource "terraform_data" "a" {
    ///   depends_on = []
    /// }
    /// ```
    T1011 error UNSUPPORTED_OVERRIDE = "Unsupported override";

    /// Configuration is text in UTF-8. The file holds bytes that are not; save it as UTF-8.
    ///
    /// ```sh
    /// printf 'locals { a = "\xff" }' > main.tf
    /// ```
    T1012 error INVALID_ENCODING = "Invalid character encoding";

    /// A module call names a folder that is not there or can't be read. The path is relative to the folder of the file that calls.
    ///
    /// ```terraform
    /// module "m" {
    ///   source = "./nowhere"
    /// }
    /// ```
    T1013 error UNREADABLE_MODULE = "Unreadable module directory";

    /// The source of the module is not a folder of this configuration. `terrane init` fetches modules from elsewhere.
    ///
    /// ```terraform
    /// module "m" {
    ///   source = "hashicorp/consul/aws"
    /// }
    /// ```
    T1014 error MODULE_NOT_INSTALLED = "Module not installed";

    /// The module calls itself, directly or through others, and would do so without end; or modules call each other more than 64 deep, which is taken for the same.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// module "again" {
    ///   source = "../m"
    /// }
    /// ```
    T1015 error ENDLESS_RECURSION = "Endless module recursion";

    /// The source of a module is a string: a path that begins with `./` or `../`, or an address elsewhere.
    ///
    /// ```terraform
    /// module "m" {
    ///   source = null
    /// }
    /// ```
    T1016 error NULL_MODULE_SOURCE = "Invalid module source address";

    /// With `version`, the source is an address in a registry: `NAMESPACE/NAME/SYSTEM`, with a host name before it where it is not the public one.
    ///
    /// ```terraform
    /// module "m" {
    ///   source  = "terraform-aws-modules/vpc"
    ///   version = "1.0.0"
    /// }
    /// ```
    T1017 error INVALID_REGISTRY_SOURCE = "Invalid registry module source address";

    /// The source is neither a path (`./folder`, with the dot) nor a form of address that is known.
    ///
    /// ```terraform
    /// module "m" {
    ///   source = "modules/network"
    /// }
    /// ```
    T1018 error INVALID_MODULE_SOURCE = "Invalid module source address";
}
