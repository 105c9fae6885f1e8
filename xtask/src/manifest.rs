//! What `tidy` needs to know of a `Cargo.toml`. Read line by line: the house writes its manifests in one plain way.

/// The parts of a manifest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The name of the package.
    pub(crate) name: String,
    /// Names of all dependencies that end up in the program: `[dependencies]`, `[build-dependencies]`, also of single platforms.
    pub(crate) dependencies: Vec<String>,
    /// Whether `[lints] workspace = true` is there.
    pub(crate) inherits_lints: bool,
}

/// Reads a manifest.
pub(crate) fn read(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or(line).trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = header.trim().to_owned();
            // `[dependencies.name]`
            if let Some((table, name)) = section.rsplit_once('.')
                && is_dependency_table(table)
            {
                manifest.dependencies.push(name.to_owned());
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let name = key.split('.').next().unwrap_or(key).trim_matches('"');
        match section.as_str() {
            "package" if key == "name" => value.trim_matches('"').clone_into(&mut manifest.name),
            "lints" if key == "workspace" => manifest.inherits_lints = value == "true",
            table if is_dependency_table(table) => manifest.dependencies.push(name.to_owned()),
            _ => {}
        }
    }
    manifest
}

/// Development dependencies are free.
fn is_dependency_table(table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap_or(table);
    matches!(last, "dependencies" | "build-dependencies") && !table.starts_with("workspace")
}

#[cfg(test)]
mod tests {
    use super::{Manifest, read};

    #[test]
    fn all_ways_to_write_a_dependency_are_seen() {
        let text = r#"
[package]
name = "terrane-x" # the name

[lints]
workspace = true

[dependencies]
a.workspace = true
b = "1"
"c" = { version = "2", features = ["d"] }

[dependencies.e]
version = "1"

[target.'cfg(unix)'.dependencies]
f = "1"

[dev-dependencies]
g = "1"
"#;
        assert_eq!(
            read(text),
            Manifest {
                name: "terrane-x".into(),
                dependencies: ["a", "b", "c", "e", "f"].map(String::from).into(),
                inherits_lints: true,
            }
        );
    }
}
