//! Rules: which products a resource uses, and how much of them.

use crate::error::{CostError, decode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const FORMAT: u64 = 1;

/// Rules for types of resources. `docs/formats/price-book.md` describes the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    format: u64,
    /// Types that cost nothing by themselves.
    #[serde(default)]
    free: BTreeSet<String>,
    /// The others.
    #[serde(default)]
    types: BTreeMap<String, TypeRules>,
}

/// Rules for one type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypeRules {
    /// How much is used where nobody says.
    #[serde(default)]
    pub usage: BTreeMap<String, f64>,
    /// What is paid for.
    pub parts: Vec<PartRules>,
}

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartRules {
    /// For people.
    pub name: String,
    /// Who sells it.
    pub service: Service,
    /// Which product.
    pub attributes: BTreeMap<String, Text>,
    /// The list of blocks or objects each of which is paid for; their attributes are `each.…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// What stands for the list while it is not known: an element, or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume: Option<Value>,
    /// It is only paid for if all hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    /// What is multiplied to the amount per month.
    pub amount: Vec<Factor>,
}

/// Who sells something, and in which unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// `AmazonEC2`
    pub name: String,
    /// `Hrs`; empty: any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Whether its prices are of no region.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub global: bool,
}

/// What an attribute of a product must be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Text {
    /// This.
    Is(String),
    /// What the resource says.
    From(From),
    /// This, behind a prefix that names the region: `EUC1-NatGateway-Hours` for `NatGateway-Hours`.
    Ends {
        /// `NatGateway-Hours`; `{path}` stands for what the resource says there.
        ends: String,
    },
}

/// What a resource says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    /// Where: `instance_type`, `each.volume_type`.
    pub from: String,
    /// What it means where it is absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What stands for it while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume: Option<Value>,
    /// What its values are called by the seller.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    /// What is looked at.
    pub value: From,
    /// It is one of these, as text.
    pub is: Vec<String>,
}

/// What an amount is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Factor {
    /// A number.
    Number(f64),
    /// What is used: `{"usage": "monthly_requests"}`.
    Usage(UsageFactor),
    /// How many there are: `{"count": "subnet_ids"}`.
    Count(CountFactor),
    /// What the resource says: `{"from": "size"}`.
    From(FromFactor),
}

/// What is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageFactor {
    /// `monthly_requests`
    pub usage: String,
}

/// How many there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountFactor {
    /// The list.
    pub count: String,
    /// As many if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<f64>,
    /// As many while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume: Option<f64>,
}

/// What the resource says, as a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromFactor {
    /// Where.
    pub from: String,
    /// If it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<f64>,
    /// While it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume: Option<f64>,
    /// So much of it is included.
    #[serde(default)]
    pub less: f64,
}

// By hand, since serde's own way for these keeps numbers in a form of its own when serde_json keeps all their digits; and the messages say
// more.

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Is(text)),
            value if value.get("ends").is_some() => {
                let Ends { ends } = serde_json::from_value(value).map_err(D::Error::custom)?;
                Ok(Self::Ends { ends })
            }
            value => serde_json::from_value(value)
                .map(Self::From)
                .map_err(D::Error::custom),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    ends: String,
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let decoded = if let Some(number) = value.as_f64() {
            Ok(Self::Number(number))
        } else if value.get("usage").is_some() {
            serde_json::from_value(value).map(Self::Usage)
        } else if value.get("count").is_some() {
            serde_json::from_value(value).map(Self::Count)
        } else {
            serde_json::from_value(value).map(Self::From)
        };
        decoded.map_err(D::Error::custom)
    }
}

/// What the attribute of a product is held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Matcher {
    /// It is this.
    Is(String),
    /// It is this, or ends so behind `-`.
    Ends(String),
    /// It may be anything.
    Any,
}

impl Matcher {
    pub(crate) fn meets(&self, found: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Is(text) => found == text,
            Self::Ends(text) => found
                .strip_suffix(text.as_str())
                .is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('-')),
        }
    }
}

impl Rules {
    /// Those that ship with terrane: for AWS.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Self, CostError> {
        Self::parse("the shipped rules", include_str!("../rules/aws.json"))
    }

    /// Understands a text. `name`: of the file, for messages.
    ///
    /// # Errors
    /// When it has no rules.
    pub fn parse(name: &str, text: &str) -> Result<Self, CostError> {
        let rules: Self = decode(name, text, "file of cost rules", FORMAT)?;
        if let Some(both) = rules.types.keys().find(|name| rules.free.contains(*name)) {
            return Err(CostError::Content {
                name: name.to_owned(),
                problem: format!("{both} is said to be free, and has a price."),
            });
        }
        for (type_name, rules) in &rules.types {
            for part in &rules.parts {
                for factor in &part.amount {
                    if let Factor::Usage(UsageFactor { usage }) = factor
                        && !rules.usage.contains_key(usage)
                    {
                        return Err(CostError::Content {
                            name: name.to_owned(),
                            problem: format!(
                                "{type_name} uses `{usage}`, and `usage` does not say how much that is as a rule."
                            ),
                        });
                    }
                }
            }
        }
        Ok(rules)
    }

    /// Takes over rules for types that it has none for.
    pub fn add(&mut self, other: Self) {
        for (name, rules) in other.types {
            if !self.free.contains(&name) {
                self.types.entry(name).or_insert(rules);
            }
        }
        for name in other.free {
            if !self.types.contains_key(&name) {
                self.free.insert(name);
            }
        }
    }

    pub(crate) fn is_free(&self, type_name: &str) -> bool {
        self.free.contains(type_name)
    }

    pub(crate) fn of(&self, type_name: &str) -> Option<&TypeRules> {
        self.types.get(type_name)
    }

    /// Whether the rules of some type ask for a usage of this name.
    pub(crate) fn asks_for(&self, usage: &str) -> bool {
        let mut types = self.types.values();
        types.any(|rules| rules.usage.contains_key(usage))
    }

    /// What any rule could ask for: service, unit and attributes.
    pub(crate) fn products(&self) -> impl Iterator<Item = (&Service, Vec<(&str, Matcher)>)> {
        let parts = self.types.values().flat_map(|rules| &rules.parts);
        parts.map(|part| {
            let attributes = part.attributes.iter().map(|(name, text)| {
                let matcher = match text {
                    Text::Is(text) => Matcher::Is(text.clone()),
                    Text::Ends { ends } if !ends.contains('{') => Matcher::Ends(ends.clone()),
                    Text::Ends { .. } | Text::From(_) => Matcher::Any,
                };
                (name.as_str(), matcher)
            });
            (&part.service, attributes.collect())
        })
    }
}
