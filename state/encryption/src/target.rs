//! The doors: what seals states and plans, and opens them.

use crate::data_key::DataCipher;
use crate::envelope;
use crate::key::Metadata;
use crate::method::Method;
use crate::problem::{Problem, Result};
use std::sync::Arc;
use terrane_store::StoreError;
use terrane_store::seal::{DataKey, Identity, Seal, Unsealed, is_sealed};
use zeroize::Zeroizing;

/// Methods of one target: the first one seals, all may open.
#[derive(Debug)]
pub(crate) struct Door {
    /// `the state`, `the plan`.
    pub(crate) what: &'static str,
    /// At least one.
    pub(crate) methods: Vec<Arc<Method>>,
}

impl Door {
    fn primary(&self) -> Result<&Method> {
        match self.methods.first() {
            Some(method) => Ok(method),
            None => Err(Problem(format!("no method is set for {}", self.what))),
        }
    }

    fn open_plain(&self, stored: Vec<u8>) -> Result<Unsealed> {
        let plain = self.methods.iter().position(|method| !method.encrypts());
        match plain {
            Some(at) => Ok(Unsealed {
                bytes: stored,
                current: at == 0,
            }),
            None => Err(Problem(format!(
                "{} is not encrypted, and the configuration wants it to be: somebody may have put it there. If it was not encrypted before, let it be read once: add `method \"unencrypted\" \"migration\" {{}}` and, in the `{}` block, `fallback {{ method = method.unencrypted.migration }}`; after the next apply, take both out again",
                self.what,
                self.block()
            ))),
        }
    }

    /// The block of the configuration that is about this.
    fn block(&self) -> &'static str {
        if self.what == "the plan" {
            "plan"
        } else {
            "state"
        }
    }

    fn open_sealed(&self, stored: &[u8]) -> Result<Unsealed> {
        let envelope = envelope::read(stored)
            .map_err(|problem| Problem(format!("{} can't be opened: {problem}", self.what)))?;
        let mut problems = Vec::new();
        for (at, method) in self.methods.iter().enumerate() {
            if !method.encrypts() {
                continue;
            }
            match method.decrypt(&envelope.data, &envelope.metadata) {
                Ok(bytes) => {
                    envelope.check(&bytes).map_err(|problem| {
                        Problem(format!("{} can't be trusted: {problem}", self.what))
                    })?;
                    return Ok(Unsealed {
                        bytes,
                        current: at == 0,
                    });
                }
                Err(problem) => problems.push(problem.0),
            }
        }
        if problems.is_empty() {
            return Err(Problem(format!(
                "{} is encrypted, and only the method `unencrypted` is configured for it: add the method that it was encrypted with as `fallback` of the `{}` block",
                self.what,
                self.block()
            )));
        }
        Err(Problem(format!(
            "{} can't be opened with what is configured: {}. If it was encrypted with another key or method, put that into a `fallback` block of `{}`",
            self.what,
            problems.join("; "),
            self.block()
        )))
    }
}

impl Seal for Door {
    fn seal(
        &self,
        plain: &[u8],
        identity: Option<Identity<'_>>,
    ) -> std::result::Result<Vec<u8>, StoreError> {
        let method = self.primary()?;
        if !method.encrypts() {
            return Ok(plain.to_vec());
        }
        let mut metadata = Metadata::new();
        let sealed = method
            .encrypt(plain, &mut metadata)
            .map_err(|problem| Problem(format!("{} can't be encrypted: {problem}", self.what)))?;
        Ok(envelope::write(&sealed, &metadata, identity)?)
    }

    fn open(&self, stored: Vec<u8>) -> std::result::Result<Unsealed, StoreError> {
        Ok(if is_sealed(&stored) {
            self.open_sealed(&stored)?
        } else {
            self.open_plain(stored)?
        })
    }

    fn unseal(&self, stored: Vec<u8>) -> std::result::Result<Vec<u8>, StoreError> {
        Ok(self.open(stored)?.bytes)
    }

    fn encrypts(&self) -> bool {
        self.methods.first().is_some_and(|method| method.encrypts())
    }

    fn data_key(&self) -> std::result::Result<Option<DataKey>, StoreError> {
        if !self.encrypts() {
            return Ok(None);
        }
        let cipher = DataCipher::random()?;
        let sealed = self.seal(&cipher.to_bytes(), None)?;
        Ok(Some(DataKey {
            sealed,
            cipher: Arc::new(cipher),
            current: true,
        }))
    }

    fn open_data_key(&self, sealed: &[u8]) -> std::result::Result<DataKey, StoreError> {
        let Unsealed { bytes, current } = self.open_sealed(sealed)?;
        let bytes = Zeroizing::new(bytes);
        Ok(DataKey {
            sealed: sealed.to_vec(),
            cipher: Arc::new(DataCipher::from_bytes(&bytes)?),
            current,
        })
    }

    fn has_fallback(&self) -> bool {
        self.methods.len() > 1
    }

    fn opens_plain(&self) -> bool {
        self.methods.iter().any(|method| !method.encrypts())
    }
}
