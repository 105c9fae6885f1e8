//! `state`: commands that look at single entries of the state, or change them. Every change is an event.

mod address;
pub mod list;
pub mod mv;
pub mod pull;
pub mod push;
pub mod replace_provider;
pub mod rm;
pub mod show;
pub mod taint;
