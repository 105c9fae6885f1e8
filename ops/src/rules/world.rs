//! Rules about files, locks and processes.

terrane_lang::rules! {
    /// Stopped at once.
    T5601 error STOPPED = "Stopped at once";

    /// … failed.
    T5602 error FILE_FAILED = "… failed";

    /// … failed.
    T5603 error STORE_FAILED = "… failed";

    /// … failed.
    T5604 error STATE_IN_USE = "… failed";

    /// … failed.
    T5605 error STATE_DAMAGED = "… failed";

    /// … failed.
    T5606 error STATE_TOO_NEW = "… failed";

    /// … failed.
    T5607 error NO_SUCH_WORKSPACE = "… failed";

    /// … failed.
    T5608 error STORE_REFUSED = "… failed";
}
