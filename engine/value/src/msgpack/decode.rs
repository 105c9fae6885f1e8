//! Reading. The bytes come from another program: nothing in them is trusted, and they decide
//! neither how deep reading recurses nor how much is set aside before there is data for it.

use super::{MsgpackError, REFINED, key};
use crate::json::decode_type;
use crate::value::MAX_DEPTH;
use crate::{EcoString, Number, ObjectType, Path, PathStep, Refinements, Type, Value};
use rmp::Marker;
use std::collections::BTreeMap;

/// Longer refinements are refused.
const MAX_REFINEMENTS: usize = 1024;
/// So many elements may be made in all from refinements that leave only their number.
const MAX_MADE: u64 = 1_000_000;

/// Reads a value of a type.
///
/// # Errors
/// For bytes that are no such value, or nested too deeply.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, MsgpackError> {
    Decoder {
        rest: bytes,
        path: Vec::new(),
        made: 0,
    }
    .value(ty)
}

struct Decoder<'a> {
    rest: &'a [u8],
    path: Vec<PathStep>,
    made: u64,
}

type Read<T> = Result<T, MsgpackError>;

impl<'a> Decoder<'a> {
    fn error<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(MsgpackError {
            path: Path(self.path.clone()),
            message: message.into(),
        })
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => self.error("unexpected end of data"),
        }
    }

    fn take_array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let taken = self.take(N)?;
        taken
            .try_into()
            .or_else(|_| self.error("unexpected end of data"))
    }

    fn peek(&self) -> Read<Marker> {
        match self.rest.first() {
            Some(byte) => Ok(Marker::from_u8(*byte)),
            None => self.error("unexpected end of data"),
        }
    }

    fn marker(&mut self) -> Read<Marker> {
        let [byte] = self.take_array()?;
        Ok(Marker::from_u8(byte))
    }

    /// A length of one, two or four bytes.
    fn length(&mut self, bytes: usize) -> Read<usize> {
        let taken = self.take(bytes)?;
        Ok(taken
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn array_length(&mut self, wanted: &str) -> Read<usize> {
        match self.marker()? {
            Marker::FixArray(length) => Ok(usize::from(length)),
            Marker::Array16 => self.length(2),
            Marker::Array32 => self.length(4),
            _ => self.error(wanted),
        }
    }

    fn map_length(&mut self, wanted: &str) -> Read<usize> {
        match self.marker()? {
            Marker::FixMap(length) => Ok(usize::from(length)),
            Marker::Map16 => self.length(2),
            Marker::Map32 => self.length(4),
            _ => self.error(wanted),
        }
    }

    fn bytes(&mut self, wanted: &str) -> Read<&'a [u8]> {
        let length = match self.marker()? {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 | Marker::Bin8 => self.length(1)?,
            Marker::Str16 | Marker::Bin16 => self.length(2)?,
            Marker::Str32 | Marker::Bin32 => self.length(4)?,
            _ => return self.error(wanted),
        };
        self.take(length)
    }

    fn text(&mut self, wanted: &str) -> Read<EcoString> {
        let bytes = self.bytes(wanted)?;
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.error("string is not valid UTF-8");
        };
        let normal = Value::string_nfc(text);
        Ok(normal.as_str().unwrap_or_default().into())
    }

    fn value(&mut self, ty: &Type) -> Read<Value> {
        if self.path.len() > MAX_DEPTH {
            return self.error("value is nested too deeply");
        }
        match self.peek()? {
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => return self.unknown(ty),
            Marker::Null => {
                self.marker()?;
                return Ok(Value::null(ty.without_optional()));
            }
            _ => {}
        }
        match ty {
            Type::Dynamic => self.wrapped(),
            Type::Bool => match self.marker()? {
                Marker::True => Ok(Value::TRUE),
                Marker::False => Ok(Value::FALSE),
                _ => self.error("bool is required"),
            },
            Type::Number => self.number().map(Value::number),
            Type::String => self.text("string is required").map(Value::string),
            Type::List(element) => {
                let items = self.elements(element, "a list is required")?;
                if items.is_empty() || !element.has_dynamic() {
                    return Ok(Value::list(element.without_optional(), items));
                }
                match Value::list_of(items) {
                    Some(list) => Ok(list),
                    None => self.error("all list elements must have the same type"),
                }
            }
            Type::Set(element) => {
                let items = self.elements(element, "a set is required")?;
                if items.is_empty() || !element.has_dynamic() {
                    return Ok(Value::set(element.without_optional(), items));
                }
                match Value::set_of(items) {
                    Some(set) => Ok(set),
                    None => self.error("all set elements must have the same type"),
                }
            }
            Type::Map(element) => self.map(element),
            Type::Tuple(types) => self.tuple(types),
            Type::Object(object) => self.object(object),
        }
    }

    fn part(&mut self, step: PathStep, ty: &Type) -> Read<Value> {
        self.path.push(step);
        let value = self.value(ty)?;
        self.path.pop();
        Ok(value)
    }

    fn wrapped(&mut self) -> Read<Value> {
        if self.array_length("dynamic value must be an array")? != 2 {
            return self.error("dynamic value array must have exactly two elements");
        }
        let description = self.bytes("dynamic value must begin with its type")?;
        let ty = std::str::from_utf8(description)
            .ok()
            .and_then(|text| decode_type(text).ok());
        match ty {
            // A value of dynamic type is not wrapped again, so that wrapping cannot nest.
            Some(Type::Dynamic) | None => self.error("invalid type of dynamic value"),
            Some(ty) => self.value(&ty),
        }
    }

    fn number(&mut self) -> Read<Number> {
        let float = |float: f64| Number::from_f64(float);
        let number = match self.peek()? {
            Marker::FixPos(_)
            | Marker::FixNeg(_)
            | Marker::U8
            | Marker::U16
            | Marker::U32
            | Marker::U64
            | Marker::I8
            | Marker::I16
            | Marker::I32
            | Marker::I64 => Some(self.whole()?),
            Marker::F32 => {
                self.marker()?;
                float(f64::from(f32::from_be_bytes(self.take_array()?)))
            }
            Marker::F64 => {
                self.marker()?;
                float(f64::from_be_bytes(self.take_array()?))
            }
            _ => Number::parse(&self.text("number is required")?),
        };
        match number {
            Some(number) => Ok(number),
            None => self.error("number is required"),
        }
    }

    fn whole(&mut self) -> Read<Number> {
        let signed = match self.marker()? {
            Marker::FixPos(value) => i64::from(value),
            Marker::FixNeg(value) => i64::from(value),
            Marker::U8 => i64::from(u8::from_be_bytes(self.take_array()?)),
            Marker::U16 => i64::from(u16::from_be_bytes(self.take_array()?)),
            Marker::U32 => i64::from(u32::from_be_bytes(self.take_array()?)),
            Marker::U64 => return Ok(Number::from_u64(u64::from_be_bytes(self.take_array()?))),
            Marker::I8 => i64::from(i8::from_be_bytes(self.take_array()?)),
            Marker::I16 => i64::from(i16::from_be_bytes(self.take_array()?)),
            Marker::I32 => i64::from(i32::from_be_bytes(self.take_array()?)),
            Marker::I64 => i64::from_be_bytes(self.take_array()?),
            _ => return self.error("whole number is required"),
        };
        Ok(Number::from_i64(signed))
    }

    fn elements(&mut self, element: &Type, wanted: &str) -> Read<Vec<Value>> {
        let length = self.array_length(wanted)?;
        // Each element takes at least one byte.
        let mut items = Vec::with_capacity(length.min(self.rest.len()));
        for at in 0..length {
            items.push(self.part(PathStep::Index(Value::number(at)), element)?);
        }
        Ok(items)
    }

    fn map(&mut self, element: &Type) -> Read<Value> {
        let length = self.map_length("a map is required")?;
        let mut entries = BTreeMap::new();
        for _ in 0..length {
            let name = self.text("non-string key in map")?;
            let step = PathStep::Index(Value::string(name.clone()));
            let item = self.part(step, element)?;
            entries.insert(name, item);
        }
        if entries.is_empty() || !element.has_dynamic() {
            return Ok(Value::map(element.without_optional(), entries));
        }
        match Value::map_of(entries) {
            Some(map) => Ok(map),
            None => self.error("all map elements must have the same type"),
        }
    }

    fn tuple(&mut self, types: &[Type]) -> Read<Value> {
        if self.array_length("a tuple is required")? != types.len() {
            return self.error(format!("a tuple of length {} is required", types.len()));
        }
        let mut items = Vec::with_capacity(types.len());
        for (at, ty) in types.iter().enumerate() {
            items.push(self.part(PathStep::Index(Value::number(at)), ty)?);
        }
        Ok(Value::tuple(items))
    }

    fn object(&mut self, object: &ObjectType) -> Read<Value> {
        let length = self.map_length("an object is required")?;
        let wanted = object.attributes.len();
        if length != wanted {
            return self.error(format!(
                "an object with {wanted} attributes is required ({length} given)"
            ));
        }
        let names = object.names();
        let mut values: Vec<Option<Value>> = vec![None; wanted];
        for _ in 0..length {
            let name = self.text("all keys must be strings")?;
            let (Ok(at), Some(ty)) = (names.binary_search(&name), object.attributes.get(&name))
            else {
                self.path.push(PathStep::Attr(name));
                return self.error("unsupported attribute");
            };
            let item = self.part(PathStep::Attr(name), ty)?;
            if let Some(value) = values.get_mut(at) {
                *value = Some(item);
            }
        }
        match values.into_iter().collect::<Option<Vec<_>>>() {
            Some(values) => Ok(Value::object_shaped(names, values)),
            None => self.error("an attribute is given twice"),
        }
    }

    fn unknown(&mut self, ty: &Type) -> Read<Value> {
        let length = match self.marker()? {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length(1)?,
            Marker::Ext16 => self.length(2)?,
            _ => self.length(4)?,
        };
        let kind = i8::from_be_bytes(self.take_array()?);
        let ty = ty.without_optional();
        if length <= 1 {
            self.take(length)?;
            return Ok(Value::unknown(ty));
        }
        if kind != REFINED {
            return self.error(format!(
                "unsupported extension type {kind} with length {length}"
            ));
        }
        if length > MAX_REFINEMENTS {
            return self.error("oversize unknown value refinement");
        }
        let body = self.take(length)?;
        let mut inner = Decoder {
            rest: body,
            path: self.path.clone(),
            made: 0,
        };
        let Some(refinements) = inner.refinements()? else {
            return Ok(Value::null(ty));
        };
        if refinements.min_length == refinements.max_length {
            self.made = self
                .made
                .saturating_add(refinements.min_length.unwrap_or(0));
            if self.made > MAX_MADE {
                return Ok(Value::unknown_refined(ty, refinements));
            }
        }
        Ok(Value::unknown_with(ty, refinements))
    }

    /// `None`: the value is null.
    fn refinements(&mut self) -> Read<Option<Refinements>> {
        let mut found = Refinements::NONE;
        let mut null = false;
        for _ in 0..self.map_length("refinements must be a map")? {
            match self
                .whole()?
                .to_u64()
                .and_then(|key| u8::try_from(key).ok())
            {
                Some(key::NULLNESS) => match self.marker()? {
                    Marker::True => null = true,
                    Marker::False => found.not_null = true,
                    _ => return self.error("null refinement is not boolean"),
                },
                Some(key::PREFIX) => {
                    found.prefix = Some(self.text("string prefix refinement is not string")?);
                }
                Some(key::MIN) => found.min = Some(self.bound()?),
                Some(key::MAX) => found.max = Some(self.bound()?),
                Some(key::MIN_LENGTH) => found.min_length = self.whole()?.to_u64(),
                Some(key::MAX_LENGTH) => found.max_length = self.whole()?.to_u64(),
                // Later versions may know more.
                _ => self.skip(0)?,
            }
        }
        let consistent = Refinements::NONE.and(&found) == found;
        if (null && found.not_null) || !consistent {
            return self.error("refinements contradict each other");
        }
        Ok((!null).then_some(found))
    }

    fn bound(&mut self) -> Read<(Number, bool)> {
        const WANTED: &str = "number bound refinement must be [number, bool] array";
        if self.array_length(WANTED)? != 2 {
            return self.error(WANTED);
        }
        let number = self.number()?;
        match self.marker()? {
            Marker::True => Ok((number, true)),
            Marker::False => Ok((number, false)),
            _ => self.error(WANTED),
        }
    }

    /// Skips whatever comes next.
    fn skip(&mut self, depth: usize) -> Read<()> {
        if depth > MAX_DEPTH {
            return self.error("value is nested too deeply");
        }
        let mut parts = 0;
        match self.peek()? {
            Marker::Null | Marker::True | Marker::False => {
                self.marker()?;
            }
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                parts = self.array_length("an array is required")?;
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                parts = self.map_length("a map is required")?.saturating_mul(2);
            }
            Marker::FixStr(_)
            | Marker::Str8
            | Marker::Str16
            | Marker::Str32
            | Marker::Bin8
            | Marker::Bin16
            | Marker::Bin32 => {
                self.bytes("text is required")?;
            }
            _ => {
                self.number()?;
            }
        }
        for _ in 0..parts {
            self.skip(depth + 1)?;
        }
        Ok(())
    }
}
