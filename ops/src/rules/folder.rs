//! Rules about working directory.

terrane_lang::rules! {
    /// State of another program is not taken over.
    T5001 warning STATE_LEFT_BEHIND = "State of another program is not taken over";

    /// Failed to read the configuration.
    T5002 error UNREADABLE_CONFIGURATION = "Failed to read the configuration";

    /// Backend not available.
    T5003 error BACKEND_NOT_AVAILABLE = "Backend not available";

    /// Failed to load a provider.
    T5004 error PROVIDER_NOT_LOADED = "Failed to load a provider";

    /// Unsuitable provider version.
    T5005 error UNSUITABLE_PROVIDER = "Unsuitable provider version";

    /// Provider not available.
    T5006 error PROVIDER_NOT_AVAILABLE = "Provider not available";

    /// No file or directory at ….
    T5007 error NO_SUCH_FILE = "No file or directory at …";

    /// Can't format ….
    T5008 error NOT_FORMATTABLE = "Can't format …";

    /// Reading … failed.
    T5009 error FILE_NOT_READABLE = "Reading … failed";
}
