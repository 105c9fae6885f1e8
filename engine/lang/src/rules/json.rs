//! Rules about JSON syntax.

crate::rules! {
    /// Incorrect JSON value type.
    T0201 error WRONG_TYPE = "Incorrect JSON value type";

    /// Duplicate argument.
    T0202 error DUPLICATE_ARGUMENT = "Duplicate argument";

    /// Duplicate attribute definition.
    T0203 error DUPLICATE_ATTRIBUTE = "Duplicate attribute definition";

    /// Extraneous JSON object property.
    T0204 error EXTRANEOUS_PROPERTY = "Extraneous JSON object property";

    /// Missing block label.
    T0205 error MISSING_BLOCK_LABEL = "Missing block label";

    /// Duplicate object attribute.
    T0206 error DUPLICATE_OBJECT_ATTRIBUTE = "Duplicate object attribute";

    /// Root value must be object.
    T0207 error ROOT_NOT_OBJECT = "Root value must be object";

    /// File too large.
    T0208 error FILE_TOO_LARGE = "File too large";

    /// Extraneous data after value.
    T0209 error EXTRANEOUS_DATA = "Extraneous data after value";

    /// Missing value.
    T0210 error MISSING_VALUE = "Missing value";

    /// Invalid start of value.
    T0211 error INVALID_VALUE_START = "Invalid start of value";

    /// Too deeply nested.
    T0212 error TOO_DEEP = "Too deeply nested";

    /// Trailing comma in object.
    T0213 error TRAILING_COMMA_IN_OBJECT = "Trailing comma in object";

    /// Mismatched braces.
    T0214 error MISMATCHED_BRACES = "Mismatched braces";

    /// Missing attribute separator comma.
    T0215 error MISSING_COMMA_IN_OBJECT = "Missing attribute separator comma";

    /// Unclosed object.
    T0216 error UNCLOSED_OBJECT = "Unclosed object";

    /// Invalid object property name.
    T0217 error INVALID_PROPERTY_NAME = "Invalid object property name";

    /// Missing property value colon.
    T0218 error EQUALS_FOR_COLON = "Missing property value colon";

    /// Missing property value colon.
    T0219 error MISSING_COLON = "Missing property value colon";

    /// Trailing comma in array.
    T0220 error TRAILING_COMMA_IN_ARRAY = "Trailing comma in array";

    /// Mismatched brackets.
    T0221 error MISMATCHED_BRACKETS = "Mismatched brackets";

    /// Missing attribute separator comma.
    T0222 error MISSING_COMMA_IN_ARRAY = "Missing attribute separator comma";

    /// Unclosed array.
    T0223 error UNCLOSED_ARRAY = "Unclosed array";

    /// Invalid JSON keyword.
    T0224 error INVALID_KEYWORD = "Invalid JSON keyword";

    /// Invalid JSON number.
    T0225 error INVALID_NUMBER = "Invalid JSON number";

    /// Invalid JSON string.
    T0226 error UNTERMINATED_STRING = "Invalid JSON string";

    /// Invalid JSON string.
    T0227 error CONTROL_CHARACTER = "Invalid JSON string";

    /// Invalid JSON string.
    T0228 error INVALID_UNICODE_ESCAPE = "Invalid JSON string";

    /// Invalid JSON string.
    T0229 error INVALID_ESCAPE = "Invalid JSON string";
}
