//! Reading values from JSON.

use super::JsonError;
use super::read::{Reader, Token};
use super::types::read_type;
use crate::convert::convert;
use crate::quote::Quoted;
use crate::shape::Shapes;
use crate::{EcoString, Number, ObjectType, Path, PathStep, Type, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Reads a value of a type. Text for a number or bool is taken for one, and the other way round;
/// attributes that are missing are null; where the type is dynamic, the value must be wrapped
/// together with its type.
///
/// # Errors
/// For text that is no JSON, nested too deeply, or not of this type.
pub fn decode(text: &str, ty: &Type) -> Result<Value, JsonError> {
    Decoder::default().decode(text, ty)
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
fn key(text: &str) -> EcoString {
    if text.is_ascii() {
        return text.into();
    }
    Value::string_nfc(text)
        .as_str()
        .map_or_else(|| text.into(), EcoString::from)
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
                let name = key(&name);
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

/// Reads values against types, and keeps what values of one kind have in common: to be used again for the next one.
#[derive(Default)]
pub struct Decoder {
    /// Types that were read lately, by their text.
    types: Vec<(Box<str>, Type)>,
}

/// So many types are kept.
const KEPT: usize = 8;
/// Longer texts are not.
const KEPT_TEXT: usize = 4096;

type Decoded = Result<Value, JsonError>;

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

fn error<T>(message: impl Into<String>) -> Result<T, JsonError> {
    Err(JsonError {
        path: Path::new(),
        message: message.into(),
        offset: None,
    })
}

impl Decoder {
    /// As [`decode`].
    ///
    /// # Errors
    /// As there.
    pub fn decode(&mut self, text: &str, ty: &Type) -> Decoded {
        let mut reader = Reader::new(text);
        let value = self.value(&mut reader, ty)?;
        reader.end()?;
        Ok(value)
    }

    /// A part. Where it is wrong, the path is made on the way back: mostly nobody needs it. Text that is no JSON has an offset instead.
    fn part(
        &mut self,
        reader: &mut Reader<'_>,
        ty: &Type,
        step: impl FnOnce() -> PathStep,
    ) -> Decoded {
        self.value(reader, ty).map_err(|mut error| {
            if error.offset.is_none() {
                error.path.0.insert(0, step());
            }
            error
        })
    }

    fn value(&mut self, reader: &mut Reader<'_>, ty: &Type) -> Decoded {
        let token = reader.value()?;
        if let Token::Null = token {
            return Ok(Value::null(ty.without_optional()));
        }
        match (ty, token) {
            (Type::Dynamic, Token::Object) => self.wrapped(reader),
            (Type::Dynamic, _) => error("missing type in dynamically-typed value"),
            (Type::Bool, Token::Bool(truth)) => Ok(Value::bool(truth)),
            (Type::Bool, Token::String(text)) => {
                match convert(&Value::string(&*text), &Type::Bool) {
                    Ok(truth) => Ok(truth),
                    Err(problem) => error(problem.message),
                }
            }
            (Type::Bool, _) => error("bool is required"),
            (Type::Number, Token::Number(text)) => number(text),
            (Type::Number, Token::String(text)) => number(&text),
            (Type::Number, _) => error("number is required"),
            (Type::String, Token::String(text)) => Ok(Value::string_nfc(&text)),
            (Type::String, Token::Number(text)) => Ok(Value::string(text)),
            (Type::String, Token::Bool(truth)) => {
                Ok(Value::string(if truth { "true" } else { "false" }))
            }
            (Type::String, _) => error("string is required"),
            (Type::List(element), Token::Array) => self.list(reader, element),
            (Type::Set(element), Token::Array) => self.set(reader, element),
            (Type::Tuple(types), Token::Array) => self.tuple(reader, types),
            (Type::Map(element), Token::Object) => self.map(reader, element),
            (Type::Object(object), Token::Object) => self.object(reader, object),
            (Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => error("missing expected ["),
            (Type::Map(_) | Type::Object(_), _) => error("missing expected {"),
        }
    }

    fn elements(
        &mut self,
        reader: &mut Reader<'_>,
        element: &Type,
    ) -> Result<Vec<Value>, JsonError> {
        let mut items = Vec::new();
        while reader.next_element(items.is_empty())? {
            let at = items.len();
            items.push(self.part(reader, element, || place(at))?);
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
            None => error("all list elements must have the same type"),
        }
    }

    fn set(&mut self, reader: &mut Reader<'_>, element: &Type) -> Decoded {
        let items = self.elements(reader, element)?;
        if !element.has_dynamic() || items.is_empty() {
            return Ok(Value::set(element.without_optional(), items));
        }
        match Value::set_of(items) {
            Some(set) => Ok(set),
            None => error("all set elements must have the same type"),
        }
    }

    fn tuple(&mut self, reader: &mut Reader<'_>, types: &[Type]) -> Decoded {
        let mut items = Vec::with_capacity(types.len());
        while reader.next_element(items.is_empty())? {
            let at = items.len();
            let Some(ty) = types.get(at) else {
                return error(format!("too many tuple elements (need {})", types.len()));
            };
            items.push(self.part(reader, ty, || place(at))?);
        }
        if items.len() < types.len() {
            return error(format!("not enough tuple elements (need {})", types.len()));
        }
        Ok(Value::tuple(items))
    }

    fn map(&mut self, reader: &mut Reader<'_>, element: &Type) -> Decoded {
        let mut entries = BTreeMap::new();
        let mut first = true;
        while let Some(name) = reader.next_key(first)? {
            first = false;
            let name = key(&name);
            let item = self.part(reader, element, || {
                PathStep::Index(Value::string(name.clone()))
            })?;
            entries.insert(name, item);
        }
        if !element.has_dynamic() || entries.is_empty() {
            return Ok(Value::map(element.without_optional(), entries));
        }
        match Value::map_of(entries) {
            Some(map) => Ok(map),
            None => error("all map elements must have the same type"),
        }
    }

    fn object(&mut self, reader: &mut Reader<'_>, object: &ObjectType) -> Decoded {
        let names = object.names();
        let mut values: Vec<Option<Value>> = vec![None; names.len()];
        // Mostly they stand in order.
        let mut ahead = object.attributes.iter().enumerate();
        let mut first = true;
        while let Some(name) = reader.next_key(first)? {
            first = false;
            let found = match ahead.next() {
                Some((at, (known, ty))) if *known == *name => Some((at, ty)),
                _ => {
                    let name = key(&name);
                    let at = names.binary_search(&name).ok();
                    at.zip(object.attributes.get(&name))
                }
            };
            let Some((at, ty)) = found else {
                return error(format!("unsupported attribute {}", Quoted(&key(&name))));
            };
            let item = self.part(reader, ty, || PathStep::Attr(key(&name)))?;
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
            match &*name {
                "type" => ty = Some(self.ty(reader)?),
                "value" => {
                    value = Some(reader.clone());
                    reader.skip()?;
                }
                _ => {
                    return error(format!(
                        "invalid key {} in dynamically-typed value",
                        Quoted(&name)
                    ));
                }
            }
        }
        match (ty, value) {
            (Some(ty), Some(mut value)) => self.value(&mut value, &ty),
            (None, _) => error("missing type in dynamically-typed value"),
            (_, None) => error("missing value in dynamically-typed value"),
        }
    }

    /// A type: mostly one that was there before. (The text of a type ends where it ends, whatever follows.)
    fn ty(&mut self, reader: &mut Reader<'_>) -> Result<Type, JsonError> {
        let rest = reader.rest();
        let known = self
            .types
            .iter()
            .find(|(text, _)| rest.starts_with(&**text));
        if let Some((text, ty)) = known {
            reader.advance(text.len());
            return Ok(ty.clone());
        }
        let ty = read_type(reader)?;
        let length = rest.len() - reader.rest().len();
        if let Some(text) = rest.get(..length)
            && length <= KEPT_TEXT
        {
            self.types.truncate(KEPT - 1);
            self.types.insert(0, (text.into(), ty.clone()));
        }
        Ok(ty)
    }
}

fn number(text: &str) -> Decoded {
    match Number::parse(text) {
        Some(number) => Ok(Value::number(number)),
        None => error("a number is required"),
    }
}

fn place(at: usize) -> PathStep {
    PathStep::Index(Value::number(at))
}
