//! The provider against an emulator of AWS.

mod life;
mod support;
