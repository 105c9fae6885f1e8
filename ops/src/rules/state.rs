//! Rules about state commands.

terrane_lang::rules! {
    /// Output … not found.
    T5301 error NO_SUCH_OUTPUT = "Output … not found";

    /// Invalid address.
    T5302 error INVALID_ADDRESS = "Invalid address";

    /// Resource instance address required.
    T5303 error INSTANCE_REQUIRED = "Resource instance address required";

    /// Unknown resource.
    T5304 error NO_SUCH_RESOURCE = "Unknown resource";

    /// Invalid … address.
    T5305 error MOVE_ADDRESS = "Invalid … address";

    /// Invalid state move request.
    T5306 error INVALID_MOVE = "Invalid state move request";

    /// State not replaced.
    T5307 error NOT_REPLACED = "State not replaced";

    /// A change is still open.
    T5308 error OPEN_CHANGE = "A change is still open";

    /// Invalid provider source address.
    T5309 error PROVIDER_ADDRESS = "Invalid provider source address";

    /// Invalid target address.
    T5310 error NOTHING_MATCHES = "Invalid target address";

    /// No instance found for the given address.
    T5311 error NO_INSTANCE = "No instance found for the given address";

    /// Invalid resource instance address.
    T5312 error NOT_MANAGED = "Invalid resource instance address";

    /// No such resource instance.
    T5313 error NO_SUCH_INSTANCE = "No such resource instance";

    /// Resource instance is not tainted.
    T5314 error NOT_TAINTED = "Resource instance is not tainted";
}
