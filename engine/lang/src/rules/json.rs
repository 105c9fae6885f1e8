//! Rules about JSON syntax.

crate::rules! {
    /// In JSON syntax the bodies of blocks are objects, or arrays of objects where there are several blocks of a type.
    ///
    /// ```json
    /// {"locals": "a"}
    /// ```
    T0201 error WRONG_TYPE = "Incorrect JSON value type";

    /// An object holds the same property twice, and it can't be told which one is meant.
    ///
    /// ```json
    /// {"terraform": {"required_version": ">= 1.0", "required_version": ">= 1.1"}}
    /// ```
    T0202 error DUPLICATE_ARGUMENT = "Duplicate argument";

    /// The argument is set more than once in one body. Where a body is an array of objects, they are one body together.
    ///
    /// ```json
    /// {"locals": [{"a": 1, "a": 2}]}
    /// ```
    T0203 error DUPLICATE_ATTRIBUTE = "Duplicate attribute definition";

    /// The place has no argument and no block type of this name. Properties named `//` are comments.
    ///
    /// ```json
    /// {"terraform": {"nope": 1}}
    /// ```
    T0204 error EXTRANEOUS_PROPERTY = "Extraneous JSON object property";

    /// The labels of a block are the names of nested objects: `{"resource": {"TYPE": {"NAME": { … }}}}`. One level is missing.
    ///
    /// ```json
    /// {"resource": {}}
    /// ```
    T0205 error MISSING_BLOCK_LABEL = "Missing block label";

    /// An object value holds the same key twice.
    ///
    /// ```json
    /// {"locals": {"a": {"b": 1, "b": 2}}}
    /// ```
    T0206 error DUPLICATE_OBJECT_ATTRIBUTE = "Duplicate object attribute";

    /// A file in JSON syntax holds one object (or an array of objects), whose properties are block types.
    ///
    /// ```json
    /// "locals"
    /// ```
    T0207 error ROOT_NOT_OBJECT = "Root value must be object";

    /// A file may have at most 4 GiB.
    ///
    /// ```sh
    /// truncate -s 5G main.tf.json
    /// ```
    T0208 error FILE_TOO_LARGE = "File too large";

    /// A file holds one value, and something follows behind it.
    ///
    /// ```json
    /// {} {}
    /// ```
    T0209 error EXTRANEOUS_DATA = "Extraneous data after value";

    /// The file ends where a value should stand.
    ///
    /// ```json
    /// {"locals":
    /// ```
    T0210 error MISSING_VALUE = "Missing value";

    /// A value is an object, an array, a string in double quotes, a number, `true`, `false` or `null`.
    ///
    /// ```json
    /// {"locals": {"a": 'b'}}
    /// ```
    T0211 error INVALID_VALUE_START = "Invalid start of value";

    /// Objects and arrays may be nested up to 250 levels.
    ///
    /// ```text
    /// {"locals": {"a": [[[[…]]]]}}
    /// ```
    T0212 error TOO_DEEP = "Too deeply nested";

    /// JSON allows no comma behind the last property.
    ///
    /// ```json
    /// {"locals": {"a": 1,}}
    /// ```
    T0213 error TRAILING_COMMA_IN_OBJECT = "Trailing comma in object";

    /// An object begun with `{` is closed with `}`.
    ///
    /// ```json
    /// {"locals": {"a": 1]}
    /// ```
    T0214 error MISMATCHED_BRACES = "Mismatched braces";

    /// Properties are separated by commas.
    ///
    /// ```json
    /// {"locals": {"a": 1 "b": 2}}
    /// ```
    T0215 error MISSING_COMMA_IN_OBJECT = "Missing attribute separator comma";

    /// The file ends within an object.
    ///
    /// ```json
    /// {"locals": {"a": 1
    /// ```
    T0216 error UNCLOSED_OBJECT = "Unclosed object";

    /// The name of a property is a string in double quotes.
    ///
    /// ```json
    /// {locals: {}}
    /// ```
    T0217 error INVALID_PROPERTY_NAME = "Invalid object property name";

    /// JSON has a colon between name and value, not an equals sign.
    ///
    /// ```json
    /// {"locals" = {}}
    /// ```
    T0218 error EQUALS_FOR_COLON = "Missing property value colon";

    /// Between the name and the value of a property stands a colon.
    ///
    /// ```json
    /// {"locals" {}}
    /// ```
    T0219 error MISSING_COLON = "Missing property value colon";

    /// JSON allows no comma behind the last item.
    ///
    /// ```json
    /// {"locals": {"a": [1,]}}
    /// ```
    T0220 error TRAILING_COMMA_IN_ARRAY = "Trailing comma in array";

    /// An array begun with `[` is closed with `]`.
    ///
    /// ```json
    /// {"locals": {"a": [1}}
    /// ```
    T0221 error MISMATCHED_BRACKETS = "Mismatched brackets";

    /// Items are separated by commas.
    ///
    /// ```json
    /// {"locals": {"a": [1 2]}}
    /// ```
    T0222 error MISSING_COMMA_IN_ARRAY = "Missing attribute separator comma";

    /// The file ends within an array.
    ///
    /// ```json
    /// {"locals": {"a": [1
    /// ```
    T0223 error UNCLOSED_ARRAY = "Unclosed array";

    /// The only words of JSON are `true`, `false` and `null`, in small letters.
    ///
    /// ```json
    /// {"locals": {"a": True}}
    /// ```
    T0224 error INVALID_KEYWORD = "Invalid JSON keyword";

    /// A number has no leading zeros or plus sign, and digits on both sides of its point.
    ///
    /// ```json
    /// {"locals": {"a": 01}}
    /// ```
    T0225 error INVALID_NUMBER = "Invalid JSON number";

    /// The quotes of a string are not closed.
    ///
    /// ```json
    /// {"locals": {"a": "b
    /// ```
    T0226 error UNTERMINATED_STRING = "Invalid JSON string";

    /// Line breaks and other control characters in a string are written as escapes, such as `\n`.
    ///
    /// ```json
    /// {"locals": {"a": "b	c"}}
    /// ```
    T0227 error CONTROL_CHARACTER = "Invalid JSON string";

    /// `\u` is followed by four hexadecimal digits.
    ///
    /// ```json
    /// {"locals": {"a": "\u12"}}
    /// ```
    T0228 error INVALID_UNICODE_ESCAPE = "Invalid JSON string";

    /// The escapes of JSON are `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t` and `\uNNNN`.
    ///
    /// ```json
    /// {"locals": {"a": "\d"}}
    /// ```
    T0229 error INVALID_ESCAPE = "Invalid JSON string";

    /// JSON has no comments. A property named `//` is one, in every body: its value means nothing.
    ///
    /// ```json
    /// {
    ///   "locals": {"a": 1} // b
    /// }
    /// ```
    T0230 error COMMENT = "Comment in JSON";
}
