//! Rules about workspaces.

terrane_lang::rules! {
    /// What selects the workspace holds no name that a workspace can have.
    ///
    /// ```sh
    /// TF_WORKSPACE='a b' terrane plan
    /// ```
    T5401 error INVALID_SELECTION = "Invalid workspace selection";

    /// There is one of this name.
    ///
    /// ```sh
    /// terrane workspace new default
    /// ```
    T5402 error EXISTS = "Workspace NAME already exists";

    /// There is none of this name. `terrane workspace new` makes one.
    ///
    /// ```sh
    /// terrane workspace select nope
    /// ```
    T5403 error NO_SUCH_WORKSPACE = "Workspace NAME doesn't exist";

    /// The workspace that is selected can't be deleted. Select another one.
    ///
    /// ```sh
    /// terrane workspace delete this-one
    /// ```
    T5404 error ACTIVE = "Workspace NAME is your active workspace";

    /// There is always a workspace named default.
    ///
    /// ```sh
    /// terrane workspace delete default
    /// ```
    T5405 error DEFAULT_WORKSPACE = "The default workspace can't be deleted";

    /// The workspace still manages objects, which would be forgotten. Destroy them first; or give `-force`, and they stay as they are, unmanaged.
    ///
    /// ```sh
    /// terrane workspace delete old
    /// ```
    T5406 error NOT_EMPTY = "Workspace is not empty";

    /// The name of a workspace stands in file names and in addresses of the web: letters, digits, dashes, underscores and dots.
    ///
    /// ```sh
    /// terrane workspace new 'a b'
    /// ```
    T5407 error INVALID_NAME = "Invalid workspace name";

    /// The environment variable `TF_WORKSPACE` selects the workspace, so that selecting another one would have no effect.
    ///
    /// ```sh
    /// TF_WORKSPACE=a terrane workspace select b
    /// ```
    T5408 error OVERRIDDEN = "The selected workspace is overridden";

    /// A workspace was deleted with `-force` while its state held objects. They are not destroyed by that, and nothing manages them any more.
    ///
    /// ```sh
    /// terrane workspace delete -force old
    /// ```
    T5409 warning WAS_NOT_EMPTY = "Workspace NAME was not empty";
}
