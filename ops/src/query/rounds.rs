//! Blocks that refer to others are asked after them: round by round.

use super::{Listing, ask, listing, write};
use crate::console::scope::World;
use crate::drive::Pool;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::load::Loaded;
use crate::ui::Ui;
use std::collections::BTreeSet;
use terrane_lang::diagnostic::Diagnostics;

/// What all rounds share.
pub(super) struct Rounds<'r> {
    /// What has a value; each round adds what it found.
    pub(super) world: World<'r>,
    pub(super) loaded: &'r Loaded,
    /// Whether configuration is written.
    pub(super) generating: bool,
    /// What was told already, and what is told now.
    pub(super) diagnostics: &'r mut Diagnostics,
}

impl Rounds<'_> {
    /// Asks all blocks: what they found, in the order of the blocks. `None`: some can't be asked, which was told. After a round that a provider
    /// refused, no other one follows.
    pub(super) async fn ask(
        mut self,
        pool: &mut Pool,
        interrupt: &Interrupt,
        ui: &mut dyn Ui,
    ) -> Result<Option<Vec<Listing>>, Failure> {
        let loaded = self.loaded;
        let rounds = match listing::rounds(&loaded.config) {
            Ok(rounds) if !self.diagnostics.has_errors() => rounds,
            Ok(_) => return Ok(None),
            Err(found) => {
                self.diagnostics.extend(found);
                return Ok(None);
            }
        };
        let mut configured = BTreeSet::new();
        let mut taken = write::taken(&loaded.config);
        let mut listings = Vec::new();
        for round in rounds {
            let prepared = match listing::prepare(&self.world, &round, self.generating) {
                Ok(prepared) => prepared,
                Err(found) => {
                    self.diagnostics.extend(found);
                    return Ok(None);
                }
            };
            let known = (interrupt, &mut configured);
            let answers = ask::ask(&prepared, loaded, pool, known, ui).await?;
            let broken = answers.diagnostics.has_errors();
            self.diagnostics.extend(answers.diagnostics);
            let values = write::values(&prepared, &answers.found, loaded, &round);
            self.world.found.extend(values);
            let lists = prepared.listings.iter().map(|asked| asked.list);
            let more = write::listings(
                &prepared,
                answers.found,
                loaded,
                self.generating,
                &mut taken,
            );
            listings.extend(lists.zip(more));
            if broken {
                break;
            }
        }
        listings.sort_by_key(|(list, _)| *list);
        Ok(Some(
            listings.into_iter().map(|(_, listing)| listing).collect(),
        ))
    }
}
