//! Rules about types.

crate::rules! {
    /// Invalid type specification.
    T0401 error INVALID_TYPE = "Invalid type specification";

    /// Invalid legacy variable type hint.
    T0402 error LEGACY_TYPE_HINT = "Invalid legacy variable type hint";

    /// Invalid quoted type constraints.
    T0403 error QUOTED_TYPE = "Invalid quoted type constraints";

    /// Invalid default value for optional attribute.
    T0404 error INVALID_OPTIONAL_DEFAULT = "Invalid default value for optional attribute";
}
