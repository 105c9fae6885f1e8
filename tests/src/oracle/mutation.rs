//! Configurations with a mistake in them: what one side refuses, the other must refuse.

use crate::engine::Rng;
use crate::oracle::history::{Sides, history};
use crate::oracle::peer::run;
use std::collections::BTreeMap;
use std::path::Path;

/// What the two sides say of a configuration with a mistake.
#[derive(Debug)]
pub struct Verdict {
    /// The files.
    pub files: BTreeMap<String, String>,
    /// Our errors: headline and line.
    pub ours: Vec<String>,
    /// The peer's.
    pub theirs: Vec<String>,
    /// Whether the peer, where it finds the configuration valid, does not plan it either: it reports the mistake later.
    pub later: bool,
}

impl Verdict {
    /// Whether one side refuses what the other accepts.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.ours.is_empty() != self.theirs.is_empty() && !self.later
    }
}

/// Makes a configuration and a mistake in it, and asks both sides.
///
/// # Panics
/// When the world does not let it run.
#[must_use]
pub fn ask(sides: Sides<'_>, seed: u64) -> Verdict {
    let mut files = history(seed).first_files();
    let mut rng = Rng::new(seed ^ 0x5eed);
    let names: Vec<String> = files
        .keys()
        .filter(|name| name.ends_with(".tf"))
        .cloned()
        .collect();
    if let Some(text) = rng.pick(&names).and_then(|name| files.get_mut(name)) {
        *text = broken(text, &mut rng);
    }
    let dirs = [tempfile::tempdir(), tempfile::tempdir()]
        .map(|dir| dir.expect("there is room for a folder"));
    for dir in &dirs {
        for (name, text) in &files {
            let path = dir.path().join(name);
            let folder = path.parent().expect("a file is in a folder");
            std::fs::create_dir_all(folder).expect("folders can be made");
            std::fs::write(path, text).expect("files can be written");
        }
    }
    let ours = errors(sides.ours, dirs[0].path());
    let theirs = errors(sides.theirs, dirs[1].path());
    let later = !ours.is_empty()
        && theirs.is_empty()
        && run(sides.theirs, dirs[1].path(), &["plan", "-no-color"], "").exit == 1;
    Verdict {
        files,
        ours,
        theirs,
        later,
    }
}

/// The errors of `validate`.
fn errors(program: &Path, dir: &Path) -> Vec<String> {
    let ran = run(program, dir, &["validate", "-json"], "");
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&ran.out) else {
        return vec![format!("{}{}", ran.out, ran.err)];
    };
    let all = json["diagnostics"].as_array().into_iter().flatten();
    all.filter(|diagnostic| diagnostic["severity"] == "error")
        .map(|diagnostic| {
            format!(
                "{}:{} {}: {}",
                diagnostic["range"]["filename"].as_str().unwrap_or_default(),
                diagnostic["range"]["start"]["line"],
                diagnostic["summary"].as_str().unwrap_or_default(),
                diagnostic["detail"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

/// The text with one mistake, or perhaps none.
fn broken(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = rng.below(lines.len());
    let words = [
        ("string", "number"),
        ("number", "bool"),
        ("terraform_data.", "terraform_date."),
        ("var.", "vra."),
        ("local.", "locals."),
        ("output", "outptu"),
        ("true", "\"yes\""),
        ("count", "cuont"),
        ("for_each", "foreach"),
        ("input", "inputs"),
        ("=", ""),
        ("{", ""),
        ("}", ""),
        ("\"", ""),
        ("(", "(("),
        ("]", ""),
        (" = ", " == "),
        ("0", "[0]"),
        ("resource", "resuorce"),
        ("default", "default = 1\ndefault"),
        ("v0", "v9"),
        ("each.", "self."),
        ("sensitive", "sensitiv"),
        ("toset", "tolist"),
        ("lifecycle", "lifecycles"),
        ("each.value", "each.valeu"),
        (".output", ".outptu"),
        ("condition ", "conditions "),
        ("source", "sourec"),
        ("type = ", "type = optional"),
        ("length", "lenght"),
        ("2", "-2"),
        ("o0", "o9"),
        ("moved", "removed"),
        ("all", "[all]"),
        ("null", "nil"),
        (",", ""),
        ("path.module", "path.modul"),
        ("?", ":"),
        ("try(", "try(null, "),
    ];
    match rng.below(6) {
        0 => {
            lines.remove(at);
        }
        1 => {
            let copy = lines[at].clone();
            lines.insert(at, copy);
        }
        _ => {
            // The first line from there on that has one of the words.
            let from = rng.below(words.len());
            let fit = (0..words.len()).find_map(|step| {
                let (old, new) = words[(from + step) % words.len()];
                let line = (0..lines.len())
                    .map(|step| (at + step) % lines.len())
                    .find(|line| lines[*line].contains(old))?;
                Some((line, old, new))
            });
            if let Some((line, old, new)) = fit {
                lines[line] = lines[line].replacen(old, new, 1);
            }
        }
    }
    lines.join("\n") + "\n"
}
