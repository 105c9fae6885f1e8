//! Rules about count, for_each and enabled.

terrane_lang::rules! {
    /// `count` is a number, or something that converts to one.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = []
    /// }
    /// ```
    T2001 error COUNT_TYPE = "Incorrect value type";

    /// The elements of the set become keys of instances, so they can't be null.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   for_each = toset([null])
    /// }
    /// ```
    T2002 error FOR_EACH_NULL_ELEMENT = "Invalid for_each set argument";

    /// The elements of the set become keys of instances, so they must be strings. Convert them: `toset([for x in list : tostring(x)])`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   for_each = toset([1])
    /// }
    /// ```
    T2003 error FOR_EACH_SET_TYPE = "Invalid for_each set argument";

    /// How many instances there are is stored in plan and state, and ephemeral values are not to be.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type      = number
    ///   ephemeral = true
    /// }
    /// resource "terraform_data" "a" {
    ///   count = var.a
    /// }
    /// ```
    T2004 error EPHEMERAL_COUNT = "Invalid count argument";

    /// `count` is null. Give it a number; `coalesce(var.n, 0)` stands for none where nothing is given.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = null
    /// }
    /// ```
    T2005 error NULL_COUNT = "Invalid count argument";

    /// How many instances there are must be known when the plan is made, and this number is known only after another object was changed. Use a value from the configuration, or apply that object first with `-target`.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {
    ///   count = length(terraform_data.a.id)
    /// }
    /// ```
    T2006 error UNKNOWN_COUNT = "Invalid count argument";

    /// There can't be fewer than 0 instances. `max(0, n)` keeps a difference from going below.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = -1
    /// }
    /// ```
    T2007 error NEGATIVE_COUNT = "Invalid count argument";

    /// There can be at most 10,000,000 instances.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 100000000
    /// }
    /// ```
    T2008 error COUNT_TOO_LARGE = "Invalid count argument";

    /// `count` is a whole number. Divisions give fractions: use `floor` or `ceil`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 1.5
    /// }
    /// ```
    T2009 error FRACTIONAL_COUNT = "Invalid count argument";

    /// The keys of instances are shown everywhere, so they can't come from a sensitive value. `nonsensitive(keys(var.a))` takes keys that are no secret.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type      = map(string)
    ///   sensitive = true
    /// }
    /// resource "terraform_data" "a" {
    ///   for_each = var.a
    /// }
    /// ```
    T2010 error SENSITIVE_FOR_EACH = "Invalid for_each argument";

    /// The keys of instances are stored in plan and state, and ephemeral values are not to be.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type      = map(string)
    ///   ephemeral = true
    /// }
    /// resource "terraform_data" "a" {
    ///   for_each = var.a
    /// }
    /// ```
    T2011 error EPHEMERAL_FOR_EACH = "Invalid for_each argument";

    /// `for_each` is a map, an object or a set of strings: each instance needs a key. A list has none, so that a change in its midst would move all that follow: `toset(list)` makes the elements the keys, `{for x in list : x.name => x}` a part of them.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   for_each = ["x", "y"]
    /// }
    /// ```
    T2012 error FOR_EACH_TYPE = "Invalid for_each argument";

    /// The keys of instances must be known when the plan is made, and these are known only after another object was changed. Write a map whose keys come from the configuration and whose values may come from that object, or apply it first with `-target`.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {
    ///   for_each = toset([terraform_data.a.id])
    /// }
    /// ```
    T2013 error UNKNOWN_FOR_EACH = "Invalid for_each argument";

    /// `for_each` is null. An empty map or set stands for no instances: `coalesce(var.map, {})`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   for_each = null
    /// }
    /// ```
    T2014 error NULL_FOR_EACH = "Invalid for_each argument";

    /// Whether an object exists is seen by everybody, so it can't depend on a sensitive or ephemeral value.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type      = bool
    ///   sensitive = true
    /// }
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     enabled = var.a
    ///   }
    /// }
    /// ```
    T2015 error SENSITIVE_ENABLED = "Invalid enabled argument";

    /// `enabled` is true or false.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     enabled = "maybe"
    ///   }
    /// }
    /// ```
    T2016 error ENABLED_TYPE = "Invalid enabled argument";

    /// `enabled` is null; it must be true or false.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     enabled = null
    ///   }
    /// }
    /// ```
    T2017 error NULL_ENABLED = "Invalid enabled argument";

    /// Whether the object exists must be known when the plan is made, and this value is known only after another object was changed.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "b" {
    ///   lifecycle {
    ///     enabled = terraform_data.a.id == "x"
    ///   }
    /// }
    /// ```
    T2018 error UNKNOWN_ENABLED = "Invalid enabled argument";
}
