//! Price books from the price lists that AWS publishes.
//!
//! An offer file (`https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/eu-central-1/index.json`) has `products` by SKU and
//! `terms` by kind and SKU. Files have up to several hundred megabytes, so they are read as streams and only what some rule can ask for is
//! kept.

use crate::book::{Price, Tier};
use crate::error::CostError;
use crate::rules::{Matcher, Rules, Service};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::marker::PhantomData;
use std::path::Path;

/// What an offer file has for us.
#[derive(Debug, Default)]
pub struct Offer {
    /// When it was published.
    pub published: String,
    /// The prices.
    pub prices: Vec<Price>,
}

/// Reads an offer file. `regions`: of which; empty: of all. `currency`: in which.
///
/// # Errors
/// When it can't be read, or is no offer file.
pub fn offer(
    path: &Path,
    rules: &Rules,
    regions: &BTreeSet<String>,
    currency: &str,
) -> Result<Offer, CostError> {
    let wanted = Wanted {
        products: rules.products().collect(),
        regions,
    };
    let open = || {
        let file = File::open(path).map_err(|source| CostError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok::<_, CostError>(serde_json::Deserializer::from_reader(
            BufReader::with_capacity(1 << 20, file),
        ))
    };
    let failed = |source| CostError::Format {
        name: path.display().to_string(),
        what: "offer file of a price list",
        source,
    };
    // Twice: terms without their products can't be told apart, and may come first.
    let mut products = Products {
        wanted: &wanted,
        found: BTreeMap::new(),
        published: String::new(),
        is_offer: false,
    };
    (&mut products).deserialize(&mut open()?).map_err(failed)?;
    if !products.is_offer {
        return Err(failed(serde_json::Error::custom("it has no `products`")));
    }
    let mut terms = Terms {
        products: &products.found,
        currency,
        prices: Vec::new(),
    };
    (&mut terms).deserialize(&mut open()?).map_err(failed)?;
    Ok(Offer {
        published: products.published,
        prices: terms.prices,
    })
}

struct Wanted<'a> {
    products: Vec<(&'a Service, Vec<(&'a str, Matcher)>)>,
    regions: &'a BTreeSet<String>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(default, rename = "productFamily")]
    family: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// A product that some rule can ask for.
struct Kept {
    service: String,
    region: String,
    attributes: BTreeMap<String, String>,
    units: BTreeSet<String>,
}

impl Wanted<'_> {
    /// What of a product rules can ask for.
    fn keep(&self, product: Product) -> Option<Kept> {
        let mut attributes = product.attributes;
        attributes.insert("productFamily".to_owned(), product.family);
        let service = attributes.get("servicecode")?.clone();
        let region = attributes.get("regionCode").cloned().unwrap_or_default();
        let mut names = BTreeSet::new();
        let mut units = BTreeSet::new();
        for (of, wanted) in &self.products {
            let here = of.global || self.regions.is_empty() || self.regions.contains(&region);
            let meets = |(name, matcher): &(&str, Matcher)| {
                let found = attributes.get(*name).map_or("", String::as_str);
                // A product that doesn't say what a rule asks for is another one.
                matcher.meets(found) && !(found.is_empty() && *matcher == Matcher::Any)
            };
            if of.name == service && here && wanted.iter().all(meets) {
                names.extend(wanted.iter().map(|(name, _)| *name));
                units.insert(of.unit.to_ascii_lowercase());
            }
        }
        if units.is_empty() {
            return None;
        }
        attributes.retain(|name, _| names.contains(name.as_str()));
        Some(Kept {
            service,
            region,
            attributes,
            units,
        })
    }
}

/// A visitor of a JSON object that is called for each of its members.
struct Members<F, T>(F, PhantomData<T>);

impl<'de, F, T> Visitor<'de> for Members<F, T>
where
    T: Deserialize<'de>,
    F: FnMut(String, T),
{
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry()? {
            (self.0)(key, value);
        }
        Ok(())
    }
}

/// The same as a seed.
struct Each<F, T>(F, PhantomData<T>);

impl<'de, F, T> DeserializeSeed<'de> for Each<F, T>
where
    T: Deserialize<'de>,
    F: FnMut(String, T),
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(Members(self.0, PhantomData))
    }
}

/// The first pass.
struct Products<'a> {
    wanted: &'a Wanted<'a>,
    found: BTreeMap<String, Kept>,
    published: String,
    is_offer: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Products<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Products<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an offer file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "publicationDate" => self.published = map.next_value()?,
                "products" => {
                    self.is_offer = true;
                    let Products { wanted, found, .. } = &mut *self;
                    let each = |sku, product: Product| {
                        if let Some(kept) = wanted.keep(product) {
                            found.insert(sku, kept);
                        }
                    };
                    map.next_value_seed(Each(each, PhantomData))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Term {
    #[serde(default, rename = "priceDimensions")]
    dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
struct Dimension {
    #[serde(default)]
    unit: String,
    #[serde(default, rename = "beginRange")]
    begin: String,
    #[serde(default, rename = "pricePerUnit")]
    price: BTreeMap<String, String>,
}

/// The second pass.
struct Terms<'a> {
    products: &'a BTreeMap<String, Kept>,
    currency: &'a str,
    prices: Vec<Price>,
}

impl<'de> DeserializeSeed<'de> for &mut Terms<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Terms<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an offer file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            // At the top `terms`, below it `OnDemand`: no other member has either name.
            match key.as_str() {
                "terms" => map.next_value_seed(&mut *self)?,
                "OnDemand" => {
                    let each =
                        |sku: String, terms: BTreeMap<String, Term>| self.product(&sku, terms);
                    map.next_value_seed(Each(each, PhantomData))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl Terms<'_> {
    fn product(&mut self, sku: &str, terms: BTreeMap<String, Term>) {
        let Some(product) = self.products.get(sku) else {
            return;
        };
        let dimensions = terms
            .into_values()
            .flat_map(|term| term.dimensions.into_values());
        let mut tiers: BTreeMap<String, Vec<Tier>> = BTreeMap::new();
        for dimension in dimensions {
            let number = |text: &str| {
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite() && *number >= 0.0)
            };
            let price = dimension
                .price
                .get(self.currency)
                .and_then(|text| number(text));
            // One without a number begins where all begin.
            let from = if dimension.begin.is_empty() {
                Some(0.0)
            } else {
                number(&dimension.begin)
            };
            if let (Some(price), Some(from)) = (price, from) {
                tiers
                    .entry(dimension.unit)
                    .or_default()
                    .push(Tier { from, price });
            }
        }
        for (unit, mut tiers) in tiers {
            let asked = |of: &String| of.is_empty() || of.eq_ignore_ascii_case(&unit);
            if !product.units.iter().any(asked) {
                continue;
            }
            tiers.sort_by(|a, b| a.from.total_cmp(&b.from));
            tiers.dedup_by(|a, b| a.from == b.from);
            if tiers.first().is_none_or(|tier| tier.from > 0.0) {
                continue;
            }
            self.prices.push(Price {
                id: sku.to_owned(),
                service: product.service.clone(),
                region: product.region.clone(),
                attributes: product.attributes.clone(),
                unit,
                tiers,
            });
        }
    }
}
