//! Rules about syntax.

crate::rules! {
    /// A line of a body must begin an argument (`name = value`) or a block (`name { … }`). Most often the equals sign is missing, the opening brace stands on a line of its own, or a brace was closed once too often.
    ///
    /// ```terraform
    /// locals {
    ///   a 1
    /// }
    /// ```
    T0101 error DEFINITION_REQUIRED = "Argument or block definition required";

    /// After the type of a block only its labels and an opening brace may stand, all on one line.
    ///
    /// ```terraform
    /// resource "terraform_data" "a"
    /// {
    /// }
    /// ```
    T0102 error INVALID_BLOCK = "Invalid block definition";

    /// A block on one line holds a single argument, and ends right behind it. Give each argument a line of its own.
    ///
    /// ```terraform
    /// variable "a" { type = string, default = "x" }
    /// ```
    T0103 error INVALID_SINGLE_BLOCK = "Invalid single-argument block definition";

    /// The file ends within a block. The message points at the block that is still open; the brace that is missing may belong to a block inside it.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1
    /// ```
    T0104 error UNCLOSED_BLOCK = "Unclosed configuration block";

    /// The name of an argument is written without quotes. Quoted names are for the keys of objects, such as `tags = { "a b" = 1 }`.
    ///
    /// ```terraform
    /// locals {
    ///   "a" = 1
    /// }
    /// ```
    T0105 error QUOTED_ARGUMENT_NAME = "Invalid argument name";

    /// Arguments are separated by line breaks. Commas separate the items of lists and objects.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1,
    ///   b = 2
    /// }
    /// ```
    T0106 error COMMA_AFTER_ARGUMENT = "Unexpected comma after argument";

    /// An argument ends with its line. What follows on the same line belongs on the next one; if it was meant to be part of the value, an operator or a bracket is missing.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1 b = 2
    /// }
    /// ```
    T0107 error MISSING_NEWLINE_AFTER_ARGUMENT = "Missing newline after argument";

    /// A block holds the same argument twice, and it can't be told which one is meant. Remove one; both places are shown.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1
    ///   a = 2
    /// }
    /// ```
    T0108 error ATTRIBUTE_REDEFINED = "Attribute redefined";

    /// Behind the closing brace of a block the line ends.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1
    /// } locals {}
    /// ```
    T0109 error MISSING_NEWLINE_AFTER_BLOCK = "Missing newline after block definition";

    /// A block on one line may hold an argument, but no block. Write the inner block on lines of its own.
    ///
    /// ```terraform
    /// terraform { backend "local" {} }
    /// ```
    T0110 error ARGUMENT_REQUIRED = "Argument definition required";

    /// The labels of a block are plain text: they name something, and names can't be computed.
    ///
    /// ```terraform
    /// resource "terraform_data" "a${1}" {}
    /// ```
    T0111 error TEMPLATE_IN_LABEL = "Invalid string literal";

    /// The quotes around a label are not closed before the line ends.
    ///
    /// ```text
    /// resource "terraform_data" "a      (and the file ends here)
    /// ```
    T0112 error UNTERMINATED_LABEL = "Unterminated template string";

    /// A condition has two results: `condition ? result if true : result if false`. There is no expression without the second one; use `null` where nothing is meant.
    ///
    /// ```terraform
    /// locals {
    ///   a = true ? 1
    /// }
    /// ```
    T0113 error MISSING_FALSE_EXPRESSION = "Missing false expression in conditional";

    /// The language has no operators on bits. For truth values there are `&&`, `||` and `!`.
    ///
    /// ```terraform
    /// locals {
    ///   a = true & false
    /// }
    /// ```
    T0114 error UNSUPPORTED_OPERATOR = "Unsupported operator";

    /// Strings stand between double quotes. Within a string, single quotes are ordinary characters.
    ///
    /// ```terraform
    /// locals {
    ///   a = 'text'
    /// }
    /// ```
    T0115 error SINGLE_QUOTES = "Invalid character";

    /// A text of several lines is written as a heredoc: `<<EOT`, the lines, and `EOT` on a line of its own. Backticks mean nothing.
    ///
    /// ```terraform
    /// locals {
    ///   a = `text`
    /// }
    /// ```
    T0116 error BACKTICK = "Invalid character";

    /// Arguments and blocks are separated by line breaks, items of lists and objects by commas. There is no semicolon.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1;
    /// }
    /// ```
    T0117 error SEMICOLON = "Invalid character";

    /// Word processors and chat programs replace straight quotes by curly ones. Type the quotes again.
    ///
    /// ```terraform
    /// locals {
    ///   a = “text”
    /// }
    /// ```
    T0118 error CURLY_QUOTES = "Invalid character";

    /// The character is not used by the language outside of strings and comments.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1 § 2
    /// }
    /// ```
    T0119 error INVALID_CHARACTER = "Invalid character";

    /// A quoted string ends on its line. Write `\n` where a line break is meant, or use a heredoc for a text of several lines; or else the closing quotes are missing.
    ///
    /// ```terraform
    /// locals {
    ///   a = "one
    ///   two"
    /// }
    /// ```
    T0120 error MULTI_LINE_STRING = "Invalid multi-line string";

    /// A comment that begins with `/*` goes on up to `*/`, and there is none in the rest of the file.
    ///
    /// ```terraform
    /// locals {}
    /// /* what is to be done
    /// ```
    T0121 error UNTERMINATED_COMMENT = "Unterminated comment";

    /// In a quoted string a backslash begins an escape: `\n`, `\r`, `\t`, `\"`, `\\`, `\uNNNN` and `\UNNNNNNNN` (hexadecimal digits of a character). A backslash itself is written twice, as in patterns: `"\\d+"`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "\d+"
    /// }
    /// ```
    T0122 error INVALID_ESCAPE = "Invalid escape sequence";

    /// Configuration is text in UTF-8. The file holds bytes that are not; save it as UTF-8 (without a byte order mark, or with one at its start).
    ///
    /// ```text
    /// printf 'locals { a = "\xff" }' > main.tf
    /// ```
    T0123 error INVALID_ENCODING = "Invalid character encoding";

    /// What stands here is no address: names with dots between them, and instance keys in brackets.
    ///
    /// ```sh
    /// terrane plan -target='aws_instance['
    /// ```
    T0124 error INVALID_ADDRESS = "Invalid address";

    /// A file may have at most 4 GiB. Data of that size belongs in a file that the configuration reads, or in no configuration at all.
    ///
    /// ```sh
    /// truncate -s 5G main.tf
    /// ```
    T0125 error FILE_TOO_LARGE = "File too large";

    /// The expression is complete, and something follows. An operator is missing, or a comma, or a bracket was closed too early.
    ///
    /// ```sh
    /// terrane plan -var='list=[1, 2] 3'
    /// ```
    T0126 error EXTRA_CHARACTERS = "Extra characters after expression";

    /// Expressions and blocks may be nested up to 250 levels. Give parts a name of their own in a `locals` block.
    ///
    /// ```text
    /// locals {
    ///   a = ((((…))))   # more than 250 levels
    /// }
    /// ```
    T0127 error TOO_DEEP = "Too deeply nested";

    /// One expression may be at most 500 operations high. A chain of that length is better written as a `for` expression or a function call on a list.
    ///
    /// ```text
    /// locals {
    ///   a = 1 + 1 + 1 + …   # more than 500 terms
    /// }
    /// ```
    T0128 error TOO_COMPLEX = "Expression too complex";

    /// The file ends where a value should stand.
    ///
    /// ```terraform
    /// locals {
    ///   a = (
    /// ```
    T0129 error MISSING_EXPRESSION = "Missing expression";

    /// A value is missing: what stands here can't begin one.
    ///
    /// ```terraform
    /// locals {
    ///   a =
    /// }
    /// ```
    T0130 error INVALID_EXPRESSION = "Invalid expression";

    /// After `for` stands the name that each value gets, or two names for key and value: `[for value in list : …]`, `[for key, value in map : …]`.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for 1 in [1] : 1]
    /// }
    /// ```
    T0131 error FOR_WITHOUT_NAMES = "Invalid 'for' expression";

    /// Between the names and the collection stands the word `in`: `[for x in [1, 2] : x + 1]`.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x [1] : x]
    /// }
    /// ```
    T0132 error FOR_WITHOUT_IN = "Invalid 'for' expression";

    /// A `for` in brackets makes a list, whose elements have no keys. To make an object with `key => value`, put it in braces.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in ["a"] : x => 1]
    /// }
    /// ```
    T0133 error FOR_KEY_IN_TUPLE = "Invalid 'for' expression";

    /// A `for` in braces makes an object, so it needs a key and a value: `{for x in list : x => upper(x)}`. To make a list, put it in brackets.
    ///
    /// ```terraform
    /// locals {
    ///   a = {for x in ["a"] : x}
    /// }
    /// ```
    T0134 error FOR_WITHOUT_KEY = "Invalid 'for' expression";

    /// The ellipsis collects the values that have the same key. A list has no keys, so there is nothing to collect.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in [1] : x...]
    /// }
    /// ```
    T0135 error GROUPING_IN_TUPLE = "Invalid 'for' expression";

    /// A `for` expression has the form `[for value in collection : result if condition]`; with braces `{for … : key => result}`. Here its colon or closing bracket is missing.
    ///
    /// ```terraform
    /// locals {
    ///   a = [for x in [1] x]
    /// }
    /// ```
    T0136 error INVALID_FOR = "Invalid 'for' expression";

    /// A number is made of digits, at most one decimal point with digits on both sides, and an exponent such as `e6`.
    ///
    /// ```terraform
    /// locals {
    ///   a = 1e99999999999999999999
    /// }
    /// ```
    T0137 error INVALID_NUMBER = "Invalid number literal";

    /// A parenthesis was opened and is not closed where its expression ends.
    ///
    /// ```terraform
    /// locals {
    ///   a = (1 + 2
    ///   b = 3
    /// }
    /// ```
    T0138 error UNBALANCED_PARENTHESES = "Unbalanced parentheses";

    /// A list was begun with `[` and is not closed before the end of the file.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1, 2
    /// ```
    T0139 error UNTERMINATED_TUPLE = "Unterminated tuple constructor expression";

    /// The items of a list are separated by commas, also where each stands on a line of its own. If this was to be the last item, the closing bracket is missing.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1 2]
    /// }
    /// ```
    T0140 error MISSING_ITEM_SEPARATOR = "Missing item separator";

    /// The attributes of an object are separated by commas or line breaks.
    ///
    /// ```terraform
    /// locals {
    ///   a = { b = 1 c = 2 }
    /// }
    /// ```
    T0141 error MISSING_ATTRIBUTE_SEPARATOR = "Missing attribute separator";

    /// An object was begun with `{` and is not closed before the end of the file.
    ///
    /// ```terraform
    /// locals {
    ///   a = { b = 1
    /// ```
    T0142 error UNTERMINATED_OBJECT = "Unterminated object constructor expression";

    /// Each attribute of an object has a value: `name = value`.
    ///
    /// ```terraform
    /// locals {
    ///   a = {
    ///     b
    ///     c = 1
    ///   }
    /// }
    /// ```
    T0143 error MISSING_ATTRIBUTE_VALUE = "Missing attribute value";

    /// Between the name and the value of an attribute stands `=` or `:`. Names with dots or blanks are put in quotes; names that are computed in parentheses.
    ///
    /// ```terraform
    /// locals {
    ///   a = { b }
    /// }
    /// ```
    T0144 error MISSING_KEY_SEPARATOR = "Missing key/value separator";

    /// After `...` the arguments of a call are over, so the parenthesis has to be closed.
    ///
    /// ```terraform
    /// locals {
    ///   a = max([1]..., 2)
    /// }
    /// ```
    T0145 error MISSING_CLOSING_PARENTHESIS = "Missing closing parenthesis";

    /// The parenthesis of a function call is not closed before the end of the file.
    ///
    /// ```terraform
    /// locals {
    ///   a = max(1, 2
    /// ```
    T0146 error UNTERMINATED_CALL = "Unterminated function call";

    /// The arguments of a call are separated by commas.
    ///
    /// ```terraform
    /// locals {
    ///   a = max(1 2)
    /// }
    /// ```
    T0147 error MISSING_ARGUMENT_SEPARATOR = "Missing argument separator";

    /// After `::` a name follows: `provider::time::rfc3339_parse(…)`.
    ///
    /// ```terraform
    /// locals {
    ///   a = provider::(1)
    /// }
    /// ```
    T0148 error MISSING_FUNCTION_NAME = "Missing function name";

    /// A name with `::` in it is the name of a function, and a function is called: its arguments stand in parentheses.
    ///
    /// ```terraform
    /// locals {
    ///   a = core::upper
    /// }
    /// ```
    T0149 error MISSING_OPEN_PARENTHESIS = "Missing open parenthesis";

    /// A splat with a dot (`list.*.name`) can't be followed by another one. Use brackets (`list[*].parts[*].name`), or `flatten` and a `for` expression.
    ///
    /// ```terraform
    /// locals {
    ///   a = [].*.b.*.c
    /// }
    /// ```
    T0150 error NESTED_SPLAT = "Nested splat expression not allowed";

    /// After a dot stands the name of an attribute, a number, or a star. Other keys are put in brackets and quotes: `tags["a b"]`.
    ///
    /// ```terraform
    /// locals {
    ///   a = {}."b"
    /// }
    /// ```
    T0151 error INVALID_ATTRIBUTE_NAME = "Invalid attribute name";

    /// Numbers after a dot are an old way to write an index, and only whole numbers can be written so. Write the index in brackets: `list[0][1]`.
    ///
    /// ```terraform
    /// locals {
    ///   a = [[1]].0.0.
    /// }
    /// ```
    T0152 error INVALID_LEGACY_INDEX = "Invalid legacy index syntax";

    /// After `[*` follows the closing bracket.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1][* 1]
    /// }
    /// ```
    T0153 error UNCLOSED_SPLAT = "Missing close bracket on splat index";

    /// The bracket of an index is not closed where its expression ends.
    ///
    /// ```terraform
    /// locals {
    ///   a = [1][0
    ///   b = 1
    /// }
    /// ```
    T0154 error UNCLOSED_INDEX = "Missing close bracket on index";

    /// Something stands in a template that may not stand there.
    ///
    /// ```text
    /// "${"
    /// ```
    T0155 error INVALID_TEMPLATE = "Invalid template";

    /// The text is not closed: a heredoc needs its marker on a line of its own, a string its closing quotes.
    ///
    /// ```terraform
    /// locals {
    ///   a = <<EOT
    /// text
    /// }
    /// ```
    T0156 error UNTERMINATED_TEMPLATE = "Unterminated template string";

    /// A `${` in a string is not closed with a brace before the string ends. Where the characters are meant as such, as in shell scripts, write `$${`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "${1 + 2"
    /// }
    /// ```
    T0157 error UNCLOSED_INTERPOLATION = "Unclosed template interpolation sequence";

    /// Between `${` and its closing brace stands one expression. Where the characters belong to another language, such as a shell's `${NAME:-default}`, write `$${`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "${1 2}"
    /// }
    /// ```
    T0158 error EXTRA_IN_INTERPOLATION = "Extra characters after interpolation expression";

    /// After `%{` stands one of the words `if`, `else`, `endif`, `for` and `endfor`. Where the characters are meant as such, write `%%{`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ 1 }"
    /// }
    /// ```
    T0159 error INVALID_DIRECTIVE = "Invalid template directive";

    /// A loop in a template begins with `%{ for value in collection }` or `%{ for key, value in collection }`, and ends with `%{ endfor }`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ for x [1] }x%{ endfor }"
    /// }
    /// ```
    T0160 error INVALID_FOR_DIRECTIVE = "Invalid 'for' directive";

    /// There is no such directive. Known ones are `if`, `else`, `endif`, `for` and `endfor`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ while true }x"
    /// }
    /// ```
    T0161 error INVALID_CONTROL_KEYWORD = "Invalid template control keyword";

    /// A directive ends with its closing brace right behind its expression, and `else`, `endif` and `endfor` have none.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ if true }x%{ endif true }"
    /// }
    /// ```
    T0162 error EXTRA_IN_DIRECTIVE = "Extra characters in KEYWORD marker";

    /// Directives in a template may be nested up to 250 levels. Make parts of the text in a `locals` block.
    ///
    /// ```text
    /// %{ if a }%{ if b }…   more than 250 levels
    /// ```
    T0163 error TEMPLATE_TOO_DEEP = "Too deeply nested";

    /// An `else` belongs to an `if` that is still open, and each `if` has at most one. A `for` has none.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ else }x"
    /// }
    /// ```
    T0164 error UNEXPECTED_ELSE = "Unexpected else directive";

    /// An `endif` closes an `if`, an `endfor` closes a `for`; the innermost directive that is open is another one, or none is.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ endif }x"
    /// }
    /// ```
    T0165 error UNEXPECTED_END_DIRECTIVE = "Unexpected KEYWORD directive";

    /// The text ends while a directive is open: each `%{ if … }` needs its `%{ endif }`, each `%{ for … }` its `%{ endfor }`.
    ///
    /// ```terraform
    /// locals {
    ///   a = "%{ if true }x"
    /// }
    /// ```
    T0166 error UNEXPECTED_END_OF_TEMPLATE = "Unexpected end of template";
}
