//! Rules about files, locks and processes.

terrane_lang::rules! {
    /// The second interruption ends the program without waiting for what is in flight. The state remembers what was begun: the next plan finds out what became of it.
    ///
    /// ```text
    /// Ctrl-C twice during terrane apply
    /// ```
    T5601 error STOPPED = "Stopped at once";

    /// A file could not be read or written, or a process not started. The message has what the operating system says.
    ///
    /// ```sh
    /// terrane -chdir=/nowhere plan
    /// ```
    T5602 error FILE_FAILED = "ACTION failed";

    /// The state could not be read or written. The message has what the operating system says.
    ///
    /// ```text
    /// a full disk during an apply
    /// ```
    T5603 error STORE_FAILED = "ACTION failed";

    /// Another process works with the state. Let the command wait for it with `-lock-timeout=1m`.
    ///
    /// ```text
    /// two applies at a time in one folder
    /// ```
    T5604 error STATE_IN_USE = "ACTION failed";

    /// What is stored, or a file that was given, can't be understood. Nothing was changed. Of the state, `terrane state fsck` says what is damaged, and with `-repair` mends what can be mended; what it can't mend is put back from a backup (`terrane state restore`). Another file has to be made anew.
    ///
    /// ```text
    /// a state whose files were edited
    /// ```
    T5605 error STATE_DAMAGED = "ACTION failed";

    /// A later version of this program has written the state. Nothing was changed: use that version.
    ///
    /// ```text
    /// a state of a later version
    /// ```
    T5606 error STATE_TOO_NEW = "ACTION failed";

    /// The state has no such workspace.
    ///
    /// ```text
    /// a workspace that another process has deleted
    /// ```
    T5607 error NO_SUCH_WORKSPACE = "ACTION failed";

    /// The state can't be changed in this way. The message says why.
    ///
    /// ```text
    /// a workspace made under a name that is taken
    /// ```
    T5608 error STORE_REFUSED = "ACTION failed";

    /// The process was held up for so long that its lease on the state ran out and somebody else took it; or the lease was taken away with `force-unlock`. Nothing was written since. What had been begun before is on record: the next plan finds out what became of it.
    ///
    /// ```text
    /// an apply on a machine that was asleep
    /// ```
    T5609 error LEASE_LOST = "ACTION failed";
}
