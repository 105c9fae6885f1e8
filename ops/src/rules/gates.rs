//! Rules about gates, decisions and the audit log.

terrane_lang::rules! {
    /// A gate is closed for something that the plan does: approvals are missing, it is not the time, there is too much of it. The message says gate by gate what is missing and who can give it.
    ///
    /// ```sh
    /// terrane plan -out=a.plan
    /// terrane apply a.plan
    /// ```
    T6401 error CLOSED = "The plan is not approved";

    /// The files of gates are not those that are in force. What is in force is recorded in the state; it changes when those agree whom it names.
    ///
    /// ```sh
    /// rm gates.tfgate.hcl
    /// terrane apply a.plan
    /// ```
    T6402 error GATES_CHANGED = "The gates were changed";

    /// A plan is judged by the gates under which it was made.
    ///
    /// ```sh
    /// terrane plan -out=a.plan
    /// terrane gates accept
    /// terrane apply a.plan
    /// ```
    T6403 error OTHER_GATES = "The plan was made under other gates";

    /// A plan is applied once, and each decision is good for one apply.
    ///
    /// ```sh
    /// terrane apply a.plan
    /// cp a.plan b.plan
    /// terrane apply b.plan
    /// ```
    T6404 error USED = "The approval was used already";

    /// The audit log is not as it was written. Nothing is approved by it.
    ///
    /// ```sh
    /// terrane audit -verify
    /// ```
    T6405 error LOG_DAMAGED = "The audit log was changed";

    /// The backend keeps no audit log.
    ///
    /// ```sh
    /// terrane audit
    /// ```
    T6406 error NO_LOG = "There is no audit log";

    /// There are no files of gates.
    ///
    /// ```sh
    /// terrane approve a.plan
    /// ```
    T6407 error NO_GATES = "There are no gates";

    /// Decisions are signed. There is no key, it can't be opened, or the gates do not know it.
    ///
    /// ```sh
    /// terrane approve a.plan
    /// ```
    T6408 error NO_KEY = "There is no key to sign with";

    /// A key is not overwritten.
    ///
    /// ```sh
    /// terrane key generate
    /// terrane key generate
    /// ```
    T6409 error KEY_EXISTS = "There is a key already";

    /// The file of decisions beside a plan is not as it was written.
    ///
    /// ```sh
    /// terrane gates a.plan
    /// ```
    T6410 error BAD_APPROVALS = "The file of approvals can't be used";

    /// Nothing in the plan is selected.
    ///
    /// ```sh
    /// terrane approve -only='module.nowhere.*' a.plan
    /// ```
    T6411 error COVERS_NOTHING = "There is nothing to decide";

    /// The gates say that nobody can break the glass, or not this person.
    ///
    /// ```sh
    /// terrane apply -break-glass="the site is down" a.plan
    /// ```
    T6412 error GLASS_HOLDS = "The glass can't be broken";

    /// The audit log and what else is known do not agree.
    ///
    /// ```sh
    /// terrane audit -verify
    /// ```
    T6413 error LOG_INCOMPLETE = "The audit log is not complete";

    /// The audit log keeps the files that are in force as text.
    ///
    /// ```sh
    /// terrane plan
    /// ```
    T6414 error NOT_TEXT = "A file of the gates is no text";

    /// Where there are gates, each plan that is saved is recorded, and no other one is applied. This one was changed after it was saved, or it was saved for another state.
    ///
    /// ```sh
    /// terrane apply a.plan
    /// ```
    T6415 error UNKNOWN_PLAN = "The audit log does not know this plan";

    /// What takes an object into the state has to pass the gates, and this command makes no plan that could. An `import` block does.
    ///
    /// ```sh
    /// terrane import aws_instance.a i-0123456789
    /// ```
    T6416 error IMPORT_UNDER_GATES = "There are gates, and this command goes around them";

    /// Two people changed the gates from the same point. What the first of them did is in force.
    ///
    /// ```sh
    /// terrane gates accept
    /// ```
    T6417 error CHANGED_MEANWHILE = "The gates were changed meanwhile";
}
