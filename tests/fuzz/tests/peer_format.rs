//! The formatter beside `terraform fmt`: the same bytes for whatever parses. Says so and does nothing where there is no `terraform`.
//!
//! `TERRANE_PEER_FILES` sets how many files are made, `TERRANE_PEER_SEED` which, and `TERRANE_PEER_SOURCES` names folders (separated by
//! colons) whose `.tf` files are taken for a start, besides the committed corpus. The first difference is reduced before it is shown.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::vary::vary;
use terrane_fuzz::corpus;
use terrane_fuzz::mutate::Rng;
use terrane_lang::source::FileId;
use terrane_lang::syntax::body::{Body, NativeBody};
use terrane_lang::syntax::format::format;
use terrane_lang::syntax::parse::parse_body;

/// Files formatted by one process of the peer.
const BATCH: usize = 250;

/// What the peer makes of files: `None` for those that it can't parse.
fn peer(texts: &[String]) -> Option<Vec<Option<String>>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |index: usize| folder.path().join(std::format!("f{index:05}.tf"));
    for (index, text) in texts.iter().enumerate() {
        std::fs::write(path(index), text).expect("a file");
    }
    let output = Command::new("terraform")
        .args(["fmt", "-no-color", "-list=false"])
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .current_dir(folder.path())
        .output()
        .ok()?;
    // A file with syntax errors is named in their places.
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused: Vec<&str> = messages
        .split("on f")
        .skip(1)
        .filter_map(|rest| rest.get(..5))
        .collect();
    let result = |index: usize| {
        let name = std::format!("{index:05}");
        let refused = refused.contains(&name.as_str());
        (!refused).then(|| std::fs::read_to_string(path(index)).expect("a file"))
    };
    Some((0..texts.len()).map(result).collect())
}

fn tf_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            tf_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            found.push(path);
        }
    }
    found.sort_unstable();
}

/// Texts to begin with: the corpus, and what else was named.
fn sources() -> Vec<String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let mut texts: Vec<String> = corpus::inputs("format")
        .into_iter()
        .filter_map(text)
        .collect();
    let mut files = Vec::new();
    for folder in std::env::var("TERRANE_PEER_SOURCES")
        .unwrap_or_default()
        .split(':')
    {
        tf_files(Path::new(folder), &mut files);
    }
    texts.extend(
        files
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok()),
    );
    texts
}

fn number(name: &str, otherwise: usize) -> usize {
    let given = std::env::var(name).ok();
    given
        .and_then(|given| given.parse().ok())
        .unwrap_or(otherwise)
}

/// Where ours and the peer's differ, if they do.
fn difference(text: &str, peer: Option<&String>) -> Option<String> {
    match (format(text), peer) {
        (Ok(ours), Some(peer)) if ours == *peer => None,
        (Ok(_), Some(_)) if peer_loses(text) => None,
        (Ok(ours), Some(peer)) => Some(std::format!("ours:\n{ours:?}\npeer:\n{peer:?}")),
        (Ok(ours), None) => Some(std::format!("the peer can't parse it; ours:\n{ours:?}")),
        (Err(diagnostics), Some(peer)) => {
            let first = diagnostics
                .iter()
                .next()
                .map(|one| std::format!("{}: {}", one.summary, one.detail));
            Some(std::format!(
                "we can't parse it: {}\npeer:\n{peer:?}",
                first.unwrap_or_default()
            ))
        }
        (Err(_), None) => None,
    }
}

/// Whether the text has what the peer loses and we keep: comments between the labels of a block, and labels with doubled signs.
fn peer_loses(text: &str) -> bool {
    fn in_body(text: &str, body: &NativeBody) -> bool {
        body.blocks.iter().any(|block| {
            let header = text.get(block.header.start as usize..block.header.end as usize);
            let lossy = |header: &str| {
                ["/*", "$$", "%%", "\\u0024", "\\u0025"]
                    .iter()
                    .any(|sign| header.contains(sign))
            };
            header.is_some_and(lossy)
                || matches!(&block.body, Body::Native(body) if in_body(text, body))
        })
    }
    in_body(text, &parse_body(FileId(0), text).0)
}

/// The text with as few lines and characters as still show a difference.
fn reduce(text: String) -> String {
    let mut best = text;
    for by_line in [true, false] {
        let mut size = 64;
        while size > 0 {
            let parts: Vec<String> = if by_line {
                best.split_inclusive('\n').map(str::to_owned).collect()
            } else {
                best.chars().map(String::from).collect()
            };
            if !by_line && parts.len() > 400 {
                break;
            }
            let shorter: Vec<String> = (0..parts.len())
                .map(|at| {
                    let kept = parts
                        .iter()
                        .enumerate()
                        .filter(|(index, _)| !(at..at + size).contains(index));
                    kept.map(|(_, part)| part.as_str()).collect()
                })
                .collect();
            let found = shorter.chunks(BATCH).find_map(|texts| {
                let peers = peer(texts)?;
                let differs = |at: &usize| difference(&texts[*at], peers[*at].as_ref()).is_some();
                (0..texts.len()).find(differs).map(|at| texts[at].clone())
            });
            match found {
                Some(found) if found.len() < best.len() => best = found,
                _ => size /= 2,
            }
        }
    }
    best
}

#[test]
fn files_are_laid_out_as_the_peer_does() {
    if peer(&[]).is_none() {
        eprintln!("skipped: there is no terraform to compare with");
        return;
    }
    let sources = sources();
    let count = number("TERRANE_PEER_FILES", 500);
    let mut rng = Rng(number("TERRANE_PEER_SEED", 1) as u64);
    let (mut made, mut same, mut refused) = (0, 0, 0);
    let mut differences: BTreeMap<String, String> = BTreeMap::new();
    while same < count && made < 20 * count {
        let texts: Vec<String> = (0..BATCH)
            .map(|index| match sources.get(made + index) {
                // Each as it is, to begin with.
                Some(text) => text.clone(),
                None => vary(&mut rng, &sources),
            })
            .collect();
        made += texts.len();
        let peers = peer(&texts).expect("it was there a moment ago");
        for (text, peer) in texts.into_iter().zip(&peers) {
            match (difference(&text, peer.as_ref()), peer) {
                (Some(difference), _) => drop(differences.insert(text, difference)),
                (None, Some(_)) => same += 1,
                (None, None) => refused += 1,
            }
        }
        if differences.len() > 20 {
            break;
        }
    }
    eprintln!(
        "{made} files: {same} the same, {refused} refused by both, {} differ",
        differences.len()
    );
    let mut shown = differences.into_keys().collect::<Vec<_>>();
    shown.sort_by_key(String::len);
    shown.truncate(number("TERRANE_PEER_SHOW", 1));
    let shown: Vec<String> = shown
        .into_iter()
        .map(|text| {
            let text = reduce(text);
            let peers = peer(std::slice::from_ref(&text)).expect("it was there a moment ago");
            let what = difference(&text, peers[0].as_ref()).unwrap_or_default();
            std::format!("{text:?}\n{what}\n")
        })
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}
