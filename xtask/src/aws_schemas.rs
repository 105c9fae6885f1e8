//! `aws-schemas FACTS`: packs the schema facts of the AWS provider (`providers/aws/src/facts/types.bin`) from their JSON form, and writes what identifies
//! objects (`providers/aws/src/listing/identities.txt`, which says its form in `identity.rs` beside it).
//!
//! FACTS is the gzipped JSON that `providers/aws/README.md` describes. What planning does not need (counts of use, notes, calls found in sources) is left
//! out. The result: `TAWS1`, length of the index (u32, little endian), the index, chunks; the index and every chunk are zlib streams. A line of the index
//! is `kind name chunk start length`, the places being within the unpacked chunk, or `chunk start length`: where a chunk is in the file.

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::ZlibEncoder;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;

/// How much text is in a chunk: a type is unpacked with its neighbours.
const CHUNK: usize = 48 * 1024;
/// What is kept of a type.
const OF_TYPES: &[&str] = &[
    "schema_version",
    "sdk",
    "human_name",
    "region",
    "timeouts",
    "force_new_conditional",
    "not_found_errors",
    "attributes",
    "blocks",
];
/// What is kept of an attribute or a block.
const OF_PARTS: &[&str] = &[
    "type",
    "required",
    "optional",
    "computed",
    "sensitive",
    "write_only",
    "deprecated",
    "default",
    "force_new",
    "attr_as_block",
    "nested_defaults",
    "nested_force_new",
    "conflicts_with",
    "exactly_one_of",
    "at_least_one_of",
    "required_with",
    "diff_suppress",
    "state_func",
    "validate",
    "int",
    "max_items",
    "min_items",
    "nesting_mode",
    "attributes",
    "blocks",
];

pub(crate) fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let Some(source) = arguments.next() else {
        bail!("which facts? aws-schemas FACTS.json.gz");
    };
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(&source).with_context(|| source.clone())?)
        .read_to_string(&mut text)?;
    let facts: Value = serde_json::from_str(&text)?;
    let packed = pack(&facts)?;
    let target = root.join("providers/aws/src/facts/types.bin");
    std::fs::write(&target, &packed).with_context(|| target.display().to_string())?;
    let target = root.join("providers/aws/src/listing/identities.txt");
    std::fs::write(&target, identities(&facts)?).with_context(|| target.display().to_string())
}

/// A line for each type whose objects have an identity.
fn identities(facts: &Value) -> Result<String> {
    let types = facts["resources"].as_object().context("no resources")?;
    let mut lines = String::new();
    for (name, about) in types {
        if let Some(found) = about["identity"].as_str() {
            let line = identity(found).with_context(|| format!("{name}: {found}"))?;
            writeln!(lines, "{name}{line}")?;
        }
    }
    Ok(lines)
}

/// An identity in the words of the source, as `identities.txt` has it. `None`: a word is not known.
fn identity(found: &str) -> Option<String> {
    let mut words = found.split(' ').map(|word| word.trim_matches('"'));
    let kind = words.next()?;
    let place = match kind {
        kind if kind.contains("ARNIdentity") || kind.contains("InherentRegion") => "plain",
        kind if kind.starts_with("Global") => "global",
        _ => "regional",
    };
    let (mut version, mut line) = (String::new(), format!(" {place}"));
    if kind.ends_with("ARNIdentity") || kind.ends_with("ARNFormat") {
        line.push_str(" arn");
    } else if kind.contains("Named") || kind.contains("InherentRegion") {
        line.push(' ');
        line.push_str(words.next()?);
    }
    while let Some(word) = words.next() {
        let ty = match word {
            "StringIdentityAttribute" | "StringIdentityAttributeWithMappedName" => "",
            "IntIdentityAttribute" => ":number",
            "BoolIdentityAttribute" => ":bool",
            "WithVersion" => {
                version = format!("@{}", words.next()?);
                continue;
            }
            "IdentityAttribute" => continue,
            word if word.contains("IdentityAttribute") => return None,
            // What else there is does not change what identifies an object.
            _ => continue,
        };
        let (name, needed) = (words.next()?, words.next()? == "true");
        let mark = if needed { "" } else { "?" };
        write!(line, " {name}{ty}{mark}").ok()?;
    }
    Some(version + &line)
}

fn pack(facts: &Value) -> Result<Vec<u8>> {
    let (mut index, mut chunks, mut chunk) = (String::new(), Vec::new(), String::new());
    for (kind, key) in [
        ("resource", "resources"),
        ("data", "data_sources"),
        ("ephemeral", "ephemeral_resources"),
    ] {
        let types = facts[key]
            .as_object()
            .with_context(|| format!("no {key}"))?;
        for (name, about) in types {
            let text = of_type(about)?.to_string();
            if chunk.len() + text.len() > CHUNK && !chunk.is_empty() {
                chunks.push(zlib(&std::mem::take(&mut chunk))?);
            }
            let (at, start, length) = (chunks.len(), chunk.len(), text.len());
            writeln!(index, "{kind} {name} {at} {start} {length}")?;
            chunk.push_str(&text);
        }
    }
    let endpoints = facts["provider"]["endpoint_keys"]
        .as_array()
        .context("no endpoint_keys")?;
    let mut provider = of_part(&facts["provider"])?;
    let keys: Map<String, Value> = endpoints
        .iter()
        .filter_map(Value::as_str)
        .map(|key| {
            let about = serde_json::json!({"type": "string", "optional": true});
            (key.to_owned(), about)
        })
        .collect();
    provider["blocks"]["endpoints"]["attributes"] = Value::Object(keys);
    let text = provider.to_string();
    let (at, start, length) = (chunks.len(), chunk.len(), text.len());
    writeln!(index, "provider aws {at} {start} {length}")?;
    chunk.push_str(&text);
    chunks.push(zlib(&chunk)?);
    let mut start = 0;
    for (at, chunk) in chunks.iter().enumerate() {
        writeln!(index, "chunk {at} {start} {}", chunk.len())?;
        start += chunk.len();
    }
    let index = zlib(&index)?;
    let mut packed = b"TAWS1".to_vec();
    packed.extend(u32::try_from(index.len())?.to_le_bytes());
    packed.extend(index);
    packed.extend(chunks.concat());
    Ok(packed)
}

fn zlib(text: &str) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?)
}

fn of_type(about: &Value) -> Result<Value> {
    let mut kept = kept(about, OF_TYPES)?;
    for key in ["attributes", "blocks"] {
        if let Some(parts) = kept.get_mut(key) {
            *parts = of_parts(parts)?;
        }
    }
    if let Some(timeouts) = kept.get_mut("timeouts").and_then(Value::as_object_mut) {
        // In seconds. What a name stands for is not known; the default of the runner holds then.
        *timeouts = timeouts
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), seconds(value.as_str()?)?.into())))
            .collect();
    }
    Ok(Value::Object(kept))
}

/// `10 * time.Minute` in seconds.
fn seconds(text: &str) -> Option<u64> {
    let (count, unit) = text.split_once(" * time.")?;
    let unit = match unit {
        "Second" => 1,
        "Minute" => 60,
        "Hour" => 3600,
        _ => return None,
    };
    Some(count.parse::<u64>().ok()? * unit)
}

fn of_parts(parts: &Value) -> Result<Value> {
    let parts = parts.as_object().context("parts are an object")?;
    let kept: Result<Map<_, _>> = parts
        .iter()
        .map(|(name, part)| Ok((name.clone(), of_part(part)?)))
        .collect();
    Ok(Value::Object(kept?))
}

fn of_part(part: &Value) -> Result<Value> {
    let mut kept = kept(part, OF_PARTS)?;
    // What is known by the name of a constant alone is no fact.
    let named = |key: &str| key == "default" || key == "max_items";
    kept.retain(|key, value| !named(key) || !value.is_object());
    for key in ["attributes", "blocks"] {
        if let Some(parts) = kept.get_mut(key).filter(|parts| parts.is_object()) {
            *parts = of_parts(parts)?;
        }
    }
    Ok(Value::Object(kept))
}

fn kept(about: &Value, keys: &[&str]) -> Result<Map<String, Value>> {
    let about = about.as_object().context("facts are an object")?;
    Ok(about
        .iter()
        .filter(|(key, _)| keys.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn identities_in_the_words_of_their_source() {
        for (found, line) in [
            (
                r#"RegionalARNIdentity WithIdentityDuplicateAttrs "id""#,
                " plain arn",
            ),
            (
                r#"RegionalARNIdentityNamed "secret_arn" WithV6_0SDKv2Fix"#,
                " plain secret_arn",
            ),
            (
                r#"RegionalCustomInherentRegionIdentity "url" parseQueueURL WithIdentityDuplicateAttrs "id" WithVersion 1"#,
                "@1 plain url",
            ),
            (
                r#"GlobalParameterizedIdentity IdentityAttribute StringIdentityAttribute "zone_id" true StringIdentityAttributeWithMappedName "name" true "fqdn" StringIdentityAttribute "set_identifier" false"#,
                " global zone_id name set_identifier?",
            ),
            (
                r#"RegionalParameterizedIdentity BoolIdentityAttribute "egress" true IntIdentityAttribute "rule_number" true"#,
                " regional egress:bool rule_number:number",
            ),
            ("RegionalSingletonIdentity", " regional"),
        ] {
            assert_eq!(identity(found).as_deref(), Some(line), "{found}");
        }
        assert_eq!(identity(r#"GlobalX FloatIdentityAttribute "a" true"#), None);
    }
}
