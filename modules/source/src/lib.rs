//! Where module source comes from.
//!
//! In go the `source` argument of a call and the folder of the caller; out come the files of a folder. So far only local paths can be
//! had. This room does not know what the files mean.

mod local;

pub use local::{Kind, SourceError, SourceFile, join, kind, read_folder};
