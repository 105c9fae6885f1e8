//! The arguments of `backend "pg"`: those of the peers, and `layout`.

use crate::schema::Names;
use crate::sealing::Sealing;
use crate::store::{Layout, PgStore};
use crate::target;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use terrane_model::schema::{Attribute, Block};
use terrane_store::StateStore;
use terrane_store::seal::Seal;
use terrane_value::{Path, Value};

/// An argument that is missing or makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// Which argument; empty for the block as a whole.
    pub path: Path,
    /// What is wrong with it.
    pub message: String,
}

fn wrong(name: &str, message: impl Into<String>) -> ConfigError {
    ConfigError {
        path: Path::new().attr(name),
        message: message.into(),
    }
}

/// The arguments of `backend "pg"`.
#[must_use]
pub fn schema() -> Arc<Block> {
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

struct Args<'a> {
    value: &'a Value,
    env: &'a BTreeMap<String, String>,
}

impl<'a> Args<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.value
            .unmarked()
            .get(name)
            .map(Value::unmarked)
            .filter(|value| !value.is_null())
    }

    fn var(&self, name: &str) -> Option<&'a str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    fn text(&self, name: &str, var: &str, default: &str) -> String {
        self.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .or_else(|| self.var(var))
            .unwrap_or(default)
            .to_owned()
    }

    fn flag(&self, name: &str, var: &str) -> Result<bool, ConfigError> {
        if let Some(flag) = self.get(name).and_then(Value::as_bool) {
            return Ok(flag);
        }
        match self.var(var) {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some(text) => Err(wrong(
                name,
                format!(
                    "the environment variable {var} is {text:?}, which is neither `true` nor `false`"
                ),
            )),
        }
    }
}

/// Makes the store of a `backend "pg"` block: `config` is an object of the implied type of [`schema`], wholly known. Arguments that are null are taken from the
/// environment. Connects to nothing.
///
/// # Errors
/// When an argument makes no sense.
pub fn open(
    config: &Value,
    env: &BTreeMap<String, String>,
    seal: Arc<dyn Seal>,
) -> Result<Arc<dyn StateStore>, ConfigError> {
    /// PostgreSQL cuts longer names off.
    const LONGEST: usize = 63;
    let args = Args { value: config, env };
    let conn_str = args.text("conn_str", "PG_CONN_STR", "");
    let connector = target::connector(&conn_str, &|name| env.get(name).cloned())
        .map_err(|problem| wrong("conn_str", problem))?;
    let names = Names {
        schema: args.text("schema_name", "PG_SCHEMA_NAME", "terraform_remote_state"),
        table: args.text("table_name", "PG_TABLE_NAME", "states"),
        index: args.text("index_name", "PG_INDEX_NAME", "states_by_name"),
        skip_schema: args.flag("skip_schema_creation", "PG_SKIP_SCHEMA_CREATION")?,
        skip_table: args.flag("skip_table_creation", "PG_SKIP_TABLE_CREATION")?,
        skip_index: args.flag("skip_index_creation", "PG_SKIP_INDEX_CREATION")?,
    };
    for (argument, name) in [
        ("schema_name", &names.schema),
        ("table_name", &names.table),
        ("index_name", &names.index),
    ] {
        if name.len() > LONGEST || name.contains('\0') {
            return Err(wrong(
                argument,
                format!(
                    "{name:?} can't be a name in PostgreSQL: it has more than {LONGEST} bytes, or a zero byte"
                ),
            ));
        }
    }
    if names.table.starts_with("terrane_") {
        return Err(wrong(
            "table_name",
            "names that begin with `terrane_` are those of terrane's own tables",
        ));
    }
    let layout = match &*args.text("layout", "", "states") {
        "states" => Layout::States,
        "rows" => Layout::Rows,
        other => {
            return Err(wrong(
                "layout",
                format!("{other:?} is no layout; there are `states` and `rows`"),
            ));
        }
    };
    Ok(Arc::new(PgStore::new(
        connector,
        names,
        Sealing::new(seal),
        layout,
    )))
}
