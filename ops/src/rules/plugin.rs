//! Rules about provider plugins that settings and environment name.

terrane_lang::rules! {
    /// A folder under `dev_overrides` in the settings file has no program of the provider, or the address is none.
    ///
    /// ```text
    /// provider_installation {
    ///   dev_overrides {
    ///     "acme/cloud" = "/nowhere"
    ///   }
    /// }
    /// ```
    T5901 error INVALID_OVERRIDE = "Invalid development override";

    /// `TF_REATTACH_PROVIDERS` names providers that somebody else has started. It is what a provider prints when it is started with `-debug`.
    ///
    /// ```sh
    /// TF_REATTACH_PROVIDERS=yes terrane plan
    /// ```
    T5902 error INVALID_REATTACH = "Invalid TF_REATTACH_PROVIDERS";

    /// The settings file (`TF_CLI_CONFIG_FILE`, `~/.tofurc`, `~/.terraformrc`) can't be read or has a mistake. It is left out of account.
    ///
    /// ```text
    /// provider_installation = true
    /// ```
    T5903 warning UNREADABLE_SETTINGS = "Settings can't be read";
}
