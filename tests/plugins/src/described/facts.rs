//! Descriptions of schemas, read from JSON: the attributes and blocks of each type, and of each attribute what may be done with it.
//!
//! ```json
//! { "provider": { "attributes": {…}, "blocks": {…} },
//!   "resources": { "cloud_net": { "schema_version": 1, "sdk": "sdk",
//!     "attributes": { "cidr": { "type": "string", "required": true, "force_new": true } },
//!     "blocks": { "route": { "nesting_mode": "list", "max_items": 1, "attributes": {…} } } } },
//!   "data_sources": {…} }
//! ```

use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{Type, Value, json};

/// What is wrong with a description.
pub type Described<T> = Result<T, String>;

/// A type of resource or data source, or the configuration of the provider.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Of the stored form.
    pub version: u64,
    /// Made with the older of the two libraries, whose plans and answers are not held to all rules.
    pub legacy: bool,
    /// What is in it.
    pub content: Content,
}

/// What is in a block.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// By name.
    pub attributes: BTreeMap<String, AttributeFacts>,
    /// By block type.
    pub blocks: BTreeMap<String, BlockFacts>,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct AttributeFacts {
    /// Its schema.
    pub schema: Attribute,
    /// What it is if it is not set.
    pub default: Option<Value>,
    /// A change of it needs a new object.
    pub replaces: bool,
}

/// Nested blocks of one type.
#[derive(Clone, Debug)]
pub struct BlockFacts {
    /// In what they are held.
    pub nesting: Nesting,
    /// Fewest and most; 0: no bound.
    pub bounds: (u64, u64),
    /// If the configuration has none, the provider decides.
    pub computed: bool,
    /// A change of it needs a new object.
    pub replaces: bool,
    /// What is in each.
    pub content: Content,
}

impl Facts {
    /// Reads the description of one type.
    ///
    /// # Errors
    /// A sentence without final period.
    pub fn read(json: &Json) -> Described<Self> {
        Ok(Self {
            version: json["schema_version"].as_u64().unwrap_or(0),
            legacy: json["sdk"] == "sdk",
            content: Content::read(json)?,
        })
    }
}

impl Content {
    fn read(json: &Json) -> Described<Self> {
        let mut content = Self::default();
        for (name, about) in object(&json["attributes"]) {
            let attribute = AttributeFacts::read(about).map_err(|why| format!("{name}: {why}"))?;
            content.attributes.insert(name.clone(), attribute);
        }
        for (name, about) in object(&json["blocks"]) {
            let block = BlockFacts::read(about).map_err(|why| format!("{name}: {why}"))?;
            content.blocks.insert(name.clone(), block);
        }
        Ok(content)
    }

    /// As a schema.
    #[must_use]
    pub fn block(&self) -> Block {
        let with_attributes = self
            .attributes
            .iter()
            .fold(Block::new(), |block, (name, facts)| {
                block.attr(name.as_str(), facts.schema.clone())
            });
        self.blocks
            .iter()
            .fold(with_attributes, |block, (name, facts)| {
                let nested = NestedBlock::new(facts.nesting, facts.content.block())
                    .at_least(facts.bounds.0)
                    .at_most(facts.bounds.1);
                block.block(name.as_str(), nested)
            })
    }

    /// The paths whose change needs a new object, with dots.
    pub fn replacing(&self, prefix: &str, out: &mut Vec<String>) {
        for (name, facts) in &self.attributes {
            if facts.replaces {
                out.push(format!("{prefix}{name}"));
            }
        }
        for (name, facts) in &self.blocks {
            if facts.replaces {
                out.push(format!("{prefix}{name}"));
            } else {
                facts.content.replacing(&format!("{prefix}{name}."), out);
            }
        }
    }
}

impl AttributeFacts {
    fn read(json: &Json) -> Described<Self> {
        let nested = &json["nested_type"];
        let (attribute_type, ty) = if nested.is_null() {
            let ty = read_type(&json["type"])?;
            (AttributeType::Plain(ty.clone()), ty)
        } else {
            let nested = read_nested(nested)?;
            let ty = nested.value_type();
            (AttributeType::Nested(Arc::new(nested)), ty)
        };
        let says = |what: &str| json[what] == true;
        let mut schema = Attribute::new(ty.clone());
        schema.ty = attribute_type;
        schema.required = says("required");
        schema.optional = says("optional");
        schema.computed = says("computed");
        schema.sensitive = says("sensitive");
        schema.write_only = says("write_only");
        schema.deprecated = json["deprecated"].as_str().map(Into::into);
        let default = json.get("default").filter(|_| !schema.computed);
        Ok(Self {
            schema,
            // Some are said in words.
            default: default.and_then(|value| json::decode(&value.to_string(), &ty).ok()),
            replaces: says("force_new"),
        })
    }
}

impl BlockFacts {
    fn read(json: &Json) -> Described<Self> {
        let nesting = read_nesting(json)?;
        let number = |what: &str| json[what].as_u64().unwrap_or(0);
        Ok(Self {
            nesting,
            bounds: (number("min_items"), number("max_items")),
            computed: json["computed"] == true,
            replaces: json["force_new"] == true,
            content: Content::read(json)?,
        })
    }
}

fn read_nesting(json: &Json) -> Described<Nesting> {
    match json["nesting_mode"].as_str() {
        Some("single") => Ok(Nesting::Single),
        Some("group") => Ok(Nesting::Group),
        Some("list") => Ok(Nesting::List),
        Some("set") => Ok(Nesting::Set),
        Some("map") => Ok(Nesting::Map),
        other => Err(format!("there is no nesting {other:?}")),
    }
}

/// `"nested_type": { "nesting_mode": "single", "attributes": {…} }` in place of a type.
fn read_nested(json: &Json) -> Described<NestedObject> {
    let attributes = object(&json["attributes"]).map(|(name, about)| {
        let facts = AttributeFacts::read(about).map_err(|why| format!("{name}: {why}"))?;
        Ok((name.as_str().into(), facts.schema))
    });
    Ok(NestedObject {
        nesting: read_nesting(json)?,
        attributes: attributes.collect::<Described<_>>()?,
    })
}

fn read_type(json: &Json) -> Described<Type> {
    json::decode_type(&json.to_string()).map_err(|error| format!("{json}: {error}"))
}

/// The entries of an object; none, if it is something else.
pub(crate) fn object(json: &Json) -> impl Iterator<Item = (&String, &Json)> {
    json.as_object().into_iter().flat_map(Map::iter)
}
