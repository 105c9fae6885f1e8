//! Rules about types.

crate::rules! {
    /// A type is `string`, `number`, `bool` or `any`, or made of others: `list(string)`, `set(string)`, `map(number)`, `object({ name = string, size = optional(number) })`, `tuple([string, number])`.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type = strin
    /// }
    /// ```
    T0401 error INVALID_TYPE = "Invalid type specification";

    /// `"list"` and `"map"` in quotes are hints of an old version of the language. Write `list(any)` or `map(any)`, better the type of the elements, without quotes.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type = "list(string)"
    /// }
    /// ```
    T0402 error LEGACY_TYPE_HINT = "Invalid legacy variable type hint";

    /// Types are written without quotes.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type = "string"
    /// }
    /// ```
    T0403 error QUOTED_TYPE = "Invalid quoted type constraints";

    /// The default of an optional attribute must fit the type of the attribute.
    ///
    /// ```terraform
    /// variable "a" {
    ///   type = object({
    ///     size = optional(number, "large")
    ///   })
    /// }
    /// ```
    T0404 error INVALID_OPTIONAL_DEFAULT = "Invalid default value for optional attribute";
}
