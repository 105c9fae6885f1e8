//! Rules about answers of providers while planning.

terrane_lang::rules! {
    /// The provider's answer is not what its own schema says. This is a bug in the provider; the message names the attribute.
    ///
    /// ```text
    /// data "cloud_image" "a" { … }, and the provider answers with an attribute of another type
    /// ```
    T3101 error INVALID_DATA_OBJECT = "Provider produced invalid object";

    /// The provider's answer can't be read. This is a bug in the provider.
    ///
    /// ```text
    /// an answer of another kind than was asked for
    /// ```
    T3102 error INVALID_PLAN_ANSWER = "Provider produced invalid answer";

    /// The provider planned a value that contradicts the configuration. A plan must keep what is configured, so this is a bug in the provider; the message names the attribute and both values.
    ///
    /// ```text
    /// name = "a" is configured, and the provider plans "A"
    /// ```
    T3103 error INVALID_PLAN = "Provider produced invalid plan";

    /// The provider could not be reached, or stopped while it worked. The message has what it said last.
    ///
    /// ```text
    /// the provider's process ended during the plan
    /// ```
    T3104 error NO_ANSWER = "Provider did not answer";

    /// An object is to be destroyed, and the provider planned something else. This is a bug in the provider.
    ///
    /// ```text
    /// the provider answers the plan of a deletion with an object
    /// ```
    T3105 error DESTROY_REFUSED = "Provider produced invalid plan";

    /// A provider put off its decision, which it may do only where `-allow-deferral` is given. This is a bug in the provider.
    ///
    /// ```text
    /// a provider defers the plan of a resource, and -allow-deferral was not given
    /// ```
    T3106 error UNASKED_DEFERRAL = "Provider deferred changes";

    /// What a provider returns for an ephemeral resource must be a whole object of the type that its schema says. This is a bug in the provider.
    ///
    /// ```text
    /// ephemeral "example_token" "a" {}
    /// ```
    T3150 error INVALID_EPHEMERAL_OBJECT = "Provider produced invalid object";

    /// Providers take the values of write-only attributes and never give them back, so that nobody stores them. This is a bug in the provider.
    ///
    /// ```text
    /// resource "example_thing" "a" { secret_wo = var.token }
    /// ```
    T3151 error WRITE_ONLY_VALUE = "Provider produced invalid object";
}
