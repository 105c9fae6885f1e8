//! Rules about declarations.

terrane_lang::rules! {
    /// Variable marked as deprecated by the module author.
    T1201 warning DEPRECATED_VARIABLE = "Variable marked as deprecated by the module author";

    /// Invalid variable validation condition.
    T1202 error VALIDATION_WITHOUT_VARIABLE = "Invalid variable validation condition";

    /// Invalid output configuration.
    T1203 error EPHEMERAL_ROOT_OUTPUT = "Invalid output configuration";

    /// Invalid depends_on reference.
    T1204 error DEPENDS_ON_ATTRIBUTE = "Invalid depends_on reference";

    /// Invalid depends_on reference.
    T1205 error DEPENDS_ON_KIND = "Invalid depends_on reference";

    /// Unsuitable value type.
    T1206 error UNSUITABLE_VALUE = "Unsuitable value type";

    /// Invalid … name.
    T1207 error INVALID_NAME = "Invalid … name";

    /// Invalid expression.
    T1208 error STATIC_LIST_REQUIRED = "Invalid expression";

    /// Invalid expression.
    T1209 error QUOTED_REFERENCE_REQUIRED = "Invalid expression";

    /// Quoted references are deprecated.
    T1210 warning QUOTED_REFERENCE = "Quoted references are deprecated";

    /// Invalid variable name.
    T1211 error INVALID_VARIABLE_NAME = "Invalid variable name";

    /// Invalid variable name.
    T1212 error RESERVED_VARIABLE_NAME = "Invalid variable name";

    /// Duplicate variable declaration.
    T1213 error DUPLICATE_VARIABLE = "Duplicate variable declaration";

    /// Invalid default value for variable.
    T1214 error NULL_DEFAULT = "Invalid default value for variable";

    /// Invalid default value for variable.
    T1215 error INVALID_DEFAULT = "Invalid default value for variable";

    /// Invalid `deprecated` value.
    T1216 error INVALID_DEPRECATED = "Invalid `deprecated` value";

    /// Invalid variable validation condition.
    T1217 error CONSTANT_VALIDATION = "Invalid variable validation condition";

    /// Invalid … expression.
    T1218 error CONSTANT_CONDITION = "Invalid … expression";

    /// Duplicate local value definition.
    T1219 error DUPLICATE_LOCAL = "Duplicate local value definition";

    /// Duplicate output definition.
    T1220 error DUPLICATE_OUTPUT = "Duplicate output definition";

    /// Postconditions are not allowed.
    T1221 error OUTPUT_POSTCONDITION = "Postconditions are not allowed";

    /// Multiple data resource blocks.
    T1222 error SEVERAL_CHECK_DATA = "Multiple data resource blocks";

    /// Zero assert blocks.
    T1223 error CHECK_WITHOUT_ASSERT = "Zero assert blocks";

    /// Duplicate check \"…\" configuration.
    T1224 error DUPLICATE_CHECK = "Duplicate check \"…\" configuration";

    /// Duplicate lifecycle block.
    T1225 error DUPLICATE_LIFECYCLE = "Duplicate lifecycle block";

    /// Duplicate module call.
    T1226 error DUPLICATE_MODULE_CALL = "Duplicate module call";
}
