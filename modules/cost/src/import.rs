//! Price books from the price lists that AWS publishes.
//!
//! An offer file (`https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/eu-central-1/index.json`) has `products` by SKU and
//! `terms` by kind (`OnDemand`, `Reserved`) and SKU. Files have up to several hundred megabytes, so they are read as streams and only what some rule can
//! ask for is kept.
//!
//! Prices are those on demand. Where somebody says which reservations there are ([`Reserved`]), products that can be reserved so have the price of that: what is paid
//! at once, spread over the hours of the term, and what is paid by the hour.

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
use std::str::FromStr;

/// Hours of a year, as the seller counts.
const HOURS_A_YEAR: f64 = 8760.0;

/// What an offer file has for us.
#[derive(Debug, Default)]
pub struct Offer {
    /// When it was published.
    pub published: String,
    /// The prices.
    pub prices: Vec<Price>,
}

/// Which prices are wanted.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// Of which regions; empty: of all.
    pub regions: &'a BTreeSet<String>,
    /// In which currency.
    pub currency: &'a str,
    /// What is reserved; `None`: nothing.
    pub reserved: Option<&'a Reserved>,
}

/// How something is reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// For how many years: 1 or 3.
    years: u8,
    /// `standard` or `convertible`.
    class: &'static str,
    /// `no upfront`, `partial upfront` or `all upfront`.
    payment: &'static str,
}

const CLASSES: [&str; 2] = ["standard", "convertible"];
const PAYMENTS: [&str; 3] = ["no upfront", "partial upfront", "all upfront"];

impl FromStr for Reserved {
    type Err = String;

    /// `1yr,no-upfront`, `3yr,partial-upfront,convertible`: in any order. Without a class it is `standard`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut years, mut class, mut payment) = (None, None, None);
        for word in text.split(',').map(plain) {
            let known = |names: &[&'static str]| names.iter().copied().find(|name| *name == word);
            let again = match word.as_str() {
                "1yr" => years.replace(1).is_some(),
                "3yr" => years.replace(3).is_some(),
                _ => match (known(&CLASSES), known(&PAYMENTS)) {
                    (Some(name), _) => class.replace(name).is_some(),
                    (_, Some(name)) => payment.replace(name).is_some(),
                    _ => return Err(format!("{word:?} says nothing about a reservation")),
                },
            };
            if again {
                return Err(format!("{word:?} comes second"));
            }
        }
        match (years, payment) {
            (Some(years), Some(payment)) => Ok(Self {
                years,
                class: class.unwrap_or("standard"),
                payment,
            }),
            (None, _) => Err("it does not say for how long (1yr or 3yr)".to_owned()),
            (_, None) => Err(
                "it does not say how it is paid (no-upfront, partial-upfront or all-upfront)"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}yr {}, {}", self.years, self.class, self.payment)
    }
}

impl Reserved {
    /// Whether a term of a price list is this.
    fn is(&self, term: &Term) -> bool {
        let told = |name: &str| term.attributes.get(name).map(|text| plain(text));
        let length = told("LeaseContractLength").map(|text| text.replace(' ', ""));
        length.as_deref() == Some(&format!("{}yr", self.years))
            && told("PurchaseOption").as_deref() == Some(self.payment)
            // Services that know only one class do not name it.
            && told("OfferingClass").as_deref().unwrap_or("standard") == self.class
    }
}

/// `No Upfront` and `no-upfront` are the same.
fn plain(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace(['-', '_'], " ")
}

/// Reads an offer file.
///
/// # Errors
/// When it can't be read, or is no offer file.
pub fn offer(path: &Path, rules: &Rules, choice: &Choice<'_>) -> Result<Offer, CostError> {
    let wanted = Wanted {
        products: rules.products().collect(),
        regions: choice.regions,
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
        published: &products.published,
        choice,
        prices: Vec::new(),
        reserved: BTreeMap::new(),
    };
    (&mut terms).deserialize(&mut open()?).map_err(failed)?;
    let Terms {
        mut prices,
        mut reserved,
        ..
    } = terms;
    for price in &mut prices {
        if is_hourly(&price.unit)
            && let Some(hourly) = reserved.remove(&price.id)
        {
            price.tiers = vec![hourly];
        }
    }
    Ok(Offer {
        published: products.published,
        prices,
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
        // Lists of before 2020 name the region for people only. That is not everywhere.
        let of_some_region = attributes
            .get("locationType")
            .is_some_and(|kind| kind == "AWS Region");
        let is_nowhere = region.is_empty() && of_some_region;
        let mut names = BTreeSet::new();
        let mut units = BTreeSet::new();
        for (of, wanted) in &self.products {
            let here = self.regions.is_empty() || self.regions.contains(&region);
            let here = of.global || here && !is_nowhere;
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
    /// From when on; RFC 3339 in UTC, so that the order of texts is that of moments.
    #[serde(default, rename = "effectiveDate")]
    effective: String,
    #[serde(default, rename = "priceDimensions")]
    dimensions: BTreeMap<String, Dimension>,
    #[serde(default, rename = "termAttributes")]
    attributes: BTreeMap<String, String>,
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
    published: &'a str,
    choice: &'a Choice<'a>,
    prices: Vec<Price>,
    /// What an hour costs of what is reserved, by SKU.
    reserved: BTreeMap<String, Tier>,
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
                "Reserved" if self.choice.reserved.is_some() => {
                    let each =
                        |sku: String, terms: BTreeMap<String, Term>| self.reserved(sku, terms);
                    map.next_value_seed(Each(each, PhantomData))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl Terms<'_> {
    /// Of several terms the one that is in force: the latest that has begun when the list was published.
    fn in_force(&self, terms: impl Iterator<Item = Term>) -> Option<Term> {
        let begun =
            |term: &Term| self.published.is_empty() || term.effective.as_str() <= self.published;
        // The first one where none has begun: better than no price.
        terms.max_by(|one, other| {
            let order = |term: &Term| (begun(term), term.effective.clone());
            match (begun(one), begun(other)) {
                (false, false) => other.effective.cmp(&one.effective),
                _ => order(one).cmp(&order(other)),
            }
        })
    }

    fn number(text: &str) -> Option<f64> {
        let number = text.parse::<f64>().ok();
        number.filter(|number| number.is_finite() && *number >= 0.0)
    }

    /// Prices of a product that is reserved.
    fn reserved(&mut self, sku: String, terms: BTreeMap<String, Term>) {
        let Some(wanted) = self.choice.reserved else {
            return;
        };
        if !self.products.contains_key(&sku) {
            return;
        }
        let terms = terms.into_values().filter(|term| wanted.is(term));
        let Some(term) = self.in_force(terms) else {
            return;
        };
        let (mut upfront, mut hourly) = (0.0, None);
        for dimension in term.dimensions.into_values() {
            let price = dimension.price.get(self.choice.currency);
            let Some(price) = price.and_then(|text| Self::number(text)) else {
                return;
            };
            if dimension.unit.eq_ignore_ascii_case("quantity") {
                upfront += price;
            } else if is_hourly(&dimension.unit) {
                hourly = Some(price);
            }
        }
        // Lists say 0 an hour where all is paid at once.
        let Some(hourly) = hourly else { return };
        let hours = HOURS_A_YEAR * f64::from(wanted.years);
        let tier = Tier {
            from: 0.0,
            price: hourly + upfront / hours,
        };
        self.reserved.insert(sku, tier);
    }

    fn product(&mut self, sku: &str, terms: BTreeMap<String, Term>) {
        let Some(product) = self.products.get(sku) else {
            return;
        };
        let term = self.in_force(terms.into_values());
        let dimensions = term.into_iter();
        let dimensions = dimensions.flat_map(|term| term.dimensions.into_values());
        let mut tiers: BTreeMap<String, Vec<Tier>> = BTreeMap::new();
        for dimension in dimensions {
            let price = dimension.price.get(self.choice.currency);
            let price = price.and_then(|text| Self::number(text));
            // One without a number begins where all begin.
            let from = if dimension.begin.is_empty() {
                Some(0.0)
            } else {
                Self::number(&dimension.begin)
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

fn is_hourly(unit: &str) -> bool {
    ["hrs", "hours", "hour"].contains(&unit.to_ascii_lowercase().as_str())
}
