//! How objects may change: the contract between the engine and providers about prior, configured, planned and actual objects.
//!
//! Pure functions on a schema and values; nothing here knows of resources, addresses or machines. Where not said otherwise, values
//! are unmarked. The rules are those that every provider was written against (`opentofu.md` 5.6 and 5.8).

mod access;
mod compatible;
mod ignore;
mod legacy;
mod marks;
mod proposed;
mod replace;
mod valid;

#[cfg(test)]
mod tests;

pub use access::at_path;
pub use compatible::assert_object_compatible;
pub(crate) use ignore::{as_configured, begins};
pub use ignore::{kept_marks, process_ignore_changes};
pub use legacy::normalize_from_legacy;
pub use marks::{mark_by_paths, marked_paths, schema_marks, strip_write_only, write_only_values};
pub use proposed::{planned_unknown_object, proposed_new};
pub use replace::{ReplacePaths, filter_replace_paths};
pub use valid::assert_plan_valid;
