//! Rules about values needed before planning.

terrane_lang::rules! {
    /// Dynamic value in static context.
    T1801 error DYNAMIC_VALUE = "Dynamic value in static context";

    /// Circular reference.
    T1802 error CIRCULAR_REFERENCE = "Circular reference";

    /// Variable value not provided.
    T1803 error VARIABLE_NOT_PROVIDED = "Variable value not provided";

    /// Invalid ….
    T1804 error INVALID_STATIC_VALUE = "Invalid …";
}
