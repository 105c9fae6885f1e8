//! Rules about backends: where states are kept, and how they are moved.

terrane_lang::rules! {
    /// The `backend` block does not say what it said when `terrane init` was run, or `init` was not run yet. Commands do not go on, since they would work with another
    /// state than before. `terrane init -migrate-state` copies the state to the new place, `terrane init -reconfigure` uses what is there.
    ///
    /// ```sh
    /// sed -i s/bucket-a/bucket-b/ main.tf && terrane plan
    /// ```
    T5961 error INIT_REQUIRED = "Backend initialization required, please run \"terrane init\"";

    /// There is no such backend: it is not one of terrane, the peers have taken it out, or the name is mistyped.
    ///
    /// ```text
    /// terraform {
    ///   backend "artifactory" {}
    /// }
    /// ```
    T5962 error UNSUPPORTED_TYPE = "Unsupported backend type";

    /// The arguments of the backend make no sense, alone or together with the environment.
    ///
    /// ```sh
    /// terrane init -backend-config=path=
    /// ```
    T5963 error INVALID_SETTINGS = "Invalid settings of the backend NAME";

    /// `.terrane/backend.json`, where `terrane init` has written down which backend it has chosen, can't be used. Delete it and run `terrane init` again.
    ///
    /// ```sh
    /// echo > .terrane/backend.json && terrane plan
    /// ```
    T5964 error BAD_RECORD = "The record of the backend can't be used";

    /// The backend is not the one that was used so far. Say whether its state is to be copied (`-migrate-state`) or not (`-reconfigure`).
    ///
    /// ```sh
    /// sed -i s/bucket-a/bucket-b/ main.tf && terrane init
    /// ```
    T5965 error CHANGED = "Backend configuration changed";

    /// `-backend-config` was given, and there is no `backend` block that it could be about.
    ///
    /// ```sh
    /// terrane init -backend-config=path=x   # without a backend block
    /// ```
    T5966 warning NO_BLOCK = "Missing backend configuration";

    /// The file that `-backend-config` names can't be read.
    ///
    /// ```sh
    /// terrane init -backend-config=nope.tfbackend
    /// ```
    T5967 error NO_CONFIG_FILE = "Failed to read file";

    /// Whether a state is to be copied must be asked, and nobody can be asked. `-force-copy` says yes, `-reconfigure` says no.
    ///
    /// ```sh
    /// terrane init -input=false   # where the backend block is new and there is a state
    /// ```
    T5968 error NOBODY_TO_ASK = "Can't ask whether the state is to be copied";

    /// The question whether the state is to be copied was answered with no.
    ///
    /// ```sh
    /// terrane init -migrate-state   # no
    /// ```
    T5969 error CANCELLED = "Migration cancelled";

    /// The new place can't hold a workspace of the old one: its name is not allowed there, or there is room for one state only.
    ///
    /// ```text
    /// from "local" with the workspaces default and dev to "http", which keeps one state
    /// ```
    T5970 error UNFIT_WORKSPACE = "Workspaces can't be migrated";

    /// The new place holds a later version of the state that is to be copied there. Without being asked, nobody wants to go back.
    ///
    /// ```sh
    /// terrane init -force-copy   # in a copy of the folder that is out of date
    /// ```
    T5971 error TARGET_IS_NEWER = "The target holds a later version of the state";

    /// The state was written to the new place, read back, and is not the same. The copy was taken back, and the state is where it was.
    ///
    /// ```text
    /// a proxy that cuts off large uploads
    /// ```
    T5972 error COPY_DIFFERS = "The copy of the state is not the same";

    /// A run was cut off in the midst of a change, and the new place can't keep that in mind. A plan with the old backend settles it.
    ///
    /// ```sh
    /// kill -9 $(pidof terrane); terrane init -migrate-state
    /// ```
    T5973 error OPEN_CHANGES = "Open changes can't be migrated";

    /// Between looking at the states and copying them, somebody else has changed one. Run the command again.
    ///
    /// ```text
    /// an apply in the old place while init waits for an answer
    /// ```
    T5974 error CHANGED_MEANWHILE = "The state has changed meanwhile";

    /// Copying failed, and what was written to the new place could not be taken back. The state is in the old place, unchanged.
    ///
    /// ```text
    /// a connection that breaks for good in the midst of a migration
    /// ```
    T5975 error NOT_TAKEN_BACK = "The target could not be put back";

    /// Options of `init` that exclude each other.
    ///
    /// ```sh
    /// terrane init -reconfigure -migrate-state
    /// ```
    T5976 error OPTIONS = "Invalid init options";

    /// A saved plan belongs to the state that it was made from, and the backend has changed since.
    ///
    /// ```sh
    /// terrane plan -out=p && terrane init -migrate-state && terrane apply p
    /// ```
    T5977 error OTHER_BACKEND = "The plan was made for another backend";
}
