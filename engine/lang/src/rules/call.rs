//! Rules about function calls.

crate::rules! {
    /// Functions of providers begin with `provider::`, those of the language may be written with `core::`. There is no other namespace.
    ///
    /// ```terraform
    /// locals {
    ///   a = std::upper("x")
    /// }
    /// ```
    T0601 error UNKNOWN_NAMESPACE = "Call to unknown function";

    /// There is no function of this name. All of them are in the reference of functions; there is no way to define one in the configuration.
    ///
    /// ```terraform
    /// locals {
    ///   a = uper("x")
    /// }
    /// ```
    T0602 error UNKNOWN_FUNCTION = "Call to unknown function";

    /// `try` returns the first of its arguments that can be computed, so it needs one.
    ///
    /// ```terraform
    /// locals {
    ///   a = try()
    /// }
    /// ```
    T0603 error TRY_WITHOUT_ARGUMENTS = "Error in function call";

    /// This function looks at its arguments as expressions, so a list can't stand for them.
    ///
    /// ```terraform
    /// locals {
    ///   a = convert([1], [string]...)
    /// }
    /// ```
    T0604 error EXPANDED_EXPRESSION_ARGUMENTS = "Invalid expanding argument value";

    /// The function needs more arguments. The message has its signature.
    ///
    /// ```terraform
    /// locals {
    ///   a = upper()
    /// }
    /// ```
    T0605 error NOT_ENOUGH_ARGUMENTS = "Not enough function arguments";

    /// The function takes fewer arguments. Where it takes one list, put the values in brackets; where a list is to stand for several arguments, write `list...`.
    ///
    /// ```terraform
    /// locals {
    ///   a = upper("a", "b")
    /// }
    /// ```
    T0606 error TOO_MANY_ARGUMENTS = "Too many function arguments";

    /// The value before `...` stands for several arguments, so it must be a list, set or tuple, and not null.
    ///
    /// ```terraform
    /// locals {
    ///   a = max("x"...)
    /// }
    /// ```
    T0607 error INVALID_EXPANSION = "Invalid expanding argument value";

    /// None of the arguments of `try` can be computed. The message has the reason for each; the last argument is usually a fallback that can't fail, such as `null`.
    ///
    /// ```terraform
    /// locals {
    ///   a = try({}.a, {}.b)
    /// }
    /// ```
    T0608 error NO_EXPRESSION_SUCCEEDED = "Error in function call";

    /// The value does not convert to the type.
    ///
    /// ```terraform
    /// locals {
    ///   a = convert("x", number)
    /// }
    /// ```
    T0609 error CONVERSION_FAILED = "Error in function call";

    /// A value does not suit the parameter of the function: it has another type, or is null where that means nothing.
    ///
    /// ```terraform
    /// locals {
    ///   a = upper([])
    /// }
    /// ```
    T0610 error INVALID_ARGUMENT = "Invalid function argument";

    /// The function can't do it with these values. The message says why, and has the signature.
    ///
    /// ```terraform
    /// locals {
    ///   a = element([], 0)
    /// }
    /// ```
    T0611 error CALL_FAILED = "Error in function call";

    /// Functions of providers can be called in a configuration only, where it is known which providers there are.
    ///
    /// ```sh
    /// terrane plan -var='a=provider::time::rfc3339_parse("x")'
    /// ```
    T0612 error NO_PROVIDER_FUNCTIONS = "Unknown provider function";

    /// Behind `provider::` stands the local name of the provider and then the name of the function.
    ///
    /// ```terraform
    /// locals {
    ///   a = provider::upper("x")
    /// }
    /// ```
    T0613 error INCOMPLETE_PROVIDER_FUNCTION = "Unknown provider function";

    /// The provider has no function of this name. It was asked once it was configured, since some providers have functions only then.
    ///
    /// ```text
    /// provider "lua" {
    ///   source = file("functions.lua")
    /// }
    ///
    /// locals {
    ///   a = provider::lua::absent("x")
    /// }
    /// ```
    T0614 error NO_CONFIGURED_FUNCTION = "Unknown provider function";

    /// In a test, a mock stands in the place of the provider. It is not configured, so functions that exist only then can't be called.
    ///
    /// ```text
    /// mock_provider "lua" {}
    ///
    /// run "a" {
    ///   assert {
    ///     condition     = provider::lua::double(1) == 2
    ///     error_message = "not the double"
    ///   }
    /// }
    /// ```
    T0615 error MOCKED_PROVIDER = "Unknown provider function";
}
