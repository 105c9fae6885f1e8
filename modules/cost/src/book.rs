//! Price books: what products cost.

use crate::error::{CostError, decode};
use crate::rules::{Matcher, Rules, Service};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const FORMAT: u64 = 1;

/// Prices of products. `docs/formats/price-book.md` describes the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// The version of the format.
    format: u64,
    /// Of all prices: `USD`.
    pub currency: String,
    /// Where they come from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// When they were published; as text, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub published: String,
    /// The prices.
    pub prices: Vec<Price>,
    /// Rules of its own, beside those that ship, and before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
}

/// What a product costs in a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The name that its seller has for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// `AmazonEC2`
    pub service: String,
    /// `eu-central-1`; empty: everywhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// What tells it apart: `{"instanceType": "t3.micro", …}`.
    pub attributes: BTreeMap<String, String>,
    /// What the price is for: `Hrs`, `GB-Mo`.
    pub unit: String,
    /// From which amount per month on which price holds, ascending; the first from 0.
    pub tiers: Vec<Tier>,
}

/// From an amount on, one unit costs so much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The amount.
    pub from: f64,
    /// The price of one unit.
    pub price: f64,
}

impl Book {
    /// A new one.
    #[must_use]
    pub fn new(currency: &str, source: &str, published: &str, prices: Vec<Price>) -> Self {
        Self {
            format: FORMAT,
            currency: currency.to_owned(),
            source: source.to_owned(),
            published: published.to_owned(),
            prices,
            rules: None,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or is no price book.
    pub fn read(path: &Path) -> Result<Self, CostError> {
        Self::parse(&path.display().to_string(), &crate::error::read(path)?)
    }

    /// Understands a text. `name`: of the file, for messages.
    ///
    /// # Errors
    /// When it is no price book.
    pub fn parse(name: &str, text: &str) -> Result<Self, CostError> {
        let book: Self = decode(name, text, "price book", FORMAT)?;
        for price in &book.prices {
            if let Some(problem) = price.problem() {
                let id = if price.id.is_empty() {
                    &price.service
                } else {
                    &price.id
                };
                return Err(CostError::Content {
                    name: name.to_owned(),
                    problem: format!("The price of {id} {problem}."),
                });
            }
        }
        Ok(book)
    }

    /// Several as one. A price in an earlier one hides the same product in later ones.
    ///
    /// # Errors
    /// When their currencies differ.
    pub fn join(books: Vec<Self>) -> Result<Self, CostError> {
        let mut books = books.into_iter();
        let mut all = books
            .next()
            .unwrap_or_else(|| Self::new("USD", "", "", Vec::new()));
        for book in books {
            if book.currency != all.currency {
                return Err(CostError::Currencies {
                    one: all.currency,
                    other: book.currency,
                });
            }
            let known: std::collections::BTreeSet<_> = all.prices.iter().map(key).collect();
            let new: Vec<Price> = (book.prices.into_iter())
                .filter(|price| !known.contains(&key(price)))
                .collect();
            all.prices.extend(new);
            match (&mut all.rules, book.rules) {
                (Some(rules), Some(more)) => rules.add(more),
                (none @ None, more) => *none = more,
                (Some(_), None) => {}
            }
            for (text, more) in [
                (&mut all.source, book.source),
                (&mut all.published, book.published),
            ] {
                if text.is_empty() {
                    *text = more;
                } else if !more.is_empty() && *text != more {
                    text.push_str(", ");
                    text.push_str(&more);
                }
            }
        }
        Ok(all)
    }

    /// As a file has it.
    ///
    /// # Errors
    /// Never for a book that was read or made here: its keys are texts.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

fn key(price: &Price) -> (String, String, String, Vec<(String, String)>) {
    let attributes = price
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    (
        price.service.clone(),
        price.region.clone(),
        price.unit.clone(),
        attributes.collect(),
    )
}

impl Price {
    fn problem(&self) -> Option<&'static str> {
        let Some(first) = self.tiers.first() else {
            return Some("has no tiers");
        };
        if first.from != 0.0 {
            return Some("has a first tier that does not begin at 0");
        }
        if self
            .tiers
            .windows(2)
            .any(|pair| pair[0].from >= pair[1].from)
        {
            return Some("has tiers that do not ascend");
        }
        let good = |number: f64| number.is_finite() && number >= 0.0;
        if !self
            .tiers
            .iter()
            .all(|tier| good(tier.from) && good(tier.price))
        {
            return Some("has a negative number");
        }
        None
    }

    /// What so many units cost.
    #[must_use]
    pub fn of(&self, amount: f64) -> f64 {
        let ends = self.tiers.iter().skip(1).map(|tier| tier.from);
        let ends = ends.chain([f64::INFINITY]);
        self.tiers
            .iter()
            .zip(ends)
            .map(|(tier, end)| (amount.min(end) - tier.from).max(0.0) * tier.price)
            .sum()
    }

    /// Whether it is what is looked for.
    pub(crate) fn meets(
        &self,
        service: &Service,
        region: &str,
        wanted: &[(String, Matcher)],
    ) -> bool {
        self.service == service.name
            && (self.region.is_empty() || service.global || self.region == region)
            && (service.unit.is_empty() || self.unit.eq_ignore_ascii_case(&service.unit))
            && wanted.iter().all(|(name, matcher)| {
                let found = self.attributes.get(name).map_or("", String::as_str);
                matcher.meets(found)
            })
    }
}
