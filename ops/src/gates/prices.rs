//! Prices that gates name: budgets are held against them.

use crate::cost::Prices;
use crate::failure::Failure;
use std::path::Path;
use terrane_gate::gates::{File, Gates, Role};

/// The files of the prices that these gates name.
pub(super) fn named(root: &Path, gates: &Gates) -> Result<Vec<File>, Failure> {
    let Some(named) = &gates.prices else {
        return Ok(Vec::new());
    };
    let books = named.books.iter().map(|name| (Role::Prices, name));
    let usage = named.usage.iter().map(|name| (Role::Usage, name));
    (books.chain(usage))
        .map(|(role, name)| {
            let path = root.join(name.as_str());
            let content = std::fs::read(&path);
            Ok(File {
                role,
                name: name.to_string(),
                content: content
                    .map_err(Failure::io(format!("Reading {} failed", path.display())))?,
            })
        })
        .collect()
}

/// Understands the prices among these files, in the order in which the gates name them.
pub(super) fn compile(gates: &Gates, files: &[File]) -> Result<Option<Prices>, Failure> {
    let Some(named) = &gates.prices else {
        return Ok(None);
    };
    let texts = |role: Role, names: &[ecow::EcoString]| -> Vec<(String, String)> {
        let of = |name: &ecow::EcoString| {
            files
                .iter()
                .find(|file| file.role == role && file.name == name.as_str())
        };
        let text = |file: &File| {
            (
                file.name.clone(),
                String::from_utf8_lossy(&file.content).into_owned(),
            )
        };
        names.iter().filter_map(of).map(text).collect()
    };
    let books = texts(Role::Prices, &named.books);
    let usage = texts(Role::Usage, &named.usage);
    fn borrowed(texts: &[(String, String)]) -> Vec<(&str, &str)> {
        texts
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }
    Prices::parse(&borrowed(&books), &borrowed(&usage)).map(Some)
}
