//! Provider plugins for tests: programs that behave in every way that a plugin can behave.
//!
//! * `terraform-provider-builtin` serves one of the built-in providers: the one whose type is in the name under which it is called.
//! * `fake-provider` serves one resource type, and misbehaves in the way that `FAKE_FAULT` names.
//! * `described-provider` serves whatever schemas a file describes, and makes up what is computed.

pub mod cloud;
pub mod described;
