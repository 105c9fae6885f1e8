//! Rules about `terrane query`.

terrane_lang::rules! {
    /// `terrane query` asks what the query files of the folder say, and there is none.
    ///
    /// ```sh
    /// cd empty && terrane query
    /// ```
    T6901 error NO_QUERY = "No query files";

    /// A query file without a `list` block asks nothing.
    ///
    /// ```text
    /// variable "region" {}
    /// ```
    T6902 error NO_LIST = "Nothing to query";

    /// Query files are configuration, which nobody writes in such lengths.
    ///
    /// ```text
    /// a .tfquery.hcl file of 100 MB
    /// ```
    T6903 error LARGE_FILE = "Query file too large";

    /// A query sees objects as the state holds them. What is not there yet has no value.
    ///
    /// ```text
    /// list "aws_subnet" "all" {
    ///   provider = aws
    ///   config { vpc_id = aws_vpc.not_yet_applied.id }
    /// }
    /// ```
    T6904 error UNKNOWN_CONFIG = "Query depends on unknown values";

    /// An argument of a `list` block has no value that can be used; the message says what it takes.
    ///
    /// ```text
    /// list "aws_vpc" "all" {
    ///   provider = aws
    ///   limit    = 0
    /// }
    /// ```
    T6905 error INVALID_ARGUMENT = "Invalid argument of a list";

    /// The provider could not be reached, or stopped while it worked. The message has what it said last.
    ///
    /// ```text
    /// the provider's process ended while it listed
    /// ```
    T6906 error NO_ANSWER = "Provider did not answer";

    /// A list block may look for what another one has found. If they wait for each other, none can begin.
    ///
    /// ```text
    /// list "aws_vpc" "a" {
    ///   provider = aws
    ///   limit    = length(list.aws_vpc.b.data)
    /// }
    /// list "aws_vpc" "b" {
    ///   provider = aws
    ///   limit    = length(list.aws_vpc.a.data)
    /// }
    /// ```
    T6907 error CIRCLE = "List blocks refer to each other in a circle";

    /// A `list` block without a `limit` asks for a hundred objects, and so many came: there may be more, which are neither shown nor written down.
    ///
    /// ```text
    /// list "aws_iam_role" "all" {
    ///   provider = aws
    /// }
    /// ```
    T6908 warning LIMIT_REACHED = "There may be more objects";
}
