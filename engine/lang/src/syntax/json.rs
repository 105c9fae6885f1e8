//! JSON syntax.

/// A JSON object (or array of objects) that a schema has yet to interpret.
#[derive(Clone, Debug)]
pub struct JsonBody {}
