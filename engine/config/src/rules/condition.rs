//! Rules about conditions and outputs.

terrane_lang::rules! {
    /// Output refers to sensitive values.
    T2101 error SENSITIVE_OUTPUT = "Output refers to sensitive values";

    /// Ephemeral value not allowed.
    T2102 error EPHEMERAL_OUTPUT = "Ephemeral value not allowed";

    /// Invalid error message.
    T2103 error ERROR_MESSAGE_TYPE = "Invalid error message";

    /// Invalid variable validation result.
    T2104 error VALIDATION_RESULT = "Invalid variable validation result";

    /// Invalid condition result.
    T2105 error CONDITION_RESULT = "Invalid condition result";

    /// Ephemeral value not allowed.
    T2106 error EPHEMERAL_NOT_ALLOWED = "Ephemeral value not allowed";
}
