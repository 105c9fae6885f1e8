//! Locks as text.

use super::{Lock, Locks};
use std::fmt;

impl fmt::Display for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // These lines are part of the format: every tool that writes the file begins it so.
        f.write_str(
            "# This file is maintained automatically by \"terraform init\".\n# Manual edits may be lost in future updates.\n",
        )?;
        for (addr, lock) in &self.providers {
            let Lock {
                version,
                constraints,
                hashes,
            } = lock;
            write!(f, "\nprovider \"{addr}\" {{\n")?;
            if constraints.is_empty() {
                writeln!(f, "  version = \"{version}\"")?;
            } else {
                writeln!(f, "  version     = \"{version}\"")?;
                writeln!(f, "  constraints = \"{constraints}\"")?;
            }
            if !hashes.is_empty() {
                f.write_str("  hashes = [\n")?;
                for hash in hashes {
                    writeln!(f, "    {},", Quoted(hash.as_str()))?;
                }
                f.write_str("  ]\n")?;
            }
            f.write_str("}\n")?;
        }
        Ok(())
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut rest = self.0.chars().peekable();
        while let Some(char) = rest.next() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                '$' | '%' if rest.peek() == Some(&'{') => write!(f, "{char}{char}")?,
                char if char.is_control() => write!(f, "\\u{:04x}", u32::from(char))?,
                char => write!(f, "{char}")?,
            }
        }
        f.write_str("\"")
    }
}
