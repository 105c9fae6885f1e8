//! Values, and what many changes share: types, dependency lists, provider configurations. These are written once, into tables, and
//! referred to by their place.

use super::FileError;
use super::Reader;
use super::Result;
use super::addrs::{read_config, read_provider, write_config, write_provider};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{ConfigResource, ProviderConfigAddr};
use terrane_value::bytes::Writer;
use terrane_value::value::MAX_DEPTH;
use terrane_value::{Marks, Path, PathStep, Type, Value, msgpack};

/// How many types are remembered as met last.
const RECENT: usize = 8;

/// What is written once.
#[derive(Default)]
pub(super) struct Tables {
    types: BTreeMap<Type, usize>,
    /// Types met last, the latest first: asking a value whether it is of one costs less than making its type.
    recent: Vec<(Type, usize)>,
    type_list: Vec<Type>,
    dependencies: BTreeMap<Arc<[ConfigResource]>, usize>,
    dependency_lists: Vec<Arc<[ConfigResource]>>,
    providers: BTreeMap<ProviderConfigAddr, usize>,
    provider_list: Vec<ProviderConfigAddr>,
}

impl Tables {
    pub(super) fn value(&mut self, out: &mut Writer, value: &Value) -> Result<()> {
        let plain = value.unmark_deep();
        let (ty, place) = self.type_of(&plain);
        let bytes = msgpack::encode(&plain, &ty)
            .map_err(|error| FileError::Unencodable(format!("a value: {error}")))?;
        out.length(place);
        out.blob(&bytes);
        let mut marks = Vec::new();
        if value.contains_marks() {
            collect_marks(value, &mut 0, &mut marks)?;
        }
        out.list(marks.iter(), |out, (at, marks)| {
            out.length(*at);
            write_marks(out, marks);
        });
        Ok(())
    }

    fn type_of(&mut self, value: &Value) -> (Type, usize) {
        if let Some(at) = self.recent.iter().position(|(ty, _)| value.is_of(ty)) {
            self.recent[..=at].rotate_right(1);
            return self.recent[0].clone();
        }
        let ty = value.ty();
        let next = self.types.len();
        let place = *self.types.entry(ty.clone()).or_insert_with(|| {
            self.type_list.push(ty.clone());
            next
        });
        self.recent.truncate(RECENT - 1);
        self.recent.insert(0, (ty.clone(), place));
        (ty, place)
    }

    /// Two values of which the second is often the same as the first.
    pub(super) fn pair(&mut self, out: &mut Writer, first: &Value, second: &Value) -> Result<()> {
        self.value(out, first)?;
        let same = first == second;
        out.bool(same);
        if same {
            return Ok(());
        }
        self.value(out, second)
    }

    pub(super) fn path(&mut self, out: &mut Writer, path: &Path) -> Result<()> {
        out.length(path.0.len());
        for step in &path.0 {
            match step {
                PathStep::Attr(name) => {
                    out.byte(0);
                    out.text(name);
                }
                PathStep::Index(key) => {
                    out.byte(1);
                    self.value(out, key)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn paths(&mut self, out: &mut Writer, paths: &[Path]) -> Result<()> {
        out.length(paths.len());
        paths.iter().try_for_each(|path| self.path(out, path))
    }

    pub(super) fn dependencies(&mut self, out: &mut Writer, list: &Arc<[ConfigResource]>) {
        let next = self.dependencies.len();
        let place = *self.dependencies.entry(list.clone()).or_insert_with(|| {
            self.dependency_lists.push(list.clone());
            next
        });
        out.length(place);
    }

    pub(super) fn provider(&mut self, out: &mut Writer, provider: &ProviderConfigAddr) {
        let next = self.providers.len();
        let place = match self.providers.get(provider) {
            Some(place) => *place,
            None => {
                self.provider_list.push(provider.clone());
                self.providers.insert(provider.clone(), next);
                next
            }
        };
        out.length(place);
    }

    /// The tables themselves.
    pub(super) fn write(&self) -> Writer {
        let mut out = Writer::default();
        out.list(self.type_list.iter(), write_type);
        out.list(self.dependency_lists.iter(), |out, list| {
            out.list(list.iter(), write_config);
        });
        out.list(self.provider_list.iter(), write_provider);
        out
    }
}

fn write_type(out: &mut Writer, ty: &Type) {
    match ty {
        Type::Dynamic => out.byte(0),
        Type::Bool => out.byte(1),
        Type::Number => out.byte(2),
        Type::String => out.byte(3),
        Type::List(element) => {
            out.byte(4);
            write_type(out, element);
        }
        Type::Set(element) => {
            out.byte(5);
            write_type(out, element);
        }
        Type::Map(element) => {
            out.byte(6);
            write_type(out, element);
        }
        Type::Tuple(elements) => {
            out.byte(7);
            out.list(elements.iter(), write_type);
        }
        Type::Object(object) => {
            // Types of values: nothing in them is optional.
            out.byte(8);
            out.list(object.attributes.iter(), |out, (name, ty)| {
                out.text(name);
                write_type(out, ty);
            });
        }
    }
}

fn read_type(bytes: &mut Reader<'_>, depth: usize) -> Result<Type> {
    if depth > MAX_DEPTH {
        return Err(FileError::Malformed("a type is nested too deeply"));
    }
    let inner = |bytes: &mut Reader<'_>| read_type(bytes, depth + 1);
    Ok(match bytes.byte()? {
        0 => Type::Dynamic,
        1 => Type::Bool,
        2 => Type::Number,
        3 => Type::String,
        4 => Type::list(inner(bytes)?),
        5 => Type::set(inner(bytes)?),
        6 => Type::map(inner(bytes)?),
        7 => Type::tuple(bytes.list(inner)?),
        8 => Type::object(bytes.list(|bytes| Ok((bytes.text()?, inner(bytes)?)))?),
        _ => return Err(FileError::Malformed("a type is of no kind")),
    })
}

/// Marks by the place of the marked part when parts are counted from the whole inwards, in order.
fn collect_marks(value: &Value, at: &mut usize, found: &mut Vec<(usize, Marks)>) -> Result<()> {
    let (inner, marks) = value.unmark();
    if marks.is_ephemeral() && inner.is_known() && !inner.is_null() {
        let problem = "a value that must not be stored is in it";
        return Err(FileError::Unencodable(problem.to_owned()));
    }
    if !marks.is_none() {
        found.push((*at, marks.clone()));
    }
    *at += 1;
    for child in inner.children() {
        if child.contains_marks() {
            collect_marks(child, at, found)?;
        } else {
            *at += parts(child);
        }
    }
    Ok(())
}

fn parts(value: &Value) -> usize {
    1 + value.children().iter().map(parts).sum::<usize>()
}

fn write_marks(out: &mut Writer, marks: &Marks) {
    out.byte(u8::from(marks.is_sensitive()) | u8::from(marks.is_ephemeral()) << 1);
    let messages: Vec<&EcoString> = marks.deprecations().collect();
    out.list(messages.into_iter(), |out, message| out.text(message));
}

fn read_marks(bytes: &mut Reader<'_>) -> Result<Marks> {
    let bits = bytes.byte()?;
    if bits > 3 {
        return Err(FileError::Malformed("a mark is of no kind"));
    }
    let mut marks = Marks::NONE;
    if bits & 1 != 0 {
        marks = marks.union(&Marks::SENSITIVE);
    }
    if bits & 2 != 0 {
        marks = marks.union(&Marks::EPHEMERAL);
    }
    for message in bytes.list(Reader::text)? {
        marks = marks.union(&Marks::deprecated(message));
    }
    Ok(marks)
}

/// The value with marks put back. `marks` are those still to come.
fn put_marks(
    value: &Value,
    at: &mut usize,
    marks: &mut std::slice::Iter<'_, (usize, Marks)>,
) -> Value {
    let next =
        |marks: &std::slice::Iter<'_, (usize, Marks)>| marks.as_slice().first().map(|(at, _)| *at);
    let here = (next(marks) == Some(*at)).then(|| marks.next()).flatten();
    *at += 1;
    let inner = if next(marks).is_none() {
        value.clone()
    } else {
        value.map_children(|_, child| put_marks(child, at, marks))
    };
    match here {
        Some((_, marks)) => inner.with_marks(marks),
        None => inner,
    }
}

/// What was written once.
pub(super) struct Shared {
    types: Vec<Type>,
    dependencies: Vec<Arc<[ConfigResource]>>,
    providers: Vec<ProviderConfigAddr>,
}

impl Shared {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut bytes = Reader::new(bytes);
        let types = bytes.list(|bytes| read_type(bytes, 0))?;
        let dependencies = bytes.list(|bytes| Ok(bytes.list(read_config)?.into()))?;
        let providers = bytes.list(read_provider)?;
        bytes.end()?;
        Ok(Self {
            types,
            dependencies,
            providers,
        })
    }

    pub(super) fn value(&self, bytes: &mut Reader<'_>) -> Result<Value> {
        let ty = at(&self.types, bytes)?;
        let value = msgpack::decode(bytes.blob()?, ty)
            .map_err(|_| FileError::Malformed("a value is none"))?;
        let marks = bytes.list(|bytes| {
            let at = usize::try_from(bytes.number()?).unwrap_or(usize::MAX);
            Ok((at, read_marks(bytes)?))
        })?;
        if marks.is_empty() {
            return Ok(value);
        }
        let mut rest = marks.iter();
        let value = put_marks(&value, &mut 0, &mut rest);
        // Losing one could show a secret.
        if rest.next().is_some() {
            return Err(FileError::Malformed("a mark is at no part of its value"));
        }
        Ok(value)
    }

    pub(super) fn pair(&self, bytes: &mut Reader<'_>) -> Result<(Value, Value)> {
        let first = self.value(bytes)?;
        let second = if bytes.bool()? {
            first.clone()
        } else {
            self.value(bytes)?
        };
        Ok((first, second))
    }

    pub(super) fn path(&self, bytes: &mut Reader<'_>) -> Result<Path> {
        let steps = bytes.list(|bytes| match bytes.byte()? {
            0 => Ok(PathStep::Attr(bytes.text()?)),
            1 => Ok(PathStep::Index(self.value(bytes)?)),
            _ => Err(FileError::Malformed("a step of a path is of no kind")),
        })?;
        Ok(Path(steps))
    }

    pub(super) fn paths(&self, bytes: &mut Reader<'_>) -> Result<Vec<Path>> {
        bytes.list(|bytes| self.path(bytes))
    }

    pub(super) fn dependencies(&self, bytes: &mut Reader<'_>) -> Result<Arc<[ConfigResource]>> {
        at(&self.dependencies, bytes).cloned()
    }

    pub(super) fn provider(&self, bytes: &mut Reader<'_>) -> Result<ProviderConfigAddr> {
        at(&self.providers, bytes).cloned()
    }
}

fn at<'a, T>(table: &'a [T], bytes: &mut Reader<'_>) -> Result<&'a T> {
    let place = usize::try_from(bytes.number()?).unwrap_or(usize::MAX);
    table
        .get(place)
        .ok_or(FileError::Malformed("something refers to nothing"))
}
