//! Rules about going back to an earlier state.

terrane_lang::rules! {
    /// A resource of the earlier state can't be described with what is there now: its provider, its type or the version of its schema is another one, or its
    /// provider is configured within a module. Plan with the provider that wrote it, or leave the resource out with `-exclude`.
    ///
    /// ```sh
    /// terrane plan -to=12
    /// ```
    T3651 error CAN_NOT = "Resource can't be brought back";

    /// Something of the earlier state is not known any more, or is not looked at, so it is not brought back.
    ///
    /// ```sh
    /// terrane plan -to=12
    /// ```
    T3652 warning NOT_KEPT = "Not brought back";

    /// Going back means to destroy objects that the earlier state did not have, or that have to be replaced. What only they hold (files, rows, messages) goes
    /// with them, and no version of the state brings it back.
    ///
    /// ```sh
    /// terrane plan -to=12
    /// ```
    T3653 warning LOSES_DATA = "Objects and their data will be destroyed";

    /// Objects that are not there any more are made anew: as they were described, with other ids, and empty. One that was only forgotten (`state rm`, a `removed`
    /// block) may still exist; then `terrane import` it first.
    ///
    /// ```sh
    /// terrane plan -to=12
    /// ```
    T3654 warning MADE_ANEW = "Objects will be made anew";

    /// A value of the earlier state can't be set by configuration: only the provider says it.
    ///
    /// ```sh
    /// terrane plan -to=12
    /// ```
    T3655 warning STAYS_OTHER = "Values that can't be brought back";
}
