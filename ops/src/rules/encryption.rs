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

    /// OpenTofu takes this argument, and this program can't do yet what it asks for. The message names what can be done instead; a program of
    /// yours can take the place of a key provider, too: `key_provider "external"`.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     key_provider "azure_vault" "main" {
    ///       vault_uri               = "https://keys.vault.azure.net"
    ///       vault_key_name          = "state"
    ///       key_length              = 32
    ///       client_certificate_path = "application.pfx"
    ///     }
    ///     method "aes_gcm" "main" {
    ///       keys = key_provider.azure_vault.main
    ///     }
    ///     state {
    ///       method = method.aes_gcm.main
    ///     }
    ///   }
    /// }
    /// ```
    T6102 error NOT_AVAILABLE = "Encryption setting not available";

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
