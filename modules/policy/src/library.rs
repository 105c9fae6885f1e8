//! The policies that ship: a beginning for teams' own.

/// A file of the library.
#[derive(Clone, Copy, Debug)]
pub struct LibraryFile {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub text: &'static str,
}

macro_rules! files {
    ($($name:literal)*) => {
        &[$(LibraryFile { name: $name, text: include_str!(concat!("../library/", $name)) }),*]
    };
}

/// The policies that ship, with their tests and the data that says what is asked for.
#[must_use]
pub const fn library() -> &'static [LibraryFile] {
    files! {
        "README.md"
        "changes.rego"
        "deletions.rego"
        "deletions_test.rego"
        "encryption.rego"
        "encryption_test.rego"
        "public_access.rego"
        "public_access_test.rego"
        "regions.rego"
        "regions_test.rego"
        "settings.json"
        "sizes.rego"
        "sizes_test.rego"
        "tags.rego"
        "tags_test.rego"
    }
}
