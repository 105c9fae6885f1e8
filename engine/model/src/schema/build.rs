//! Writing schemas in code: chains that read like the documentation of a resource.
//!
//! ```
//! use terrane_model::schema::{Attribute, Block, NestedBlock, Schema};
//! let disk = Block::new().attr("size", Attribute::number().required());
//! let schema = Schema::new(
//!     1,
//!     Block::new()
//!         .attr("id", Attribute::string().computed())
//!         .attr("name", Attribute::string().required().described("unique"))
//!         .block("disk", NestedBlock::list(disk).at_most(4)),
//! );
//! assert_eq!(schema.block.attributes.len(), 2);
//! ```

use super::{
    Attribute, AttributeType, Block, Description, Function, IdentitySchema, NestedBlock,
    NestedObject, Nesting, Parameter, ProviderSchema, Schema, Schemas,
};
use ecow::EcoString;
use std::sync::{Arc, OnceLock};
use terrane_value::Type;

impl Schema {
    /// A schema of this version.
    #[must_use]
    pub fn new(version: u64, block: Block) -> Self {
        Self {
            version,
            block: Arc::new(block),
        }
    }
}

impl Block {
    /// A block with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this attribute.
    #[must_use]
    pub fn attr(mut self, name: impl Into<EcoString>, attribute: Attribute) -> Self {
        self.implied = OnceLock::new();
        self.attributes.insert(name.into(), attribute);
        self
    }

    /// With nested blocks of this type.
    #[must_use]
    pub fn block(mut self, name: impl Into<EcoString>, block: NestedBlock) -> Self {
        self.implied = OnceLock::new();
        self.blocks.insert(name.into(), block);
        self
    }

    /// With this description: a text is plain, `Description::markdown` is not.
    #[must_use]
    pub fn described(mut self, text: impl Into<Description>) -> Self {
        self.description = text.into();
        self
    }

    /// Deprecated, for this reason.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<EcoString>) -> Self {
        self.deprecated = Some(message.into());
        self
    }
}

impl Attribute {
    /// An attribute of this type that nobody may set yet: say `required`, `optional` or `computed`.
    #[must_use]
    pub fn new(ty: Type) -> Self {
        Self::of(AttributeType::Plain(ty))
    }

    /// An attribute that holds objects whose attributes have properties of their own.
    #[must_use]
    pub fn objects<K: Into<EcoString>>(
        nesting: Nesting,
        attributes: impl IntoIterator<Item = (K, Self)>,
    ) -> Self {
        let attributes = attributes
            .into_iter()
            .map(|(name, attribute)| (name.into(), attribute))
            .collect();
        Self::of(AttributeType::Nested(Arc::new(NestedObject {
            nesting,
            attributes,
        })))
    }

    fn of(ty: AttributeType) -> Self {
        Self {
            ty,
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
            description: Description::default(),
        }
    }

    /// A string.
    #[must_use]
    pub fn string() -> Self {
        Self::new(Type::String)
    }

    /// A number.
    #[must_use]
    pub fn number() -> Self {
        Self::new(Type::Number)
    }

    /// A bool.
    #[must_use]
    pub fn bool() -> Self {
        Self::new(Type::Bool)
    }

    /// A value of any type.
    #[must_use]
    pub fn dynamic() -> Self {
        Self::new(Type::Dynamic)
    }

    /// A map of strings.
    #[must_use]
    pub fn string_map() -> Self {
        Self::new(Type::map(Type::String))
    }

    /// A list of strings.
    #[must_use]
    pub fn string_list() -> Self {
        Self::new(Type::list(Type::String))
    }

    /// The configuration must set it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The configuration may set it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The provider may set it.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// Never shown.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never stored.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Deprecated, for this reason.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<EcoString>) -> Self {
        self.deprecated = Some(message.into());
        self
    }

    /// With this description: a text is plain, `Description::markdown` is not.
    #[must_use]
    pub fn described(mut self, text: impl Into<Description>) -> Self {
        self.description = text.into();
        self
    }
}

impl NestedBlock {
    /// Blocks held so.
    #[must_use]
    pub fn new(nesting: Nesting, block: Block) -> Self {
        Self {
            nesting,
            block: Arc::new(block),
            min: 0,
            max: 0,
        }
    }

    /// Any number, in order.
    #[must_use]
    pub fn list(block: Block) -> Self {
        Self::new(Nesting::List, block)
    }

    /// Any number, without order.
    #[must_use]
    pub fn set(block: Block) -> Self {
        Self::new(Nesting::Set, block)
    }

    /// Any number, by label.
    #[must_use]
    pub fn map(block: Block) -> Self {
        Self::new(Nesting::Map, block)
    }

    /// At most one; null when absent.
    #[must_use]
    pub fn single(block: Block) -> Self {
        Self::new(Nesting::Single, block)
    }

    /// At least so many.
    #[must_use]
    pub fn at_least(mut self, min: u64) -> Self {
        self.min = min;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn at_most(mut self, max: u64) -> Self {
        self.max = max;
        self
    }
}

impl IdentitySchema {
    /// An identity of version 0 with these attributes: name, type, whether an import must give it.
    #[must_use]
    pub fn new<K: Into<EcoString>>(attributes: impl IntoIterator<Item = (K, Type, bool)>) -> Self {
        let attributes = attributes
            .into_iter()
            .map(|(name, ty, required)| (name.into(), (ty, required)))
            .collect();
        Self {
            version: 0,
            attributes,
        }
    }

    /// The object type of an identity.
    #[must_use]
    pub fn object_type(&self) -> Type {
        Type::object(
            self.attributes
                .iter()
                .map(|(name, (ty, _))| (name.clone(), ty.clone())),
        )
    }
}

impl Function {
    /// A function without parameters that returns this.
    #[must_use]
    pub fn new(returns: Type, summary: impl Into<EcoString>) -> Self {
        Self {
            parameters: Vec::new(),
            variadic: None,
            returns,
            summary: summary.into(),
            description: Description::default(),
            deprecated: None,
        }
    }

    /// With one more parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }
}

impl Parameter {
    /// A parameter that takes neither null nor unknown values.
    #[must_use]
    pub fn new(name: impl Into<EcoString>, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
            allow_null: false,
            allow_unknown: false,
            description: Description::default(),
        }
    }

    /// Takes null too.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.allow_null = true;
        self
    }
}

impl ProviderSchema {
    /// The schema of a thing by kind and type name, where one name may stand for several kinds.
    #[must_use]
    pub fn resource(&self, type_name: &str) -> Option<&Arc<Schema>> {
        self.resources.get(type_name)
    }

    /// All schemas of blocks that a configuration can hold, each with a name for messages.
    pub fn all_blocks(&self) -> impl Iterator<Item = (String, &Schema)> {
        fn named<'a>(
            kind: &'a str,
            map: &'a Schemas,
        ) -> impl Iterator<Item = (String, &'a Schema)> {
            map.iter()
                .map(move |(name, schema)| (format!("{kind} {name}"), schema.as_ref()))
        }
        std::iter::once(("provider".to_owned(), &self.provider))
            .chain(
                self.provider_meta
                    .iter()
                    .map(|meta| ("provider_meta".to_owned(), meta)),
            )
            .chain(named("resource", &self.resources))
            .chain(named("data", &self.data_sources))
            .chain(named("ephemeral", &self.ephemeral_resources))
            .chain(named("list", &self.list_resources))
            .chain(named("action", &self.actions))
    }
}
