//! Between files of inputs and the folders that libFuzzer knows.
//!
//! `corpus list` names the targets; `corpus unpack TARGET FOLDER` writes each input of a target to a file of its own; `corpus pack
//! TARGET FOLDER` makes the target's corpus of the files in a folder; `corpus show TARGET FILE…` prints files as lines, for
//! `regressions/`, and `corpus run TARGET FILE…` runs them; `corpus sections PLANFILE` takes a plan file apart.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use terrane_fuzz::{TARGETS, corpus, target, unpack_plan};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    match words {
        ["list"] => {
            for target in TARGETS {
                writeln!(out, "{}\t{}", target.name, target.about)?;
            }
        }
        ["unpack", name, folder] => {
            std::fs::create_dir_all(folder)?;
            for (index, input) in corpus::inputs(name).iter().enumerate() {
                std::fs::write(Path::new(folder).join(format!("{index:05}")), input)?;
            }
        }
        ["pack", name, folder] => {
            let mut inputs = Vec::new();
            for entry in std::fs::read_dir(folder)? {
                inputs.push(std::fs::read(entry?.path())?);
            }
            inputs.sort_by_key(|input| (input.len(), input.clone()));
            inputs.dedup();
            let lines: String = inputs
                .iter()
                .map(|input| corpus::escape(input) + "\n")
                .collect();
            let [path, _] = corpus::paths(name);
            std::fs::write(path, lines)?;
        }
        ["show" | "run", name, files @ ..] => {
            let target =
                target(name).ok_or_else(|| std::io::Error::other("there is no such target"))?;
            for file in files {
                let input = std::fs::read(file)?;
                if words.first() == Some(&"show") {
                    writeln!(out, "{}", corpus::escape(&input))?;
                } else {
                    (target.run)(&input);
                }
            }
        }
        ["sections", file] => {
            let sections = unpack_plan(&std::fs::read(file)?);
            out.write_all(&sections.ok_or_else(|| std::io::Error::other("this is no plan file"))?)?;
        }
        _ => return Err(std::io::Error::other("see the top of src/bin/corpus.rs")),
    }
    Ok(())
}
