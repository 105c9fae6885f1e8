//! The layout of files, by this engine and by the peer.

use crate::engine::Rng;
use crate::oracle::peer::run;
use std::path::Path;
use terrane_lang::syntax::format::format;

/// Endings of files that have a standard layout, longest first.
const ENDINGS: [&str; 3] = [".tftest.hcl", ".tfvars", ".tf"];

/// The ending of a file that has a standard layout.
#[must_use]
pub fn ending(name: &str) -> Option<&'static str> {
    ENDINGS.into_iter().find(|ending| name.ends_with(ending))
}

/// The numbers of the texts that the two sides lay out differently, with the two results. Each text has the ending of its file.
///
/// # Panics
/// When the world does not let it run.
#[must_use]
pub fn differences(
    terraform: &Path,
    texts: &[(&'static str, String)],
) -> Vec<(usize, String, String)> {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let path = |at: usize, ending: &str| dir.path().join(format!("f{at}{ending}"));
    for (at, (ending, text)) in texts.iter().enumerate() {
        std::fs::write(path(at, ending), text).expect("files can be written");
    }
    // Files that can't be parsed are left as they are.
    drop(run(terraform, dir.path(), &["fmt", "-list=false"], ""));
    let mut found = Vec::new();
    for (at, (ending, text)) in texts.iter().enumerate() {
        let theirs = std::fs::read_to_string(path(at, ending)).expect("files can be read");
        let ours = format(text).unwrap_or_else(|_| text.clone());
        if ours != theirs {
            found.push((at, ours, theirs));
        }
    }
    found
}

/// The text with random changes of white space.
#[must_use]
pub fn damaged(text: &str, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if !rng.chance(30) {
            out.push_str(line);
            continue;
        }
        match rng.below(9) {
            0 => out.push_str(line.trim_start_matches(' ')),
            1 => out.extend([" ", line]),
            2 => out.extend(["\t", line]),
            3 => out.push_str(&line.replacen(" = ", "=", 1)),
            4 => out.push_str(&line.replacen(" = ", "   =  ", 1)),
            5 => out.push_str(&line.replace(", ", ",")),
            6 => out.push_str(&line.replacen(' ', "  ", 3)),
            7 => out.extend(["\n", line]),
            _ => out.push_str(&line.replace('\n', "  \n")),
        }
    }
    out
}
