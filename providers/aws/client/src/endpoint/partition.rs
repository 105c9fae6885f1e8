//! Parts of AWS that know nothing of each other: the public one, China, GovCloud …

use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A part of AWS.
#[derive(Debug)]
pub struct Partition {
    outputs: Outputs,
    regions: BTreeMap<String, serde_json::Value>,
    pattern: Option<Regex>,
}

/// What rules can ask of a part.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    dns_suffix: String,
    dual_stack_dns_suffix: String,
    implicit_global_region: String,
    name: String,
    #[serde(rename = "supportsDualStack")]
    dual_stack: bool,
    #[serde(rename = "supportsFIPS")]
    fips: bool,
}

#[derive(Deserialize)]
struct File {
    partitions: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    outputs: Outputs,
    region_regex: String,
    regions: BTreeMap<String, serde_json::Value>,
}

impl Partition {
    /// Its name, which is the second part of ARNs: `aws`, `aws-cn`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.outputs.name
    }

    /// What host names end with: `amazonaws.com`.
    #[must_use]
    pub fn dns_suffix(&self) -> &str {
        &self.outputs.dns_suffix
    }

    /// The region that services without regions are signed for.
    #[must_use]
    pub fn global_region(&self) -> &str {
        &self.outputs.implicit_global_region
    }

    /// Names of its regions, ascending, without those that stand for the whole.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        let real = |name: &&str| !name.ends_with("-global");
        self.regions.keys().map(String::as_str).filter(real)
    }

    pub(super) fn outputs(&self) -> &Outputs {
        &self.outputs
    }
}

fn all() -> &'static [Partition] {
    static ALL: OnceLock<Vec<Partition>> = OnceLock::new();
    ALL.get_or_init(|| {
        let file: File = serde_json::from_str(include_str!("../../models/partitions.json"))
            .expect("the committed file is read by a test");
        file.partitions
            .into_iter()
            .map(|raw| Partition {
                outputs: raw.outputs,
                regions: raw.regions,
                pattern: Regex::new(&raw.region_regex).ok(),
            })
            .collect()
    })
}

/// The part that a region is in; the public one where nothing fits.
///
/// # Panics
/// Never: there is a first part.
#[must_use]
pub fn partition(region: &str) -> &'static Partition {
    let parts = all();
    parts
        .iter()
        .find(|part| part.regions.contains_key(region))
        .or_else(|| {
            let fits = |part: &&Partition| {
                let pattern = part.pattern.as_ref();
                pattern.is_some_and(|pattern| pattern.is_match(region))
            };
            parts.iter().find(fits)
        })
        .or(parts.first())
        .expect("the committed file has parts")
}

/// Whether this is a region that was known when the models were made.
#[must_use]
pub fn region_is_known(region: &str) -> bool {
    !region.ends_with("-global") && all().iter().any(|part| part.regions.contains_key(region))
}

/// Names of all regions that were known when the models were made.
pub fn regions() -> impl Iterator<Item = &'static str> {
    all().iter().flat_map(Partition::regions)
}
