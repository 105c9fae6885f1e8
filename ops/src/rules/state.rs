//! Rules about state commands.

terrane_lang::rules! {
    /// The state holds no such output. A new one is there after the next apply.
    ///
    /// ```sh
    /// terrane output nope
    /// ```
    T5301 error NO_SUCH_OUTPUT = "Output NAME not found";

    /// This is no address of a resource, an instance or a module.
    ///
    /// ```sh
    /// terrane state show 'a b'
    /// ```
    T5302 error INVALID_ADDRESS = "Invalid address";

    /// The command is about one instance of a resource.
    ///
    /// ```sh
    /// terrane taint module.network
    /// ```
    T5303 error INSTANCE_REQUIRED = "Resource instance address required";

    /// The state holds no such resource.
    ///
    /// ```sh
    /// terrane state list nope.a
    /// ```
    T5304 error NO_SUCH_RESOURCE = "Unknown resource";

    /// What is to be moved is not there, or what is there is in the way.
    ///
    /// ```sh
    /// terrane state mv nope.a nope.b
    /// ```
    T5305 error MOVE_ADDRESS = "Invalid SOURCE address";

    /// A resource can't become a module, nor one of another type.
    ///
    /// ```sh
    /// terrane state mv a.b module.m
    /// ```
    T5306 error INVALID_MOVE = "Invalid state move request";

    /// The file is of another lineage, or older than the state that is here, so something could be lost. With `-force` it is taken nevertheless.
    ///
    /// ```sh
    /// terrane state push old.tfstate
    /// ```
    T5307 error NOT_REPLACED = "State not replaced";

    /// A run was cut off in the midst of a change, and only a plan can find out what became of it.
    ///
    /// ```sh
    /// terrane state replace-provider hashicorp/a hashicorp/b
    /// ```
    T5308 error OPEN_CHANGE = "A change is still open";

    /// The source address of a provider has the form `NAMESPACE/NAME`, with a host name before it where it is not the public registry.
    ///
    /// ```sh
    /// terrane state replace-provider a/b/c/d hashicorp/b
    /// ```
    T5309 error PROVIDER_ADDRESS = "Invalid provider source address";

    /// The state holds nothing of this address.
    ///
    /// ```sh
    /// terrane state rm nope.a
    /// ```
    T5310 error NOTHING_MATCHES = "Invalid target address";

    /// The state holds no such instance. Where the resource has `count` or `for_each`, the address has a key.
    ///
    /// ```sh
    /// terrane state show nope.a
    /// ```
    T5311 error NO_INSTANCE = "No instance found for the given address";

    /// Only managed resources are created, so only they can be damaged.
    ///
    /// ```sh
    /// terrane taint data.local_file.a
    /// ```
    T5312 error NOT_MANAGED = "Invalid resource instance address";

    /// The state holds no such instance.
    ///
    /// ```sh
    /// terrane taint nope.a
    /// ```
    T5313 error NO_SUCH_INSTANCE = "No such resource instance";

    /// There is no mark to take back.
    ///
    /// ```sh
    /// terrane untaint terraform_data.a
    /// ```
    T5314 error NOT_TAINTED = "Resource instance is not tainted";

    /// The history has no such version: a version is named by a serial, as `terrane state history` shows it, or by the beginning of the name of a run.
    ///
    /// ```sh
    /// terrane state show -version=999 terraform_data.a
    /// ```
    T5315 error NO_SUCH_VERSION = "Version not found";

    /// The store of this state keeps whole states and no records, so there is nothing that this command could work on.
    ///
    /// ```text
    /// terrane state prune with a state in a bucket
    /// ```
    T5316 error NOT_KEPT_HERE = "Not possible with this store";

    /// The backup is of another state. With `-force` it takes the place of the present one all the same.
    ///
    /// ```sh
    /// terrane state restore other.backup
    /// ```
    T5317 error OTHER_LINEAGE = "Backup of another state";

    /// Pruning needs to be told what to keep: a number of versions, an age, or both.
    ///
    /// ```sh
    /// terrane state prune
    /// ```
    T5319 error NO_POLICY = "Nothing says what to keep";

    /// No change of this object is open: there is nothing to settle.
    ///
    /// ```sh
    /// terrane state resolve -absent terraform_data.a
    /// ```
    T5320 error NOTHING_OPEN = "No open change";

    /// There is no such instance, and `-allow-missing` says that this is no error.
    ///
    /// ```sh
    /// terrane taint -allow-missing terraform_data.gone
    /// ```
    T5321 warning MISSING_ALLOWED = "No such resource instance";
}
