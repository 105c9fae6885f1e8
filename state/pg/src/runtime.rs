//! The thread that connections live on.
//!
//! A store is asked synchronously, often from within asynchronous code; the client of the database is asynchronous. So futures go to a
//! runtime of their own, and whoever asked waits for the answer as it would wait for a disk.

use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use terrane_store::StoreError;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

fn runtime() -> Result<&'static Runtime, StoreError> {
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("terrane-pg")
                .enable_all()
                .build()
                .map_err(|error| error.to_string())
        })
        .as_ref()
        .map_err(|problem| broken(problem))
}

fn broken(problem: &str) -> StoreError {
    StoreError::Io {
        doing: "starting the thread that talks to PostgreSQL".to_owned(),
        source: std::io::Error::other(problem.to_owned()),
    }
}

/// Runs a future to its end and gives what came of it.
pub(crate) fn wait_for<T: Send + 'static>(
    future: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = sync_channel(1);
    runtime()?.spawn(async move {
        // Nobody waits any more only where the asking thread panicked.
        drop(answer.send(future.await));
    });
    answered
        .recv()
        .unwrap_or_else(|_| Err(broken("it stopped in the middle of a request")))
}

#[cfg(test)]
mod tests {
    use super::wait_for;

    #[test]
    fn waiting_works_inside_and_outside_of_another_runtime() {
        assert_eq!(wait_for(async { Ok(1) }).unwrap(), 1);
        let outer = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert_eq!(
            outer.block_on(async { wait_for(async { Ok(2) }) }).unwrap(),
            2
        );
    }
}
