//! Numbers, texts and lists as bytes: what saved plans and folds of a state are made of. There is one way to write each, so that what is equal is equal in bytes.

use ecow::EcoString;
use std::marker::PhantomData;
use std::sync::Arc;

/// Bytes that say nothing that makes sense at their place: what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// Collects bytes.
#[derive(Debug, Default)]
pub struct Writer {
    /// What was written so far.
    pub bytes: Vec<u8>,
}

impl Writer {
    /// One byte.
    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    #[inline]
    pub fn number(&mut self, mut number: u64) {
        loop {
            let low = u8::try_from(number & 0x7f).unwrap_or(0);
            number >>= 7;
            if number == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    /// How many of something follow.
    pub fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Bytes, and before them how many.
    #[inline]
    pub fn blob(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// A text, and before it its length in bytes.
    pub fn text(&mut self, text: &str) {
        self.blob(text.as_bytes());
    }

    /// Whether there is something, and what.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// How many there are, and each.
    pub fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.length(items.len());
        for item in items {
            write(self, item);
        }
    }
}

/// Takes bytes apart. What is wrong with them becomes the error of whoever reads.
#[derive(Debug)]
pub struct Reader<'a, E = Malformed> {
    rest: &'a [u8],
    error: PhantomData<fn() -> E>,
}

impl<'a, E: From<Malformed>> Reader<'a, E> {
    /// At the beginning of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            error: PhantomData,
        }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Says that there must be nothing left.
    ///
    /// # Errors
    /// If there is.
    pub fn end(&self) -> Result<(), E> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed("bytes are left over").into())
        }
    }

    /// The next bytes.
    ///
    /// # Errors
    /// If there are not so many.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], E> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| E::from(Malformed("it ends too early")))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next byte.
    ///
    /// # Errors
    /// At the end.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, E> {
        let byte = self.take(1)?;
        byte.first()
            .copied()
            .ok_or_else(|| E::from(Malformed("it ends too early")))
    }

    /// What [`Writer::bool`] wrote.
    ///
    /// # Errors
    /// If it is neither 0 nor 1.
    pub fn bool(&mut self) -> Result<bool, E> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("a truth value is neither").into()),
        }
    }

    /// What [`Writer::number`] wrote.
    ///
    /// # Errors
    /// If it is no number, too large, or not written in the shortest way.
    #[inline]
    pub fn number(&mut self) -> Result<u64, E> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                // There is one way to write each number.
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(number);
            }
        }
        Err(Malformed("a number is not one").into())
    }

    /// A number below 2^32.
    ///
    /// # Errors
    /// If it is none.
    pub fn number32(&mut self) -> Result<u32, E> {
        u32::try_from(self.number()?).map_err(|_| Malformed("a number is too large").into())
    }

    /// A count of things that take at least a byte each: never more than there are bytes.
    ///
    /// # Errors
    /// If it is no number, or too large.
    pub fn length(&mut self) -> Result<usize, E> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if length > self.rest.len() {
            return Err(Malformed("a length goes beyond the end").into());
        }
        Ok(length)
    }

    /// What [`Writer::blob`] wrote.
    ///
    /// # Errors
    /// If the bytes end before.
    #[inline]
    pub fn blob(&mut self) -> Result<&'a [u8], E> {
        let length = self.length()?;
        self.take(length)
    }

    /// What [`Writer::text`] wrote.
    ///
    /// # Errors
    /// If the bytes end before, or are no UTF-8.
    #[inline]
    pub fn str(&mut self) -> Result<&'a str, E> {
        std::str::from_utf8(self.blob()?).map_err(|_| Malformed("a text is no UTF-8").into())
    }

    /// As [`Self::str`], owned.
    ///
    /// # Errors
    /// If the bytes end before, or are no UTF-8.
    pub fn text(&mut self) -> Result<EcoString, E> {
        self.str().map(EcoString::from)
    }

    /// As [`Self::blob`], owned.
    ///
    /// # Errors
    /// If the bytes end before.
    pub fn shared(&mut self) -> Result<Arc<[u8]>, E> {
        self.blob().map(Arc::from)
    }

    /// What [`Writer::option`] wrote.
    ///
    /// # Errors
    /// If there is no telling whether there is something, and those of `read`.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        self.bool()?.then(|| read(self)).transpose()
    }

    /// What [`Writer::list`] wrote.
    ///
    /// # Errors
    /// If its length can't be, and those of `read`.
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let length = self.length()?;
        // A lying length costs no more than it has bytes to show for.
        let mut items = Vec::with_capacity(length.min(4096));
        for _ in 0..length {
            items.push(read(self)?);
        }
        Ok(items)
    }
}
