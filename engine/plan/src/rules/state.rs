//! Rules about objects in the state.

terrane_lang::rules! {
    /// Provider configuration not present.
    T3401 error NO_PROVIDER_CONFIGURATION = "Provider configuration not present";

    /// Invalid resource type.
    T3402 error UNSUPPORTED_TYPE = "Invalid resource type";

    /// Resource instance managed by newer provider version.
    T3403 error NEWER_SCHEMA = "Resource instance managed by newer provider version";

    /// Invalid resource state.
    T3404 error INVALID_OBJECT = "Invalid resource state";

    /// Object may exist.
    T3405 warning MAY_EXIST = "Object may exist";

    /// Invalid resource state.
    T3406 error INVALID_FOUND_OBJECT = "Invalid resource state";
}
