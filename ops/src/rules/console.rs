//! Rules about console.

terrane_lang::rules! {
    /// Evaluation is nested too deeply.
    T5501 error TOO_DEEP = "Evaluation is nested too deeply";

    /// Reference to … outside of a repeated block.
    T5502 error OUTSIDE_OF_REPETITION = "Reference to … outside of a repeated block";
}
