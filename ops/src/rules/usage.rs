//! Rules about command line.

terrane_lang::rules! {
    /// The command takes other arguments. `-help` shows which.
    ///
    /// ```sh
    /// terrane state mv one
    /// ```
    T6001 error INVALID_COMMAND_LINE = "Invalid command line";

    /// The command has no such option, or the option takes another value. `-help` shows all.
    ///
    /// ```sh
    /// terrane plan -nope
    /// ```
    T6002 error INVALID_FLAG = "Failed to parse command-line flags";

    /// With `-json` nobody is asked, so the plan must be approved beforehand: apply a saved plan, or give `-auto-approve`.
    ///
    /// ```sh
    /// terrane apply -json
    /// ```
    T6003 error APPROVAL_WITH_JSON = "Plan file or auto-approve required";

    /// The option says how to make a plan, and this one is made.
    ///
    /// ```sh
    /// terrane apply -target=a.b a.plan
    /// ```
    T6004 error OPTION_WITH_SAVED_PLAN = "Options can't change a saved plan";

    /// Nobody can be asked, so the plan must be approved beforehand: apply a saved plan, or give `-auto-approve`.
    ///
    /// ```sh
    /// terrane apply -input=false
    /// ```
    T6005 error APPROVAL_NEEDED = "Approval needed";

    /// The plan was checked by code that did not make it, and does not keep a rule that every plan must keep. This is a bug in this program; nothing was changed.
    ///
    /// ```text
    /// none is known
    /// ```
    T6006 error BROKEN_PLAN = "The plan breaks rules that every plan must keep";

    /// The state holds no outputs. They are there after an apply of a configuration with `output` blocks.
    ///
    /// ```sh
    /// terrane output
    /// ```
    T6007 warning NO_OUTPUTS = "No outputs found";

    /// Only strings, numbers and truth values can be written as they are. Use `-json` for others.
    ///
    /// ```sh
    /// terrane output -raw list
    /// ```
    T6008 error RAW_OUTPUT = "Unsupported value for raw output";

    /// There is one kind of plan at a time.
    ///
    /// ```sh
    /// terrane plan -destroy -refresh-only
    /// ```
    T6009 error PLAN_MODES = "Incompatible plan mode options";

    /// There is no message with this code.
    ///
    /// ```sh
    /// terrane explain T9999
    /// ```
    T6010 error UNKNOWN_CODE = "Unknown code";
}
