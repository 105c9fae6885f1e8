//! Rules about answers of providers while planning.

terrane_lang::rules! {
    /// Provider produced invalid object.
    T3101 error INVALID_DATA_OBJECT = "Provider produced invalid object";

    /// Provider produced invalid answer.
    T3102 error INVALID_PLAN_ANSWER = "Provider produced invalid answer";

    /// Provider produced invalid plan.
    T3103 error INVALID_PLAN = "Provider produced invalid plan";

    /// Provider did not answer.
    T3104 error NO_ANSWER = "Provider did not answer";

    /// Provider produced invalid plan.
    T3105 error DESTROY_REFUSED = "Provider produced invalid plan";
}
