//! Rules about resources.

terrane_lang::rules! {
    /// `replace_triggered_by` takes managed resources of the same module, their instances, or attributes of them. Where something else should trigger a replacement, pass it through a `terraform_data` resource.
    ///
    /// ```terraform
    /// variable "a" {}
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     replace_triggered_by = [var.a]
    ///   }
    /// }
    /// ```
    T1301 error INVALID_TRIGGER_REFERENCE = "Invalid reference in replace_triggered_by expression";

    /// In the key of such a reference only `count.index` can be used.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 1
    /// }
    /// resource "terraform_data" "b" {
    ///   count = 1
    ///   lifecycle {
    ///     replace_triggered_by = [terraform_data.a[count.size]]
    ///   }
    /// }
    /// ```
    T1302 error TRIGGER_COUNT_REFERENCE = "Invalid count reference in replace_triggered_by expression";

    /// In the key of such a reference only `each.key` can be used.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   for_each = toset(["x"])
    /// }
    /// resource "terraform_data" "b" {
    ///   for_each = toset(["x"])
    ///   lifecycle {
    ///     replace_triggered_by = [terraform_data.a[each.value]]
    ///   }
    /// }
    /// ```
    T1303 error TRIGGER_EACH_REFERENCE = "Invalid each reference in replace_triggered_by expression";

    /// The key of such a reference is a constant, `count.index` or `each.key`.
    ///
    /// ```terraform
    /// variable "a" {}
    /// resource "terraform_data" "a" {
    ///   count = 1
    /// }
    /// resource "terraform_data" "b" {
    ///   lifecycle {
    ///     replace_triggered_by = [terraform_data.a[var.a]]
    ///   }
    /// }
    /// ```
    T1304 error TRIGGER_KEY_REFERENCE = "Invalid reference in replace_triggered_by expression";

    /// The provider alone decides about this attribute, so a change of it in the configuration can't be ignored: there is none. Remove it from the list.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     ignore_changes = [id]
    ///   }
    /// }
    /// ```
    T1305 warning REDUNDANT_IGNORE_CHANGES = "Redundant ignore_changes element";

    /// `replace_triggered_by` takes managed resources, their instances, or attributes of them.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     replace_triggered_by = ["x"]
    ///   }
    /// }
    /// ```
    T1306 error TRIGGER_WITHOUT_RESOURCE = "Invalid replace_triggered_by expression";

    /// The provider has no resource of this type: the name is mistyped, the provider's version does not have it (yet, or any more), or it is a data source and the block should begin with `data`.
    ///
    /// ```terraform
    /// resource "terraform_dat" "a" {}
    /// ```
    T1307 error INVALID_RESOURCE_TYPE = "Invalid resource type";

    /// The provider has no data source of this type: the name is mistyped, the provider's version does not have it, or it is a resource and the block should begin with `resource`.
    ///
    /// ```terraform
    /// data "test_thing" "a" {}
    /// ```
    T1308 error INVALID_DATA_SOURCE = "Invalid data source";

    /// The provider has no ephemeral resource of this type.
    ///
    /// ```terraform
    /// ephemeral "test_thing" "a" {}
    /// ```
    T1309 error INVALID_EPHEMERAL_RESOURCE = "Invalid ephemeral resource";

    /// Provisioners are `local-exec`, `remote-exec` and `file`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "exec" {}
    /// }
    /// ```
    T1310 error UNKNOWN_PROVISIONER = "Missing required provisioner plugin";

    /// One of these arguments is needed: it says what the provisioner does.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "remote-exec" {}
    /// }
    /// ```
    T1311 error MISSING_PROVISIONER_ARGUMENT = "Missing required argument";

    /// Only one of these arguments can be set.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "remote-exec" {
    ///     inline = ["ls"]
    ///     script = "a.sh"
    ///   }
    /// }
    /// ```
    T1312 error CONFLICTING_PROVISIONER_ARGUMENTS = "Conflicting arguments";

    /// The argument is about creating, changing or destroying an object, and only managed resources do so.
    ///
    /// ```terraform
    /// data "test_lookup" "a" {
    ///   name = "a"
    ///   lifecycle {
    ///     prevent_destroy = true
    ///   }
    /// }
    /// ```
    T1313 error LIFECYCLE_NOT_MANAGED = "Invalid KIND resource lifecycle argument";

    /// How often something exists is said in one way: `count`, `for_each` or `enabled`. `count = var.on ? 1 : 0` and `enabled = var.on` mean the same object, under different addresses.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count = 1
    ///   lifecycle {
    ///     enabled = true
    ///   }
    /// }
    /// ```
    T1314 error COUNT_WITH_ENABLED = "Invalid combination of \"ARGUMENT\" and \"enabled\"";

    /// All attributes are ignored with `ignore_changes = all`, without brackets and quotes.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     ignore_changes = ["*"]
    ///   }
    /// }
    /// ```
    T1315 error IGNORE_CHANGES_WILDCARD = "Invalid ignore_changes wildcard";

    /// Provisioners of configuration management systems are no longer part of the language. Start such a system with `remote-exec`, or when the machine boots.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "chef" {}
    /// }
    /// ```
    T1316 error REMOVED_PROVISIONER = "The \"NAME\" provisioner has been removed";

    /// A provisioner runs when its object is created (`when = create`) or destroyed (`when = destroy`).
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "local-exec" {
    ///     command = "ls"
    ///     when    = always
    ///   }
    /// }
    /// ```
    T1317 error INVALID_WHEN = "Invalid \"when\" keyword";

    /// Nothing is created for a `removed` block, so its provisioners say `when = destroy`.
    ///
    /// ```terraform
    /// removed {
    ///   from = terraform_data.a
    ///   lifecycle {
    ///     destroy = true
    ///   }
    ///   provisioner "local-exec" {
    ///     command = "ls"
    ///   }
    /// }
    /// ```
    T1318 error CREATE_PROVISIONER_IN_REMOVED = "Invalid provisioner block";

    /// When a provisioner fails, the apply fails too (`on_failure = fail`) or goes on (`on_failure = continue`).
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "local-exec" {
    ///     command    = "ls"
    ///     on_failure = ignore
    ///   }
    /// }
    /// ```
    T1319 error INVALID_ON_FAILURE = "Invalid \"on_failure\" keyword";

    /// There is one way to reach a machine. Both blocks are shown; join them.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   connection {
    ///     host = "x"
    ///   }
    ///   connection {
    ///     host = "y"
    ///   }
    /// }
    /// ```
    T1320 error DUPLICATE_CONNECTION = "Duplicate connection block";

    /// Keywords are written without quotes. In quotes they are still understood here, but not in later versions.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provisioner "local-exec" {
    ///     command = "ls"
    ///     when    = "destroy"
    ///   }
    /// }
    /// ```
    T1321 warning QUOTED_KEYWORD = "Quoted keywords are deprecated";

    /// The data source of a check is read once, when the check is made: it can't be repeated.
    ///
    /// ```terraform
    /// check "a" {
    ///   data "test_lookup" "b" {
    ///     count = 1
    ///     name  = "b"
    ///   }
    ///   assert {
    ///     condition     = data.test_lookup.b.id != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1322 error META_ARGUMENT_IN_CHECK = "Invalid \"ARGUMENT\" attribute";

    /// The data source of a check has no lifecycle; conditions about it are the assertions of the check.
    ///
    /// ```terraform
    /// check "a" {
    ///   data "test_lookup" "b" {
    ///     name = "b"
    ///     lifecycle {}
    ///   }
    ///   assert {
    ///     condition     = data.test_lookup.b.id != ""
    ///     error_message = "No."
    ///   }
    /// }
    /// ```
    T1323 error LIFECYCLE_IN_CHECK = "Invalid lifecycle block";

    /// Within a module a resource is known by type and name. Both places are shown; rename one.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {}
    /// resource "terraform_data" "a" {}
    /// ```
    T1324 error DUPLICATE_RESOURCE = "Duplicate resource \"TYPE\" configuration";

    /// Within a module a data source is known by type and name. Both places are shown; rename one.
    ///
    /// ```terraform
    /// data "test_lookup" "a" {
    ///   name = "a"
    /// }
    /// data "test_lookup" "a" {
    ///   name = "b"
    /// }
    /// ```
    T1325 error DUPLICATE_DATA = "Duplicate data \"TYPE\" configuration";

    /// Within a module an ephemeral resource is known by type and name. Both places are shown; rename one.
    ///
    /// ```terraform
    /// ephemeral "test_secret" "a" {}
    /// ephemeral "test_secret" "a" {}
    /// ```
    T1326 error DUPLICATE_EPHEMERAL = "Duplicate ephemeral \"TYPE\" configuration";

    /// A type is a name: it begins with a letter or underscore and goes on with letters, digits, underscores and dashes.
    ///
    /// ```terraform
    /// resource "terraform data" "a" {}
    /// ```
    T1327 error INVALID_TYPE_NAME = "Invalid KIND type name";

    /// A name begins with a letter or underscore and goes on with letters, digits, underscores and dashes.
    ///
    /// ```terraform
    /// resource "terraform_data" "a b" {}
    /// ```
    T1328 error INVALID_RESOURCE_NAME = "Invalid KIND name";

    /// Connections and provisioners belong to managed resources.
    ///
    /// ```terraform
    /// data "test_lookup" "a" {
    ///   name = "a"
    ///   connection {}
    /// }
    /// ```
    T1329 error BLOCK_OF_MANAGED_ONLY = "Unsupported block type";

    /// The word is kept for later versions of the language. Where a provider has an argument of this name, set it in a block named `_`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   locals {}
    /// }
    /// ```
    T1330 error RESERVED_BLOCK_TYPE = "Reserved block type name in KIND block";

    /// Arguments whose names mean something to the language stand in a block named `_`, and there is one of it.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   _ {}
    ///   _ {}
    /// }
    /// ```
    T1331 error DUPLICATE_ESCAPING_BLOCK = "Duplicate escaping block";

    /// How often something exists is said in one way: by a number (`count`) or by keys (`for_each`).
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   count    = 1
    ///   for_each = {}
    /// }
    /// ```
    T1332 error COUNT_WITH_FOR_EACH = "Invalid combination of \"count\" and \"for_each\"";

    /// A provider configuration is named without quotes: `provider = aws`, `provider = aws.west`, `provider = aws.all["west"]`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   provider = 1
    /// }
    /// ```
    T1333 error INVALID_PROVIDER_REFERENCE = "Invalid provider configuration reference";

    /// The argument is true or false.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     prevent_destroy = "maybe"
    ///   }
    /// }
    /// ```
    T1334 error PREVENT_DESTROY_TYPE = "Invalid prevent_destroy argument";

    /// There is no WinRM here, so a provisioner with such a connection fails when it runs. Windows has an SSH server: use
    /// `type = "ssh"` with `target_platform = "windows"`.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   connection {
    ///     type = "winrm"
    ///     host = "10.0.0.1"
    ///   }
    ///   provisioner "remote-exec" {
    ///     inline = ["dir"]
    ///   }
    /// }
    /// ```
    T1340 warning WINRM_CONNECTION = "Unsupported connection type";

    /// Not every provider can list the objects of each of its resource types. `terrane providers schema -json` says which it can, under
    /// `list_resource_schemas`.
    ///
    /// ```text
    /// list "aws_vpcs" "all" { provider = aws }
    /// ```
    T1341 error INVALID_LIST_RESOURCE = "Invalid list resource type";

    /// The names of lists are unique per type, in all query files together.
    ///
    /// ```text
    /// list "aws_vpc" "all" { provider = aws }
    /// list "aws_vpc" "all" { provider = aws }
    /// ```
    T1342 error DUPLICATE_LIST = "Duplicate list";

    /// What is looked for stands in one `config` block.
    ///
    /// ```text
    /// list "aws_vpc" "all" {
    ///   provider = aws
    ///   config {}
    ///   config {}
    /// }
    /// ```
    T1343 error DUPLICATE_LIST_CONFIG = "Duplicate config block";

    /// Providers say which actions they can do: `terrane providers schema -json` lists them under `action_schemas`.
    ///
    /// ```text
    /// action "aws_lambda_invok" "a" {}
    /// ```
    T1344 error INVALID_ACTION_TYPE = "Invalid action type";

    /// The names of actions are unique per type in each module.
    ///
    /// ```text
    /// action "aws_lambda_invoke" "a" {}
    /// action "aws_lambda_invoke" "a" {}
    /// ```
    T1345 error DUPLICATE_ACTION = "Duplicate action \"TYPE\" configuration";

    /// What an action is told stands in one `config` block.
    ///
    /// ```text
    /// action "aws_lambda_invoke" "a" {
    ///   config {}
    ///   config {}
    /// }
    /// ```
    T1346 error DUPLICATE_ACTION_CONFIG = "Duplicate config block";

    /// An `action_trigger` block says when (`events`), whether (`condition`, which may be left out) and what (`actions`, in this order).
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     action_trigger {
    ///       events = [after_create]
    ///     }
    ///   }
    /// }
    /// ```
    T1347 error INVALID_ACTION_TRIGGER = "Invalid action_trigger block";

    /// Actions can be done before or after an object is created or updated in place. Creating includes the creating half of a replacement.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     action_trigger {
    ///       events  = [after_destroy]
    ///       actions = [action.notes_log.a]
    ///     }
    ///   }
    /// }
    /// ```
    T1348 error INVALID_ACTION_EVENT = "Invalid event of an action_trigger block";

    /// An entry of `actions` names an action of the same module, or one of its instances.
    ///
    /// ```terraform
    /// resource "terraform_data" "a" {
    ///   lifecycle {
    ///     action_trigger {
    ///       events  = [after_create]
    ///       actions = [notes_log.a]
    ///     }
    ///   }
    /// }
    /// ```
    T1349 error INVALID_ACTION_REFERENCE = "Invalid reference to an action";
}
