//! Rules about plans.

terrane_lang::rules! {
    /// Damaged plan.
    T5201 error DAMAGED_PLAN = "Damaged plan";

    /// No configuration files.
    T5202 error NO_CONFIGURATION = "No configuration files";

    /// Incompatible options.
    T5203 error TARGET_WITH_EXCLUDE = "Incompatible options";

    /// Incompatible options.
    T5204 error REPLACE_WITH_DESTROY = "Incompatible options";

    /// Incompatible options.
    T5205 error REFRESH_ONLY_WITHOUT_REFRESH = "Incompatible options";

    /// Saving the plan to … failed.
    T5206 error PLAN_NOT_SAVED = "Saving the plan to … failed";

    /// Saved plan is for another workspace.
    T5207 error OTHER_WORKSPACE = "Saved plan is for another workspace";

    /// Can't change variable when applying a saved plan.
    T5208 error VARIABLE_OF_SAVED_PLAN = "Can't change variable when applying a saved plan";

    /// Plan can't be applied.
    T5209 error PLAN_WITH_ERRORS = "Plan can't be applied";

    /// Failed to load … as a plan file.
    T5210 error NOT_A_PLAN = "Failed to load … as a plan file";

    /// Invalid … address ….
    T5211 error INVALID_TARGET = "Invalid … address …";

    /// Invalid -replace address ….
    T5212 error REPLACE_MODULE = "Invalid -replace address …";
}
