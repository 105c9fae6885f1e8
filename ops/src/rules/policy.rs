//! Rules about policies.

terrane_lang::rules! {
    /// Policies can't be read or understood: a file is missing, a module has a mistake, or two files with data say different things.
    ///
    /// ```text
    /// terrane policy check -policy=nowhere plan.tfplan
    /// ```
    T6501 error UNUSABLE_POLICIES = "Policies can't be used";

    /// A rule of a policy fails, takes too long, or gives something else than messages.
    ///
    /// ```text
    /// package main
    /// deny contains 1
    /// ```
    T6502 error POLICY_FAILED = "A policy can't be evaluated";

    /// What policies should look at is not JSON.
    ///
    /// ```text
    /// terrane policy check -policy=policy main.tf
    /// ```
    T6503 error INPUT_NOT_JSON = "The input of policies is not JSON";

    /// Policies deny the plan: it is not applied. What they say is told before, rule by rule.
    ///
    /// ```text
    /// package main
    /// deny contains "not on Fridays"
    /// ```
    T6504 error PLAN_DENIED = "Policies deny this plan";

    /// A file of the library of policies is there already, with other content: nothing is overwritten.
    ///
    /// ```sh
    /// terrane policy init
    /// ```
    T6505 error POLICY_FILE_EXISTS = "A file is in the way";
}
