//! `state`: commands that look at single entries of the state, or change them. Every change is an event.

mod address;
pub mod backup;
pub mod diff;
pub mod file;
pub mod fsck;
pub mod history;
pub mod list;
pub mod mv;
pub mod prune;
pub mod pull;
pub mod push;
pub mod replace_provider;
pub mod resolve;
pub mod rm;
pub mod show;
pub mod taint;

/// The store keeps whole states.
fn no_records() -> crate::failure::Failure {
    crate::failure::Failure::input(
        &crate::rules::state::NOT_KEPT_HERE,
        "This store keeps only the present state, so there are no versions that could be forgotten here. What it keeps beside that is configured where it is (a bucket with versions, a database).",
    )
}
