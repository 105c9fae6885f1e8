//! Connections, and what their errors mean.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use terrane_model::with_causes;
use terrane_store::StoreError;

/// The oldest server that has what the schema needs: procedures that commit, and `sha256`.
const OLDEST: i32 = 120_000;

/// Makes connections to one database.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    options: PgConnectOptions,
    timeout: Duration,
    place: String,
    /// Connections that nobody uses: a command asks a store several times, and making one costs more than using it.
    idle: Arc<Mutex<Vec<Link>>>,
}

/// So many connections are kept.
const IDLE: usize = 2;

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) db: PgConnection,
    /// The number of the process that serves it.
    pub(crate) pid: i32,
    /// Whether it can only be read from.
    pub(crate) is_standby: bool,
}

/// Why something did not go well.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The connection is gone, or the server did not answer in time. Whether the last statement took effect is not known.
    Lost(String),
    /// Another transaction was in the way; nothing took effect, and trying again can help.
    Again(String),
    /// The server said no; nothing took effect.
    Refused {
        /// The SQLSTATE.
        code: String,
        /// What it said, with detail and hint.
        message: String,
    },
    /// An error of the store, as it is.
    Store(StoreError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default().into_owned();
                let message = error
                    .try_downcast_ref::<PgDatabaseError>()
                    .map_or_else(|| error.message().to_owned(), describe);
                match &*code {
                    "40001" | "40P01" => Self::Again(message),
                    "25P03" | "57P01" | "57P02" | "57P03" | "57P05" => Self::Lost(message),
                    other if other.starts_with("08") => Self::Lost(message),
                    _ => Self::Refused { code, message },
                }
            }
            sqlx::Error::Configuration(error) => Self::Refused {
                code: String::new(),
                message: error.to_string(),
            },
            other => Self::Lost(with_causes(&other)),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn describe(error: &PgDatabaseError) -> String {
    let mut text = error.message().to_owned();
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        text.push_str("; ");
        text.push_str(more);
    }
    text
}

impl Trouble {
    /// Whether trying again, over a new connection where this one is lost, can help.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Again(_))
    }

    /// Whether the server said no with this code.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }

    /// The error, with what was being done.
    pub(crate) fn while_doing(self, doing: impl Into<String>) -> StoreError {
        let problem = match self {
            Self::Store(error) => return error,
            Self::Lost(problem) | Self::Again(problem) => problem,
            Self::Refused { code, message } => match advice(&code) {
                Some(advice) => format!("{message} ({code}); {advice}"),
                None if code.is_empty() => message,
                None => format!("{message} ({code})"),
            },
        };
        StoreError::Io {
            doing: doing.into(),
            source: std::io::Error::other(problem),
        }
    }
}

fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "28000" | "28P01" => "set the user and password in conn_str, or in PGUSER and PGPASSWORD",
        "3D000" => "create the database first, with `createdb`",
        "42501" => {
            "the user lacks a right: let somebody who has it create what is missing (docs/guide/backend-pg.md has the statements), and set the `skip_…_creation` arguments"
        }
        "53300" => {
            "the server has no connection left: raise max_connections, or put a pooler in session mode before it"
        }
        "25006" => "this server can only be read from: connect to the primary",
        _ => return None,
    })
}

impl Connector {
    pub(crate) fn new(options: PgConnectOptions, timeout: Duration, place: String) -> Self {
        Self {
            options,
            timeout,
            place,
            idle: Arc::default(),
        }
    }

    #[cfg(test)]
    pub(crate) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The database, for messages: `states at db.example.com:5432`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Connects.
    pub(crate) async fn connect(&self) -> Result<Link, Trouble> {
        let options = self.options.clone().disable_statement_logging();
        let connecting = async {
            let mut db = options.connect().await?;
            // Whatever the server has as default: what was acknowledged is durable.
            let row = sqlx::query(
                "SELECT pg_backend_pid(), current_setting('server_version_num')::int, pg_is_in_recovery(),
                 CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END",
            )
            .fetch_one(&mut db)
            .await?;
            let version: i32 = row.try_get(1)?;
            if version < OLDEST {
                return Err(Trouble::Store(StoreError::Refused(format!(
                    "the server is PostgreSQL {}; terrane needs {} or later",
                    version / 10_000,
                    OLDEST / 10_000
                ))));
            }
            Ok(Link {
                pid: row.try_get(0)?,
                is_standby: row.try_get(2)?,
                db,
            })
        };
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Err(Trouble::Lost(problem))) if problem.contains("TLS") => Err(Trouble::Refused {
                code: String::new(),
                message: format!(
                    "{problem}; where the way to the server is safe without TLS, add `?sslmode=disable` to conn_str or set PGSSLMODE"
                ),
            }),
            Ok(result) => result,
            Err(_) => Err(Trouble::Lost(format!(
                "no answer within {} seconds",
                self.timeout.as_secs()
            ))),
        }
    }

    /// A connection that was used before and still works, or else a new one. Its session has no locks.
    async fn checkout(&self) -> Result<Link, Trouble> {
        loop {
            let idle = self.idle().pop();
            let Some(mut link) = idle else {
                return self.connect().await;
            };
            let works = within(self.timeout, async { Ok(link.db.ping().await?) }).await;
            if works.is_ok() {
                return Ok(link);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a connection for the next one who needs it.
    pub(crate) async fn put_back(&self, link: Link) {
        let too_many = {
            let mut idle = self.idle();
            if idle.len() < IDLE {
                idle.push(link);
                None
            } else {
                Some(link)
            }
        };
        if let Some(link) = too_many {
            link.close().await;
        }
    }

    /// A connection, for somebody who waits for it.
    pub(crate) async fn connect_or_say(&self) -> Result<Link, StoreError> {
        self.checkout().await.map_err(|trouble| {
            trouble.while_doing(format!("connecting to the database {}", self.place))
        })
    }
}

impl Link {
    /// Ends the session in an orderly way: the server lets go of its locks at once.
    pub(crate) async fn close(self) {
        // When that fails the connection is gone, which is as good.
        drop(tokio::time::timeout(Duration::from_secs(5), self.db.close()).await);
    }
}

/// Bounds the time that the server may take over something.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(Trouble::Lost(format!(
            "no answer within {} seconds",
            limit.as_secs()
        ))),
    }
}
