//! What goes wrong, and when.

use ecow::EcoString;

/// What a call does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Make an object.
    Create,
    /// Change an object.
    Update,
    /// Delete an object.
    Delete,
    /// Read an object or a data source.
    Read,
    /// Open a session.
    Open,
    /// Keep a session open.
    Renew,
    /// Close a session.
    Close,
    /// Anything else: validate, plan, import …
    Other,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error message; nothing happened.
    ErrorBefore,
    /// An error message without an object; but it happened.
    ErrorAfter,
    /// An error message with the object as far as it got. Only where an object is made or changed; else as `ErrorAfter`.
    Partial,
    /// No answer, and nothing happened (but nobody can know).
    LostRequest,
    /// No answer, but it happened.
    LostAnswer,
    /// Too many requests: nothing happened, try again after so many milliseconds.
    Throttled(u64),
    /// A read shows the object as it was before its last change.
    Stale,
}

impl Fault {
    /// Whether it strikes before the call has its effect.
    #[must_use]
    pub fn is_before(self) -> bool {
        matches!(
            self,
            Self::ErrorBefore | Self::LostRequest | Self::Throttled(_)
        )
    }
}

/// How often what goes wrong, in calls per thousand that change the world (reads: only `throttled` and `stale`; sessions: only
/// `throttled` and `error_before`, closing them only the first).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// [`Fault::ErrorBefore`]
    pub error_before: u32,
    /// [`Fault::ErrorAfter`]
    pub error_after: u32,
    /// [`Fault::Partial`]
    pub partial: u32,
    /// [`Fault::LostRequest`]
    pub lost_request: u32,
    /// [`Fault::LostAnswer`]
    pub lost_answer: u32,
    /// [`Fault::Throttled`]
    pub throttled: u32,
    /// [`Fault::Stale`]
    pub stale: u32,
    /// Least time that a call takes, in milliseconds.
    pub latency_min_ms: u64,
    /// Most time that a call takes, in milliseconds.
    pub latency_max_ms: u64,
}

impl FaultPlan {
    /// Nothing goes wrong, nothing takes time.
    pub const NONE: Self = Self {
        error_before: 0,
        error_after: 0,
        partial: 0,
        lost_request: 0,
        lost_answer: 0,
        throttled: 0,
        stale: 0,
        latency_min_ms: 0,
        latency_max_ms: 0,
    };

    /// A bad day: about every fourth change goes wrong in some way, calls take 1 ms to 2 s.
    #[must_use]
    pub fn stormy() -> Self {
        Self {
            error_before: 60,
            error_after: 20,
            partial: 30,
            lost_request: 30,
            lost_answer: 40,
            throttled: 80,
            stale: 0,
            latency_min_ms: 1,
            latency_max_ms: 2000,
        }
    }

    /// The fault that a number in `0..1000` stands for.
    pub(crate) fn at(&self, operation: Operation, number: u32) -> Option<Fault> {
        let throttled = (self.throttled, Fault::Throttled(100 + u64::from(number)));
        let changing = [
            (self.error_before, Fault::ErrorBefore),
            (self.error_after, Fault::ErrorAfter),
            (self.partial, Fault::Partial),
            (self.lost_request, Fault::LostRequest),
            (self.lost_answer, Fault::LostAnswer),
            throttled,
        ];
        let reading = [throttled, (self.stale, Fault::Stale)];
        let opening = [throttled, (self.error_before, Fault::ErrorBefore)];
        let table: &[(u32, Fault)] = match operation {
            Operation::Create | Operation::Update | Operation::Delete => &changing,
            Operation::Read => &reading,
            Operation::Open | Operation::Renew => &opening,
            Operation::Close => &opening[..1],
            Operation::Other => &[],
        };
        let mut bound = 0;
        for (rate, fault) in table {
            bound += rate;
            if number < bound {
                return Some(*fault);
            }
        }
        None
    }
}

/// A fault for the next call that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Which operation.
    pub operation: Operation,
    /// Which resource type; `None`: any.
    pub type_name: Option<EcoString>,
    /// How many fitting calls pass first.
    pub after: u32,
    /// What goes wrong.
    pub fault: Fault,
}

impl Script {
    /// A fault for the very next call of this kind.
    #[must_use]
    pub fn next(operation: Operation, type_name: &str, fault: Fault) -> Self {
        Self {
            operation,
            type_name: Some(type_name.into()),
            after: 0,
            fault,
        }
    }
}
