//! Rules about working directory.

terrane_lang::rules! {
    /// The folder holds the state of another program, and none of this one: the plan would create everything again. `terrane init` offers to take it over.
    ///
    /// ```text
    /// terraform.tfstate in a folder where terrane init was not run
    /// ```
    T5001 warning STATE_LEFT_BEHIND = "State of another program is not taken over";

    /// A file of the configuration can't be read.
    ///
    /// ```sh
    /// chmod 000 main.tf
    /// ```
    T5002 error UNREADABLE_CONFIGURATION = "Failed to read the configuration";

    /// A provider could not say what it offers. The message has what it said.
    ///
    /// ```text
    /// a provider that does not start
    /// ```
    T5004 error PROVIDER_NOT_LOADED = "Failed to load a provider";

    /// The provider that is there does not have a version that the configuration asks for.
    ///
    /// ```text
    /// required_providers { random = { source = "hashicorp/random", version = "< 1.0" } }
    /// ```
    T5005 error UNSUITABLE_PROVIDER = "Unsuitable provider version";

    /// There is nothing of this name to format.
    ///
    /// ```sh
    /// terrane fmt nope.tf
    /// ```
    T5007 error NO_SUCH_FILE = "No file or directory at PATH";

    /// Files of this kind have no standard layout.
    ///
    /// ```sh
    /// terrane fmt README.md
    /// ```
    T5008 error NOT_FORMATTABLE = "Can't format PATH";

    /// The file can't be read.
    ///
    /// ```sh
    /// chmod 000 main.tf && terrane fmt
    /// ```
    T5009 error FILE_NOT_READABLE = "Reading PATH failed";

    /// A file of this name is read as configuration, or as values of variables: what is written there would take its place, or be read as one.
    ///
    /// ```sh
    /// terrane plan -out=main.tf
    /// ```
    T5010 error NAME_OF_CONFIGURATION = "PATH is a name of configuration";
}
