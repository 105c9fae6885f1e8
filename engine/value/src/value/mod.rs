//! The value itself.

mod containers;

use crate::{Marks, Number, Refinements, Type};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Arc, OnceLock};

/// A value of the language. Immutable; a clone costs at most a reference count.
///
/// Equality (`==` of Rust) is *raw*: same type, same content, null equals null, unknown equals
/// unknown with the same refinements, and the marks count. The `==` of the language is
/// `ops::equal`.
#[derive(Clone)]
pub struct Value(Repr);

#[derive(Clone)]
enum Repr {
    Null(Type),
    Unknown(Arc<(Type, Refinements)>),
    Bool(bool),
    Number(Number),
    String(EcoString),
    List(Arc<Sequence>),
    Set(Arc<Sequence>),
    Tuple(Arc<Sequence>),
    Map(Arc<MapValue>),
    Object(Arc<ObjectValue>),
    Marked(Arc<(Marks, Value)>),
}

/// A value looked at. Marks come first, so that nobody forgets them by accident.
#[derive(Debug)]
pub enum Kind<'a> {
    /// Marked: the marks and the value under them, which is not itself `Marked`.
    Marked(&'a Marks, &'a Value),
    /// Null of a type.
    Null(&'a Type),
    /// Unknown of a type.
    Unknown(&'a Type, &'a Refinements),
    /// A bool.
    Bool(bool),
    /// A number.
    Number(&'a Number),
    /// A string, NFC.
    String(&'a EcoString),
    /// A list: all elements of one type.
    List(&'a [Value]),
    /// A set: elements unique, in the order of the language.
    Set(&'a [Value]),
    /// A tuple.
    Tuple(&'a [Value]),
    /// A map, keys in lexical order.
    Map(&'a MapValue),
    /// An object, attributes in lexical order.
    Object(&'a ObjectValue),
}

/// What a container knows of its content without looking again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    unknown: bool,
    marked: bool,
    /// Levels of containers, this one included.
    depth: u32,
    /// As [`Value::size`].
    size: u32,
}

/// How deep values may be nested. Everything that walks values recurses, so whoever builds
/// containers from input must refuse those that are deeper ([`Value::depth`]).
pub const MAX_DEPTH: usize = 256;

impl Flags {
    fn of<'a>(items: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut flags = Self::default();
        for item in items {
            flags.unknown |= !item.is_wholly_known();
            flags.marked |= item.contains_marks();
            flags.depth = flags.depth.max(item.levels());
            flags.size = flags.size.saturating_add(item.weight());
        }
        flags.depth = flags.depth.saturating_add(1);
        flags.size = flags.size.saturating_add(1);
        flags
    }

    /// The same of values that have names.
    fn named(names: &[EcoString], items: &[Value]) -> Self {
        let mut flags = Self::of(items);
        for name in names {
            flags.size = flags.size.saturating_add(blocks(name));
        }
        flags
    }
}

/// How many blocks of [`BLOCK`] bytes a text fills.
fn blocks(text: &str) -> u32 {
    u32::try_from(text.len() / BLOCK).unwrap_or(u32::MAX)
}

/// How many bytes of text count as much as one value in [`Value::size`].
const BLOCK: usize = 64;

impl Value {
    fn weight(&self) -> u32 {
        match &self.0 {
            Repr::List(items) | Repr::Set(items) | Repr::Tuple(items) => items.flags.size,
            Repr::Map(map) => map.flags.size,
            Repr::Object(object) => object.flags.size,
            Repr::Marked(inner) => inner.1.weight(),
            Repr::String(text) => blocks(text).saturating_add(1),
            _ => 1,
        }
    }

    /// How large the value is when written out: values in it, itself included, and one more for every 64 bytes of text. Parts that are
    /// shared count wherever they appear. At most 2^32 - 1.
    #[must_use]
    pub fn size(&self) -> usize {
        self.weight() as usize
    }
}

struct Sequence {
    /// The whole type. Of a tuple it is made when first asked for.
    ty: OnceLock<Type>,
    items: Box<[Value]>,
    flags: Flags,
    hash: OnceLock<u64>,
}

/// The content of a map.
pub struct MapValue {
    ty: Type,
    keys: Box<[EcoString]>,
    values: Box<[Value]>,
    flags: Flags,
    hash: OnceLock<u64>,
}

/// The content of an object.
pub struct ObjectValue {
    ty: OnceLock<Type>,
    names: Arc<[EcoString]>,
    values: Box<[Value]>,
    flags: Flags,
    hash: OnceLock<u64>,
}

impl Value {
    /// `null` whose type is not known.
    pub const NULL: Self = Self(Repr::Null(Type::Dynamic));
    /// `true`
    pub const TRUE: Self = Self(Repr::Bool(true));
    /// `false`
    pub const FALSE: Self = Self(Repr::Bool(false));

    /// A null of this type.
    #[must_use]
    pub fn null(ty: Type) -> Self {
        Self(Repr::Null(ty))
    }

    /// An unknown value of this type, of which nothing else is known.
    #[must_use]
    pub fn unknown(ty: Type) -> Self {
        Self::unknown_refined(ty, Refinements::NONE)
    }

    /// An unknown value whose type is not known either.
    #[must_use]
    pub fn dynamic() -> Self {
        static DYNAMIC: OnceLock<Value> = OnceLock::new();
        DYNAMIC.get_or_init(|| Self::unknown(Type::Dynamic)).clone()
    }

    /// An unknown value of which something is known. (Takes the refinements as they are: the
    /// builder that collapses them to a known value where they leave no choice is in
    /// [`crate::refine`].)
    #[must_use]
    pub fn unknown_refined(ty: Type, refinements: Refinements) -> Self {
        Self(Repr::Unknown(Arc::new((ty, refinements))))
    }

    /// A bool.
    #[must_use]
    pub fn bool(value: bool) -> Self {
        Self(Repr::Bool(value))
    }

    /// A number.
    #[must_use]
    pub fn number(value: impl Into<Number>) -> Self {
        Self(Repr::Number(value.into()))
    }

    /// A string that is NFC already (ASCII always is). Text from outside goes through
    /// [`Value::string_nfc`].
    #[must_use]
    pub fn string(value: impl Into<EcoString>) -> Self {
        Self(Repr::String(value.into()))
    }

    /// A string, normalised to NFC.
    #[must_use]
    pub fn string_nfc(value: &str) -> Self {
        use unicode_normalization::{UnicodeNormalization as _, is_nfc};
        if value.is_ascii() || is_nfc(value) {
            Self::string(value)
        } else {
            Self::string(value.nfc().collect::<EcoString>())
        }
    }

    /// A list. All items must be of type `element` (or be null or unknown of it).
    #[must_use]
    pub fn list(element: Type, items: Vec<Self>) -> Self {
        let flags = Flags::of(&items);
        Self(Repr::List(Arc::new(Sequence {
            ty: OnceLock::from(Type::list(element)),
            items: items.into(),
            flags,
            hash: OnceLock::new(),
        })))
    }

    /// A set from items that are already unique, unmarked and in the order of the language.
    /// Everyone else uses `crate::set::set`.
    #[must_use]
    pub fn set_sorted(element: Type, items: Vec<Self>) -> Self {
        let flags = Flags::of(&items);
        Self(Repr::Set(Arc::new(Sequence {
            ty: OnceLock::from(Type::set(element)),
            items: items.into(),
            flags,
            hash: OnceLock::new(),
        })))
    }

    /// A tuple.
    #[must_use]
    pub fn tuple(items: Vec<Self>) -> Self {
        let flags = Flags::of(&items);
        Self(Repr::Tuple(Arc::new(Sequence {
            ty: OnceLock::new(),
            items: items.into(),
            flags,
            hash: OnceLock::new(),
        })))
    }

    /// A map. All values must be of type `element`.
    #[must_use]
    pub fn map(element: Type, entries: BTreeMap<EcoString, Self>) -> Self {
        let (keys, values): (Vec<EcoString>, Vec<_>) = entries.into_iter().unzip();
        let flags = Flags::named(&keys, &values);
        Self(Repr::Map(Arc::new(MapValue {
            ty: Type::map(element),
            keys: keys.into(),
            values: values.into(),
            flags,
            hash: OnceLock::new(),
        })))
    }

    /// An object.
    #[must_use]
    pub fn object<K: Into<EcoString>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        let sorted: BTreeMap<EcoString, Self> = attributes
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        let (names, values): (Vec<_>, Vec<_>) = sorted.into_iter().unzip();
        Self::object_shaped(names.into(), values)
    }

    /// An object whose names (sorted, unique) are shared with others: the cheap way to make many
    /// alike.
    ///
    /// # Panics
    /// When there are not as many values as names.
    #[must_use]
    pub fn object_shaped(names: Arc<[EcoString]>, values: Vec<Self>) -> Self {
        assert_eq!(names.len(), values.len(), "one value per name");
        let flags = Flags::named(&names, &values);
        Self(Repr::Object(Arc::new(ObjectValue {
            ty: OnceLock::new(),
            names,
            values: values.into(),
            flags,
            hash: OnceLock::new(),
        })))
    }

    /// The value with these marks added.
    #[must_use]
    pub fn with_marks(self, marks: &Marks) -> Self {
        if marks.is_none() {
            return self;
        }
        match self.0 {
            Repr::Marked(inner) => Self(Repr::Marked(Arc::new((
                inner.0.union(marks),
                inner.1.clone(),
            )))),
            _ => Self(Repr::Marked(Arc::new((marks.clone(), self)))),
        }
    }

    /// The marks of the value itself (not of its parts).
    #[must_use]
    pub fn marks(&self) -> &Marks {
        match &self.0 {
            Repr::Marked(inner) => &inner.0,
            _ => &Marks::NONE,
        }
    }

    /// The value without its own marks; parts keep theirs.
    #[must_use]
    pub fn unmarked(&self) -> &Self {
        match &self.0 {
            Repr::Marked(inner) => &inner.1,
            _ => self,
        }
    }

    /// The value without its own marks, and the marks.
    #[must_use]
    pub fn unmark(&self) -> (&Self, &Marks) {
        (self.unmarked(), self.marks())
    }

    /// Whether the value or any part of it has a mark.
    #[must_use]
    pub fn contains_marks(&self) -> bool {
        match &self.0 {
            Repr::Marked(_) => true,
            Repr::List(items) | Repr::Set(items) | Repr::Tuple(items) => items.flags.marked,
            Repr::Map(map) => map.flags.marked,
            Repr::Object(object) => object.flags.marked,
            _ => false,
        }
    }

    /// The union of the marks of the value and of all its parts.
    #[must_use]
    pub fn marks_deep(&self) -> Marks {
        if !self.contains_marks() {
            return Marks::NONE;
        }
        let own = self.marks().clone();
        self.unmarked()
            .children()
            .iter()
            .fold(own, |marks, child| marks.union(&child.marks_deep()))
    }

    /// The value with no marks at all, at any depth.
    #[must_use]
    pub fn unmark_deep(&self) -> Self {
        if !self.contains_marks() {
            return self.clone();
        }
        self.unmarked().map_children(|_, child| child.unmark_deep())
    }

    /// Whether the value and all its parts are known. A null is known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        match &self.0 {
            Repr::Unknown(_) => false,
            Repr::List(items) | Repr::Set(items) | Repr::Tuple(items) => !items.flags.unknown,
            Repr::Map(map) => !map.flags.unknown,
            Repr::Object(object) => !object.flags.unknown,
            Repr::Marked(inner) => inner.1.is_wholly_known(),
            _ => true,
        }
    }

    /// Whether the value or any part of it is an infinite number, which no JSON can hold. Looks through marks.
    #[must_use]
    pub fn contains_infinity(&self) -> bool {
        match &self.unmarked().0 {
            Repr::Number(number) => number.is_infinite(),
            _ => self.children().iter().any(Self::contains_infinity),
        }
    }

    /// Whether the value itself is known (its parts may not be).
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self.unmarked().0, Repr::Unknown(_))
    }

    /// Whether it is null. Looks through marks; false for unknown.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.unmarked().0, Repr::Null(_))
    }

    fn levels(&self) -> u32 {
        match &self.0 {
            Repr::List(items) | Repr::Set(items) | Repr::Tuple(items) => items.flags.depth,
            Repr::Map(map) => map.flags.depth,
            Repr::Object(object) => object.flags.depth,
            Repr::Marked(inner) => inner.1.levels(),
            _ => 0,
        }
    }

    /// How many containers are nested in each other: 0 for a primitive. See [`MAX_DEPTH`].
    #[must_use]
    pub fn depth(&self) -> usize {
        self.levels() as usize
    }

    /// The value looked at.
    #[must_use]
    pub fn kind(&self) -> Kind<'_> {
        match &self.0 {
            Repr::Marked(inner) => Kind::Marked(&inner.0, &inner.1),
            Repr::Null(ty) => Kind::Null(ty),
            Repr::Unknown(inner) => Kind::Unknown(&inner.0, &inner.1),
            Repr::Bool(value) => Kind::Bool(*value),
            Repr::Number(value) => Kind::Number(value),
            Repr::String(value) => Kind::String(value),
            Repr::List(items) => Kind::List(&items.items),
            Repr::Set(items) => Kind::Set(&items.items),
            Repr::Tuple(items) => Kind::Tuple(&items.items),
            Repr::Map(map) => Kind::Map(map),
            Repr::Object(object) => Kind::Object(object),
        }
    }

    /// The type. For objects and tuples it is made once and kept.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.0 {
            Repr::Marked(inner) => inner.1.ty(),
            Repr::Null(ty) => ty.clone(),
            Repr::Unknown(inner) => inner.0.clone(),
            Repr::Bool(_) => Type::Bool,
            Repr::Number(_) => Type::Number,
            Repr::String(_) => Type::String,
            Repr::List(items) | Repr::Set(items) | Repr::Tuple(items) => items
                .ty
                .get_or_init(|| Type::tuple(items.items.iter().map(Self::ty)))
                .clone(),
            Repr::Map(map) => map.ty.clone(),
            Repr::Object(object) => object.ty().clone(),
        }
    }

    /// Whether its type is exactly `ty` (optional attributes of `ty` taken for plain ones). Does
    /// not make the type.
    #[must_use]
    pub fn is_of(&self, ty: &Type) -> bool {
        match &self.0 {
            Repr::Marked(inner) => inner.1.is_of(ty),
            Repr::Null(own) => own.same_shape(ty),
            Repr::Unknown(inner) => inner.0.same_shape(ty),
            Repr::Bool(_) => *ty == Type::Bool,
            Repr::Number(_) => *ty == Type::Number,
            Repr::String(_) => *ty == Type::String,
            Repr::List(items) | Repr::Set(items) => {
                items.ty.get().is_some_and(|own| own.same_shape(ty))
            }
            Repr::Map(map) => map.ty.same_shape(ty),
            Repr::Tuple(items) => match ty {
                Type::Tuple(types) => {
                    types.len() == items.items.len()
                        && items
                            .items
                            .iter()
                            .zip(types.iter())
                            .all(|(item, ty)| item.is_of(ty))
                }
                _ => false,
            },
            Repr::Object(object) => match ty {
                Type::Object(wanted) => {
                    let mut pairs = object.iter().zip(wanted.attributes.iter());
                    wanted.attributes.len() == object.len()
                        && pairs
                            .all(|((name, value), (known, ty))| name == known && value.is_of(ty))
                }
                _ => false,
            },
        }
    }

    /// The parts: elements, or values in key order. Empty for everything else, and for a marked
    /// value those under the marks.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        match &self.unmarked().0 {
            Repr::List(items) | Repr::Set(items) | Repr::Tuple(items) => &items.items,
            Repr::Map(map) => &map.values,
            Repr::Object(object) => &object.values,
            _ => &[],
        }
    }

    /// The same container with each part replaced by what `change` makes of (index, part), which
    /// must keep to the element type of a list, set or map. The marks of the value itself stay.
    /// Other values come back as they are. (The order of a set is kept: use it on sets only where
    /// the change keeps order and uniqueness.)
    #[must_use]
    pub fn map_children(&self, mut change: impl FnMut(usize, &Self) -> Self) -> Self {
        let mut all = |items: &[Self]| {
            items
                .iter()
                .enumerate()
                .map(|(at, item)| change(at, item))
                .collect::<Vec<_>>()
        };
        // Only the elements change, so the type is shared with the original.
        let same_type = |items: &Sequence, new: Vec<Self>| {
            let flags = Flags::of(&new);
            let (ty, items) = (items.ty.clone(), new.into());
            Arc::new(Sequence {
                ty,
                items,
                flags,
                hash: OnceLock::new(),
            })
        };
        match &self.0 {
            Repr::Marked(inner) => inner.1.map_children(change).with_marks(&inner.0),
            Repr::List(items) => Self(Repr::List(same_type(items, all(&items.items)))),
            Repr::Set(items) => Self(Repr::Set(same_type(items, all(&items.items)))),
            Repr::Tuple(items) => Self::tuple(all(&items.items)),
            Repr::Map(map) => {
                let values = all(&map.values);
                let flags = Flags::named(&map.keys, &values);
                let (ty, keys) = (map.ty.clone(), map.keys.clone());
                Self(Repr::Map(Arc::new(MapValue {
                    ty,
                    keys,
                    values: values.into(),
                    flags,
                    hash: OnceLock::new(),
                })))
            }
            Repr::Object(object) => Self::object_shaped(object.names.clone(), all(&object.values)),
            _ => self.clone(),
        }
    }

    /// The string, if this is a known, non-null, unmarked one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The bool, if this is a known, non-null, unmarked one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match &self.0 {
            Repr::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is a known, non-null, unmarked one.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match &self.0 {
            Repr::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The attribute of an object or the element of a map with this name. Looks through the marks
    /// of the container, without adding them to the part: callers in the evaluator add them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match &self.unmarked().0 {
            Repr::Object(object) => object.get(name),
            Repr::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// Whether both are the same shared thing: a quick yes before a deep comparison.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::List(a), Repr::List(b))
            | (Repr::Set(a), Repr::Set(b))
            | (Repr::Tuple(a), Repr::Tuple(b)) => Arc::ptr_eq(a, b),
            (Repr::Map(a), Repr::Map(b)) => Arc::ptr_eq(a, b),
            (Repr::Object(a), Repr::Object(b)) => Arc::ptr_eq(a, b),
            (Repr::Unknown(a), Repr::Unknown(b)) => Arc::ptr_eq(a, b),
            (Repr::Marked(a), Repr::Marked(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Value {
    /// A hash of type-independent content, the same for equal values, in every run. Containers compute theirs once.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        match &self.0 {
            Repr::List(inner) => *inner.hash.get_or_init(|| hash_of(1, &[], &inner.items)),
            Repr::Set(inner) => *inner.hash.get_or_init(|| hash_of(2, &[], &inner.items)),
            Repr::Tuple(inner) => *inner.hash.get_or_init(|| hash_of(3, &[], &inner.items)),
            Repr::Map(map) => *map.hash.get_or_init(|| hash_of(4, &map.keys, &map.values)),
            Repr::Object(object) => *object
                .hash
                .get_or_init(|| hash_of(5, &object.names, &object.values)),
            Repr::Null(_) => hash_one(&6_u8),
            Repr::Unknown(_) => hash_one(&7_u8),
            Repr::Bool(value) => hash_one(&(8_u8, value)),
            Repr::Number(value) => hash_one(&(9_u8, value)),
            Repr::String(value) => hash_one(&(10_u8, value.as_str())),
            Repr::Marked(inner) => hash_one(&(11_u8, &inner.0, inner.1.content_hash())),
        }
    }

    /// The hash, if it is there already.
    fn known_hash(&self) -> Option<u64> {
        match &self.0 {
            Repr::List(inner) | Repr::Set(inner) | Repr::Tuple(inner) => inner.hash.get().copied(),
            Repr::Map(map) => map.hash.get().copied(),
            Repr::Object(object) => object.hash.get().copied(),
            _ => None,
        }
    }
}

fn hash_one(item: &impl Hash) -> u64 {
    // Fixed keys: the same in every run.
    let mut hasher = DefaultHasher::new();
    item.hash(&mut hasher);
    hasher.finish()
}

fn hash_of(kind: u8, names: &[EcoString], values: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    kind.hash(&mut hasher);
    for name in names {
        name.as_str().hash(&mut hasher);
    }
    for value in values {
        value.content_hash().hash(&mut hasher);
    }
    hasher.finish()
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        if self.same(other) {
            return true;
        }
        if let (Some(a), Some(b)) = (self.known_hash(), other.known_hash())
            && a != b
        {
            return false;
        }
        match (&self.0, &other.0) {
            (Repr::Null(a), Repr::Null(b)) => a == b,
            (Repr::Unknown(a), Repr::Unknown(b)) => a == b,
            (Repr::Bool(a), Repr::Bool(b)) => a == b,
            (Repr::Number(a), Repr::Number(b)) => a == b,
            (Repr::String(a), Repr::String(b)) => a == b,
            (Repr::List(a), Repr::List(b)) | (Repr::Set(a), Repr::Set(b)) => {
                a.flags == b.flags && a.ty == b.ty && a.items == b.items
            }
            (Repr::Tuple(a), Repr::Tuple(b)) => a.flags == b.flags && a.items == b.items,
            (Repr::Map(a), Repr::Map(b)) => {
                a.flags == b.flags && a.ty == b.ty && a.keys == b.keys && a.values == b.values
            }
            (Repr::Object(a), Repr::Object(b)) => {
                let names = Arc::ptr_eq(&a.names, &b.names) || a.names == b.names;
                names && a.flags == b.flags && a.values == b.values
            }
            (Repr::Marked(a), Repr::Marked(b)) => a == b,
            _ => false,
        }
    }
}

/// For tests and logs: shape and content, but never the content of a sensitive value.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Marked(marks, _) if marks.is_sensitive() => f.write_str("(sensitive)"),
            Kind::Marked(_, inner) => write!(f, "marked({inner:?})"),
            Kind::Null(ty) => write!(f, "null({ty:?})"),
            Kind::Unknown(ty, refinements) if refinements.is_none() => write!(f, "unknown({ty:?})"),
            Kind::Unknown(ty, refinements) => write!(f, "unknown({ty:?}, {refinements:?})"),
            Kind::Bool(value) => write!(f, "{value}"),
            Kind::Number(value) => write!(f, "{value}"),
            Kind::String(value) => write!(f, "{value:?}"),
            Kind::List(items) => f
                .write_str("list")
                .and_then(|()| f.debug_list().entries(items).finish()),
            Kind::Set(items) => f
                .write_str("set")
                .and_then(|()| f.debug_list().entries(items).finish()),
            Kind::Tuple(items) => f.debug_list().entries(items).finish(),
            Kind::Map(map) => f
                .write_str("map")
                .and_then(|()| f.debug_map().entries(map.iter()).finish()),
            Kind::Object(object) => f.debug_map().entries(object.iter()).finish(),
        }
    }
}

impl fmt::Debug for MapValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for ObjectValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
