//! Rules about installing modules.

terrane_lang::rules! {
    /// The `source` or `version` of a module call is against their grammar, or leads out of the package in which it is. `docs/guide/modules.md` lists all kinds of sources.
    ///
    /// ```text
    /// module "m" { source = "modules/m" }
    /// ```
    T6301 error SOURCE = "Invalid module source address";

    /// The registry of a module does not answer, does not know it, or wants credentials.
    ///
    /// ```text
    /// module "m" { source = "registry.example.com/private/m/aws" }
    /// ```
    T6302 error REGISTRY = "Error accessing remote module registry";

    /// The registry has no version that the constraint allows.
    ///
    /// ```text
    /// module "m" { source = "terraform-aws-modules/vpc/aws", version = "> 1000" }
    /// ```
    T6303 error NO_VERSION = "Unresolvable module version constraint";

    /// The package of a module can't be had, or what came was refused: an archive that leads out of its folder, a wrong checksum, a redirect out of TLS.
    ///
    /// ```text
    /// module "m" { source = "git::https://example.com/none.git" }
    /// ```
    T6304 error NOT_INSTALLED = "Failed to download module";

    /// What a source gives now is not what the lock file says: a tag was moved, a branch went on, an archive was replaced. `terrane init -upgrade` accepts it.
    ///
    /// ```text
    /// module "m" { source = "git::https://example.com/m.git?ref=main" }, after somebody pushed to main
    /// ```
    T6305 error LOCKED = "Module source differs from the lock file";

    /// Something about a module that was installed all the same.
    ///
    /// ```text
    /// a repository with a submodule that its settings want nobody to fetch
    /// ```
    T6306 warning NOTE = "Not everything of a module could be taken";

    /// The folder already has configuration, which `-from-module` would mix with that of the module.
    ///
    /// ```sh
    /// terrane init -from-module=git::https://example.com/m.git
    /// ```
    T6307 error NOT_EMPTY = "Can't copy a module into a folder with configuration";
}
