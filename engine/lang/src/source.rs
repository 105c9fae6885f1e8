//! Source texts and positions in them.

use std::sync::{Arc, OnceLock};

/// Index of a file in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file that the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A range of `file`.
    #[must_use]
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest range that holds both, which must lie in one file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A position as people count it: both from 1; columns count grapheme clusters, as the peers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in grapheme clusters, from 1.
    pub column: u32,
    /// Byte offset in the file, from 0.
    pub byte: u32,
}

/// One source text.
#[derive(Debug)]
pub struct SourceFile {
    /// The name shown to the user, relative to the working directory.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    lines: OnceLock<Vec<u32>>,
}

/// All source texts of one run; a [`Span`] is meaningless without the map it was made with.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// Adds a text and gives it its id.
    ///
    /// # Panics
    /// When more than `u32::MAX` files are added.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(Arc::new(SourceFile {
            path: path.into(),
            text: text.into(),
            lines: OnceLock::new(),
        }));
        id
    }

    /// The file with this id; `None` if the id belongs to another map.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize).map(AsRef::as_ref)
    }

    /// All files in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0u32..)
            .map(FileId)
            .zip(self.files.iter().map(AsRef::as_ref))
    }

    /// The text in `span`; empty if the span does not fit.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }

    /// `path:line` of the first byte of `span`, as messages quote it; `path:line,column` is [`Self::locate`].
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        match self.get(span.file) {
            Some(file) => format!("{}:{}", file.path, file.position(span.start).line),
            None => String::from("<unknown>"),
        }
    }

    /// `path:line,column-column` of `span`, as the peers quote the range of an earlier declaration.
    #[must_use]
    pub fn locate(&self, span: Span) -> String {
        let Some(file) = self.get(span.file) else {
            return String::from("<unknown>");
        };
        let (start, end) = (file.position(span.start), file.position(span.end));
        if start.line == end.line {
            format!(
                "{}:{},{}-{}",
                file.path, start.line, start.column, end.column
            )
        } else {
            format!(
                "{}:{},{}-{},{}",
                file.path, start.line, start.column, end.line, end.column
            )
        }
    }
}

impl SourceFile {
    /// Offsets of the first byte of every line.
    #[must_use]
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let newline = self
                .text
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0)
                .chain(newline.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)))
                .collect()
        })
    }

    /// Where byte `offset` is. Offsets behind the end count as the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        use unicode_segmentation::UnicodeSegmentation as _;
        let mut byte = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let byte_u32 = u32::try_from(byte).unwrap_or(u32::MAX);
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= byte_u32);
        let start = starts[line - 1] as usize;
        let column = self
            .text
            .get(start..byte)
            .map_or(0, |text| text.graphemes(true).count());
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            byte: byte_u32,
        }
    }

    /// The text of line `line` (from 1), without its line ending.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let index = line.saturating_sub(1) as usize;
        let Some(start) = starts.get(index) else {
            return "";
        };
        let end = starts
            .get(index + 1)
            .map_or(self.text.len(), |next| *next as usize);
        self.text
            .get(*start as usize..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }
}
