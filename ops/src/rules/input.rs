//! Rules about given values.

terrane_lang::rules! {
    /// There is no file of this name. The path is relative to the working directory.
    ///
    /// ```sh
    /// terrane plan -var-file=nope.tfvars
    /// ```
    T5101 error NO_VARIABLES_FILE = "Failed to read variables file";

    /// The option is a name and a value with an equals sign between them: `-var='name=value'`.
    ///
    /// ```sh
    /// terrane plan -var=name
    /// ```
    T5102 error INVALID_VAR_OPTION = "Invalid -var option";

    /// The file is not text in UTF-8.
    ///
    /// ```sh
    /// terrane plan -var-file=picture.png
    /// ```
    T5103 error VARIABLES_FILE_ENCODING = "Invalid variables file";
}
