//! Rules about files of gates.

terrane_lang::rules! {
    /// Each person, group and gate has a name of its own, also across files.
    ///
    /// ```text
    /// gate "all" {}
    /// gate "all" {}
    /// ```
    T3701 error DUPLICATE_NAME = "Duplicate name in gates";

    /// A group or a list of approvers names somebody who is neither a `person` nor a `group`.
    ///
    /// ```text
    /// gate "all" {
    ///   approvals { from = ["nobody"] }
    /// }
    /// ```
    T3702 error UNKNOWN_PERSON = "Unknown person or group";

    /// Decisions are signed with Ed25519 keys, written as OpenSSH writes them: `ssh-ed25519 AAAA…`. `terrane key` makes one and shows it. Each key belongs to one person.
    ///
    /// ```text
    /// person "ana" {
    ///   keys = ["ana's key"]
    /// }
    /// ```
    T3703 error INVALID_KEY = "Invalid key";

    /// A value is not of the kind that the argument takes: a number of people, a length of time such as `8h` or `7d`, a moment such as `2027-01-31T00:00:00Z`.
    ///
    /// ```text
    /// gate "all" {
    ///   approvals { count = 0 }
    /// }
    /// ```
    T3704 error INVALID_GATE_VALUE = "Invalid value in gates";

    /// A selector can only select actions, risks and the like that there are.
    ///
    /// ```text
    /// gate "all" {
    ///   match { actions = ["destory"] }
    /// }
    /// ```
    T3705 error UNKNOWN_WORD = "Unknown word in a selector";

    /// A change window opens at times in the form of crontab, is open for a while, and has a time zone by its name in the IANA data base.
    ///
    /// ```text
    /// gate "nights" {
    ///   window {
    ///     cron     = "0 25 * * *"
    ///     duration = "8h"
    ///   }
    /// }
    /// ```
    T3706 error INVALID_WINDOW = "Invalid change window";

    /// A gate that is always open can't ask for anything as well.
    ///
    /// ```text
    /// gate "harmless" {
    ///   auto_approve = true
    ///   approvals {}
    /// }
    /// ```
    T3707 error AUTO_APPROVE_WITH_OTHERS = "A gate that is always open asks for nothing";

    /// Fewer people can approve than are needed, so nothing could ever pass.
    ///
    /// ```text
    /// person "ana" {
    ///   keys = []
    /// }
    /// gate "all" {
    ///   approvals { count = 2 }
    /// }
    /// ```
    T3708 warning TOO_FEW_APPROVERS = "Not enough people can approve";

    /// A gate without any argument asks for nothing, so it lets everything pass that it is about. Say what it asks for, or `auto_approve = true`.
    ///
    /// ```text
    /// gate "all" {}
    /// ```
    T3709 error EMPTY_GATE = "A gate that asks for nothing";
}
