//! Whether a selector is about an action. What is not known yet may be anything.

use super::{Gate, Selector};
use crate::facts::Facts;
use crate::meaning::{Item, Meaning, Tags};
use ecow::EcoString;

/// An answer that may not be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// No.
    No,
    /// It depends on what is not known yet, or differs before and after.
    Maybe,
    /// Yes.
    Yes,
}

impl Answer {
    fn of(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl Gate {
    /// Whether it is about an action. Where that is not known, or only so of one of the places between which something is moved, the safe way is taken: a
    /// gate that asks for something is about it, one that only lets pass is not.
    #[must_use]
    pub fn is_about(&self, item: &Item, meaning: &Meaning, facts: &Facts<'_>) -> bool {
        let any = |selectors: &[Selector]| {
            let answers = selectors
                .iter()
                .map(|one| one.selects(item, meaning, facts));
            answers.max().unwrap_or(Answer::No)
        };
        let wanted = if self.matches.is_empty() {
            Answer::Yes
        } else {
            any(&self.matches)
        };
        let answer = wanted.min(any(&self.excepts).not());
        match answer {
            Answer::Yes if item.is_doubtful => !self.auto_approve,
            Answer::No => false,
            Answer::Maybe => !self.auto_approve,
            Answer::Yes => true,
        }
    }
}

impl Selector {
    /// Whether it selects an action.
    #[must_use]
    pub fn selects(&self, item: &Item, meaning: &Meaning, facts: &Facts<'_>) -> Answer {
        let Self {
            actions,
            types,
            addresses,
            providers,
            tags,
            workspaces,
            risks,
            policies,
            deletes_above,
            actions_above,
            cost_above,
        } = self;
        let globs = |globs: &[super::Glob], text: &str| {
            globs.is_empty() || globs.iter().any(|glob| glob.matches(text))
        };
        // One of them is enough for a gate that asks for something; one that only lets pass needs all.
        let places = |wanted: &[super::Glob], texts: &[EcoString]| {
            let fitting = texts.iter().filter(|text| globs(wanted, text)).count();
            match fitting {
                0 => Answer::of(wanted.is_empty()),
                all if all == texts.len() => Answer::Yes,
                _ => Answer::Maybe,
            }
        };
        let above = |bound: Option<u64>, found: usize| {
            bound.is_none_or(|bound| u64::try_from(found).unwrap_or(u64::MAX) > bound)
        };
        let by_action = actions.is_empty()
            || actions
                .iter()
                .any(|action| item.actions.iter().any(|name| name == action));
        let by_policy = policies.is_empty()
            || facts.policies.about(&item.addresses).any(|result| {
                policies
                    .iter()
                    .any(|glob| glob.matches(&result.rule) || glob.matches(result.level.name()))
            });
        let plain = by_action
            && by_policy
            && globs(providers, &item.provider)
            && globs(workspaces, &facts.place.workspace)
            && (risks.is_empty() || risks.contains(&item.risk.class))
            && above(*deletes_above, meaning.deletes)
            && above(*actions_above, meaning.items.len());
        if !plain {
            return Answer::No;
        }
        let by_cost = cost_above.map_or(Answer::Yes, |bound| facts.cost_is_above(bound));
        by_tags(tags, &item.tags)
            .min(by_cost)
            .min(places(types, &item.types))
            .min(places(addresses, &item.addresses))
    }
}

/// Whether an object has tags, as it is stored, before and after.
fn by_tags(wanted: &[(EcoString, super::Glob)], tags: &[Tags; 3]) -> Answer {
    if wanted.is_empty() {
        return Answer::Yes;
    }
    let has = |tags: &Tags| match tags {
        Tags::Absent => None,
        Tags::Known(known, others) => {
            let each = wanted.iter().map(|(name, glob)| match known.get(name) {
                Some(value) => Answer::of(glob.matches(value)),
                None if *others => Answer::Maybe,
                None => Answer::No,
            });
            each.min()
        }
    };
    let mut answers = tags.iter().filter_map(has);
    let Some(first) = answers.next() else {
        return Answer::No;
    };
    // A tag that is being changed does not get around a gate.
    if answers.all(|answer| answer == first) {
        first
    } else {
        Answer::Maybe
    }
}
