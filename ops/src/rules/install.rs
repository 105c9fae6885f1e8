//! Rules about installing providers.

terrane_lang::rules! {
    /// The lock file `.terraform.lock.hcl` can't be read, or has a mistake. It is written by `terrane init` (and by the peers); whoever changes it by hand, or merges two
    /// versions of it, may break it.
    ///
    /// ```text
    /// provider "acme/cloud" { }
    /// ```
    T6201 error BAD_LOCK_FILE = "Failed to read the dependency lock file";

    /// The lock file `.terrane.lock.hcl` can't be read, or has a mistake. It says for each provider whether the one that is built in or the plugin is used.
    ///
    /// ```text
    /// provider "registry.opentofu.org/hashicorp/random" { mode = "none" }
    /// ```
    T6202 error BAD_RECORD = "Failed to read .terrane.lock.hcl";

    /// A lock file or a file beside it can't be written.
    ///
    /// ```sh
    /// chmod 444 . && terrane init
    /// ```
    T6203 error LOCK_NOT_WRITTEN = "Failed to write the dependency lock file";

    /// With `-lockfile=readonly` nothing may change that the lock file holds, and something would have to.
    ///
    /// ```sh
    /// terrane init -lockfile=readonly
    /// ```
    T6204 error LOCK_WOULD_CHANGE = "Provider dependency changes detected";

    /// A version constraint of a provider is none: `>= 1.2, < 2.0`, `~> 5.1` are. Versions have up to three numbers and no `v`.
    ///
    /// ```text
    /// required_providers {
    ///   cloud = { source = "acme/cloud", version = "v1.2" }
    /// }
    /// ```
    T6205 error INVALID_CONSTRAINT = "Invalid version constraint";

    /// Registry, mirror or folder can't be asked, or have no such provider.
    ///
    /// ```text
    /// required_providers {
    ///   cloud = { source = "acme/nowhere" }
    /// }
    /// ```
    T6206 error NOT_FOUND = "Failed to query available provider packages";

    /// No version of the provider meets the constraints of all modules.
    ///
    /// ```text
    /// required_providers {
    ///   cloud = { source = "acme/cloud", version = ">= 2.0, < 1.0" }
    /// }
    /// ```
    T6207 error NO_SUCH_VERSION = "No version of a provider meets all constraints";

    /// The version of the lock file does not meet the constraints any more. `terrane init -upgrade` selects another one.
    ///
    /// ```text
    /// version = ">= 2.0" in the configuration, and 1.5.0 in the lock file
    /// ```
    T6208 error LOCKED_VERSION = "Locked provider version does not meet the constraints";

    /// A package could not be fetched, or was refused: its checksum, its signature or what is in it is not as it has to be.
    ///
    /// ```text
    /// an archive that was cut off on the way
    /// ```
    T6209 error INSTALL_FAILED = "Failed to install provider";

    /// The provider is not installed in this folder, or something else is. `terrane init` installs it.
    ///
    /// ```sh
    /// rm -r .terraform && terrane plan
    /// ```
    T6210 error NOT_INSTALLED = "Required provider is not installed";

    /// The settings say something about installing providers that can't be done.
    ///
    /// ```text
    /// provider_installation { network_mirror { url = "http://example.com/" } }
    /// ```
    T6211 error INVALID_INSTALLATION = "Invalid provider installation method";

    /// `-provider-mode=native`, or an earlier choice, wants the provider that is built in, and it does not have all that the configuration uses.
    ///
    /// ```sh
    /// terrane init -provider-mode=native
    /// ```
    T6212 error NATIVE_NOT_ENOUGH = "The built-in provider does not have all that is used";

    /// The lock file has checksums of this platform only, since the source of the package has no others that can be trusted. `terrane providers lock` gets them.
    ///
    /// ```text
    /// a package of a filesystem mirror
    /// ```
    T6213 warning INCOMPLETE_LOCK = "Incomplete lock file information for providers";

    /// Logging in to a host failed, or it knows no logging in.
    ///
    /// ```sh
    /// terrane login example.com
    /// ```
    T6215 error LOGIN_FAILED = "Login failed";

    /// A checksum of the lock file could not be computed, or does not agree with what another source says.
    ///
    /// ```sh
    /// terrane providers lock -fs-mirror=/mirror
    /// ```
    T6216 error LOCKING_FAILED = "Failed to lock providers";
}
