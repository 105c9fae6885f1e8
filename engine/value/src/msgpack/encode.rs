//! Writing.

use super::{MsgpackError, REFINED, key};
use crate::convert::convert;
use crate::json::encode_type;
use crate::refine::safe_prefix;
use crate::{Kind, Number, Path, PathStep, Refinements, Type, Value};
use rmp::encode as put;

/// Longer prefixes are cut.
const MAX_PREFIX: usize = 256;

/// Writes a value against a type, converting it first if it does not conform.
///
/// # Errors
/// For values that do not convert, that are marked at any depth, or too large for the format.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, MsgpackError> {
    let mut encoder = Encoder {
        out: Vec::new(),
        path: Vec::new(),
    };
    if value.is_of(ty) || value.ty().conforms(ty) {
        encoder.value(value, ty)?;
    } else {
        let converted = convert(value, ty).map_err(|error| MsgpackError {
            path: error.path,
            message: error.message,
        })?;
        encoder.value(&converted, ty)?;
    }
    Ok(encoder.out)
}

struct Encoder {
    out: Vec<u8>,
    path: Vec<PathStep>,
}

type Encoded = Result<(), MsgpackError>;

impl Encoder {
    fn error<T>(&self, message: &str) -> Result<T, MsgpackError> {
        Err(MsgpackError {
            path: Path(self.path.clone()),
            message: message.to_owned(),
        })
    }

    /// Writing to memory does not fail.
    fn done<T, E>(&self, written: Result<T, E>) -> Encoded {
        written
            .map(|_| ())
            .or_else(|_| self.error("failed to write"))
    }

    fn length(&self, length: usize) -> Result<u32, MsgpackError> {
        u32::try_from(length).or_else(|_| self.error("value is too long"))
    }

    fn text(&mut self, text: &str) -> Encoded {
        self.length(text.len())?;
        let written = put::write_str(&mut self.out, text);
        self.done(written)
    }

    fn value(&mut self, value: &Value, ty: &Type) -> Encoded {
        if let Kind::Marked(..) = value.kind() {
            return self.error("value has marks, so it cannot be serialized");
        }
        if *ty == Type::Dynamic {
            let own = value.ty();
            if own != Type::Dynamic {
                return self.wrapped(value, &own);
            }
        }
        match value.kind() {
            Kind::Marked(..) => self.error("value has marks, so it cannot be serialized"),
            Kind::Unknown(ty, refinements) => self.unknown(ty, refinements),
            Kind::Null(_) => {
                let written = put::write_nil(&mut self.out);
                self.done(written)
            }
            Kind::Bool(truth) => {
                let written = put::write_bool(&mut self.out, truth);
                self.done(written)
            }
            Kind::Number(number) => self.number(number),
            Kind::String(text) => self.text(text),
            Kind::List(items) | Kind::Set(items) => self.sequence(items, |_| ty.element()),
            Kind::Tuple(items) => self.sequence(items, |at| match ty {
                Type::Tuple(types) => types.get(at),
                _ => None,
            }),
            Kind::Map(map) => {
                let entries = map.iter().map(|(name, item)| {
                    let step = PathStep::Index(Value::string(name.clone()));
                    (name.as_str(), item, ty.element(), step)
                });
                self.mapping(entries)
            }
            Kind::Object(object) => {
                let types = match ty {
                    Type::Object(object) => Some(&object.attributes),
                    _ => None,
                };
                let entries = object.iter().map(|(name, item)| {
                    let ty = types.and_then(|types| types.get(name));
                    (name.as_str(), item, ty, PathStep::Attr(name.clone()))
                });
                self.mapping(entries)
            }
        }
    }

    fn wrapped(&mut self, value: &Value, own: &Type) -> Encoded {
        let mut description = String::new();
        encode_type(own, &mut description);
        self.length(description.len())?;
        let written = put::write_array_len(&mut self.out, 2)
            .and_then(|_| put::write_bin(&mut self.out, description.as_bytes()));
        self.done(written)?;
        self.value(value, own)
    }

    fn number(&mut self, number: &Number) -> Encoded {
        if let Some(whole) = number.to_i64() {
            let written = put::write_sint(&mut self.out, whole);
            return self.done(written);
        }
        let exact = number.to_f64_exact().filter(|_| !number.is_integer());
        match exact {
            Some(float) => {
                let written = put::write_f64(&mut self.out, float);
                self.done(written)
            }
            None => self.text(&number.text()),
        }
    }

    fn sequence<'a>(&mut self, items: &[Value], ty: impl Fn(usize) -> Option<&'a Type>) -> Encoded {
        let length = self.length(items.len())?;
        let written = put::write_array_len(&mut self.out, length);
        self.done(written)?;
        for (at, item) in items.iter().enumerate() {
            self.path.push(PathStep::Index(Value::number(at)));
            self.part(item, ty(at))?;
        }
        Ok(())
    }

    fn mapping<'a>(
        &mut self,
        entries: impl ExactSizeIterator<Item = (&'a str, &'a Value, Option<&'a Type>, PathStep)>,
    ) -> Encoded {
        let length = self.length(entries.len())?;
        let written = put::write_map_len(&mut self.out, length);
        self.done(written)?;
        for (name, item, ty, step) in entries {
            self.text(name)?;
            self.path.push(step);
            self.part(item, ty)?;
        }
        Ok(())
    }

    /// A part whose step was pushed.
    fn part(&mut self, item: &Value, ty: Option<&Type>) -> Encoded {
        match ty {
            Some(ty) => self.value(item, ty)?,
            None => return self.error("value does not conform to its type"),
        }
        self.path.pop();
        Ok(())
    }

    fn unknown(&mut self, ty: &Type, refinements: &Refinements) -> Encoded {
        let Refinements {
            not_null,
            prefix,
            min,
            max,
            min_length,
            max_length,
        } = refinements;
        let mut inner = Self {
            out: Vec::new(),
            path: self.path.clone(),
        };
        let mut count = 0_u8;
        if *not_null {
            count += 1;
            inner.key(key::NULLNESS)?;
            let written = put::write_bool(&mut inner.out, false);
            inner.done(written)?;
        }
        if let Some(prefix) = prefix {
            count += 1;
            inner.key(key::PREFIX)?;
            let mut cut = prefix.clone();
            if prefix.len() > MAX_PREFIX {
                let end = prefix.floor_char_boundary(MAX_PREFIX - 1);
                cut = safe_prefix(prefix.get(..end).unwrap_or_default());
            }
            inner.text(&cut)?;
        }
        for (key, bound) in [(key::MIN, min), (key::MAX, max)] {
            if let Some((number, included)) = bound {
                count += 1;
                inner.key(key)?;
                let written = put::write_array_len(&mut inner.out, 2);
                inner.done(written)?;
                inner.number(number)?;
                let written = put::write_bool(&mut inner.out, *included);
                inner.done(written)?;
            }
        }
        for (key, bound) in [(key::MIN_LENGTH, min_length), (key::MAX_LENGTH, max_length)] {
            // The peers read lengths as signed numbers; one that does not fit says nothing anyway.
            if let Some(length) = bound.and_then(|length| i64::try_from(length).ok()) {
                count += 1;
                inner.key(key)?;
                let written = put::write_sint(&mut inner.out, length);
                inner.done(written)?;
            }
        }
        if count == 0 || *ty == Type::Dynamic {
            self.out.extend([0xd4, 0, 0]);
            return Ok(());
        }
        let mut body = Vec::new();
        let written = put::write_map_len(&mut body, u32::from(count));
        self.done(written)?;
        body.append(&mut inner.out);
        let length = self.length(body.len())?;
        let written = put::write_ext_meta(&mut self.out, length, REFINED);
        self.done(written)?;
        self.out.append(&mut body);
        Ok(())
    }

    fn key(&mut self, key: u8) -> Encoded {
        let written = put::write_uint(&mut self.out, u64::from(key));
        self.done(written)
    }
}
