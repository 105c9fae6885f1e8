//! Installing of providers as people see it: a line per event, and on a terminal a bar per download.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use terrane_ops::install::{Event, Trust};
use terrane_ops::model::addr::ProviderAddr;

/// Bars of downloads that go on.
#[derive(Debug, Default)]
pub(super) struct Downloads {
    all: Option<MultiProgress>,
    bars: BTreeMap<ProviderAddr, ProgressBar>,
}

impl Downloads {
    /// Draws how far a download is.
    pub(super) fn progress(&mut self, addr: &ProviderAddr, bytes: u64, total: Option<u64>) {
        let all = self.all.get_or_insert_with(|| {
            MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10))
        });
        let bar = self.bars.entry(addr.clone()).or_insert_with(|| {
            let bar = all.add(ProgressBar::new(0));
            let style = ProgressStyle::with_template(
                "  {msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}",
            );
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(addr.for_display());
            bar
        });
        bar.set_length(total.unwrap_or(bytes));
        bar.set_position(bytes);
    }

    /// A download is over.
    pub(super) fn done(&mut self, addr: &ProviderAddr) {
        if let Some(bar) = self.bars.remove(addr) {
            bar.finish_and_clear();
        }
    }

    /// Does something that writes to the terminal, the bars out of the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.all {
            Some(all) => all.suspend(write),
            None => write(),
        }
    }

    /// All is over.
    pub(super) fn clear(&mut self) {
        for (_, bar) in std::mem::take(&mut self.bars) {
            bar.finish_and_clear();
        }
        self.all = None;
    }
}

/// What an event means; `None`: it is only for bars.
pub(super) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Finding { addr, constraints } if constraints.is_empty() => {
            format!("- Finding latest version of {}...", addr.for_display())
        }
        Event::Finding { addr, constraints } => format!(
            "- Finding {} versions matching \"{constraints}\"...",
            addr.for_display()
        ),
        Event::Reusing { addr } => format!(
            "- Reusing previous version of {} from the dependency lock file",
            addr.for_display()
        ),
        Event::Using { addr, version } => {
            format!(
                "- Using previously-installed {} v{version}",
                addr.for_display()
            )
        }
        Event::Cached { addr, version } => format!(
            "- Using {} v{version} from the shared cache directory",
            addr.for_display()
        ),
        Event::Installing { addr, version } => {
            format!("- Installing {} v{version}...", addr.for_display())
        }
        Event::Installed {
            addr,
            version,
            trust,
        } => format!(
            "- Installed {} v{version} ({})",
            addr.for_display(),
            trusted(trust)
        ),
        Event::Progress { .. } => return None,
    })
}

/// What the checksums of a package rest on.
pub(crate) fn trusted(trust: &Trust) -> String {
    match trust {
        Trust::Nothing => String::from("unauthenticated"),
        Trust::Checksum => String::from("verified checksum"),
        Trust::Signed {
            key,
            expired: false,
        } => format!("signed, key ID {key}"),
        Trust::Signed { key, expired: true } => {
            format!("signed, key ID {key}, which has expired")
        }
    }
}
