//! A provider on `tf-provider`: notes with pages, kept nowhere but in the state; words that are joined; numbers that are added.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, FunctionSchema, NestedBlock,
    Parameter, Schema, Type,
};
use tf_provider::value::{
    Value, ValueEmpty, ValueList, ValueMap, ValueNumber, ValueString,
};
use tf_provider::{
    AttributePath, DataSource, Diagnostics, DynamicDataSource, DynamicFunction, DynamicResource,
    Function, Provider, Resource, map, serve,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
struct Page<'a> {
    #[serde(borrow = "'a")]
    text: ValueString<'a>,
    number: ValueNumber,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
struct State<'a> {
    #[serde(borrow = "'a")]
    id: ValueString<'a>,
    name: ValueString<'a>,
    shelf: ValueString<'a>,
    labels: ValueMap<'a, ValueString<'a>>,
    words: ValueNumber,
    #[serde(borrow = "'a")]
    page: ValueList<Value<Page<'a>>>,
}

/// How many words the pages have; unknown as long as a text is.
fn words(state: &State<'_>) -> ValueNumber {
    let Value::Value(pages) = &state.page else {
        return Value::Unknown;
    };
    let mut count = 0;
    for page in pages {
        match page {
            Value::Value(page) => match &page.text {
                Value::Value(text) => count += text.split_whitespace().count(),
                Value::Null => {}
                Value::Unknown => return Value::Unknown,
            },
            Value::Null => {}
            Value::Unknown => return Value::Unknown,
        }
    }
    Value::Value(i64::try_from(count).unwrap_or(i64::MAX))
}

fn attribute(attr_type: AttributeType, constraint: AttributeConstraint) -> Attribute {
    Attribute {
        attr_type,
        constraint,
        description: Description::plain("A test."),
        ..Default::default()
    }
}

#[derive(Debug, Clone, Copy)]
struct Note;

#[async_trait]
impl Resource for Note {
    type State<'a> = State<'a>;
    type PrivateState<'a> = ValueString<'a>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(Schema {
            version: 1,
            block: Block {
                attributes: map! {
                    "id" => attribute(AttributeType::String, AttributeConstraint::Computed),
                    "name" => attribute(AttributeType::String, AttributeConstraint::Required),
                    "shelf" => attribute(AttributeType::String, AttributeConstraint::OptionalComputed),
                    "labels" => attribute(AttributeType::Map(AttributeType::String.into()), AttributeConstraint::Optional),
                    "words" => attribute(AttributeType::Number, AttributeConstraint::Computed),
                },
                blocks: map! {
                    "page" => NestedBlock::List(Block {
                        attributes: map! {
                            "text" => attribute(AttributeType::String, AttributeConstraint::Required),
                            "number" => attribute(AttributeType::Number, AttributeConstraint::Optional),
                        },
                        ..Default::default()
                    }),
                },
                ..Default::default()
            },
        })
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: State<'a>) -> Option<()> {
        if matches!(&config.name, Value::Value(name) if name.is_empty()) {
            diags.error(
                "A note needs a name",
                "The name must not be empty.",
                AttributePath::new("name"),
            );
            return None;
        }
        Some(())
    }

    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        state: State<'a>,
        private: ValueString<'a>,
        _meta: ValueEmpty,
    ) -> Option<(State<'a>, ValueString<'a>)> {
        Some((state, private))
    }

    async fn plan_create<'a>(
        &self,
        _diags: &mut Diagnostics,
        proposed: State<'a>,
        config: State<'a>,
        _meta: ValueEmpty,
    ) -> Option<(State<'a>, ValueString<'a>)> {
        let mut state = proposed;
        state.id = Value::Unknown;
        state.words = words(&state);
        if config.shelf == Value::Null {
            state.shelf = Value::Value("ground floor".into());
        }
        Some((state, Value::Value("first".into())))
    }

    async fn plan_update<'a>(
        &self,
        _diags: &mut Diagnostics,
        prior: State<'a>,
        proposed: State<'a>,
        _config: State<'a>,
        private: ValueString<'a>,
        _meta: ValueEmpty,
    ) -> Option<(State<'a>, ValueString<'a>, Vec<AttributePath>)> {
        let mut state = proposed;
        state.words = words(&state);
        let moved = prior.shelf != state.shelf;
        let replace = if moved {
            vec![AttributePath::new("shelf")]
        } else {
            Vec::new()
        };
        Some((state, private, replace))
    }

    async fn plan_destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: State<'a>,
        private: ValueString<'a>,
        _meta: ValueEmpty,
    ) -> Option<ValueString<'a>> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: State<'a>,
        _config: State<'a>,
        private: ValueString<'a>,
        _meta: ValueEmpty,
    ) -> Option<(State<'a>, ValueString<'a>)> {
        let mut state = planned;
        if let Value::Value(name) = &state.name {
            if name == "full" {
                diags.root_error("The shelf is full", "There is no room for this note.");
                return None;
            }
            state.id = Value::Value(format!("note/{name}").into());
        }
        state.words = words(&state);
        Some((state, private))
    }

    async fn update<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: State<'a>,
        planned: State<'a>,
        _config: State<'a>,
        private: ValueString<'a>,
        _meta: ValueEmpty,
    ) -> Option<(State<'a>, ValueString<'a>)> {
        let mut state = planned;
        state.words = words(&state);
        Some((state, private))
    }

    async fn destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _state: State<'a>,
        _private: ValueString<'a>,
        _meta: ValueEmpty,
    ) -> Option<()> {
        Some(())
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct JoinedState<'a> {
    #[serde(borrow = "'a")]
    parts: ValueList<ValueString<'a>>,
    text: ValueString<'a>,
}

#[derive(Debug, Clone, Copy)]
struct Joined;

#[async_trait]
impl DataSource for Joined {
    type State<'a> = JoinedState<'a>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(Schema {
            version: 1,
            block: Block {
                attributes: map! {
                    "parts" => attribute(AttributeType::List(AttributeType::String.into()), AttributeConstraint::Required),
                    "text" => attribute(AttributeType::String, AttributeConstraint::Computed),
                },
                ..Default::default()
            },
        })
    }

    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        config: JoinedState<'a>,
        _meta: ValueEmpty,
    ) -> Option<JoinedState<'a>> {
        let mut text = String::new();
        if let Value::Value(parts) = &config.parts {
            for part in parts {
                if let Value::Value(part) = part {
                    text.push_str(part);
                }
            }
        }
        Some(JoinedState {
            text: Value::Value(text.into()),
            ..config
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Add;

#[derive(Debug, Serialize, Deserialize)]
struct Terms {
    a: i64,
    b: i64,
}

#[async_trait]
impl Function for Add {
    type Input<'a> = Terms;
    type Output<'a> = i64;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<FunctionSchema> {
        let parameter = |name: &str| Parameter {
            name: name.into(),
            param_type: Type::Number,
            description: Description::plain("A term."),
            ..Default::default()
        };
        Some(FunctionSchema {
            parameters: vec![parameter("a"), parameter("b")],
            return_type: Type::Number,
            summary: "add".into(),
            description: Description::plain("Adds two numbers."),
            ..Default::default()
        })
    }

    async fn call<'a>(&self, _diags: &mut Diagnostics, terms: Terms) -> Option<i64> {
        Some(terms.a + terms.b)
    }
}

#[derive(Debug, Default, Clone)]
struct Others;

#[async_trait]
impl Provider for Others {
    type Config<'a> = ValueEmpty;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(Schema {
            version: 1,
            block: Block::default(),
        })
    }

    fn get_resources(
        &self,
        _diags: &mut Diagnostics,
    ) -> Option<HashMap<String, Box<dyn DynamicResource>>> {
        Some(map! { "note" => Note })
    }

    fn get_data_sources(
        &self,
        _diags: &mut Diagnostics,
    ) -> Option<HashMap<String, Box<dyn DynamicDataSource>>> {
        Some(map! { "joined" => Joined })
    }

    fn get_functions(
        &self,
        _diags: &mut Diagnostics,
    ) -> Option<HashMap<String, Box<dyn DynamicFunction>>> {
        Some(map! { "add" => Add })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    serve("others", Others).await
}
