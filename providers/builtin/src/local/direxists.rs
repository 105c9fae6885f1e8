//! `direxists`: whether there is a directory at a path.

use terrane_model::schema::{Function, Parameter};
use terrane_provider::native::NativeFunction;
use terrane_value::{Type, Value};

#[derive(Debug)]
pub(super) struct DirExists;

impl NativeFunction for DirExists {
    fn signature(&self) -> Function {
        Function::new(
            Type::Bool,
            "Determines whether a directory exists at a given path.",
        )
        .parameter(Parameter::new("path", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, (String, Option<u64>)> {
        let wrong = |text: String| (text, Some(0));
        let path = arguments
            .first()
            .and_then(|value| value.unmarked().as_str())
            .ok_or_else(|| wrong("a path is required".to_owned()))?;
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => Ok(Value::TRUE),
            Ok(_) => Err(wrong(format!(
                "\"{path}\" was found, but is not a directory"
            ))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Value::FALSE),
            Err(error) => Err(wrong(format!("failed to check for \"{path}\": {error}"))),
        }
    }
}
