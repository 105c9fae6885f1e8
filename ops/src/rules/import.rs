//! Rules about `terrane import` and generated configuration.

terrane_lang::rules! {
    /// `terrane import` was given something that is not the address of one managed resource instance.
    ///
    /// ```sh
    /// terrane import 'aws_instance.web["a"]' i-0123456789abcdef0
    /// ```
    T5801 error INVALID_ADDRESS = "Invalid import address";

    /// The id must not be empty. It is what the provider knows the object by; its documentation says for each resource type what that is.
    ///
    /// ```sh
    /// terrane import aws_instance.web ""
    /// ```
    T5802 error INVALID_ID = "Invalid import id";

    /// There is no configuration in the folder, and a resource must be configured before an object is imported to it.
    ///
    /// ```sh
    /// cd empty && terrane import aws_instance.web i-0123456789abcdef0
    /// ```
    T5803 error NO_CONFIGURATION = "No configuration files";

    /// `-generate-config-out` names a file that can't be made: generated configuration never overwrites anything.
    ///
    /// ```sh
    /// terrane plan -generate-config-out=generated.tf
    /// ```
    T5804 error FILE_NOT_FREE = "Target generated file already exists";

    /// `-generate-config-out` can't be given together with `-destroy` or `-refresh-only`: nothing is imported then.
    ///
    /// ```sh
    /// terrane plan -destroy -generate-config-out=generated.tf
    /// ```
    T5805 error GENERATE_OPTIONS = "Incompatible options";
}
