//! Rules about moved, removed and import blocks.

terrane_lang::rules! {
    /// An import needs a `resource` block that says what the object should be like. Write it, or let `terrane plan -generate-config-out=FILE` write it.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// import {
    ///   to = module.m.terraform_data.a
    ///   id = "x"
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1701 error IMPORT_WITHOUT_RESOURCE = "Configuration for import target does not exist";

    /// The provider of an import is that of its `resource` block. It is said in the `import` block only where the resource block is still to be generated.
    ///
    /// ```terraform
    /// provider "test" {
    ///   alias = "b"
    /// }
    /// resource "test_thing" "a" {}
    /// import {
    ///   provider = test.b
    ///   to       = test_thing.a
    ///   id       = "x"
    /// }
    /// ```
    T1702 error IMPORT_PROVIDER = "Invalid import provider argument";

    /// The address does not fit the resource: a number is a key only where the resource has `count`, a string only where it has `for_each`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to = terraform_data.a[0]
    ///   id = "x"
    /// }
    /// ```
    T1703 error INVALID_IMPORT_TO = "Invalid import 'to' expression";

    /// A `removed` block says that a resource is no longer part of the configuration, and its block is still there. Remove one of them.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// removed {
    ///   from = terraform_data.a
    ///   lifecycle {
    ///     destroy = false
    ///   }
    /// }
    /// ```
    T1704 error REMOVED_RESOURCE_EXISTS = "Removed resource block still exists";

    /// A `removed` block says that a module is no longer part of the configuration, and its call is still there. Remove one of them.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// removed {
    ///   from = module.m
    ///   lifecycle {
    ///     destroy = false
    ///   }
    /// }
    /// -- m/main.tf
    /// locals {}
    /// ```
    T1705 error REMOVED_MODULE_EXISTS = "Removed module block still exists";

    /// The block moves something to where it is. Remove it.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// moved {
    ///   from = terraform_data.a
    ///   to   = terraform_data.a
    /// }
    /// ```
    T1706 error REDUNDANT_MOVE = "Redundant move statement";

    /// Two blocks move the same object to different places, or different objects to the same place. Both are shown.
    ///
    /// ```terraform
    /// resource "terraform_data" "b" {}
    /// resource "terraform_data" "c" {}
    /// moved {
    ///   from = terraform_data.a
    ///   to   = terraform_data.b
    /// }
    /// moved {
    ///   from = terraform_data.a
    ///   to   = terraform_data.c
    /// }
    /// ```
    T1707 error AMBIGUOUS_MOVE = "Ambiguous move statements";

    /// The block moves a resource that is still declared under its old address, so that there would be nothing to move. Rename the resource block too.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {}
    /// moved {
    ///   from = terraform_data.a
    ///   to   = terraform_data.b
    /// }
    /// ```
    T1708 error MOVED_OBJECT_EXISTS = "Moved object still exists";

    /// What was moved, removed or imported belongs in an ordinary file, not in one that ends in `_override`.
    ///
    /// ```terraform
    /// -- main_override.tf
    /// moved {
    ///   from = terraform_data.a
    ///   to   = terraform_data.b
    /// }
    /// ```
    T1709 error OVERRIDE_RECORD = "Cannot override 'TYPE' blocks";

    /// A resource moves to a resource, a module to a module.
    ///
    /// ```terraform
    /// moved {
    ///   from = terraform_data.a
    ///   to   = module.b
    /// }
    /// ```
    T1710 error MOVED_ACROSS_LEVELS = "Invalid \"moved\" addresses";

    /// Ephemeral resources have no place in the state, so there is nothing to move.
    ///
    /// ```terraform
    /// moved {
    ///   from = ephemeral.test_secret.a
    ///   to   = ephemeral.test_secret.b
    /// }
    /// ```
    T1711 error MOVED_EPHEMERAL = "Invalid \"moved\" address";

    /// A managed resource can't become a data source, nor the other way round: one is managed here, the other is only read.
    ///
    /// ```terraform
    /// moved {
    ///   from = terraform_data.a
    ///   to   = data.test_lookup.a
    /// }
    /// ```
    T1712 error MOVED_ACROSS_MODES = "Invalid \"moved\" addresses";

    /// Say whether the object is destroyed or only forgotten: `lifecycle { destroy = false }` keeps it.
    ///
    /// ```terraform
    /// removed {
    ///   from = terraform_data.a
    /// }
    /// ```
    T1713 warning REMOVED_WITHOUT_LIFECYCLE = "Missing lifecycle from the removed block";

    /// A `removed` block is about all instances of a module call. Remove single ones by changing `count` or `for_each`.
    ///
    /// ```terraform
    /// removed {
    ///   from = module.m[0]
    ///   lifecycle {
    ///     destroy = false
    ///   }
    /// }
    /// ```
    T1714 error REMOVED_MODULE_INSTANCE = "Module instance keys not allowed";

    /// A `removed` block is about all instances of a resource. Remove single ones by changing `count` or `for_each`.
    ///
    /// ```terraform
    /// removed {
    ///   from = terraform_data.a[0]
    ///   lifecycle {
    ///     destroy = false
    ///   }
    /// }
    /// ```
    T1715 error REMOVED_RESOURCE_INSTANCE = "Resource instance keys not allowed";

    /// Data sources and ephemeral resources manage nothing, so removing their block is enough.
    ///
    /// ```terraform
    /// removed {
    ///   from = data.test_lookup.a
    ///   lifecycle {
    ///     destroy = false
    ///   }
    /// }
    /// ```
    T1716 error REMOVED_UNMANAGED = "KIND address not allowed";

    /// A provisioner works on one object, so the block must name a resource.
    ///
    /// ```terraform
    /// removed {
    ///   from = module.m
    ///   lifecycle {
    ///     destroy = true
    ///   }
    ///   provisioner "local-exec" {
    ///     when    = destroy
    ///     command = "ls"
    ///   }
    /// }
    /// ```
    T1717 error PROVISIONER_OF_MODULE = "Invalid provisioner block";

    /// What is imported is named by its `id` or by its `identity`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to = terraform_data.a
    /// }
    /// ```
    T1718 error IMPORT_WITHOUT_ID = "Missing required argument";

    /// What is imported is named by its `id` or by its `identity`, not by both.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to       = terraform_data.a
    ///   id       = "x"
    ///   identity = {}
    /// }
    /// ```
    T1719 error IMPORT_ID_AND_IDENTITY = "Invalid import block";

    /// Two blocks import to one address. Both are shown.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to = terraform_data.a
    ///   id = "x"
    /// }
    /// import {
    ///   to = terraform_data.a
    ///   id = "y"
    /// }
    /// ```
    T1720 error DUPLICATE_IMPORT = "Duplicate import configuration for \"ADDRESS\"";

    /// Here stands the address of a resource or a module of this configuration: `aws_instance.web`, `module.m`, `module.m.aws_instance.web["key"]`.
    ///
    /// ```terraform
    /// moved {
    ///   from = terraform_data
    ///   to   = terraform_data.b
    /// }
    /// ```
    T1721 error INVALID_ADDRESS = "Invalid address";

    /// Here stands the address of one instance of a managed resource: `aws_instance.web`, `aws_instance.web["key"]`.
    ///
    /// ```terraform
    /// import {
    ///   to = module.m
    ///   id = "x"
    /// }
    /// ```
    T1722 error INVALID_IMPORT_ADDRESS = "Invalid import address";

    /// Imports belong in the root module: a module that is called again and again could not import the same object each time.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to = terraform_data.a
    ///   id = "x"
    /// }
    /// ```
    T1723 error IMPORT_IN_MODULE = "Invalid import configuration";

    /// The id is a string that is known when the plan is made and may be shown.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to = terraform_data.a
    ///   id = null
    /// }
    /// ```
    T1724 error INVALID_IMPORT_ID = "Invalid import id argument";

    /// A `connection` is for provisioners, which are allowed only where a `removed` block refers to a resource, not to a module.
    ///
    /// ```terraform
    /// removed {
    ///   from = module.gone
    ///   lifecycle {
    ///     destroy = true
    ///   }
    ///   connection {}
    /// }
    /// ```
    T1725 error CONNECTION_OF_MODULE = "Invalid connection block";
}
