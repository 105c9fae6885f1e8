//! The kinds of backends: which there are, what arguments they take, and how a store is opened. Others have reasons why they are not there.

use crate::rules;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::syntax::suggest::suggestion;
use terrane_model::schema::Block;
use terrane_store::StateStore;
use terrane_store::backend::{ConfigError, Surroundings};
use terrane_store::seal::Seal;
use terrane_value::Value;

/// One kind of backend.
pub trait Kind: Send + Sync + std::fmt::Debug {
    /// Its arguments.
    fn schema(&self) -> Arc<Block>;

    /// Opens a store. `config` is an object of the schema's implied type. Nothing is read or written yet, where that can be.
    ///
    /// # Errors
    /// When the arguments make no sense, alone or together with the environment.
    fn open(
        &self,
        config: &Value,
        around: &Surroundings,
        seal: Arc<dyn Seal>,
    ) -> Result<Arc<dyn StateStore>, OpenError>;
}

/// Why a store can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    /// The argument that is to blame, if one is.
    pub argument: Option<String>,
    /// What is wrong, as a sentence.
    pub message: String,
}

/// A kind of a crate of stores.
struct BuiltIn {
    name: &'static str,
    schema: Arc<Block>,
    open: OpenStore,
}

/// How these crates open a store.
type OpenStore =
    fn(&str, &Value, &Surroundings, Arc<dyn Seal>) -> Result<Arc<dyn StateStore>, ConfigError>;

impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BuiltIn").field(&self.name).finish()
    }
}

impl Kind for BuiltIn {
    fn schema(&self) -> Arc<Block> {
        self.schema.clone()
    }

    fn open(
        &self,
        config: &Value,
        around: &Surroundings,
        seal: Arc<dyn Seal>,
    ) -> Result<Arc<dyn StateStore>, OpenError> {
        (self.open)(self.name, config, around, seal).map_err(|error| {
            let argument = error.path.to_string();
            let argument = argument.trim_start_matches('.');
            OpenError {
                argument: (!argument.is_empty()).then(|| argument.to_owned()),
                message: error.message,
            }
        })
    }
}

/// All kinds, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    kinds: BTreeMap<String, Arc<dyn Kind>>,
}

/// Kinds that the peers had and took out.
const REMOVED: &[&str] = &["artifactory", "etcd", "etcdv3", "manta", "swift"];
/// Kinds that the peers have and that are not here.
const ELSEWHERE: &[&str] = &[
    "azurerm",
    "consul",
    "cos",
    "gcs",
    "inmem",
    "kubernetes",
    "oci",
    "oss",
];

impl Catalog {
    /// What is part of this program.
    #[must_use]
    pub fn built_in() -> Self {
        type Crate = (
            &'static [&'static str],
            fn(&str) -> Option<Arc<Block>>,
            OpenStore,
        );
        let crates: [Crate; 2] = [
            (
                terrane_store_remote::kinds(),
                terrane_store_remote::schema,
                terrane_store_remote::open,
            ),
            (
                terrane_store_pg::kinds(),
                terrane_store_pg::schema,
                terrane_store_pg::open,
            ),
        ];
        let mut all = Self::default();
        for (names, schema, open) in crates {
            for name in names {
                if let Some(schema) = schema(name) {
                    all = all.with(name, Arc::new(BuiltIn { name, schema, open }));
                }
            }
        }
        all
    }

    /// With one more kind.
    #[must_use]
    pub fn with(mut self, name: &str, kind: Arc<dyn Kind>) -> Self {
        self.kinds.insert(name.to_owned(), kind);
        self
    }

    /// The kind of this name.
    ///
    /// # Errors
    /// When there is none: why, and what to do instead.
    pub fn find(&self, name: &str) -> Result<&Arc<dyn Kind>, Box<Diagnostic>> {
        match self.kinds.get(name) {
            Some(kind) => Ok(kind),
            None => Err(Box::new(self.unavailable(name))),
        }
    }

    /// Names, for messages.
    fn names(&self) -> String {
        let names: Vec<String> = self.kinds.keys().map(|name| format!("{name:?}")).collect();
        names.join(", ")
    }

    fn unavailable(&self, name: &str) -> Diagnostic {
        let way_out = format!(
            "use one of {}, or take the block out to keep the state beside the configuration",
            self.names()
        );
        if REMOVED.contains(&name) {
            return Diagnostic::error(
                &rules::backend::UNSUPPORTED_TYPE,
                format!("The backend {name:?} was taken out of Terraform 1.3, and terrane does not have it either. A version of Terraform before 1.3 can still read such a state: migrate it with that one to a backend that all have, such as \"local\" or \"s3\"."),
            )
            .hint(way_out);
        }
        match name {
            "azure" => Diagnostic::error(
                &rules::backend::UNSUPPORTED_TYPE,
                "The backend \"azure\" was renamed to \"azurerm\" long ago, which terrane does not have yet.",
            )
            .hint(way_out),
            "remote" | "cloud" => not_a_store(name),
            _ if ELSEWHERE.contains(&name) => Diagnostic::error(
                &rules::backend::UNSUPPORTED_TYPE,
                format!("The backend {name:?} is not available in terrane yet. To bring its state here, migrate it with the program that you used so far to a backend that both have."),
            )
            .hint(way_out),
            _ => {
                let near = suggestion(name, self.kinds.keys().map(String::as_str))
                    .map(|near| format!(" Did you mean {near:?}?"))
                    .unwrap_or_default();
                Diagnostic::error(
                    &rules::backend::UNSUPPORTED_TYPE,
                    format!("There is no backend type named {name:?}.{near}"),
                )
                .hint(way_out)
            }
        }
    }
}

/// What is said of `cloud` blocks and of the backend `remote`: both stand for a service that also runs plans.
fn not_a_store(name: &str) -> Diagnostic {
    let what = if name == "cloud" {
        "A `cloud` block"
    } else {
        "The backend \"remote\""
    };
    Diagnostic::error(
        &rules::backend::UNSUPPORTED_TYPE,
        format!("{what} hands runs and state to HCP Terraform or Terraform Enterprise, which terrane does not work with. To work here with that state, fetch it (`terraform state pull > state.tfstate`), replace the block by a backend or by nothing, run `terrane init`, and then `terrane state push state.tfstate`."),
    )
    .hint("take the block out, or put it into a file that only the other program reads: a .tf file is left alone where a .tofu file of the same name stands beside it")
}
