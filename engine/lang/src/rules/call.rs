//! Rules about function calls.

crate::rules! {
    /// Function calls not allowed.
    T0601 error FUNCTIONS_NOT_ALLOWED = "Function calls not allowed";

    /// Call to unknown function.
    T0602 error UNKNOWN_NAMESPACE = "Call to unknown function";

    /// Call to unknown function.
    T0603 error UNKNOWN_FUNCTION = "Call to unknown function";

    /// Error in function call.
    T0604 error TRY_WITHOUT_ARGUMENTS = "Error in function call";

    /// Invalid expanding argument value.
    T0605 error EXPANDED_EXPRESSION_ARGUMENTS = "Invalid expanding argument value";

    /// Not enough function arguments.
    T0606 error NOT_ENOUGH_ARGUMENTS = "Not enough function arguments";

    /// Too many function arguments.
    T0607 error TOO_MANY_ARGUMENTS = "Too many function arguments";

    /// Invalid expanding argument value.
    T0608 error INVALID_EXPANSION = "Invalid expanding argument value";

    /// Error in function call.
    T0609 error NO_EXPRESSION_SUCCEEDED = "Error in function call";

    /// Error in function call.
    T0610 error CONVERSION_FAILED = "Error in function call";

    /// Invalid function argument.
    T0611 error INVALID_ARGUMENT = "Invalid function argument";

    /// Error in function call.
    T0612 error CALL_FAILED = "Error in function call";

    /// Unknown provider function.
    T0613 error NO_PROVIDER_FUNCTIONS = "Unknown provider function";
}
