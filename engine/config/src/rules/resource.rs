//! Rules about resources.

terrane_lang::rules! {
    /// Invalid reference in replace_triggered_by expression.
    T1301 error INVALID_TRIGGER_REFERENCE = "Invalid reference in replace_triggered_by expression";

    /// Invalid count reference in replace_triggered_by expression.
    T1302 error TRIGGER_COUNT_REFERENCE = "Invalid count reference in replace_triggered_by expression";

    /// Invalid each reference in replace_triggered_by expression.
    T1303 error TRIGGER_EACH_REFERENCE = "Invalid each reference in replace_triggered_by expression";

    /// Invalid reference in replace_triggered_by expression.
    T1304 error TRIGGER_KEY_REFERENCE = "Invalid reference in replace_triggered_by expression";

    /// Redundant ignore_changes element.
    T1305 warning REDUNDANT_IGNORE_CHANGES = "Redundant ignore_changes element";

    /// Invalid replace_triggered_by expression.
    T1306 error TRIGGER_WITHOUT_RESOURCE = "Invalid replace_triggered_by expression";

    /// Invalid resource type.
    T1307 error INVALID_RESOURCE_TYPE = "Invalid resource type";

    /// Invalid data source.
    T1308 error INVALID_DATA_SOURCE = "Invalid data source";

    /// Invalid ephemeral resource.
    T1309 error INVALID_EPHEMERAL_RESOURCE = "Invalid ephemeral resource";

    /// Missing required provisioner plugin.
    T1310 error UNKNOWN_PROVISIONER = "Missing required provisioner plugin";

    /// Missing required argument.
    T1311 error MISSING_PROVISIONER_ARGUMENT = "Missing required argument";

    /// Conflicting arguments.
    T1312 error CONFLICTING_PROVISIONER_ARGUMENTS = "Conflicting arguments";

    /// Invalid … resource lifecycle argument.
    T1313 error LIFECYCLE_NOT_MANAGED = "Invalid … resource lifecycle argument";

    /// Invalid combination of \"…\" and \"enabled\".
    T1314 error COUNT_WITH_ENABLED = "Invalid combination of \"…\" and \"enabled\"";

    /// Invalid expression.
    T1315 error STATIC_LIST_REQUIRED = "Invalid expression";

    /// Invalid ignore_changes wildcard.
    T1316 error IGNORE_CHANGES_WILDCARD = "Invalid ignore_changes wildcard";

    /// The \"…\" provisioner has been removed.
    T1317 error REMOVED_PROVISIONER = "The \"…\" provisioner has been removed";

    /// Invalid \"when\" keyword.
    T1318 error INVALID_WHEN = "Invalid \"when\" keyword";

    /// Invalid provisioner block.
    T1319 error CREATE_PROVISIONER_IN_REMOVED = "Invalid provisioner block";

    /// Invalid \"on_failure\" keyword.
    T1320 error INVALID_ON_FAILURE = "Invalid \"on_failure\" keyword";

    /// Duplicate connection block.
    T1321 error DUPLICATE_CONNECTION = "Duplicate connection block";

    /// Quoted keywords are deprecated.
    T1322 warning QUOTED_KEYWORD = "Quoted keywords are deprecated";

    /// Invalid \"…\" attribute.
    T1323 error META_ARGUMENT_IN_CHECK = "Invalid \"…\" attribute";

    /// Invalid lifecycle block.
    T1324 error LIFECYCLE_IN_CHECK = "Invalid lifecycle block";

    /// Duplicate resource \"…\" configuration.
    T1325 error DUPLICATE_RESOURCE = "Duplicate resource \"…\" configuration";

    /// Duplicate data \"…\" configuration.
    T1326 error DUPLICATE_DATA = "Duplicate data \"…\" configuration";

    /// Duplicate ephemeral \"…\" configuration.
    T1327 error DUPLICATE_EPHEMERAL = "Duplicate ephemeral \"…\" configuration";

    /// Invalid … type name.
    T1328 error INVALID_TYPE_NAME = "Invalid … type name";

    /// Invalid … name.
    T1329 error INVALID_RESOURCE_NAME = "Invalid … name";

    /// Unsupported block type.
    T1330 error BLOCK_OF_MANAGED_ONLY = "Unsupported block type";

    /// Reserved block type name in … block.
    T1331 error RESERVED_BLOCK_TYPE = "Reserved block type name in … block";

    /// Duplicate escaping block.
    T1332 error DUPLICATE_ESCAPING_BLOCK = "Duplicate escaping block";

    /// Invalid combination of \"count\" and \"for_each\".
    T1333 error COUNT_WITH_FOR_EACH = "Invalid combination of \"count\" and \"for_each\"";

    /// Invalid provider configuration reference.
    T1334 error INVALID_PROVIDER_REFERENCE = "Invalid provider configuration reference";

    /// Invalid prevent_destroy argument.
    T1335 error PREVENT_DESTROY_TYPE = "Invalid prevent_destroy argument";
}
