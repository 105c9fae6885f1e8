//! What is said of an apply at its end.

use crate::core::{Core, Counts};
use crate::{Applied, rules};
use terrane_lang::diagnostic::Diagnostic;

impl Core {
    /// Says that a plan of a part may have left something out.
    pub(crate) fn warn_of_parts(&mut self) {
        let option = match (self.plan.targets.is_empty(), self.plan.excludes.is_empty()) {
            (false, _) => "-target",
            (true, false) => "-exclude",
            (true, true) => return,
        };
        let detail = format!(
            "The plan was made with the {option} option, so some changes that the configuration asks for may have been left out, and outputs may not be up to date.\n\n\
             To see what is left to do, run:\n    terrane plan"
        );
        let warning = Diagnostic::warning(&rules::apply::PARTLY_APPLIED, detail);
        self.diagnostics.push(warning);
    }

    pub(crate) fn finish(self) -> Applied {
        let Counts {
            added,
            changed,
            destroyed,
            forgotten,
            imported,
        } = self.counts;
        Applied {
            added,
            changed,
            destroyed,
            imported,
            forgotten,
            diagnostics: self.diagnostics,
            cancelled: self.cancelled,
        }
    }
}
