//! What happens while installing, told as it happens.

use crate::ui::Ui;
use std::pin::pin;
use std::sync::Arc;
use terrane_install::install::{Event, Say};
use tokio::sync::mpsc::unbounded_channel;

/// Does something and tells the user what it says meanwhile.
pub(super) async fn listening<T, F: Future<Output = T>>(
    ui: &mut dyn Ui,
    work: impl FnOnce(Say) -> F,
) -> T {
    let (sender, mut events) = unbounded_channel::<Event>();
    // Nobody listens any more only when nobody has anything to say.
    let say: Say = Arc::new(move |event| drop(sender.send(event)));
    let mut work = pin!(work(say));
    let result = loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => ui.installing(&event),
            result = &mut work => break result,
        }
    };
    while let Ok(event) = events.try_recv() {
        ui.installing(&event);
    }
    ui.installed();
    result
}
