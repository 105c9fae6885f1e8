//! Rules about the `encryption` block.

terrane_lang::rules! {
    /// Only the root module says how state and plans are encrypted. The block in this module has no effect.
    ///
    /// ```terraform
    /// -- main.tf
    /// module "m" {
    ///   source = "./m"
    /// }
    /// -- m/main.tf
    /// terraform {
    ///   encryption {
    ///   }
    /// }
    /// ```
    T2301 warning IGNORED = "Encryption configuration ignored";

    /// Within one `encryption` block there can be only one block of this kind (with these labels). Settings of several files, of override files
    /// and of the environment variable `TF_ENCRYPTION` are laid over each other: the later ones count.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     method "unencrypted" "a" {}
    ///     method "unencrypted" "a" {}
    ///     state {
    ///       method = method.unencrypted.a
    ///     }
    ///   }
    /// }
    /// ```
    T2302 error DUPLICATE = "Duplicate encryption block";

    /// Where a key provider or a method is asked for, only a reference to its block can stand: its type and its name.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     state {
    ///       method = "aes_gcm"
    ///     }
    ///   }
    /// }
    /// ```
    T2303 error INVALID_REFERENCE = "Invalid encryption reference";

    /// The reference names a key provider or a method that is not declared.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     state {
    ///       method = method.aes_gcm.main
    ///     }
    ///   }
    /// }
    /// ```
    T2304 error UNDECLARED = "Reference to undeclared encryption block";

    /// Each of these key providers takes its passphrase from another one of them. One must have a passphrase of its own.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     key_provider "pbkdf2" "a" {
    ///       chain = key_provider.pbkdf2.b
    ///     }
    ///     key_provider "pbkdf2" "b" {
    ///       chain = key_provider.pbkdf2.a
    ///     }
    ///     method "aes_gcm" "main" {
    ///       keys = key_provider.pbkdf2.a
    ///     }
    ///     state {
    ///       method = method.aes_gcm.main
    ///     }
    ///   }
    /// }
    /// ```
    T2305 error CIRCLE = "Circular key providers";

    /// Nothing refers to this key provider or method, so it has no effect. After a change of keys, that is how the old one is found that can be
    /// removed.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     method "unencrypted" "old" {}
    ///   }
    /// }
    /// ```
    T2306 warning UNUSED = "Unused encryption block";

    /// `enforced` says that nothing may be stored unencrypted. It must be a known truth value.
    ///
    /// ```terraform
    /// terraform {
    ///   encryption {
    ///     method "unencrypted" "a" {}
    ///     state {
    ///       method   = method.unencrypted.a
    ///       enforced = "perhaps"
    ///     }
    ///   }
    /// }
    /// ```
    T2307 error INVALID_ENFORCED = "Invalid value for enforced";

    /// Each `fallback` block may hold another one, but not without end.
    ///
    /// ```text
    /// more than 32 fallback blocks within each other
    /// ```
    T2308 error TOO_MANY_FALLBACKS = "Too many fallbacks";
}
