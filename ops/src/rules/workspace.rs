//! Rules about workspaces.

terrane_lang::rules! {
    /// Invalid workspace selection.
    T5401 error INVALID_SELECTION = "Invalid workspace selection";

    /// Workspace … already exists.
    T5402 error EXISTS = "Workspace … already exists";

    /// Workspace … doesn't exist.
    T5403 error NO_SUCH_WORKSPACE = "Workspace … doesn't exist";

    /// Workspace … is your active workspace.
    T5404 error ACTIVE = "Workspace … is your active workspace";

    /// The default workspace can't be deleted.
    T5405 error DEFAULT_WORKSPACE = "The default workspace can't be deleted";

    /// Workspace is not empty.
    T5406 error NOT_EMPTY = "Workspace is not empty";

    /// Invalid workspace name.
    T5407 error INVALID_NAME = "Invalid workspace name";

    /// The selected workspace is overridden.
    T5408 error OVERRIDDEN = "The selected workspace is overridden";
}
