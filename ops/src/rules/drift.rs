//! Rules about drift.

terrane_lang::rules! {
    /// The state has objects of provider configurations that nothing declares: without them, looking for those objects would be guessing, and what is not
    /// found where it was guessed to be looks deleted.
    ///
    /// ```sh
    /// terrane drift -provider-config=providers.tf
    /// ```
    T6601 error PROVIDERS_NOT_DECLARED = "Provider configurations are not declared";

    /// Some objects could not be read, so the report of drift is not complete.
    ///
    /// ```sh
    /// terrane drift
    /// ```
    T6602 error NOT_READ = "Objects could not be read";

    /// A schedule can't be understood: five fields as in crontab are needed.
    ///
    /// ```sh
    /// terrane drift -watch='every day'
    /// ```
    T6603 error INVALID_SCHEDULE = "Invalid schedule";

    /// A file that says who is told of drift can't be used.
    ///
    /// ```text
    /// webhook "ops" {
    ///   adress = "https://example.com/hook"
    /// }
    /// ```
    T6604 error INVALID_NOTIFICATIONS = "Invalid notifications";

    /// Somebody could not be told of drift. What was found is in the report all the same.
    ///
    /// ```sh
    /// terrane drift -notify=notifications.hcl
    /// ```
    T6605 warning NOT_NOTIFIED = "A notification could not be delivered";

    /// Undoing or accepting drift is about a configuration, and there is none in this folder.
    ///
    /// ```sh
    /// terrane reconcile
    /// ```
    T6606 error NO_CONFIGURATION = "No configuration";

    /// The plan that undoes drift changes more than what has drifted: the configuration asks for it too.
    ///
    /// ```sh
    /// terrane reconcile
    /// ```
    T6607 warning MORE_THAN_DRIFT = "The plan changes more than what has drifted";

    /// An object has drifted that the configuration does not speak of any more. There is nothing that its drift could be taken back to: applying the configuration would
    /// destroy it (or forget it), so the plan that undoes drift leaves it as it is.
    ///
    /// ```sh
    /// terrane reconcile
    /// ```
    T6608 warning NOT_CONFIGURED = "What has drifted is not configured any more";

    /// A target names nothing that is in the state, so nothing would be looked at.
    ///
    /// ```sh
    /// terrane drift -target=terraform_data.wbe
    /// ```
    T6609 error UNKNOWN_TARGET = "A target names nothing";
}
