//! Rules about objects in the state.

terrane_lang::rules! {
    /// An object in the state is managed with a provider configuration that the configuration no longer has. Put it back until the object is destroyed or forgotten.
    ///
    /// ```text
    /// a resource and its provider block removed in one step
    /// ```
    T3401 error NO_PROVIDER_CONFIGURATION = "Provider configuration not present";

    /// The state holds an object of a type that the provider does not have in this version. Use a version that has it, or forget the object with `terrane state rm`.
    ///
    /// ```text
    /// a provider's new major version without an old resource type
    /// ```
    T3402 error UNSUPPORTED_TYPE = "Invalid resource type";

    /// A later version of the provider has written the object, in a form that this one can't read. Use that version or a later one.
    ///
    /// ```text
    /// a provider that was downgraded
    /// ```
    T3403 error NEWER_SCHEMA = "Resource instance managed by newer provider version";

    /// The object in the state does not have the form that the provider's schema asks for, and the provider could not bring it up to date.
    ///
    /// ```text
    /// a state that was edited by hand
    /// ```
    T3404 error INVALID_OBJECT = "Invalid resource state";

    /// A run was cut off while it created an object, and the provider can't tell what became of it. It may exist and be unknown to the state: look for it. If it is there, import it; if not, the next apply creates it.
    ///
    /// ```text
    /// a power cut during an apply
    /// ```
    T3405 warning MAY_EXIST = "Object may exist";

    /// A run was cut off while it created an object. The provider found it again, but not in the form that its schema asks for.
    ///
    /// ```text
    /// a power cut during an apply
    /// ```
    T3406 error INVALID_FOUND_OBJECT = "Invalid resource state";

    /// A run was cut off while a provisioner ran: whether it did all, or anything, of what it was to do is not known. A new object stays tainted, so the next plan replaces it; one that was to be destroyed is still there, and its provisioners run again.
    ///
    /// ```text
    /// a power cut during an apply
    /// ```
    T3407 warning PROVISIONER_CUT_OFF = "Provisioner was cut off";

    /// A run was cut off while an action was under way: whether it was done is not known. It is not done again by itself; `-invoke` does it.
    ///
    /// ```text
    /// a power cut during an apply
    /// ```
    T3408 warning ACTION_CUT_OFF = "Action was cut off";
}
