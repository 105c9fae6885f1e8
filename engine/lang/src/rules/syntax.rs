//! Rules about syntax.

crate::rules! {
    /// Argument or block definition required.
    T0101 error DEFINITION_REQUIRED = "Argument or block definition required";

    /// Invalid block definition.
    T0102 error INVALID_BLOCK = "Invalid block definition";

    /// Invalid single-argument block definition.
    T0103 error INVALID_SINGLE_BLOCK = "Invalid single-argument block definition";

    /// Unclosed configuration block.
    T0104 error UNCLOSED_BLOCK = "Unclosed configuration block";

    /// Invalid argument name.
    T0105 error QUOTED_ARGUMENT_NAME = "Invalid argument name";

    /// Unexpected comma after argument.
    T0106 error COMMA_AFTER_ARGUMENT = "Unexpected comma after argument";

    /// Missing newline after argument.
    T0107 error MISSING_NEWLINE_AFTER_ARGUMENT = "Missing newline after argument";

    /// Attribute redefined.
    T0108 error ATTRIBUTE_REDEFINED = "Attribute redefined";

    /// Missing newline after block definition.
    T0109 error MISSING_NEWLINE_AFTER_BLOCK = "Missing newline after block definition";

    /// Argument definition required.
    T0110 error ARGUMENT_REQUIRED = "Argument definition required";

    /// Invalid string literal.
    T0111 error TEMPLATE_IN_LABEL = "Invalid string literal";

    /// Unterminated template string.
    T0112 error UNTERMINATED_LABEL = "Unterminated template string";

    /// Missing false expression in conditional.
    T0113 error MISSING_FALSE_EXPRESSION = "Missing false expression in conditional";

    /// Unsupported operator.
    T0114 error UNSUPPORTED_OPERATOR = "Unsupported operator";

    /// Invalid character.
    T0115 error INVALID_CHARACTER = "Invalid character";

    /// Invalid multi-line string.
    T0116 error MULTI_LINE_STRING = "Invalid multi-line string";

    /// Unterminated comment.
    T0117 error UNTERMINATED_COMMENT = "Unterminated comment";

    /// Invalid escape sequence.
    T0118 error INVALID_ESCAPE = "Invalid escape sequence";

    /// Invalid character encoding.
    T0119 error INVALID_ENCODING = "Invalid character encoding";

    /// Invalid address.
    T0120 error INVALID_ADDRESS = "Invalid address";

    /// File too large.
    T0121 error FILE_TOO_LARGE = "File too large";

    /// Extra characters after expression.
    T0122 error EXTRA_CHARACTERS = "Extra characters after expression";

    /// Too deeply nested.
    T0123 error TOO_DEEP = "Too deeply nested";

    /// Expression too complex.
    T0124 error TOO_COMPLEX = "Expression too complex";

    /// Missing expression.
    T0125 error MISSING_EXPRESSION = "Missing expression";

    /// Invalid expression.
    T0126 error INVALID_EXPRESSION = "Invalid expression";

    /// Invalid 'for' expression.
    T0127 error INVALID_FOR = "Invalid 'for' expression";

    /// Invalid number literal.
    T0128 error INVALID_NUMBER = "Invalid number literal";

    /// Unbalanced parentheses.
    T0129 error UNBALANCED_PARENTHESES = "Unbalanced parentheses";

    /// Unterminated tuple constructor expression.
    T0130 error UNTERMINATED_TUPLE = "Unterminated tuple constructor expression";

    /// Missing item separator.
    T0131 error MISSING_ITEM_SEPARATOR = "Missing item separator";

    /// Missing attribute separator.
    T0132 error MISSING_ATTRIBUTE_SEPARATOR = "Missing attribute separator";

    /// Unterminated object constructor expression.
    T0133 error UNTERMINATED_OBJECT = "Unterminated object constructor expression";

    /// Missing attribute value.
    T0134 error MISSING_ATTRIBUTE_VALUE = "Missing attribute value";

    /// Missing key/value separator.
    T0135 error MISSING_KEY_SEPARATOR = "Missing key/value separator";

    /// Missing closing parenthesis.
    T0136 error MISSING_CLOSING_PARENTHESIS = "Missing closing parenthesis";

    /// Unterminated function call.
    T0137 error UNTERMINATED_CALL = "Unterminated function call";

    /// Missing argument separator.
    T0138 error MISSING_ARGUMENT_SEPARATOR = "Missing argument separator";

    /// Missing function name.
    T0139 error MISSING_FUNCTION_NAME = "Missing function name";

    /// Missing open parenthesis.
    T0140 error MISSING_OPEN_PARENTHESIS = "Missing open parenthesis";

    /// Nested splat expression not allowed.
    T0141 error NESTED_SPLAT = "Nested splat expression not allowed";

    /// Invalid attribute name.
    T0142 error INVALID_ATTRIBUTE_NAME = "Invalid attribute name";

    /// Invalid legacy index syntax.
    T0143 error INVALID_LEGACY_INDEX = "Invalid legacy index syntax";

    /// Missing close bracket on splat index.
    T0144 error UNCLOSED_SPLAT = "Missing close bracket on splat index";

    /// Missing close bracket on index.
    T0145 error UNCLOSED_INDEX = "Missing close bracket on index";

    /// Invalid template.
    T0146 error INVALID_TEMPLATE = "Invalid template";

    /// Unterminated template string.
    T0147 error UNTERMINATED_TEMPLATE = "Unterminated template string";

    /// Unclosed template interpolation sequence.
    T0148 error UNCLOSED_INTERPOLATION = "Unclosed template interpolation sequence";

    /// Extra characters after interpolation expression.
    T0149 error EXTRA_IN_INTERPOLATION = "Extra characters after interpolation expression";

    /// Invalid template directive.
    T0150 error INVALID_DIRECTIVE = "Invalid template directive";

    /// Invalid 'for' directive.
    T0151 error INVALID_FOR_DIRECTIVE = "Invalid 'for' directive";

    /// Invalid template control keyword.
    T0152 error INVALID_CONTROL_KEYWORD = "Invalid template control keyword";

    /// Extra characters in … marker.
    T0153 error EXTRA_IN_DIRECTIVE = "Extra characters in … marker";

    /// Too deeply nested.
    T0154 error TEMPLATE_TOO_DEEP = "Too deeply nested";

    /// Unexpected else directive.
    T0155 error UNEXPECTED_ELSE = "Unexpected else directive";

    /// Unexpected … directive.
    T0156 error UNEXPECTED_END_DIRECTIVE = "Unexpected … directive";

    /// Unexpected end of template.
    T0157 error UNEXPECTED_END_OF_TEMPLATE = "Unexpected end of template";
}
