//! The store against a real server: one for all tests, a database for each.

mod audit;
mod conformance;
mod crash;
mod cut;
mod leases;
mod maintain;
mod merging;
mod peer;
mod samples;
mod schedules;
mod sealing;
mod setup;
mod stopped;
mod tls;

use crate::client::{Connector, Trouble};
use crate::conn_str::connector;
use crate::runtime::wait_for;
use crate::testing::Server;
use crate::{Layout, open};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_store::StateStore;
use terrane_store::backend::Surroundings;
use terrane_store::seal::{Plain, Seal};
use terrane_value::{Type, Value};

/// A database of its own on the shared server.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) server: &'static Server,
    pub(crate) database: String,
    pub(crate) layout: Layout,
    connector: Connector,
}

impl Place {
    pub(crate) fn new(layout: Layout) -> Self {
        let server = Server::shared();
        let database = server.database();
        let connector = connector(&server.conn_str(&database), &|_| None).unwrap();
        Self {
            server,
            database,
            layout,
            connector,
        }
    }

    pub(crate) fn conn_str(&self) -> String {
        self.server.conn_str(&self.database)
    }

    /// A store in it, as another process would make it.
    pub(crate) fn store(&self) -> Arc<dyn StateStore> {
        self.store_at(&self.conn_str())
    }

    pub(crate) fn store_at(&self, conn_str: &str) -> Arc<dyn StateStore> {
        store(conn_str, self.layout)
    }

    pub(crate) fn sealed_store(&self, conn_str: &str, seal: Arc<dyn Seal>) -> Arc<dyn StateStore> {
        sealed(conn_str, self.layout, seal)
    }

    /// Runs a statement over a connection that is kept, quicker than [`Place::psql`].
    pub(crate) fn execute(&self, statement: &'static str) {
        let connector = self.connector.clone();
        wait_for(async move {
            let mut link = connector.connect_or_say().await?;
            let done = sqlx::query(statement).execute(&mut link.db).await;
            done.map_err(|error| Trouble::from(error).while_doing("a statement of a test"))?;
            connector.put_back(link).await;
            Ok(())
        })
        .unwrap();
    }

    pub(crate) fn psql(&self, statements: &str) -> String {
        self.server.psql(&self.database, statements)
    }
}

/// A store of this layout.
pub(crate) fn store(conn_str: &str, layout: Layout) -> Arc<dyn StateStore> {
    sealed(conn_str, layout, Arc::new(Plain))
}

fn sealed(conn_str: &str, layout: Layout, seal: Arc<dyn Seal>) -> Arc<dyn StateStore> {
    let layout = match layout {
        Layout::States => Value::null(Type::String),
        Layout::Rows => Value::string("rows"),
    };
    let config = Value::object([("conn_str", Value::string(conn_str)), ("layout", layout)]);
    let surroundings = Surroundings::new(BTreeMap::new(), "/nowhere");
    open("pg", &config, &surroundings, seal).unwrap()
}
