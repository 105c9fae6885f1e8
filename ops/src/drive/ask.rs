//! Asking several things at once, where there is no machine that asks.

use super::{Message, Pool, wait};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::ui::Ui;
use terrane_model::provider::{Call, CallFailure, Reply};
use terrane_plan::machine::{ProviderInstance, RequestId};

/// Makes calls, and gives what came of each.
///
/// # Errors
/// When the user interrupts.
pub(crate) async fn ask_all(
    pool: &mut Pool,
    calls: Vec<(ProviderInstance, Call)>,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<Vec<Result<Reply, CallFailure>>, Failure> {
    let mut outcomes: Vec<Option<Result<Reply, CallFailure>>> = Vec::new();
    outcomes.resize_with(calls.len(), || None);
    for (id, (provider, call)) in (0u64..).zip(calls) {
        pool.submit(RequestId(id), provider, None, call);
    }
    let mut open = outcomes.len();
    let mut put = |outcomes: &mut Vec<Option<_>>, RequestId(id): RequestId, outcome| {
        let place = usize::try_from(id).ok().and_then(|at| outcomes.get_mut(at));
        if let Some(place) = place
            && place.replace(outcome).is_none()
        {
            open -= 1;
        }
        open
    };
    let mut left = outcomes.len();
    while left > 0 {
        if interrupt.count() > 0 {
            let left = pool.left_behind();
            pool.stop().await;
            return Err(Failure::Interrupted(format!("{left}Nothing was changed.")));
        }
        for (id, outcome) in pool.dispatch().await {
            left = put(&mut outcomes, id, outcome);
        }
        if left == 0 {
            break;
        }
        if let Some(Message::Reply { id, outcome, .. }) = wait(pool, interrupt, 0, None, ui).await {
            left = put(&mut outcomes, id, outcome);
        }
    }
    Ok(outcomes.into_iter().flatten().collect())
}
