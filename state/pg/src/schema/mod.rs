//! The tables, and how they come into being.

use crate::client::{Link, Trouble, within};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use terrane_store::StoreError;

/// The format of the tables that this terrane writes. It migrates all earlier ones.
pub(crate) const FORMAT: i64 = 1;
/// What leads from each format to the next.
const STEPS: &[&str] = &[include_str!("v1.sql")];
/// Building an index on a large table takes its time.
const PATIENCE: Duration = Duration::from_secs(600);

/// Names, quoted where they need it, and what must not be created.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The schema, as it was given.
    pub(crate) schema: String,
    /// The table of the peers, as it was given.
    pub(crate) table: String,
    /// Its index.
    pub(crate) index: String,
    pub(crate) skip_schema: bool,
    pub(crate) skip_table: bool,
    pub(crate) skip_index: bool,
    /// Whether the tables were found to be there and of this format. They do not go back.
    pub(crate) ready: Arc<AtomicBool>,
}

/// A name as it stands in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Names {
    /// A statement with the names put in: `{s}` for the schema, `{t}` for the table of the peers with its schema.
    pub(crate) fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        let schema = quoted(&self.schema);
        let table = format!("{schema}.{}", quoted(&self.table));
        AssertSqlSafe(text.replace("{s}", &schema).replace("{t}", &table))
    }

    /// The version of the tables; `None`: there are none.
    pub(crate) async fn version(&self, link: &mut Link) -> Result<Option<i64>, Trouble> {
        let found = sqlx::query(self.sql("SELECT max(version) FROM {s}.terrane_format"))
            .fetch_one(&mut link.db)
            .await
            .map_err(Trouble::from);
        match found {
            Ok(row) => Ok(row.try_get(0)?),
            Err(trouble) if trouble.is("42P01") || trouble.is("3F000") => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether the tables are there. What a later version made is refused.
    pub(crate) async fn is_there(&self, link: &mut Link) -> Result<bool, Trouble> {
        let version = self.version(link).await?;
        self.check(version)?;
        Ok(version == Some(FORMAT))
    }

    fn check(&self, version: Option<i64>) -> Result<(), StoreError> {
        match version {
            Some(found) if found > FORMAT => Err(StoreError::TooNew {
                what: format!("the schema {:?} of the database", self.schema),
                found: found.unsigned_abs(),
                known: FORMAT.unsigned_abs(),
            }),
            _ => Ok(()),
        }
    }

    /// Makes what is missing, and brings what is old up to date.
    ///
    /// Two who start at once wait for each other: all is done in one transaction that holds a lock of the schema.
    pub(crate) async fn prepare(&self, link: &mut Link, with_peers: bool) -> Result<(), Trouble> {
        if self.ready.load(Ordering::Relaxed) {
            return Ok(());
        }
        let ready = self.is_there(link).await?;
        if ready && (!with_peers || self.peers_are_there(link).await?) {
            self.ready.store(true, Ordering::Relaxed);
            return Ok(());
        }
        if link.is_standby {
            return Err(Trouble::Refused {
                code: "25006".to_owned(),
                message: "the tables of terrane are not there".to_owned(),
            });
        }
        within(PATIENCE, async {
            let mut transaction = link.db.begin().await?;
            // Two numbers: the peers' locks have one, so they never meet.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtext('terrane'), hashtext($1))")
                .bind(&self.schema)
                .execute(&mut *transaction)
                .await?;
            for statement in self.missing(with_peers, &mut transaction).await? {
                sqlx::raw_sql(self.sql(&statement))
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn peers_are_there(&self, link: &mut Link) -> Result<bool, Trouble> {
        let exists: bool = sqlx::query("SELECT to_regclass($1) IS NOT NULL")
            .bind(format!("{}.{}", quoted(&self.schema), quoted(&self.table)))
            .fetch_one(&mut link.db)
            .await?
            .try_get(0)?;
        Ok(exists)
    }

    fn index(&self) -> String {
        format!(
            "CREATE UNIQUE INDEX IF NOT EXISTS {} ON {{t}} (name)",
            quoted(&self.index)
        )
    }

    async fn missing(
        &self,
        with_peers: bool,
        db: &mut sqlx::PgConnection,
    ) -> Result<Vec<String>, Trouble> {
        let mut statements = Vec::new();
        let row = sqlx::query(
            "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($2) IS NOT NULL, to_regclass($3) IS NOT NULL",
        )
        .bind(quoted(&self.schema))
        .bind(format!("{}.{}", quoted(&self.schema), quoted(&self.table)))
        .bind(format!("{}.terrane_format", quoted(&self.schema)))
        .fetch_one(&mut *db)
        .await?;
        let (schema, table, format): (bool, bool, bool) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if !schema && !self.skip_schema {
            statements.push("CREATE SCHEMA {s}".to_owned());
        }
        if with_peers && !table {
            if !self.skip_table {
                statements.push(PEERS.to_owned());
            }
            if !self.skip_index {
                statements.push(self.index());
            }
        }
        let version: i64 = if format {
            sqlx::query(self.sql("SELECT COALESCE(max(version), 0) FROM {s}.terrane_format"))
                .fetch_one(db)
                .await?
                .try_get(0)?
        } else {
            statements.push(MARKER.to_owned());
            0
        };
        self.check(Some(version))?;
        let done = usize::try_from(version).unwrap_or_default();
        for (step, number) in STEPS.iter().zip(1..).skip(done) {
            statements.push((*step).to_owned());
            statements.push(format!(
                "INSERT INTO {{s}}.terrane_format (version) VALUES ({number})"
            ));
        }
        Ok(statements)
    }
}

/// The table that says which format the others have.
const MARKER: &str = "CREATE TABLE {s}.terrane_format (version bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())";

/// The table of the peers, as they make it.
const PEERS: &str = "CREATE SEQUENCE IF NOT EXISTS public.global_states_id_seq AS bigint;
CREATE TABLE IF NOT EXISTS {t} (
    id bigint NOT NULL DEFAULT nextval('public.global_states_id_seq') PRIMARY KEY,
    name text UNIQUE,
    data text
)";

/// All that an administrator runs where terrane may not create tables itself; then the `skip_…_creation` arguments are set.
#[must_use]
pub fn statements(schema: &str, table: &str, index: &str) -> String {
    let names = Names {
        schema: schema.to_owned(),
        table: table.to_owned(),
        index: index.to_owned(),
        skip_schema: false,
        skip_table: false,
        skip_index: false,
        ready: Arc::default(),
    };
    let mut all = vec![
        "CREATE SCHEMA IF NOT EXISTS {s};\n".to_owned(),
        format!("{PEERS};\n{};\n{MARKER};\n", names.index()),
    ];
    for (step, number) in STEPS.iter().zip(1..) {
        all.push((*step).to_owned());
        all.push(format!(
            "INSERT INTO {{s}}.terrane_format (version) VALUES ({number});\n"
        ));
    }
    all.push(format!("{};\n", crate::audit::TABLES));
    names.sql(&all.concat()).0
}
