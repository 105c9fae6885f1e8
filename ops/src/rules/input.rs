//! Rules about given values.

terrane_lang::rules! {
    /// Failed to read variables file.
    T5101 error NO_VARIABLES_FILE = "Failed to read variables file";

    /// Invalid -var option.
    T5102 error INVALID_VAR_OPTION = "Invalid -var option";

    /// Invalid variables file.
    T5103 error VARIABLES_FILE_ENCODING = "Invalid variables file";
}
