//! Inputs made of others, by a seed: what the ordinary tests try where no engine looks at coverage.

/// Numbers that depend on nothing but the seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next_u64() % bound).unwrap_or(0)
    }

    /// One of these; `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

/// Texts that mean something to one parser or another.
pub const WORDS: &[&str] = &[
    "${",
    "%{",
    "}",
    "~}",
    "${~",
    "%{~",
    "$${",
    "%%{",
    "{",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "#",
    "//",
    "/*",
    "*/",
    "<<E\n",
    "<<-E\n",
    "\nE\n",
    "=",
    "==",
    "=>",
    "!=",
    "<=",
    ">=",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "?",
    ":",
    "::",
    ".",
    "...",
    ".*",
    "[*]",
    ".0",
    ",",
    "if ",
    "else",
    "endif",
    "for ",
    "in ",
    "endfor",
    "null",
    "true",
    "false",
    "for x in [",
    "{for k, v in ",
    "e+9",
    "0",
    "1e999999999",
    "-1",
    "0.1",
    "\u{feff}",
    "\u{e9}",
    "e\u{301}",
    "\u{1f469}\u{200d}\u{1f680}",
    "\\u00e9",
    "\\U0001F600",
    "\\n",
    "\\\"",
    "\"a\":",
    "{\"a\":1}",
    "[1,2]",
    "//\":",
    "\\ud83d",
    "each.key",
    "var.x",
    "locals",
    "dynamic \"x\" {",
    "content",
    "resource \"terraform_data\" \"a\" {",
    "count =",
    "for_each =",
    "depends_on =",
    "lifecycle {",
    "variable \"x\" {",
    "type =",
    "provider",
    "\"${",
    "}\"",
    "\0",
    "\u{7f}",
];

/// A new input from an old one, with parts of another.
#[must_use]
pub fn mutate(rng: &mut Rng, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(out.len() + 1);
        match rng.below(8) {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            1 | 2 => {
                let word = rng.pick(WORDS).copied().unwrap_or("");
                out.splice(at..at, word.bytes());
            }
            3 => {
                let end = (at + 1 + rng.below(8)).min(out.len());
                out.drain(at.min(end)..end);
            }
            4 => {
                let from = rng.below(other.len() + 1);
                let len = rng.below(64);
                let part = other
                    .get(from..(from + len).min(other.len()))
                    .unwrap_or_default();
                out.splice(at..at, part.iter().copied());
            }
            5 => {
                let end = (at + rng.below(32)).min(out.len());
                let part = out.get(at..end).unwrap_or_default().to_vec();
                let times = 1 + rng.below(4);
                out.splice(at..at, part.repeat(times));
            }
            6 => {
                // Nesting.
                let word = rng.pick(WORDS).copied().unwrap_or("");
                out.splice(at..at, word.repeat(1 + rng.below(40)).bytes());
            }
            _ => out.truncate(at.max(out.len() / 2)),
        }
    }
    out
}
