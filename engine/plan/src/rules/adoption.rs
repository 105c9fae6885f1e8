//! Rules about objects that are taken over: imported, moved to another type, handed from one provider instance to another.

terrane_lang::rules! {
    /// Two import blocks, or two elements of the `for_each` of one, lead to the same address, which can have only one object.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   count = 2
    /// }
    /// import {
    ///   for_each = { x = 0, y = 0 }
    ///   to       = terraform_data.a[each.value]
    ///   id       = each.key
    /// }
    /// ```
    T3601 error DUPLICATE_IMPORT = "Duplicate import configuration for \"ADDRESS\"";

    /// Two import blocks, or two elements of the `for_each` of one, lead to addresses that would manage the same object. What one changes the other changes back, and destroying one destroys the object of both. Import it to one address.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   count = 2
    /// }
    /// import {
    ///   for_each = { x = 0, y = 1 }
    ///   to       = terraform_data.a[each.value]
    ///   id       = "same"
    /// }
    /// ```
    T3602 warning SHARED_IMPORT = "One object is imported to several addresses";

    /// The `identity` of an import block does not have the attributes that the resource type needs, or holds values that are sensitive or not known. The message lists the attributes. `id` is the other way to say which object is meant.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to       = terraform_data.a
    ///   identity = "x"
    /// }
    /// ```
    T3603 error INVALID_IDENTITY = "Invalid import identity argument";

    /// The resource type has nothing by which an object could be identified. Use `id` in the import block instead of `identity`.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// import {
    ///   to       = terraform_data.a
    ///   identity = { id = "x" }
    /// }
    /// ```
    T3604 error NO_IDENTITY = "Import by identity is not supported";

    /// The provider found something else than what was asked for: nothing, several objects, or one of another type. This is a bug in the provider, or the id means something else than was thought: the documentation of the resource type says what it is made of.
    ///
    /// ```text
    /// import { to = acme_thing.a, id = "*" }
    /// ```
    T3605 error BAD_IMPORT_ANSWER = "Import returned no resources";

    /// A moved block leads to a resource of another type or provider, and that provider can't take over objects of others. To keep the object, forget it with a `removed` block and import it to the new address.
    ///
    /// ```text
    /// moved {
    ///   from = random_id.a
    ///   to   = random_pet.a
    /// }
    /// ```
    T3606 error MOVE_NOT_SUPPORTED = "Move to another resource type is not supported";

    /// `-target` or `-exclude` leaves out an instance that a moved block (or a `count` that came or went) has given a new address. Half of a move can't be planned: include the new address, or leave the options out.
    ///
    /// ```sh
    /// terrane plan -target=terraform_data.other
    /// ```
    T3607 error MOVED_OUT_OF_SCOPE = "Moved resource instances excluded by targeting";

    /// A resource is to be managed by an instance of a provider configuration that the `for_each` of that configuration does not give.
    ///
    /// ```plan
    /// provider "null" {
    ///   alias    = "by"
    ///   for_each = toset(["eu"])
    /// }
    /// resource "null_resource" "a" {
    ///   provider = null.by["us"]
    /// }
    /// ```
    T3608 error NO_PROVIDER_INSTANCE = "Nonexistent provider instance";

    /// An object is to be destroyed, and the provider instance that manages it is gone from the `for_each` of its configuration. Remove the element from the `for_each` of the resources first and apply; remove it from the provider after that. So the two must not share one collection.
    ///
    /// ```text
    /// provider "aws" {
    ///   alias    = "by_region"
    ///   for_each = setunion(var.regions, var.regions_that_go)
    /// }
    /// resource "aws_vpc" "a" {
    ///   for_each = var.regions
    ///   provider = aws.by_region[each.key]
    /// }
    /// ```
    T3609 error LOST_PROVIDER_INSTANCE = "Provider instance not present";

    /// A `provider_meta` block is for a provider that takes nothing of the kind, while resources of the module belong to it. Remove the block.
    ///
    /// ```plan
    /// terraform {
    ///   provider_meta "null" {
    ///     name = "x"
    ///   }
    /// }
    /// resource "null_resource" "a" {}
    /// ```
    T3610 error NO_PROVIDER_META = "Provider PROVIDER doesn't support provider_meta";

    /// `terrane import` was given an address that has an object already. Forget that one first, with `terrane state rm`.
    ///
    /// ```sh
    /// terrane import terraform_data.a x && terrane import terraform_data.a y
    /// ```
    T3611 error ALREADY_MANAGED = "Resource already managed by Terrane";

    /// `terrane import` was given an address in a module that the configuration does not call, or not with that key.
    ///
    /// ```sh
    /// terrane import module.nope.terraform_data.a x
    /// ```
    T3612 error IMPORT_TO_NO_MODULE = "Import to non-existent module";

    /// `terrane import` was given an address without a resource block. Write the block first; or use an import block and let `terrane plan -generate-config-out=generated.tf` write it.
    ///
    /// ```sh
    /// terrane import terraform_data.nope x
    /// ```
    T3613 error IMPORT_TO_NO_BLOCK = "Resource to import to is not configured";

    /// The provider's configuration depends on values that are known only after something was applied, so nothing can be imported with it. Let it depend on variables only, or apply what it depends on first.
    ///
    /// ```text
    /// provider "acme" {
    ///   endpoint = terraform_data.not_there_yet.id
    /// }
    /// ```
    T3614 error PROVIDER_NOT_READY = "Provider can't be configured";

    /// The provider returned an object that does not fit the schema of its type, so that it can't be stored. This is a bug in the provider.
    ///
    /// ```sh
    /// terrane import acme_thing.a x
    /// ```
    T3615 error CAN_NOT_STORE = "Object can't be stored";
}
