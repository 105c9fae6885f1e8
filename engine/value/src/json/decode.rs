//! Reading values from JSON.

use super::JsonError;
use super::read::{Reader, Token};
use super::types::read_type;
use crate::convert::convert;
use crate::quote::Quoted;
use crate::shape::Shapes;
use crate::{EcoString, Number, ObjectType, Path, PathStep, Type, Value};
use std::collections::BTreeMap;

/// Reads a value of a type. Text for a number or bool is taken for one, and the other way round;
/// attributes that are missing are null; where the type is dynamic, the value must be wrapped
/// together with its type.
///
/// # Errors
/// For text that is no JSON, nested too deeply, or not of this type.
pub fn decode(text: &str, ty: &Type) -> Result<Value, JsonError> {
    let mut reader = Reader::new(text);
    let value = Decoder::default().value(&mut reader, ty)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value and takes its type from the text, as `jsondecode` does.
///
/// # Errors
/// For text that is no JSON, nested too deeply, or has a key twice with values of different types.
pub fn decode_implied(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader::new(text);
    let value = implied(&mut reader, &mut Shapes::default())?;
    reader.end()?;
    Ok(value)
}

/// The type of [`decode_implied`].
///
/// # Errors
/// As there.
pub fn implied_type(text: &str) -> Result<Type, JsonError> {
    decode_implied(text).map(|value| value.ty())
}

/// Keys are strings of the language too.
fn key(text: EcoString) -> EcoString {
    if text.is_ascii() {
        return text;
    }
    Value::string_nfc(&text)
        .as_str()
        .map_or(text, EcoString::from)
}

fn implied(reader: &mut Reader<'_>, shapes: &mut Shapes) -> Result<Value, JsonError> {
    match reader.value()? {
        Token::Null => Ok(Value::NULL),
        Token::Bool(truth) => Ok(Value::bool(truth)),
        Token::String(text) => Ok(Value::string_nfc(&text)),
        Token::Number(text) => match Number::parse(text) {
            Some(number) => Ok(Value::number(number)),
            None => reader.error("number is out of range"),
        },
        Token::Array => {
            let mut items = Vec::new();
            while reader.next_element(items.is_empty())? {
                items.push(implied(reader, shapes)?);
            }
            Ok(Value::tuple(items))
        }
        Token::Object => {
            let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
            let mut first = true;
            while let Some(name) = reader.next_key(first)? {
                first = false;
                let name = key(name);
                let value = implied(reader, shapes)?;
                if let Some(before) = entries.get(&name)
                    && !value.is_of(&before.ty())
                {
                    return reader.error(format!(
                        "duplicate {} property in JSON object",
                        Quoted(&name)
                    ));
                }
                entries.insert(name, value);
            }
            let names = shapes.names(entries.keys());
            Ok(Value::object_shaped(names, entries.into_values().collect()))
        }
    }
}

/// Decoding against a type, with the path for errors.
#[derive(Default)]
struct Decoder {
    path: Vec<PathStep>,
    shapes: Shapes,
}

type Decoded = Result<Value, JsonError>;

impl Decoder {
    fn error<T>(&self, message: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError {
            path: Path(self.path.clone()),
            message: message.into(),
            offset: None,
        })
    }

    fn part(&mut self, step: PathStep, reader: &mut Reader<'_>, ty: &Type) -> Decoded {
        self.path.push(step);
        let value = self.value(reader, ty)?;
        self.path.pop();
        Ok(value)
    }

    fn value(&mut self, reader: &mut Reader<'_>, ty: &Type) -> Decoded {
        let token = reader.value()?;
        if let Token::Null = token {
            return Ok(Value::null(ty.without_optional()));
        }
        match (ty, token) {
            (Type::Dynamic, Token::Object) => self.wrapped(reader),
            (Type::Dynamic, _) => self.error("missing type in dynamically-typed value"),
            (Type::Bool, Token::Bool(truth)) => Ok(Value::bool(truth)),
            (Type::Bool, Token::String(text)) => match convert(&Value::string(text), &Type::Bool) {
                Ok(truth) => Ok(truth),
                Err(error) => self.error(error.message),
            },
            (Type::Bool, _) => self.error("bool is required"),
            (Type::Number, Token::Number(text)) => self.number(text),
            (Type::Number, Token::String(text)) => self.number(&text),
            (Type::Number, _) => self.error("number is required"),
            (Type::String, Token::String(text)) => Ok(Value::string_nfc(&text)),
            (Type::String, Token::Number(text)) => Ok(Value::string(text)),
            (Type::String, Token::Bool(truth)) => {
                Ok(Value::string(if truth { "true" } else { "false" }))
            }
            (Type::String, _) => self.error("string is required"),
            (Type::List(element), Token::Array) => self.list(reader, element),
            (Type::Set(element), Token::Array) => self.set(reader, element),
            (Type::Tuple(types), Token::Array) => self.tuple(reader, types),
            (Type::Map(element), Token::Object) => self.map(reader, element),
            (Type::Object(object), Token::Object) => self.object(reader, object),
            (Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => self.error("missing expected ["),
            (Type::Map(_) | Type::Object(_), _) => self.error("missing expected {"),
        }
    }

    fn number(&self, text: &str) -> Decoded {
        match Number::parse(text) {
            Some(number) => Ok(Value::number(number)),
            None => self.error("a number is required"),
        }
    }

    fn elements(
        &mut self,
        reader: &mut Reader<'_>,
        element: &Type,
    ) -> Result<Vec<Value>, JsonError> {
        let mut items = Vec::new();
        while reader.next_element(items.is_empty())? {
            let step = PathStep::Index(Value::number(items.len()));
            items.push(self.part(step, reader, element)?);
        }
        Ok(items)
    }

    fn list(&mut self, reader: &mut Reader<'_>, element: &Type) -> Decoded {
        let items = self.elements(reader, element)?;
        if !element.has_dynamic() || items.is_empty() {
            return Ok(Value::list(element.without_optional(), items));
        }
        match Value::list_of(items) {
            Some(list) => Ok(list),
            None => self.error("all list elements must have the same type"),
        }
    }

    fn set(&mut self, reader: &mut Reader<'_>, element: &Type) -> Decoded {
        let items = self.elements(reader, element)?;
        if !element.has_dynamic() || items.is_empty() {
            return Ok(Value::set(element.without_optional(), items));
        }
        match Value::set_of(items) {
            Some(set) => Ok(set),
            None => self.error("all set elements must have the same type"),
        }
    }

    fn tuple(&mut self, reader: &mut Reader<'_>, types: &[Type]) -> Decoded {
        let mut items = Vec::with_capacity(types.len());
        while reader.next_element(items.is_empty())? {
            let Some(ty) = types.get(items.len()) else {
                return self.error(format!("too many tuple elements (need {})", types.len()));
            };
            let step = PathStep::Index(Value::number(items.len()));
            items.push(self.part(step, reader, ty)?);
        }
        if items.len() < types.len() {
            return self.error(format!("not enough tuple elements (need {})", types.len()));
        }
        Ok(Value::tuple(items))
    }

    fn map(&mut self, reader: &mut Reader<'_>, element: &Type) -> Decoded {
        let mut entries = BTreeMap::new();
        let mut first = true;
        while let Some(name) = reader.next_key(first)? {
            first = false;
            let name = key(name);
            let step = PathStep::Index(Value::string(name.clone()));
            let item = self.part(step, reader, element)?;
            entries.insert(name, item);
        }
        if !element.has_dynamic() || entries.is_empty() {
            return Ok(Value::map(element.without_optional(), entries));
        }
        match Value::map_of(entries) {
            Some(map) => Ok(map),
            None => self.error("all map elements must have the same type"),
        }
    }

    fn object(&mut self, reader: &mut Reader<'_>, object: &ObjectType) -> Decoded {
        let names = self.shapes.names(object.attributes.keys());
        let mut values: Vec<Option<Value>> = vec![None; names.len()];
        let mut first = true;
        while let Some(name) = reader.next_key(first)? {
            first = false;
            let name = key(name);
            let (Ok(at), Some(ty)) = (names.binary_search(&name), object.attributes.get(&name))
            else {
                return self.error(format!("unsupported attribute {}", Quoted(&name)));
            };
            let item = self.part(PathStep::Attr(name), reader, ty)?;
            if let Some(value) = values.get_mut(at) {
                *value = Some(item);
            }
        }
        let given_or_null = |(value, ty): (Option<Value>, &Type)| {
            value.unwrap_or_else(|| Value::null(ty.without_optional()))
        };
        let values = values
            .into_iter()
            .zip(object.attributes.values())
            .map(given_or_null);
        Ok(Value::object_shaped(names, values.collect()))
    }

    /// `{"value": …, "type": …}`, in either order. The brace was read.
    fn wrapped(&mut self, reader: &mut Reader<'_>) -> Decoded {
        let mut ty = None;
        let mut value = None;
        let mut first = true;
        while let Some(name) = reader.next_key(first)? {
            first = false;
            match name.as_str() {
                "type" => ty = Some(read_type(reader)?),
                "value" => {
                    value = Some(reader.clone());
                    reader.skip()?;
                }
                _ => {
                    return self.error(format!(
                        "invalid key {} in dynamically-typed value",
                        Quoted(&name)
                    ));
                }
            }
        }
        match (ty, value) {
            (Some(ty), Some(mut value)) => self.value(&mut value, &ty),
            (None, _) => self.error("missing type in dynamically-typed value"),
            (_, None) => self.error("missing value in dynamically-typed value"),
        }
    }
}
