//! Rules about arguments and blocks.

crate::rules! {
    /// Unexpected \"…\" block.
    T0301 error UNEXPECTED_BLOCK = "Unexpected \"…\" block";

    /// Missing required argument.
    T0302 error MISSING_ARGUMENT = "Missing required argument";

    /// Unsupported argument.
    T0303 error UNSUPPORTED_ARGUMENT = "Unsupported argument";

    /// Unsupported block type.
    T0304 error UNSUPPORTED_BLOCK = "Unsupported block type";

    /// Extraneous label for ….
    T0305 error EXTRANEOUS_LABEL = "Extraneous label for …";

    /// Missing … for ….
    T0306 error MISSING_LABEL = "Missing … for …";

    /// Invalid expression.
    T0307 error NOT_STATIC = "Invalid expression";

    /// Variables not allowed.
    T0308 error VARIABLES_NOT_ALLOWED = "Variables not allowed";

    /// Function calls not allowed.
    T0309 error FUNCTIONS_NOT_ALLOWED = "Function calls not allowed";
}
