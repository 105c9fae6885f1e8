//! Rules about console.

terrane_lang::rules! {
    /// Values refer to other values through too many steps, or in a circle.
    ///
    /// ```text
    /// locals { a = local.b, b = local.a }
    /// ```
    T5501 error TOO_DEEP = "Evaluation is nested too deeply";

    /// `count.index` and `each` have a value only within a block that is repeated.
    ///
    /// ```sh
    /// echo each.key | terrane console
    /// ```
    T5502 error OUTSIDE_OF_REPETITION = "Reference to NAME outside of a repeated block";

    /// The function `type`, which only the console has, takes one argument: the expression whose type is wanted.
    ///
    /// ```sh
    /// echo 'type(1, 2)' | terrane console
    /// ```
    T5503 error TYPE_ARGUMENTS = "Wrong number of arguments";

    /// The function `type` belongs to the console: it takes a whole expression, and can't be a part of one. Ask for the type of the
    /// parts one by one.
    ///
    /// ```sh
    /// echo '[type(1)]' | terrane console
    /// ```
    T5504 error TYPE_INSIDE = "Invalid use of type function";
}
