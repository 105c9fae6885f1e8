//! Rules about applying.

terrane_lang::rules! {
    /// A value that should be known by now still is not. This is a bug in a provider (one that left a value unknown), or in this program.
    ///
    /// ```text
    /// an attribute that its provider left unknown after apply
    /// ```
    T4001 error UNKNOWN_AT_APPLY = "Configuration contains unknown value";

    /// The provider gave no answer when the final plan of an object was made, or broke down before it was asked for the change. Nothing was changed by this step.
    ///
    /// ```text
    /// the provider's process ended during the apply
    /// ```
    T4002 error NO_ANSWER_TO_PLAN = "Provider did not answer";

    /// The provider gave no answer to a change, which may have happened or not. The state remembers that it was begun, and the next plan finds out.
    ///
    /// ```text
    /// the provider's process ended during the apply
    /// ```
    T4003 error NO_ANSWER_TO_APPLY = "Provider did not answer";

    /// The provider's answer to a plan can't be read. This is a bug in the provider.
    ///
    /// ```text
    /// an answer of another kind than was asked for
    /// ```
    T4004 error INVALID_PLAN_ANSWER = "Provider produced invalid answer";

    /// When values that were unknown became known, the provider planned something else than was approved. That is not carried out. This is a bug in the provider; the message names the attribute.
    ///
    /// ```text
    /// "a" was approved, and "b" is planned when the id of another object is known
    /// ```
    T4005 error INCONSISTENT_FINAL_PLAN = "Provider produced inconsistent final plan";

    /// The provider's answer to a change can't be read. This is a bug in the provider.
    ///
    /// ```text
    /// an answer of another kind than was asked for
    /// ```
    T4006 error INVALID_APPLY_ANSWER = "Provider produced invalid answer";

    /// An object was to be destroyed, and the provider says without an error that it still exists. This is a bug in the provider.
    ///
    /// ```text
    /// the answer to a deletion is the object
    /// ```
    T4007 error NOT_DESTROYED = "Provider returned invalid result object after apply";

    /// An object was to be created or changed, and the provider says without an error that there is none. This is a bug in the provider.
    ///
    /// ```text
    /// the answer to a creation is null
    /// ```
    T4008 error NOTHING_AFTER_APPLY = "Provider returned invalid result object after apply";

    /// After a change all values of an object must be known, and the provider left some unknown. They are stored as null. This is a bug in the provider.
    ///
    /// ```text
    /// the answer to a creation has an unknown attribute
    /// ```
    T4009 error UNKNOWN_AFTER_APPLY = "Provider returned invalid result object after apply";

    /// The provider did something else than was approved. The object is stored as it is. This is a bug in the provider; the message names the attribute and both values.
    ///
    /// ```text
    /// "a" was planned, and the object has "A"
    /// ```
    T4010 error INCONSISTENT_RESULT = "Provider produced inconsistent result after apply";

    /// The provider's answer can't be read. This is a bug in the provider.
    ///
    /// ```text
    /// an answer of another kind than was asked for
    /// ```
    T4011 error INVALID_READ_ANSWER = "Provider produced invalid answer";

    /// The provider returned no object that can be used. This is a bug in the provider.
    ///
    /// ```text
    /// a data source that is read during the apply, and is null
    /// ```
    T4012 error INVALID_OBJECT = "Provider produced invalid object";

    /// The state has changed since the plan was made, in something that the plan reads or writes; the message says what. Make a new plan: the old one was approved for what was there before.
    ///
    /// ```sh
    /// terrane plan -out=a.plan
    /// terrane apply -auto-approve
    /// terrane apply a.plan
    /// ```
    T4013 error STALE_PLAN = "Saved plan is stale";

    /// The plan needs a provider configuration that the configuration does not have.
    ///
    /// ```text
    /// a saved plan whose configuration was changed
    /// ```
    T4014 error NO_PROVIDER_CONFIGURATION = "Provider configuration not present";

    /// A provider is configured with a value that is known only after an object is changed that was not. Apply that object first.
    ///
    /// ```text
    /// provider "kubernetes" { host = aws_eks_cluster.a.endpoint }, and the cluster could not be created
    /// ```
    T4015 error UNKNOWN_PROVIDER_CONFIGURATION = "Invalid provider configuration";

    /// What was done could not be recorded, so nothing further was begun. The message says what is not in the state; the cause, such as a full disk, has to be mended before the next run.
    ///
    /// ```text
    /// a full disk during an apply
    /// ```
    T4016 error STATE_NOT_SAVED = "Failed to save state";

    /// The provider gave no answer when it was told its configuration.
    ///
    /// ```text
    /// the provider's process ended during the apply
    /// ```
    T4017 error PROVIDER_NOT_CONFIGURED = "Provider did not answer";

    /// The object that a provider returned can't be written to the state.
    ///
    /// ```text
    /// an object nested deeper than values may be
    /// ```
    T4018 error OBJECT_NOT_STORABLE = "Object can't be stored";

    /// An object can't be written to the state.
    ///
    /// ```text
    /// an object nested deeper than values may be
    /// ```
    T4019 error OBJECT_NOT_WRITABLE = "Object can't be stored";

    /// A provisioner did not succeed; the message has what it said. A new object is then marked as tainted, so that the next apply replaces it. With `on_failure = continue` it is only a warning.
    ///
    /// ```text
    /// provisioner "local-exec" { command = "exit 1" }
    /// ```
    T4020 error PROVISIONER_FAILED = "NAME provisioner error";

    /// What the plan says of the objects in the state must be what the state holds: otherwise something else would be changed or destroyed than what was looked at. A plan that nobody tampered with always does; make a new one.
    ///
    /// ```text
    /// a plan file in which somebody wrote the id of another object
    /// ```
    T4021 error NOT_OF_THIS_STATE = "The plan is not of this state";

    /// A provider is needed before what it is configured with is there, because the other way round the steps would wait for each other in a circle. Apply in two steps, with `-target`.
    ///
    /// ```text
    /// a provider that is configured with an ephemeral resource of a cluster which is replaced
    /// ```
    T4050 error EARLY_PROVIDER = "Invalid provider configuration";

    /// What a provider returns for an ephemeral resource must be a whole object of the type that its schema says. This is a bug in the provider.
    ///
    /// ```text
    /// ephemeral "example_token" "a" {}
    /// ```
    T4051 error INVALID_EPHEMERAL_OBJECT = "Provider produced invalid object";

    /// The plan was of a part of the configuration only (`-target`, `-exclude`), so changes that belong together may have been left out, and outputs may be older than what they come from. Run a plan without these options afterwards.
    ///
    /// ```sh
    /// terrane apply -target=terraform_data.a
    /// ```
    T4052 warning PARTLY_APPLIED = "Applied changes may be incomplete";

    /// What an action is told must be what the plan says.
    ///
    /// ```text
    /// config { file = filesha256("made-by-somebody-else.txt") }
    /// ```
    T4053 error ACTION_CHANGED = "Action would be told something else";

    /// The provider began to do an action, and gave no answer. Whether the action was done is not known, and it is not done again by itself.
    ///
    /// ```text
    /// a provider that crashes while it does an action
    /// ```
    T4054 error ACTION_UNANSWERED = "Action may have been done";
}
