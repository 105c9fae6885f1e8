//! Rules about planning.

terrane_lang::rules! {
    /// Cycle: ….
    T3001 error CYCLE = "Cycle: …";

    /// Cycle: ….
    T3002 error STEP_CYCLE = "Cycle: …";

    /// Incompletely-matched force-replace resource instance.
    T3003 warning UNMATCHED_REPLACE = "Incompletely-matched force-replace resource instance";

    /// Ephemeral resources are not supported.
    T3004 error EPHEMERAL_NOT_SUPPORTED = "Ephemeral resources are not supported";

    /// Invalid provider instance key.
    T3005 error INVALID_PROVIDER_KEY = "Invalid provider instance key";

    /// Resource targeting is in effect.
    T3006 warning TARGETING = "Resource targeting is in effect";

    /// Planning was interrupted.
    T3007 error INTERRUPTED = "Planning was interrupted";

    /// Unresolved resource instance address changes.
    T3008 warning BLOCKED_MOVES = "Unresolved resource instance address changes";

    /// Cyclic dependency in move statements.
    T3009 error CYCLIC_MOVES = "Cyclic dependency in move statements";

    /// Instance cannot be destroyed.
    T3010 error PREVENT_DESTROY = "Instance cannot be destroyed";

    /// Invalid prevent_destroy argument.
    T3011 error INVALID_PREVENT_DESTROY = "Invalid prevent_destroy argument";
}
