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
}
