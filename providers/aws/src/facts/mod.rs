//! What is known of the types of the AWS provider: attributes, blocks, and how changes of them are planned.
//!
//! The facts of all types are in `types.bin`, written by `cargo run -p xtask -- aws-schemas`. A command uses a few dozen of 2,329 types: the index is read
//! at once, a type with its neighbours (some 48 KiB of text) when it is asked for.

use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, LazyLock, OnceLock};

mod schema;

#[cfg(test)]
pub(crate) use schema::block_type;
pub(crate) use schema::provider_schema;

static PACKED: &[u8] = include_bytes!("types.bin");
static BOOK: LazyLock<Book> = LazyLock::new(|| Book::open(PACKED));

/// What a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A managed resource.
    Resource,
    /// A data source.
    Data,
    /// An ephemeral resource.
    Ephemeral,
    /// The provider's own configuration.
    Provider,
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "resource" => Self::Resource,
            "data" => Self::Data,
            "ephemeral" => Self::Ephemeral,
            "provider" => Self::Provider,
            _ => return None,
        })
    }
}

/// Facts of one type.
#[derive(Debug, Default)]
pub struct TypeFacts {
    /// What is not of an attribute.
    pub about: About,
    /// What is in it.
    pub block: BlockFacts,
}

/// Facts of a type beside its attributes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct About {
    /// Version of the stored form.
    pub schema_version: u64,
    /// For people: `VPC`.
    pub human_name: String,
    /// How it deals with regions.
    region: String,
    /// What it is built on.
    sdk: String,
    /// `create`, `update`, `delete`, `read`: seconds.
    pub timeouts: BTreeMap<String, u64>,
    /// Codes of errors that mean: there is no such object.
    pub not_found_errors: Vec<String>,
}

impl About {
    /// Whether it is in no region.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.region.starts_with("global")
    }

    /// Whether it is built on what takes an empty text for none, where the provider may decide.
    #[must_use]
    pub fn empty_is_none(&self) -> bool {
        self.sdk == "sdk"
    }
}

/// Facts of a block (or of a whole type).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BlockFacts {
    /// By name.
    pub attributes: BTreeMap<String, AttributeFacts>,
    /// By name.
    pub blocks: BTreeMap<String, Self>,
    /// `list`, `set`, `single`.
    pub nesting_mode: String,
    /// Fewest.
    pub min_items: u64,
    /// Most; 0: no bound.
    pub max_items: u64,
    /// The provider may set it where the configuration has none.
    pub computed: bool,
    force_new: Option<Json>,
    diff_suppress: Option<String>,
    /// Rules about other arguments.
    #[serde(flatten)]
    pub relations: Relations,
}

/// Which arguments go together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Relations {
    /// Not with these.
    pub conflicts_with: Vec<String>,
    /// One of these.
    pub exactly_one_of: Vec<String>,
    /// At least one of these.
    pub at_least_one_of: Vec<String>,
    /// Only with these.
    pub required_with: Vec<String>,
}

/// Facts of an attribute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags of schemas are what they are"
)]
pub struct AttributeFacts {
    #[serde(rename = "type")]
    ty: Json,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// Never shown.
    pub sensitive: bool,
    /// Never stored.
    pub write_only: bool,
    deprecated: Option<Json>,
    /// What it is where the configuration says nothing.
    pub default: Option<Json>,
    force_new: Option<Json>,
    /// In objects of an attribute: what their attributes are by default.
    pub nested_defaults: BTreeMap<String, Json>,
    diff_suppress: Option<String>,
    state_func: Option<String>,
    /// How it is checked, in the words of the source.
    pub validate: Option<String>,
    /// Most elements; 0: no bound.
    pub max_items: u64,
    /// Written as blocks, stored as an attribute.
    pub attr_as_block: bool,
    /// Rules about other arguments.
    #[serde(flatten)]
    pub relations: Relations,
}

/// When two values of an attribute are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// When they are equal.
    Equal,
    /// When they mean the same JSON.
    Json,
    /// When they mean the same IAM policy.
    Policy,
    /// When they differ in case only.
    Case,
}

impl AttributeFacts {
    /// Whether a change of it needs a new object.
    #[must_use]
    pub fn replaces(&self) -> bool {
        replaces(self.force_new.as_ref())
    }

    /// When two values of it are the same.
    #[must_use]
    pub fn sameness(&self) -> Sameness {
        let rule = self.diff_suppress.as_deref().unwrap_or_default();
        let state = self.state_func.as_deref().unwrap_or_default();
        if rule.contains("EquivalentIAMPolicyDocuments") || rule.contains("EquivalentPolicyDiffs") {
            Sameness::Policy
        } else if rule.contains("EquivalentJSON")
            || state.to_ascii_lowercase().contains("normalizejson")
        {
            Sameness::Json
        } else if rule.contains("CaseInsensitive")
            || state.contains("ToUpper")
            || state.contains("ToLower")
        {
            Sameness::Case
        } else {
            Sameness::Equal
        }
    }
}

impl BlockFacts {
    /// Whether what is there stays where the configuration does not write the block.
    #[must_use]
    pub fn keeps(&self) -> bool {
        let rule = self.diff_suppress.as_deref().unwrap_or_default();
        rule.contains("SuppressMissingOptionalConfigurationBlock")
    }

    /// Whether a change of it needs a new object.
    #[must_use]
    pub fn replaces(&self) -> bool {
        replaces(self.force_new.as_ref())
    }

    /// Whether the elements of a list are within it: `cookies { items = [...] }`.
    #[must_use]
    pub(crate) fn has_items(&self) -> bool {
        self.attributes.contains_key("items") || self.blocks.contains_key("items")
    }
}

fn replaces(force_new: Option<&Json>) -> bool {
    match force_new {
        Some(Json::Bool(replaces)) => *replaces,
        Some(Json::String(when)) => when == "if_configured",
        _ => false,
    }
}

/// The facts of a type, if there is one of this kind and name.
#[must_use]
pub fn of(kind: Kind, name: &str) -> Option<Arc<TypeFacts>> {
    BOOK.get(kind, name)
}

/// The names of all types of a kind, in order.
pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    BOOK.entries
        .iter()
        .filter(move |((of, _), _)| *of == kind)
        .map(|((_, name), _)| name.as_str())
}

/// The unpacked index.
#[derive(Debug)]
struct Book {
    entries: BTreeMap<(Kind, String), Entry>,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Entry {
    chunk: usize,
    start: usize,
    length: usize,
    facts: OnceLock<Arc<TypeFacts>>,
}

#[derive(Debug)]
struct Chunk {
    packed: &'static [u8],
    text: OnceLock<String>,
}

impl Book {
    /// A file that is not as it should be has no types: the tests of this module would see it.
    fn open(file: &'static [u8]) -> Self {
        let empty = Self {
            entries: BTreeMap::new(),
            chunks: Vec::new(),
        };
        let parts = file.strip_prefix(b"TAWS1").and_then(|rest| {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
        });
        let Some((index, chunks)) = parts else {
            return empty;
        };
        let mut book = empty;
        for line in unpack(index).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
            match words.as_slice() {
                ["chunk", ..] => {
                    let (Some(start), Some(length)) = (number(2), number(3)) else {
                        continue;
                    };
                    book.chunks.push(Chunk {
                        packed: chunks.get(start..start + length).unwrap_or_default(),
                        text: OnceLock::new(),
                    });
                }
                [kind, name, ..] => {
                    let (Some(kind), Some(chunk), Some(start), Some(length)) =
                        (Kind::parse(kind), number(2), number(3), number(4))
                    else {
                        continue;
                    };
                    let entry = Entry {
                        chunk,
                        start,
                        length,
                        facts: OnceLock::new(),
                    };
                    book.entries.insert((kind, (*name).to_owned()), entry);
                }
                _ => {}
            }
        }
        book
    }

    fn get(&self, kind: Kind, name: &str) -> Option<Arc<TypeFacts>> {
        let entry = self.entries.get(&(kind, name.to_owned()))?;
        let facts = entry.facts.get_or_init(|| {
            let chunk = self.chunks.get(entry.chunk);
            let text = chunk.map_or("", |chunk| chunk.text.get_or_init(|| unpack(chunk.packed)));
            let text = text
                .get(entry.start..entry.start + entry.length)
                .unwrap_or_default();
            Arc::new(TypeFacts {
                about: serde_json::from_str(text).unwrap_or_default(),
                block: serde_json::from_str(text).unwrap_or_default(),
            })
        });
        Some(facts.clone())
    }
}

fn unpack(packed: &[u8]) -> String {
    let mut text = String::new();
    match ZlibDecoder::new(packed).read_to_string(&mut text) {
        Ok(_) => text,
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_can_be_read() {
        let count = |kind| names(kind).count();
        assert_eq!(count(Kind::Resource), 1657);
        assert_eq!(count(Kind::Data), 662);
        assert_eq!(count(Kind::Ephemeral), 10);
        assert_eq!(count(Kind::Provider), 1);
        for kind in [Kind::Resource, Kind::Data, Kind::Ephemeral, Kind::Provider] {
            for name in names(kind) {
                let facts = of(kind, name).unwrap();
                assert!(!facts.block.attributes.is_empty(), "{name}");
                let schema = block_type(&facts.block);
                assert_eq!(
                    schema.attributes.len() + schema.blocks.len(),
                    facts.block.attributes.len() + facts.block.blocks.len(),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn facts_are_those_of_the_source() {
        let queue = of(Kind::Resource, "aws_sqs_queue").unwrap();
        let attribute = |name: &str| &queue.block.attributes[name];
        assert!(attribute("fifo_queue").replaces());
        assert_eq!(attribute("policy").sameness(), Sameness::Policy);
        assert_eq!(attribute("redrive_policy").sameness(), Sameness::Json);
        assert_eq!(attribute("delay_seconds").default, Some(Json::from(0)));
        assert_eq!(
            attribute("name").relations.conflicts_with,
            vec!["name_prefix".to_owned()]
        );
        assert_eq!(queue.about.timeouts["create"], 180);
        assert!(!queue.about.is_global());
        assert!(
            of(Kind::Resource, "aws_iam_role")
                .unwrap()
                .about
                .is_global()
        );
        assert!(of(Kind::Resource, "aws_nothing").is_none());
    }

    #[test]
    fn only_what_is_asked_for_is_read() {
        let schema = provider_schema();
        assert_eq!(schema.resources.len(), 1657);
        assert_eq!(schema.resources.ready(), 0);
        assert_eq!(schema.resources["aws_vpc"].version, 1);
        assert_eq!(schema.resources.ready(), 1);
    }
}
