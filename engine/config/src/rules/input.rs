//! Rules about input variables.

terrane_lang::rules! {
    /// Deprecated variable used from the root module.
    T1901 warning DEPRECATED_VARIABLE_SET = "Deprecated variable used from the root module";

    /// No value for required variable.
    T1902 error NO_VALUE = "No value for required variable";

    /// Required variable not set.
    T1903 error REQUIRED_VARIABLE_NULL = "Required variable not set";

    /// Invalid value for input variable.
    T1904 error INVALID_MODULE_INPUT = "Invalid value for input variable";

    /// Invalid value for input variable.
    T1905 error INVALID_VALUE = "Invalid value for input variable";

    /// Value for undeclared variable.
    T1906 warning UNDECLARED_IN_FILE = "Value for undeclared variable";

    /// Value for undeclared variable.
    T1907 error UNDECLARED_ON_COMMAND_LINE = "Value for undeclared variable";

    /// Values for undeclared variables.
    T1908 warning MANY_UNDECLARED = "Values for undeclared variables";
}
