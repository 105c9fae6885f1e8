//! Rules about imports.

terrane_lang::rules! {
    /// Invalid for_each argument.
    T3301 error INVALID_FOR_EACH = "Invalid for_each argument";

    /// Invalid import address.
    T3302 error INVALID_KEY = "Invalid import address";

    /// Invalid import id argument.
    T3303 error INVALID_ID = "Invalid import id argument";

    /// Configuration for import target does not exist.
    T3304 error NO_CONFIGURATION = "Configuration for import target does not exist";

    /// Cannot import non-existent remote object.
    T3305 error NO_OBJECT = "Cannot import non-existent remote object";
}
