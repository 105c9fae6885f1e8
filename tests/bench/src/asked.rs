//! What measurements of one program are asked for.

use anyhow::{Context as _, Result, bail};

/// The arguments: `-program PATH`, `-sizes N,M`, `-runs N`, `-most LIMIT` (more is a fault).
pub(crate) struct Asked {
    pub(crate) program: String,
    pub(crate) sizes: Vec<usize>,
    pub(crate) runs: usize,
    most: Option<f64>,
}

impl Asked {
    /// `size`: what is measured where no sizes are named.
    ///
    /// # Errors
    /// For arguments that make no sense.
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>, size: usize) -> Result<Self> {
        let mut program = None;
        let (mut sizes, mut runs, mut most) = (vec![size], 5, None);
        while let Some(flag) = arguments.next() {
            let value = arguments
                .next()
                .with_context(|| format!("{flag} of what?"))?;
            match flag.as_str() {
                "-program" => program = Some(value),
                "-sizes" => sizes = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
                "-runs" => runs = value.parse()?,
                "-most" => most = Some(value.parse()?),
                _ => bail!("there is no flag {flag}"),
            }
        }
        Ok(Self {
            program: program.context("name a program: -program PATH")?,
            sizes,
            runs,
            most,
        })
    }

    /// Holds the worst that was measured against what is allowed.
    ///
    /// # Errors
    /// When it is more.
    pub(crate) fn judge(&self, what: &str, worst: f64, unit: &str) -> Result<()> {
        match self.most {
            Some(most) if worst > most => bail!("{what} {worst:.2} {unit}, more than {most}"),
            _ => Ok(()),
        }
    }
}
