//! Rules about console.

terrane_lang::rules! {
    /// Evaluation is nested too deeply.
    T5501 error TOO_DEEP = "Evaluation is nested too deeply";

    /// Reference to … outside of a repeated block.
    T5502 error OUTSIDE_OF_REPETITION = "Reference to … outside of a repeated block";

    /// The function `type`, which only the console has, takes one argument.
    T5503 error TYPE_ARGUMENTS = "Wrong number of arguments";

    /// The function `type`, which only the console has, can't be a part of a larger expression.
    T5504 error TYPE_INSIDE = "Invalid use of type function";
}
