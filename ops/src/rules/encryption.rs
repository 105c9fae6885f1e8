//! Rules about encryption of state and plans.

terrane_lang::rules! {
    /// There is no key provider or method of this type.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     method "rot13" "main" {}
    ///     state {
    ///       method = method.rot13.main
    ///     }
    ///   }
    /// }
    /// ```
    T6101 error UNKNOWN_TYPE = "Unknown encryption type";

    /// OpenTofu has this key provider, and this program does not have it yet. A program of yours can take its place: `key_provider "external"`.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     key_provider "gcp_kms" "main" {
    ///       kms_encryption_key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    ///       key_length         = 32
    ///     }
    ///     method "aes_gcm" "main" {
    ///       keys = key_provider.gcp_kms.main
    ///     }
    ///     state {
    ///       method = method.aes_gcm.main
    ///     }
    ///   }
    /// }
    /// ```
    T6102 error NOT_AVAILABLE = "Key provider not available";

    /// An argument of a key provider or a method is missing, there is no such argument, or its value does not do: a passphrase that is too short, a
    /// key of a length that the method does not take. Values are not shown, for they may be secret.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     key_provider "pbkdf2" "main" {
    ///       passphrase = "too short"
    ///     }
    ///     method "aes_gcm" "main" {
    ///       keys = key_provider.pbkdf2.main
    ///     }
    ///     state {
    ///       method = method.aes_gcm.main
    ///     }
    ///   }
    /// }
    /// ```
    T6103 error INVALID_SETTING = "Invalid encryption setting";

    /// `enforced = true` says that nothing may be written or read unencrypted, so a method must be there, and `unencrypted` must not be.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     method "unencrypted" "main" {}
    ///     state {
    ///       method   = method.unencrypted.main
    ///       enforced = true
    ///     }
    ///   }
    /// }
    /// ```
    T6104 error ENFORCED = "Encryption is enforced";

    /// What is stored could not be opened with what is configured, or is not encrypted though it should be, or the key could not be had. Nothing was
    /// changed. Where the key or the method was changed, the old one must be in a `fallback` block until everything was written with the new
    /// one; where encryption was just switched on, the method `unencrypted` must.
    ///
    /// ```text
    /// another passphrase than the one that the state was encrypted with
    /// ```
    T6105 error NOT_OPENED = "ACTION failed";
}
