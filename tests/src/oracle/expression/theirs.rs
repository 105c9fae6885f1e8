//! The peer's answers, many to a process.

use super::{Answer, one_line, type_of, value_of};
use crate::oracle::peer::run;
use std::fmt::Write as _;
use std::path::Path;

/// The peer's answers to expressions, in their order.
///
/// # Panics
/// When it answers in a form that it never had.
pub(super) fn answers(terraform: &Path, texts: &[String]) -> Vec<Answer> {
    if texts.is_empty() {
        return Vec::new();
    }
    match together(terraform, texts) {
        Ok(answers) => answers,
        // One that the peer does not read, or does not know, spoils all of them.
        Err(unknown) if texts.len() == 1 => vec![if unknown {
            Answer::Unknown
        } else {
            Answer::Refused
        }],
        Err(_) => {
            let (first, rest) = texts.split_at(texts.len() / 2);
            let mut answers = self::answers(terraform, first);
            answers.extend(self::answers(terraform, rest));
            answers
        }
    }
}

/// Whether a function of the peer panics over an expression: it says so in its message.
pub(super) fn panics(terraform: &Path, text: &str) -> bool {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let ran = run(terraform, dir.path(), &["console"], &format!("{text}\n"));
    // The message is broken into lines, each with a bar before it.
    let words: Vec<&str> = ran
        .out
        .split_whitespace()
        .chain(ran.err.split_whitespace())
        .filter(|word| !word.contains('│'))
        .collect();
    words.join(" ").contains("panic in function implementation")
}

/// The answers; or that there are none, and whether that is because one is not known.
fn together(terraform: &Path, texts: &[String]) -> Result<Vec<Answer>, bool> {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let mut file = String::from("locals {\n");
    for (at, text) in texts.iter().enumerate() {
        writeln!(
            file,
            "v{at} = {}\nt{at} = {}",
            value_of(text),
            type_of(text)
        )
        .map_err(|_| false)?;
    }
    file.push_str("}\n");
    std::fs::write(dir.path().join("main.tf"), file).expect("the folder can be written");
    let all = |letter: char| {
        let names: Vec<String> = (0..texts.len())
            .map(|at| format!("local.{letter}{at}"))
            .collect();
        names.join(", ")
    };
    let line = format!("base64encode(jsonencode([{}]))\n", all('v'));
    let ran = run(terraform, dir.path(), &["console"], &line);
    let encoded = ran.out.trim().strip_prefix('"');
    let decoded = encoded.and_then(|text| decode(text.strip_suffix('"')?));
    let values: Option<Vec<serde_json::Value>> =
        decoded.and_then(|text| serde_json::from_slice(&text).ok());
    let Some(values) = values.filter(|values| values.len() == texts.len()) else {
        // Of what it refuses it says so, and shows it as not known all the same.
        let refused = ran.err.contains("Error: ");
        return Err(ran.out.contains("known after apply") && !refused);
    };
    let ran = run(
        terraform,
        dir.path(),
        &["console"],
        &format!("type([{}])\n", all('t')),
    );
    let types = split(&ran.out);
    if types.len() != texts.len() {
        return Err(false);
    }
    let answers = values.iter().zip(types).map(|(value, ty)| match value {
        serde_json::Value::Array(pair) => Answer::Value {
            json: pair[1].as_str().unwrap_or_default().to_owned(),
            ty,
            sensitive: pair[0].as_bool().unwrap_or_default(),
        },
        _ => Answer::Failed,
    });
    Ok(answers.collect())
}

/// The elements of a tuple type as the console prints it: each begins with an indentation of one step.
fn split(printed: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut entry = String::new();
    for line in printed.lines() {
        // Before the first and behind the last element; within one, a name with a line break in it.
        if !line.starts_with("    ") && entry.is_empty() {
            continue;
        }
        entry.push_str(line);
        entry.push('\n');
        let nested = line.starts_with("     ") || !line.starts_with("    ");
        if !nested && line.ends_with(',') {
            let whole = one_line(&entry);
            found.push(whole.trim_end_matches(',').to_owned());
            entry.clear();
        }
    }
    found
}

fn decode(base64: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(base64)
        .ok()
}
