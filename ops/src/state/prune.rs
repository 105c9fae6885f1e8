//! `state prune`: forgetting old versions.

use super::no_records;
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use terrane_store::maintain::Pruned;

pub use terrane_store::maintain::Policy;

/// Forgets what the policy lets go of; without one, what the saved policy does. `save`: keeps the policy, so that compaction follows it from now on.
///
/// # Errors
/// When the store has no records, no policy is there, or the state is in use or can't be written.
pub fn run(
    session: &Session,
    policy: Option<Policy>,
    save: bool,
    dry_run: bool,
) -> Result<Pruned, Failure> {
    let workspace = session.workspace()?;
    let store = session.store()?.maintain().ok_or_else(no_records)?;
    let failed = || Failure::store("Forgetting old versions failed");
    let policy = match policy {
        Some(policy) => policy,
        None => store.policy(&workspace).map_err(failed())?.ok_or_else(|| {
            Failure::input(
                &rules::state::NO_POLICY,
                "Say which versions to keep: -keep=N the newest N, -older-than=30d those that are not older; with both, a version goes only if it is neither. With -save, that holds from now on.",
            )
        })?,
    };
    let pruned = store
        .prune(&workspace, &policy, now_ms(), dry_run)
        .map_err(failed())?;
    if save && !dry_run {
        store
            .set_policy(&workspace, Some(&policy))
            .map_err(failed())?;
    }
    Ok(pruned)
}
