//! Rules about prices.

terrane_lang::rules! {
    /// A price book, a file of usage or a price list can't be read or understood.
    ///
    /// ```text
    /// terrane cost show -price-book=nowhere.json plan.tfplan
    /// ```
    T6551 error UNUSABLE_PRICES = "Prices can't be used";
}
