//! Rules about imports.

terrane_lang::rules! {
    /// The key in the address is a known string or whole number.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   for_each = toset(["x"])
    /// }
    /// import {
    ///   to = terraform_data.a[null]
    ///   id = "i"
    /// }
    /// ```
    T3302 error INVALID_KEY = "Invalid import address";

    /// The id is a known string that is not empty and may be shown.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {}
    /// import {
    ///   to = terraform_data.a
    ///   id = terraform_data.b.id
    /// }
    /// ```
    T3303 error INVALID_ID = "Invalid import id argument";

    /// There is no instance of this address in the configuration: the resource block is missing, or its `count` or `for_each` has no such key.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   count = 1
    /// }
    /// import {
    ///   to = terraform_data.a[1]
    ///   id = "i"
    /// }
    /// ```
    T3304 error NO_CONFIGURATION = "Configuration for import target does not exist";

    /// The provider finds no object with this id. It is mistyped, or is the id of something else, or the provider is configured for another account or region.
    ///
    /// ```text
    /// import { to = aws_instance.web, id = "i-nope" }
    /// ```
    T3305 error NO_OBJECT = "Cannot import non-existent remote object";
}
