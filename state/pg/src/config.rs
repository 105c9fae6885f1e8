//! The arguments of `backend "pg"`: those of the peers, and `layout`.

use crate::conn_str;
use crate::schema::Names;
use crate::sealing::Sealing;
use crate::store::{Layout, PgStore};
use std::sync::{Arc, OnceLock};
use terrane_model::schema::{Attribute, Block};
use terrane_store::StateStore;
use terrane_store::backend::{Args, ConfigError, Surroundings};
use terrane_store::seal::Seal;
use terrane_value::Value;

/// The kinds of backend that this crate has.
#[must_use]
pub fn kinds() -> &'static [&'static str] {
    &["pg"]
}

/// The arguments of a kind of backend; `None`: it is not one of [`kinds`].
#[must_use]
pub fn schema(kind: &str) -> Option<Arc<Block>> {
    (kind == "pg").then(arguments)
}

fn arguments() -> Arc<Block> {
    static SCHEMA: OnceLock<Arc<Block>> = OnceLock::new();
    let text = |about: &str| Attribute::string().optional().described(about);
    let flag = |about: &str| Attribute::bool().optional().described(about);
    Arc::clone(SCHEMA.get_or_init(|| {
        Arc::new(
            Block::new()
                .described("The state is in a PostgreSQL database.")
                .attr(
                    "conn_str",
                    text("How to connect: `postgres://user:password@host:port/database?sslmode=…`, or `key=value` words (PG_CONN_STR); what it does not say is taken from the variables of libpq (PGHOST, PGPASSWORD …)")
                        .sensitive(),
                )
                .attr(
                    "schema_name",
                    text("The schema of the tables: `terraform_remote_state`, unless said otherwise (PG_SCHEMA_NAME)"),
                )
                .attr(
                    "skip_schema_creation",
                    flag("Whether the schema is there and must not be created (PG_SKIP_SCHEMA_CREATION)"),
                )
                .attr(
                    "table_name",
                    text("The table of the states: `states`, unless said otherwise (PG_TABLE_NAME)"),
                )
                .attr(
                    "skip_table_creation",
                    flag("Whether the table of the states is there and must not be created (PG_SKIP_TABLE_CREATION)"),
                )
                .attr(
                    "index_name",
                    text("The index of that table: `states_by_name`, unless said otherwise (PG_INDEX_NAME)"),
                )
                .attr(
                    "skip_index_creation",
                    flag("Whether the index is there and must not be created (PG_SKIP_INDEX_CREATION)"),
                )
                .attr(
                    "layout",
                    text("`states`: the table of the states, which Terraform and OpenTofu read and lock too. `rows`: a row per resource instance, which many change at a time; Terraform and OpenTofu do not know this argument. `states`, unless said otherwise"),
                ),
        )
    }))
}

/// Makes a store from the arguments of a `backend` block: an object of the implied type of its schema, wholly known. Arguments that are null are taken from the
/// environment where the peers do that. Connects to nothing.
///
/// # Errors
/// When an argument makes no sense.
pub fn open(
    kind: &str,
    config: &Value,
    surroundings: &Surroundings,
    seal: Arc<dyn Seal>,
) -> Result<Arc<dyn StateStore>, ConfigError> {
    if kind != "pg" {
        return Err(ConfigError::whole(format!(
            "there is no backend of the kind `{kind}`"
        )));
    }
    let env = &surroundings.env;
    let args = Args::new(config, env);
    let text = args.text("conn_str", &["PG_CONN_STR"]).unwrap_or_default();
    let connector = conn_str::connector(text, &|name| env.get(name).cloned())
        .map_err(|problem| ConfigError::at("conn_str", problem))?;
    let layout = match args.text("layout", &[]) {
        None | Some("states") => Layout::States,
        Some("rows") => Layout::Rows,
        Some(other) => {
            return Err(ConfigError::at(
                "layout",
                format!("{other:?} is no layout; there are `states` and `rows`"),
            ));
        }
    };
    Ok(Arc::new(PgStore::new(
        connector,
        names(&args)?,
        Sealing::new(seal),
        layout,
        Arc::clone(&surroundings.say),
    )))
}

fn names(args: &Args<'_>) -> Result<Names, ConfigError> {
    /// PostgreSQL cuts longer names off.
    const LONGEST: usize = 63;
    let text = |name: &str, var: &str, default: &str| {
        args.text(name, &[var]).unwrap_or(default).to_owned()
    };
    let flag = |name: &str, var: &str| Ok(args.flag(name, &[var])?.unwrap_or(false));
    let names = Names {
        schema: text("schema_name", "PG_SCHEMA_NAME", "terraform_remote_state"),
        table: text("table_name", "PG_TABLE_NAME", "states"),
        index: text("index_name", "PG_INDEX_NAME", "states_by_name"),
        skip_schema: flag("skip_schema_creation", "PG_SKIP_SCHEMA_CREATION")?,
        skip_table: flag("skip_table_creation", "PG_SKIP_TABLE_CREATION")?,
        skip_index: flag("skip_index_creation", "PG_SKIP_INDEX_CREATION")?,
        ready: Arc::default(),
    };
    for (argument, name) in [
        ("schema_name", &names.schema),
        ("table_name", &names.table),
        ("index_name", &names.index),
    ] {
        if name.len() > LONGEST || name.contains('\0') {
            return Err(ConfigError::at(
                argument,
                format!(
                    "{name:?} can't be a name in PostgreSQL: it has more than {LONGEST} bytes, or a zero byte"
                ),
            ));
        }
    }
    if names.table.starts_with("terrane_") {
        return Err(ConfigError::at(
            "table_name",
            "names that begin with `terrane_` are those of terrane's own tables",
        ));
    }
    Ok(names)
}
