//! Rules about applying.

terrane_lang::rules! {
    /// Configuration contains unknown value.
    T4001 error UNKNOWN_AT_APPLY = "Configuration contains unknown value";

    /// Provider did not answer.
    T4002 error NO_ANSWER_TO_PLAN = "Provider did not answer";

    /// Provider did not answer.
    T4003 error NO_ANSWER_TO_APPLY = "Provider did not answer";

    /// Provider produced invalid answer.
    T4004 error INVALID_PLAN_ANSWER = "Provider produced invalid answer";

    /// Provider produced inconsistent final plan.
    T4005 error INCONSISTENT_FINAL_PLAN = "Provider produced inconsistent final plan";

    /// Provider produced invalid answer.
    T4006 error INVALID_APPLY_ANSWER = "Provider produced invalid answer";

    /// Provider returned invalid result object after apply.
    T4007 error NOT_DESTROYED = "Provider returned invalid result object after apply";

    /// Provider returned invalid result object after apply.
    T4008 error NOTHING_AFTER_APPLY = "Provider returned invalid result object after apply";

    /// Provider returned invalid result object after apply.
    T4009 error UNKNOWN_AFTER_APPLY = "Provider returned invalid result object after apply";

    /// Provider produced inconsistent result after apply.
    T4010 error INCONSISTENT_RESULT = "Provider produced inconsistent result after apply";

    /// Provider produced invalid answer.
    T4011 error INVALID_READ_ANSWER = "Provider produced invalid answer";

    /// Provider produced invalid object.
    T4012 error INVALID_OBJECT = "Provider produced invalid object";

    /// Saved plan is stale.
    T4013 error STALE_PLAN = "Saved plan is stale";

    /// Provider configuration not present.
    T4014 error NO_PROVIDER_CONFIGURATION = "Provider configuration not present";

    /// Invalid provider configuration.
    T4015 error UNKNOWN_PROVIDER_CONFIGURATION = "Invalid provider configuration";

    /// Failed to save state.
    T4016 error STATE_NOT_SAVED = "Failed to save state";

    /// Provider did not answer.
    T4017 error PROVIDER_NOT_CONFIGURED = "Provider did not answer";

    /// Object can't be stored.
    T4018 error OBJECT_NOT_STORABLE = "Object can't be stored";

    /// Object can't be stored.
    T4019 error OBJECT_NOT_WRITABLE = "Object can't be stored";

    /// … provisioner error.
    T4020 error PROVISIONER_FAILED = "… provisioner error";
}
