//! Rules about references.

terrane_lang::rules! {
    /// The module does not know the provider under this name, or the provider has no such function. Declare it in `required_providers`.
    ///
    /// ```terraform
    /// locals {
    ///   a = provider::nope::f(1)
    /// }
    /// ```
    T1501 error UNKNOWN_PROVIDER_FUNCTION = "Unknown provider function";

    /// `self` is the object that a provisioner, connection or postcondition is about. Elsewhere, name the resource.
    ///
    /// ```terraform
    /// locals {
    ///   a = self.id
    /// }
    /// ```
    T1502 error SELF_NOT_AVAILABLE = "Invalid \"self\" reference";

    /// The word is kept for later versions of the language.
    ///
    /// ```terraform
    /// locals {
    ///   a = template.b
    /// }
    /// ```
    T1503 error RESERVED_SYMBOL = "Reserved symbol name";

    /// No `variable` block of this module declares the name. Variables of other modules are not visible: pass their values on.
    ///
    /// ```terraform
    /// variable "region" {}
    /// locals {
    ///   a = var.regoin
    /// }
    /// ```
    T1504 error UNDECLARED_VARIABLE = "Reference to undeclared input variable";

    /// The value is computed from itself. Give the parts names of their own.
    ///
    /// ```terraform
    /// locals {
    ///   a = local.a + 1
    /// }
    /// ```
    T1505 error SELF_REFERENCING_LOCAL = "Self-referencing local value";

    /// No `locals` block of this module defines the name.
    ///
    /// ```terraform
    /// locals {
    ///   name = "x"
    ///   a    = local.nmae
    /// }
    /// ```
    T1506 error UNDECLARED_LOCAL = "Reference to undeclared local value";

    /// `count` has one attribute: `count.index`, the number of the instance, from 0.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 2
    ///   input = count.number
    /// }
    /// ```
    T1507 error COUNT_ATTRIBUTE = "Invalid \"count\" attribute";

    /// `count.index` is the number of an instance, so it exists only in blocks that have `count`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   input = count.index
    /// }
    /// ```
    T1508 error COUNT_NOT_AVAILABLE = "Reference to \"count\" in non-counted context";

    /// `each` has two attributes: `each.key` and `each.value`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   for_each = toset(["x"])
    ///   input    = each.name
    /// }
    /// ```
    T1509 error EACH_ATTRIBUTE = "Invalid \"each\" attribute";

    /// `each` is the element that an instance is made for, so it exists only in blocks that have `for_each`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   input = each.key
    /// }
    /// ```
    T1510 error EACH_NOT_AVAILABLE = "Reference to \"each\" in context without for_each";

    /// No `module` block of this module has the name.
    ///
    /// ```terraform
    /// locals {
    ///   a = module.network.id
    /// }
    /// ```
    T1511 error UNDECLARED_MODULE = "Reference to undeclared module";

    /// A repeated module has instances, and its outputs are theirs: `module.m[0].id`, `module.m["key"].id`, `[for m in module.m : m.id]`.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   count  = 1
    ///   source = "./m"
    /// }
    /// locals {
    ///   a = module.m.b
    /// }
    /// -- m/main.tf
    /// output "b" {
    ///   value = 1
    /// }
    /// ```
    T1512 error UNSUPPORTED_MODULE_ATTRIBUTE = "Unsupported attribute";

    /// The module has no output of this name. Only outputs of a module can be seen from outside, not its resources and variables.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// locals {
    ///   a = module.m.c
    /// }
    /// -- m/main.tf
    /// output "b" {
    ///   value = 1
    /// }
    /// ```
    T1513 error UNDECLARED_OUTPUT = "Unsupported attribute";

    /// A reference to a resource has its type and its name: `aws_instance.web`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// locals {
    ///   b = terraform_data
    /// }
    /// ```
    T1514 error BARE_RESOURCE_TYPE = "Invalid reference";

    /// A name by itself means nothing. Text stands in quotes; variables begin with `var.`, local values with `local.`.
    ///
    /// ```terraform
    /// locals {
    ///   a = hello
    /// }
    /// ```
    T1515 error BARE_WORD = "Invalid reference";

    /// After `data`, `ephemeral` or `resource` stand the type and the name: `data.aws_ami.base`.
    ///
    /// ```terraform
    /// locals {
    ///   a = data.test_lookup
    /// }
    /// ```
    T1516 error INCOMPLETE_REFERENCE = "Invalid reference";

    /// No block of this module declares the resource. Resources of other modules are visible only through outputs.
    ///
    /// ```terraform
    /// resource "terraform_data" "web" {}
    /// locals {
    ///   a = terraform_data.wbe.id
    /// }
    /// ```
    T1517 error UNDECLARED_RESOURCE = "Reference to undeclared resource";

    /// When an object is destroyed, others that its provisioner names may be gone. It can use `self`, `count.index` and `each.key`; keep what it needs in attributes of the object itself.
    ///
    /// ```terraform
    /// variable "a" {}
    /// resource "terraform_data" "a" {
    ///   provisioner "local-exec" {
    ///     when    = destroy
    ///     command = var.a
    ///   }
    /// }
    /// ```
    T1518 error OUTSIDE_REFERENCE_AT_DESTROY = "Invalid reference from destroy provisioner";

    /// The data source belongs to a check, and only that check sees it.
    ///
    /// ```terraform
    /// check "a" {
    ///   data "test_lookup" "b" {
    ///     name = "b"
    ///   }
    ///   assert {
    ///     condition     = data.test_lookup.b.id != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// locals {
    ///   c = data.test_lookup.b.id
    /// }
    /// ```
    T1519 error SCOPED_RESOURCE = "Reference to scoped resource";

    /// A precondition is checked before its object exists. Use a postcondition, and `self`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     precondition {
    ///       condition     = terraform_data.a.id != ""
    ///       error_message = "No."
    ///     }
    ///   }
    /// }
    /// ```
    T1520 error SELF_REFERENCE_IN_CONDITION = "Invalid reference in KIND";

    /// A resource can't be computed from itself. Name the shared part in a `locals` block.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   input = terraform_data.a.id
    /// }
    /// ```
    T1521 error SELF_REFERENCE = "Self-referential block";

    /// The resource has instances, and attributes are theirs: `x.y[0].id`, `x.y["key"].id`, `x.y[*].id` for all of a `count`, `values(x.y)[*].id` for all of a `for_each`, `one(x.y[*].id)` where there is at most one.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 2
    /// }
    /// locals {
    ///   b = terraform_data.a.id
    /// }
    /// ```
    T1522 error MISSING_INSTANCE_KEY = "Missing resource instance key";

    /// The resource has no attribute or block of this name.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// locals {
    ///   b = terraform_data.a.identifier
    /// }
    /// ```
    T1523 error UNSUPPORTED_ATTRIBUTE = "Unsupported attribute";

    /// `path` has three attributes: `path.module`, `path.root` and `path.cwd`.
    ///
    /// ```terraform
    /// locals {
    ///   a = path.home
    /// }
    /// ```
    T1524 error PATH_ATTRIBUTE = "Invalid \"path\" attribute";

    /// What was called environment is called workspace: `terraform.workspace`.
    ///
    /// ```terraform
    /// locals {
    ///   a = terraform.env
    /// }
    /// ```
    T1525 error ENV_ATTRIBUTE = "Invalid \"OBJECT\" attribute";

    /// `terraform` has the attributes `terraform.workspace` and `terraform.applying`.
    ///
    /// ```terraform
    /// locals {
    ///   a = terraform.version
    /// }
    /// ```
    T1526 error WORKSPACE_ATTRIBUTE = "Invalid \"OBJECT\" attribute";

    /// The object is known by its attributes only: they are written with a dot.
    ///
    /// ```terraform
    /// locals {
    ///   a = var["b"]
    /// }
    /// ```
    T1527 error UNSUPPORTED_OPERATION = "Invalid reference";

    /// There is no value that is made of all variables (or the like). Name the ones that you need.
    ///
    /// ```terraform
    /// locals {
    ///   a = var
    /// }
    /// ```
    T1528 error WHOLE_OBJECT = "Invalid reference";

    /// The resource has neither `count` nor `for_each`, so it is one object and has no keys.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// locals {
    ///   b = terraform_data.a[0].id
    /// }
    /// ```
    T1529 error UNEXPECTED_INSTANCE_KEY = "Unexpected resource instance key";

    /// Instances of `count` are numbered, those of `for_each` have strings as keys.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 1
    /// }
    /// locals {
    ///   b = terraform_data.a["first"].id
    /// }
    /// ```
    T1530 error INSTANCE_KEY_TYPE = "Invalid index";

    /// Instances of `count` are numbered from 0, so the last is one less than `count`. `one(x.y[*].id)` is the only one or null, `try(x.y[1].id, null)` null where there is none.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   count = 1
    /// }
    /// output "b" {
    ///   value = terraform_data.a[1].id
    /// }
    /// ```
    T1531 error INSTANCE_BEYOND_COUNT = "Invalid index";

    /// There is no instance with this key. `try(x.y["key"].id, null)` puts something in its place where it may be missing.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   for_each = toset(["x"])
    /// }
    /// output "b" {
    ///   value = terraform_data.a["y"].id
    /// }
    /// ```
    T1532 error NO_SUCH_INSTANCE = "Invalid index";
}
