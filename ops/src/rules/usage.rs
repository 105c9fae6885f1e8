//! Rules about command line.

terrane_lang::rules! {
    /// Invalid command line.
    T6001 error INVALID_COMMAND_LINE = "Invalid command line";

    /// Failed to parse command-line flags.
    T6002 error INVALID_FLAG = "Failed to parse command-line flags";

    /// Plan file or auto-approve required.
    T6003 error APPROVAL_WITH_JSON = "Plan file or auto-approve required";

    /// Options can't change a saved plan.
    T6004 error OPTION_WITH_SAVED_PLAN = "Options can't change a saved plan";

    /// Approval needed.
    T6005 error APPROVAL_NEEDED = "Approval needed";

    /// The plan breaks rules that every plan must keep.
    T6006 error BROKEN_PLAN = "The plan breaks rules that every plan must keep";

    /// No outputs found.
    T6007 warning NO_OUTPUTS = "No outputs found";

    /// Unsupported value for raw output.
    T6008 error RAW_OUTPUT = "Unsupported value for raw output";

    /// Incompatible plan mode options.
    T6009 error PLAN_MODES = "Incompatible plan mode options";

    /// Unknown code.
    T6010 error UNKNOWN_CODE = "Unknown code";
}
