//! A canonical encoding into a digest: what is equal is encoded equally, what differs differs, and nothing runs into what follows it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use terrane_value::{Kind, Type, Value};

/// A digest: SHA-256.
pub type Hash = [u8; 32];

/// So much is taken in before it is hashed, in bytes: most things are a few bytes long, and hashing has a price for each time.
const GATHERED: usize = 4096;

/// Takes in things one after the other, each with its length.
#[derive(Clone, Debug)]
pub struct Canon {
    hash: Sha256,
    /// What was taken in and not hashed yet.
    gathered: Vec<u8>,
}

impl Canon {
    /// An encoding for one purpose: digests of different domains are never equal.
    #[must_use]
    pub fn new(domain: &str) -> Self {
        let mut canon = Self {
            hash: Sha256::new(),
            gathered: Vec::with_capacity(2048),
        };
        canon.text(domain);
        canon
    }

    /// Bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.gathered.len() + bytes.len() > GATHERED {
            self.hash.update(&self.gathered);
            self.gathered.clear();
            if bytes.len() > GATHERED {
                self.hash.update(bytes);
                return;
            }
        }
        self.gathered.extend_from_slice(bytes);
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    /// How many things follow.
    pub fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// A small choice.
    pub fn tag(&mut self, tag: u8) {
        self.put(&[tag]);
    }

    /// A thing that may not be there.
    pub fn option(&mut self, text: Option<&str>) {
        self.tag(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// A value. What is marked sensitive is taken in as its hash under `secret`, so that the digest does not help whoever guesses at it.
    pub fn value(&mut self, value: &Value, secret: &Hash) {
        let (inner, marks) = value.unmark();
        if marks.is_sensitive() {
            let mut hidden = Self::new("terrane sensitive value");
            hidden.plain(inner, secret);
            self.tag(20);
            self.bytes(&keyed(secret, &hidden.finish()));
            return;
        }
        if marks.is_ephemeral() && inner.is_known() && !inner.is_null() {
            // Not kept in plans, so nothing can be said of it.
            self.tag(21);
            return;
        }
        self.plain(inner, secret);
    }

    fn plain(&mut self, value: &Value, secret: &Hash) {
        match value.kind() {
            Kind::Marked(_, inner) => self.value(inner, secret),
            Kind::Null(ty) => {
                self.tag(0);
                self.ty(ty);
            }
            Kind::Unknown(ty, _) => {
                self.tag(1);
                self.ty(ty);
            }
            Kind::Bool(truth) => self.tag(if truth { 3 } else { 2 }),
            Kind::Number(number) => {
                self.tag(4);
                self.text(&number.to_string());
            }
            Kind::String(text) => {
                self.tag(5);
                self.text(text);
            }
            Kind::List(items) => self.items(6, items, secret),
            Kind::Set(items) => self.items(7, items, secret),
            Kind::Tuple(items) => self.items(8, items, secret),
            Kind::Map(map) => {
                self.tag(9);
                self.length(map.len());
                for (key, value) in map.iter() {
                    self.text(key);
                    self.value(value, secret);
                }
            }
            Kind::Object(object) => {
                self.tag(10);
                self.length(object.len());
                for (name, value) in object.iter() {
                    self.text(name);
                    self.value(value, secret);
                }
            }
        }
    }

    fn items(&mut self, tag: u8, items: &[Value], secret: &Hash) {
        self.tag(tag);
        self.length(items.len());
        for item in items {
            self.value(item, secret);
        }
    }

    fn ty(&mut self, ty: &Type) {
        // As `encode_type` has them; most are one of these.
        match ty {
            Type::Dynamic => return self.text("\"dynamic\""),
            Type::Bool => return self.text("\"bool\""),
            Type::Number => return self.text("\"number\""),
            Type::String => return self.text("\"string\""),
            Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Tuple(_) | Type::Object(_) => {}
        }
        let mut text = String::new();
        terrane_value::json::encode_type(ty, &mut text);
        self.text(&text);
    }

    /// Bytes that may hold secrets: as a sensitive value.
    pub fn secret(&mut self, bytes: &[u8], secret: &Hash) {
        let mut hidden = Self::new("terrane secret bytes");
        hidden.bytes(bytes);
        self.tag(22);
        self.bytes(&keyed(secret, &hidden.finish()));
    }

    /// The digest of all that was taken in.
    #[must_use]
    pub fn finish(mut self) -> Hash {
        self.hash.update(&self.gathered);
        self.hash.finalize().into()
    }
}

/// A hash that only who has the secret can make.
fn keyed(secret: &Hash, bytes: &[u8]) -> Hash {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return *secret;
    };
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::Canon;
    use terrane_value::{Marks, Type, Value};

    fn digest(value: &Value, secret: u8) -> [u8; 32] {
        let mut canon = Canon::new("test");
        canon.value(value, &[secret; 32]);
        canon.finish()
    }

    #[test]
    fn what_differs_has_another_digest() {
        let text = |text: &str| Value::string(text);
        let values = [
            Value::null(Type::String),
            Value::null(Type::Number),
            Value::unknown(Type::String),
            Value::bool(true),
            Value::bool(false),
            Value::number(1_u64),
            Value::number(10_u64),
            text("1"),
            text(""),
            Value::tuple(vec![text("a"), text("b")]),
            Value::tuple(vec![text("ab")]),
            Value::tuple(vec![Value::tuple(vec![text("a")]), text("b")]),
            Value::list(Type::String, vec![text("a"), text("b")]),
            Value::set_sorted(Type::String, vec![text("a"), text("b")]),
            Value::object([("a", text("b"))]),
            Value::object([("ab", text(""))]),
            text("1").with_marks(&Marks::SENSITIVE),
        ];
        for (at, one) in values.iter().enumerate() {
            for other in values.iter().skip(at + 1) {
                assert_ne!(digest(one, 1), digest(other, 1), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn types_are_taken_in_as_they_are_written() {
        for ty in [Type::Dynamic, Type::Bool, Type::Number, Type::String] {
            let (mut one, mut other) = (Canon::new("test"), Canon::new("test"));
            one.ty(&ty);
            let mut text = String::new();
            terrane_value::json::encode_type(&ty, &mut text);
            other.text(&text);
            assert_eq!(one.finish(), other.finish(), "{text}");
        }
    }

    #[test]
    fn what_is_sensitive_depends_on_the_secret_and_nothing_else_does() {
        let open = Value::object([("a", Value::string("x"))]);
        assert_eq!(digest(&open, 1), digest(&open, 2));
        let hidden = Value::object([("a", Value::string("x").with_marks(&Marks::SENSITIVE))]);
        assert_ne!(digest(&hidden, 1), digest(&hidden, 2));
        assert_eq!(digest(&hidden, 1), digest(&hidden, 1));
    }
}
