//! Provider schemas: what arguments and blocks a resource, data source or provider has.

use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use terrane_value::{ObjectType, Type, Value};

mod build;
mod description;
mod schemas;

pub use description::{Description, DescriptionKind};
pub use schemas::{Reader, Schemas};

/// The schema of one thing that a provider offers.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Of the stored form: an object stored under a smaller one is upgraded by the provider.
    pub version: u64,
    /// What is in it.
    pub block: Arc<Block>,
}

/// Attributes and nested blocks.
#[derive(Debug, Default)]
pub struct Block {
    /// By name.
    pub attributes: BTreeMap<EcoString, Attribute>,
    /// By block type. No name is also that of an attribute.
    pub blocks: BTreeMap<EcoString, NestedBlock>,
    /// For people.
    pub description: Description,
    /// A message, if it is deprecated.
    pub deprecated: Option<EcoString>,
    /// The implied type, made once.
    pub implied: OnceLock<Type>,
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// What it may hold.
    pub ty: AttributeType,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// Never shown.
    pub sensitive: bool,
    /// Sent to the provider but never stored.
    pub write_only: bool,
    /// A message, if it is deprecated.
    pub deprecated: Option<EcoString>,
    /// For people.
    pub description: Description,
}

/// The type of an attribute.
#[derive(Clone, Debug)]
pub enum AttributeType {
    /// A type.
    Plain(Type),
    /// Objects whose attributes have properties of their own.
    Nested(Arc<NestedObject>),
}

/// Objects within an attribute.
#[derive(Debug)]
pub struct NestedObject {
    /// How many, and in what.
    pub nesting: Nesting,
    /// By name.
    pub attributes: BTreeMap<EcoString, Attribute>,
}

/// Blocks of one type within a block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// How many, and in what.
    pub nesting: Nesting,
    /// What is in each.
    pub block: Arc<Block>,
    /// Fewest; 0 for no bound.
    pub min: u64,
    /// Most; 0 for no bound.
    pub max: u64,
}

/// What holds nested objects or blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most one; null when absent.
    Single,
    /// At most one; never null: an absent one is an object of nulls. (Only of blocks.)
    Group,
    /// A list.
    List,
    /// A set.
    Set,
    /// A map (of blocks: by their label).
    Map,
}

/// All schemas of one provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderSchema {
    /// Of its own configuration.
    pub provider: Schema,
    /// Of `provider_meta`, if it takes that.
    pub provider_meta: Option<Schema>,
    /// By resource type.
    pub resources: Schemas,
    /// By data source type.
    pub data_sources: Schemas,
    /// By ephemeral resource type.
    pub ephemeral_resources: Schemas,
    /// By list resource type.
    pub list_resources: Schemas,
    /// By action type.
    pub actions: Schemas,
    /// Identity schemas by resource type.
    pub identities: BTreeMap<EcoString, Arc<IdentitySchema>>,
    /// Functions by name.
    pub functions: BTreeMap<EcoString, Arc<Function>>,
}

/// What identifies a remote object of a type.
#[derive(Clone, Debug, Default)]
pub struct IdentitySchema {
    /// Of the stored form.
    pub version: u64,
    /// Name to (type, needed for import).
    pub attributes: BTreeMap<EcoString, (Type, bool)>,
}

/// The signature of a provider's function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Positional parameters.
    pub parameters: Vec<Parameter>,
    /// One that may be given any number of times, last.
    pub variadic: Option<Parameter>,
    /// What it returns.
    pub returns: Type,
    /// One line for people.
    pub summary: EcoString,
    /// More for people.
    pub description: Description,
    /// A message, if it is deprecated.
    pub deprecated: Option<EcoString>,
}

/// A parameter of a provider's function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, for messages.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
    /// Whether it takes null.
    pub allow_null: bool,
    /// Whether it is called with unknown values.
    pub allow_unknown: bool,
    /// For people.
    pub description: Description,
}

impl Block {
    /// The object type of a value of this block. (`opentofu.md` 7.5: lists and maps of blocks that hold dynamic attributes become
    /// dynamic, since their elements may differ in type.)
    #[must_use]
    pub fn implied_type(&self) -> &Type {
        self.implied.get_or_init(|| {
            let attributes = self
                .attributes
                .iter()
                .map(|(name, attribute)| (name.clone(), attribute.value_type()));
            let blocks = self
                .blocks
                .iter()
                .map(|(name, block)| (name.clone(), block.value_type()));
            let attributes = attributes.chain(blocks).collect();
            let optional = std::collections::BTreeSet::new();
            Type::Object(Arc::new(ObjectType::new(attributes, optional)))
        })
    }

    /// The value of a block in which nothing is set: nulls, empty collections of blocks.
    #[must_use]
    pub fn empty_value(&self) -> Value {
        let attributes = self
            .attributes
            .iter()
            .map(|(name, attribute)| (name.clone(), Value::null(attribute.value_type())));
        let blocks = self
            .blocks
            .iter()
            .map(|(name, block)| (name.clone(), block.empty_value()));
        Value::object(attributes.chain(blocks))
    }

    /// Whether any attribute, at any depth, is sensitive.
    #[must_use]
    pub fn has_sensitive(&self) -> bool {
        self.attributes.values().any(Attribute::has_sensitive)
            || self
                .blocks
                .values()
                .any(|block| block.block.has_sensitive())
    }

    /// Whether any attribute, at any depth, is write-only.
    #[must_use]
    pub fn has_write_only(&self) -> bool {
        self.attributes.values().any(Attribute::has_write_only)
            || self
                .blocks
                .values()
                .any(|block| block.block.has_write_only())
    }
}

impl Attribute {
    /// The type of its value.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match &self.ty {
            AttributeType::Plain(ty) => ty.without_optional(),
            AttributeType::Nested(nested) => nested.value_type(),
        }
    }

    /// Whether it, or one within it, is sensitive.
    #[must_use]
    pub fn has_sensitive(&self) -> bool {
        self.sensitive
            || self
                .nested()
                .is_some_and(|nested| nested.attributes.values().any(Self::has_sensitive))
    }

    /// Whether it, or one within it, is write-only.
    #[must_use]
    pub fn has_write_only(&self) -> bool {
        self.write_only
            || self
                .nested()
                .is_some_and(|nested| nested.attributes.values().any(Self::has_write_only))
    }

    /// The nested object, if it has one.
    #[must_use]
    pub fn nested(&self) -> Option<&NestedObject> {
        match &self.ty {
            AttributeType::Plain(_) => None,
            AttributeType::Nested(nested) => Some(nested),
        }
    }
}

impl NestedObject {
    /// The type of one object.
    #[must_use]
    pub fn object_type(&self) -> Type {
        Type::object(
            self.attributes
                .iter()
                .map(|(name, attribute)| (name.clone(), attribute.value_type())),
        )
    }

    /// The type of the attribute.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let object = self.object_type();
        match self.nesting {
            Nesting::Single | Nesting::Group => object,
            Nesting::List => Type::list(object),
            Nesting::Set => Type::set(object),
            Nesting::Map => Type::map(object),
        }
    }
}

impl NestedBlock {
    /// The type of all blocks of this type together.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let object = self.block.implied_type().clone();
        match self.nesting {
            Nesting::Single | Nesting::Group => object,
            Nesting::List | Nesting::Map if object.has_dynamic() => Type::Dynamic,
            Nesting::List => Type::list(object),
            Nesting::Set => Type::set(object),
            Nesting::Map => Type::map(object),
        }
    }

    /// The value when there is no such block.
    #[must_use]
    pub fn empty_value(&self) -> Value {
        let object = self.block.implied_type().clone();
        match self.nesting {
            Nesting::Single => Value::null(object),
            Nesting::Group => self.block.empty_value(),
            Nesting::List if object.has_dynamic() => Value::tuple(Vec::new()),
            Nesting::Map if object.has_dynamic() => Value::object::<EcoString>([]),
            Nesting::List => Value::list(object, Vec::new()),
            Nesting::Set => Value::set_sorted(object, Vec::new()),
            Nesting::Map => Value::map(object, BTreeMap::new()),
        }
    }
}
