//! Rules about checked conditions.

terrane_lang::rules! {
    /// Invalid … expression result.
    T3201 error INVALID_RESULT = "Invalid … expression result";

    /// Error message refers to … values.
    T3202 error SENSITIVE_ERROR_MESSAGE = "Error message refers to … values";

    /// Invalid error message.
    T3203 error INVALID_ERROR_MESSAGE = "Invalid error message";

    /// Resource postcondition failed.
    T3204 error POSTCONDITION_FAILED = "Resource postcondition failed";

    /// Resource precondition failed.
    T3205 error PRECONDITION_FAILED = "Resource precondition failed";

    /// Invalid value for variable.
    T3206 error VALIDATION_FAILED = "Invalid value for variable";

    /// Module output value precondition failed.
    T3207 error OUTPUT_PRECONDITION_FAILED = "Module output value precondition failed";

    /// Check block assertion failed.
    T3208 error CHECK_FAILED = "Check block assertion failed";

    /// Check block assertion known after apply.
    T3209 warning CHECK_UNKNOWN = "Check block assertion known after apply";
}
