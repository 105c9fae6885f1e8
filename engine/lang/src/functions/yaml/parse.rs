//! From tokens to a value.

use super::scalar::{Resolved, resolve};
use super::text::{Mark, wrong};
use super::token::{Scanner, Style, Token};
use crate::expr::values;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Type, Value};

/// How deep a document may nest.
const MAX_DEPTH: usize = 100;

/// The most values that a document may hold when all its aliases are followed: a short text could stand for a huge value.
const MAX_VALUES: usize = 1_000_000;

/// What tags that begin with `!!` stand for.
pub(super) const CORE: &str = "tag:yaml.org,2002:";

/// A value, and how many values it holds.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
}

impl Node {
    fn null() -> Self {
        Self {
            value: Value::NULL,
            size: 1,
        }
    }
}

/// What may stand before a node.
#[derive(Default)]
struct Head {
    anchor: Option<String>,
    tag: Option<String>,
    mark: Mark,
}

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    tags: BTreeMap<String, String>,
    anchors: BTreeMap<String, Node>,
    /// Anchors of values that are being read.
    open: Vec<String>,
    depth: usize,
}

/// The value of a text with one document.
pub(super) fn decode(source: &str) -> Result<Value, String> {
    let mut parser = Parser {
        scanner: Scanner::new(source)?,
        tags: BTreeMap::new(),
        anchors: BTreeMap::new(),
        open: Vec::new(),
        depth: 0,
    };
    parser.document()
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Value, String> {
        let explicit = match self.scanner.peek()? {
            Token::End => return Err(self.fail("missing start of document")),
            Token::Version(_) | Token::TagDirective { .. } | Token::DocumentStart => true,
            _ => false,
        };
        self.directives()?;
        let node = if explicit {
            if self.scanner.take()? != Token::DocumentStart {
                return Err(self.fail("did not find the start of a document"));
            }
            match self.scanner.peek()? {
                Token::Version(_)
                | Token::TagDirective { .. }
                | Token::DocumentStart
                | Token::DocumentEnd
                | Token::End => Node::null(),
                _ => self.node(true, false)?,
            }
        } else {
            self.node(true, false)?
        };
        while *self.scanner.peek()? == Token::DocumentEnd {
            self.scanner.take()?;
        }
        if *self.scanner.peek()? != Token::End {
            return Err(self.fail("unexpected extra content after value"));
        }
        Ok(node.value)
    }

    fn fail(&mut self, why: &str) -> String {
        wrong(self.scanner.place(), why)
    }

    fn directives(&mut self) -> Result<(), String> {
        let mut versions = 0;
        loop {
            match self.scanner.peek()? {
                Token::Version(known) => {
                    versions += 1;
                    if !known || versions > 1 {
                        return Err(self.fail("only one version is understood, which is 1.1"));
                    }
                    self.scanner.take()?;
                }
                Token::TagDirective { handle, prefix } => {
                    let (handle, prefix) = (handle.clone(), prefix.clone());
                    if self.tags.insert(handle, prefix).is_some() {
                        return Err(self.fail("found a duplicate %TAG directive"));
                    }
                    self.scanner.take()?;
                }
                _ => break,
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", CORE)] {
            self.tags
                .entry(String::from(handle))
                .or_insert_with(|| String::from(prefix));
        }
        Ok(())
    }

    /// Anchor and tag, in either order.
    fn head(&mut self) -> Result<Head, String> {
        let mut head = Head::default();
        self.scanner.peek()?;
        head.mark = self.scanner.place();
        loop {
            match self.scanner.peek()? {
                Token::Anchor(name) if head.anchor.is_none() => head.anchor = Some(name.clone()),
                Token::Tag { handle, suffix } if head.tag.is_none() => {
                    head.tag = Some(match handle.as_str() {
                        "" => suffix.clone(),
                        handle => match self.tags.get(handle) {
                            Some(prefix) => format!("{prefix}{suffix}"),
                            None => return Err(self.fail("found an undefined tag handle")),
                        },
                    });
                }
                _ => return Ok(head),
            }
            self.scanner.take()?;
        }
    }

    /// A value. `block`: indentation may make it; `bare`: a sequence may have the indentation of the mapping that it is in.
    fn node(&mut self, block: bool, bare: bool) -> Result<Node, String> {
        if let Token::Alias(name) = self.scanner.peek()? {
            let name = name.clone();
            return self.alias(&name);
        }
        let head = self.head()?;
        let collection = match self.scanner.peek()? {
            Token::Scalar { .. } => {
                let Token::Scalar { text, style } = self.scanner.take()? else {
                    return Err(self.fail("expected a scalar"));
                };
                return self.scalar(head, &text, style);
            }
            Token::BlockEntry if bare => Self::bare_sequence,
            Token::FlowSequence => Self::flow_sequence,
            Token::FlowMapping => Self::flow_mapping,
            Token::BlockSequence if block => Self::block_sequence,
            Token::BlockMapping if block => Self::block_mapping,
            _ if head.anchor.is_some() || head.tag.is_some() => {
                return self.scalar(head, "", Style::Plain);
            }
            _ => return Err(self.fail("did not find the expected value")),
        };
        let mapping = matches!(
            self.scanner.peek()?,
            Token::FlowMapping | Token::BlockMapping
        );
        let (wanted, kind) = if mapping {
            ("map", "mapping")
        } else {
            ("seq", "sequence")
        };
        if let Some(tag) = &head.tag
            && tag.strip_prefix(CORE) != Some(wanted)
        {
            return Err(wrong(
                head.mark,
                &format!("can't interpret {kind} as {tag}"),
            ));
        }
        if self.depth >= MAX_DEPTH {
            let why = format!("values may be nested at most {MAX_DEPTH} levels deep");
            return Err(self.fail(&why));
        }
        self.depth += 1;
        self.open.extend(head.anchor.clone());
        let node = collection(self)?;
        self.depth -= 1;
        if let Some(anchor) = head.anchor {
            self.open.pop();
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, name: &str) -> Result<Node, String> {
        if self.open.iter().any(|open| open == name) {
            let why = format!("cannot refer to anchor {name:?} from inside its own definition");
            return Err(self.fail(&why));
        }
        let Some(node) = self.anchors.get(name).cloned() else {
            return Err(self.fail(&format!("reference to undefined anchor {name:?}")));
        };
        self.scanner.take()?;
        Ok(node)
    }

    fn scalar(&mut self, head: Head, text: &str, style: Style) -> Result<Node, String> {
        let resolved =
            resolve(head.tag.as_deref(), text, style).map_err(|why| wrong(head.mark, &why))?;
        let value = match resolved {
            Resolved::Value(value) => value,
            // It means something only as a key.
            Resolved::Merge => Value::string("<<"),
        };
        // The peers take a block for a text whatever it looks like, but null stays null.
        let value = match (style, &head.tag) {
            (Style::Block, None) => values::convert(&value, &Type::String).unwrap_or(value),
            _ => value,
        };
        let node = Node { value, size: 1 };
        if let Some(anchor) = head.anchor {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// A key. `given`: there is one; else it is empty.
    fn key(&mut self, given: bool) -> Result<Resolved, String> {
        let head = if given { self.head()? } else { Head::default() };
        let (text, style) = match self.scanner.peek()? {
            _ if !given => (String::new(), Style::Plain),
            Token::Scalar { .. } => match self.scanner.take()? {
                Token::Scalar { text, style } => (text, style),
                _ => return Err(self.fail("expected a scalar")),
            },
            Token::Alias(_)
            | Token::BlockEntry
            | Token::FlowSequence
            | Token::FlowMapping
            | Token::BlockSequence
            | Token::BlockMapping => {
                return Err(self.fail("only strings are allowed as mapping keys"));
            }
            _ if head.anchor.is_some() || head.tag.is_some() => (String::new(), Style::Plain),
            _ => return Err(self.fail("did not find the expected key")),
        };
        resolve(head.tag.as_deref(), &text, style).map_err(|why| wrong(head.mark, &why))
    }

    fn next_is(&mut self, any: &[Token]) -> Result<bool, String> {
        let next = self.scanner.peek()?;
        Ok(any.contains(next))
    }

    fn block_sequence(&mut self) -> Result<Node, String> {
        self.scanner.take()?;
        let mut items = Items::default();
        loop {
            match self.scanner.peek()? {
                Token::BlockEntry => {
                    self.scanner.take()?;
                    let empty = self.next_is(&[Token::BlockEntry, Token::BlockEnd])?;
                    items.add(self.optional(!empty, true, false)?)?;
                }
                Token::BlockEnd => {
                    self.scanner.take()?;
                    return Ok(items.node());
                }
                _ => return Err(self.fail("did not find the expected `-`")),
            }
        }
    }

    fn bare_sequence(&mut self) -> Result<Node, String> {
        let mut items = Items::default();
        while *self.scanner.peek()? == Token::BlockEntry {
            self.scanner.take()?;
            let empty =
                self.next_is(&[Token::BlockEntry, Token::Key, Token::Value, Token::BlockEnd])?;
            items.add(self.optional(!empty, true, false)?)?;
        }
        Ok(items.node())
    }

    fn optional(&mut self, given: bool, block: bool, bare: bool) -> Result<Node, String> {
        if given {
            self.node(block, bare)
        } else {
            Ok(Node::null())
        }
    }

    fn block_mapping(&mut self) -> Result<Node, String> {
        const ENDS: [Token; 3] = [Token::Key, Token::Value, Token::BlockEnd];
        self.scanner.take()?;
        let mut entries = Entries::default();
        loop {
            match self.scanner.peek()? {
                Token::Key => {
                    self.scanner.take()?;
                    let given = !self.next_is(&ENDS)?;
                    let key = self.key(given)?;
                    let key = self.checked(key)?;
                    let mut given = *self.scanner.peek()? == Token::Value;
                    if given {
                        self.scanner.take()?;
                        given = !self.next_is(&ENDS)?;
                    }
                    let value = self.optional(given, true, true)?;
                    self.put(&mut entries, key, value)?;
                }
                Token::BlockEnd => {
                    self.scanner.take()?;
                    return Ok(entries.node());
                }
                _ => return Err(self.fail("did not find the expected key")),
            }
        }
    }

    fn flow_sequence(&mut self) -> Result<Node, String> {
        const ENDS: [Token; 2] = [Token::FlowEntry, Token::FlowSequenceEnd];
        self.scanner.take()?;
        let mut items = Items::default();
        let mut first = true;
        loop {
            if !std::mem::take(&mut first) && *self.scanner.peek()? != Token::FlowSequenceEnd {
                if *self.scanner.peek()? != Token::FlowEntry {
                    return Err(self.fail("did not find the expected `,` or `]`"));
                }
                self.scanner.take()?;
            }
            match self.scanner.peek()? {
                Token::FlowSequenceEnd => {
                    self.scanner.take()?;
                    return Ok(items.node());
                }
                // A mapping with one entry: `[a: b]`.
                Token::Key => {
                    self.scanner.take()?;
                    let mut entries = Entries::default();
                    self.flow_entry(&mut entries, &ENDS)?;
                    items.add(entries.node())?;
                }
                _ => items.add(self.node(false, false)?)?,
            }
        }
    }

    fn flow_mapping(&mut self) -> Result<Node, String> {
        const ENDS: [Token; 2] = [Token::FlowEntry, Token::FlowMappingEnd];
        self.scanner.take()?;
        let mut entries = Entries::default();
        let mut first = true;
        loop {
            if !std::mem::take(&mut first) && *self.scanner.peek()? != Token::FlowMappingEnd {
                if *self.scanner.peek()? != Token::FlowEntry {
                    return Err(self.fail("did not find the expected `,` or `}`"));
                }
                self.scanner.take()?;
            }
            match self.scanner.peek()? {
                Token::FlowMappingEnd => {
                    self.scanner.take()?;
                    return Ok(entries.node());
                }
                Token::Key => {
                    self.scanner.take()?;
                    self.flow_entry(&mut entries, &ENDS)?;
                }
                _ => {
                    let key = self.key(true)?;
                    let key = self.checked(key)?;
                    self.put(&mut entries, key, Node::null())?;
                }
            }
        }
    }

    /// Key and value, after what announces a key.
    fn flow_entry(&mut self, entries: &mut Entries, ends: &[Token]) -> Result<(), String> {
        let given = *self.scanner.peek()? != Token::Value && !self.next_is(ends)?;
        let key = self.key(given)?;
        let key = self.checked(key)?;
        let mut given = *self.scanner.peek()? == Token::Value;
        if given {
            self.scanner.take()?;
            given = !self.next_is(ends)?;
        }
        let value = self.optional(given, false, false)?;
        self.put(entries, key, value)
    }

    /// The name that a key stands for; `None`: what it says is merged.
    fn checked(&mut self, key: Resolved) -> Result<Option<EcoString>, String> {
        let Resolved::Value(key) = key else {
            return Ok(None);
        };
        if key.is_null() {
            return Err(self.fail("mapping key cannot be null"));
        }
        let name = values::convert(&key, &Type::String)
            .ok()
            .and_then(|name| name.as_str().map(EcoString::from));
        match name {
            Some(name) => Ok(Some(name)),
            None => Err(self.fail("only strings are allowed as mapping keys")),
        }
    }

    fn put(
        &mut self,
        entries: &mut Entries,
        key: Option<EcoString>,
        node: Node,
    ) -> Result<(), String> {
        grow(&mut entries.size, node.size)?;
        let Some(key) = key else {
            let Kind::Object(object) = node.value.kind() else {
                let ty = values::type_name(&node.value.ty());
                return Err(self.fail(&format!("cannot merge {ty} into mapping")));
            };
            let merged = object.iter();
            entries
                .named
                .extend(merged.map(|(name, value)| (name.clone(), value.clone())));
            return Ok(());
        };
        entries.named.insert(key, node.value);
        Ok(())
    }
}

/// What a sequence holds so far.
#[derive(Default)]
struct Items {
    values: Vec<Value>,
    size: usize,
}

/// What a mapping holds so far.
#[derive(Default)]
struct Entries {
    named: BTreeMap<EcoString, Value>,
    size: usize,
}

impl Items {
    fn add(&mut self, node: Node) -> Result<(), String> {
        grow(&mut self.size, node.size)?;
        self.values.push(node.value);
        Ok(())
    }

    fn node(self) -> Node {
        Node {
            value: Value::tuple(self.values),
            size: self.size + 1,
        }
    }
}

impl Entries {
    fn node(self) -> Node {
        Node {
            value: Value::object(self.named),
            size: self.size + 1,
        }
    }
}

fn grow(size: &mut usize, by: usize) -> Result<(), String> {
    *size += by;
    if *size > MAX_VALUES {
        return Err(String::from("the document stands for too many values"));
    }
    Ok(())
}
