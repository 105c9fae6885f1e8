//! `provider::notes::slug`: a text as it is in addresses of pages.

use terrane_model::schema::{Function, Parameter};
use terrane_provider::native::NativeFunction;
use terrane_value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Slug;

impl NativeFunction for Slug {
    fn signature(&self) -> Function {
        Function::new(Type::String, "Lower case, with dashes between words.")
            .parameter(Parameter::new("text", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, (String, Option<u64>)> {
        let text = arguments
            .first()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return Err(("there is no word in it".to_owned(), Some(0)));
        }
        Ok(Value::string(words.join("-")))
    }
}
