//! What a plan costs.

use crate::book::{Book, Price};
use crate::plan::{Found, Item, Object, Plan, at};
use crate::rules::{
    CountFactor, Factor, From, FromFactor, Matcher, PartRules, Rules, Service, Text, TypeRules,
    UsageFactor,
};
use crate::usage::Usage;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan costs, per month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// `USD`
    pub currency: String,
    /// Where the prices come from, and when they were published.
    pub source: String,
    /// What all resources cost now, as far as they have prices.
    pub before: f64,
    /// What they will cost.
    pub after: f64,
    /// The resources that cost something or may do so, in the order of the plan.
    pub lines: Vec<Line>,
    /// How many cost nothing by themselves.
    pub free: usize,
    /// What usage files say that no rule asks for: a misspelt name changes no price, so somebody has to be told.
    pub unknown_usage: Vec<String>,
}

/// What a resource costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Its address.
    pub address: String,
    /// Its type.
    pub type_name: String,
    /// What is done to it.
    pub actions: Vec<String>,
    /// Now; empty if there is none now.
    pub before: Vec<Part>,
    /// Then; empty if there will be none.
    pub after: Vec<Part>,
}

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// How much of it, per month, and what that costs; or why it has no price.
    pub price: Result<Priced, String>,
}

/// A price.
#[derive(Clone, Debug, PartialEq)]
pub struct Priced {
    /// How much is used.
    pub amount: f64,
    /// Of what: `Hrs`.
    pub unit: String,
    /// What that costs.
    pub monthly: f64,
    /// What was assumed of usage, by name and value: `monthly_requests = 1000000`.
    pub assumed: Vec<String>,
    /// What was assumed of attributes that are known after apply: `tenancy = "default"`.
    pub assumed_attributes: Vec<String>,
}

impl Estimate {
    /// What is added.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.after - self.before
    }

    /// The addresses of what has no price, or not for all of it, and changes.
    pub fn unpriced(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|line| line.changes() && !line.missing().is_empty())
    }
}

impl Line {
    /// Whether it is changed at all.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.actions
            .iter()
            .any(|action| action != "no-op" && action != "read")
    }

    /// What it costs now, as far as it has prices.
    #[must_use]
    pub fn now(&self) -> f64 {
        sum(&self.before)
    }

    /// What it will cost.
    #[must_use]
    pub fn then(&self) -> f64 {
        sum(&self.after)
    }

    /// Why something has no price, each reason once.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let parts = self.before.iter().chain(&self.after);
        let mut reasons: Vec<&str> = Vec::new();
        for reason in parts.filter_map(|part| part.price.as_ref().err()) {
            if !reasons.contains(&reason.as_str()) {
                reasons.push(reason);
            }
        }
        reasons
    }
}

fn sum(parts: &[Part]) -> f64 {
    let priced = parts.iter().filter_map(|part| part.price.as_ref().ok());
    // Not `sum`, which makes -0 of nothing.
    priced
        .map(|priced| priced.monthly)
        .fold(0.0, |all, one| all + one)
}

/// Estimates a plan. `rules`: those that ship; those of the book count first.
#[must_use]
pub fn estimate(plan: &Plan, book: &Book, rules: &Rules, usage: &Usage) -> Estimate {
    let mut all = book.rules.clone().unwrap_or_default();
    all.add(rules.clone());
    let source = [book.source.as_str(), book.published.as_str()];
    let source: Vec<&str> = source.into_iter().filter(|text| !text.is_empty()).collect();
    let mut estimate = Estimate {
        currency: book.currency.clone(),
        source: source.join(", "),
        unknown_usage: usage.unknown(&all),
        ..Estimate::default()
    };
    let mut work = Work {
        book,
        rules: &all,
        usage,
        found: BTreeMap::new(),
        by_service: BTreeMap::new(),
    };
    for price in &book.prices {
        work.by_service
            .entry(&price.service)
            .or_default()
            .push(price);
    }
    for item in &plan.items {
        if work.rules.is_free(&item.type_name) {
            estimate.free += 1;
            continue;
        }
        let mut parts = |object: Option<&Object>| {
            object.map_or_else(Vec::new, |object| work.object(item, object))
        };
        let (before, mut after) = (parts(item.before.as_ref()), parts(item.after.as_ref()));
        // What is forgotten is there, and paid for, as before.
        if item.actions.iter().any(|action| action == "forget") {
            after.extend(before.iter().cloned());
        }
        let line = Line {
            before,
            after,
            address: item.address.clone(),
            type_name: item.type_name.clone(),
            actions: item.actions.clone(),
        };
        estimate.before += line.now();
        estimate.after += line.then();
        if !line.before.is_empty() || !line.after.is_empty() {
            estimate.lines.push(line);
        }
    }
    estimate
}

/// What is looked for: of whom, in which region, with what attributes.
type Query = (Service, String, Vec<(String, Matcher)>);

struct Work<'a> {
    book: &'a Book,
    rules: &'a Rules,
    usage: &'a Usage,
    by_service: BTreeMap<&'a str, Vec<&'a Price>>,
    /// Many resources ask for the same product.
    found: BTreeMap<Query, Result<&'a Price, String>>,
}

/// A resource of which one part is priced.
struct Scope<'a> {
    item: &'a Item,
    object: &'a Object,
    /// The element of the list that the part is for.
    each: Option<(&'a Value, &'a Value)>,
    usage: &'a BTreeMap<String, f64>,
    assumed: Vec<String>,
    assumed_attributes: Vec<String>,
}

impl<'a> Work<'a> {
    fn object(&mut self, item: &Item, object: &Object) -> Vec<Part> {
        let rules = self.rules;
        let Some(rules) = rules.of(&item.type_name) else {
            return vec![Part {
                name: item.type_name.clone(),
                price: Err("no rule says what this type costs".to_owned()),
            }];
        };
        let mut nothing = BTreeSet::new();
        let mut parts: Vec<Part> = (rules.parts.iter())
            .flat_map(|part| self.part(item, object, rules, part, &mut nothing))
            .collect();
        // What was taken for nothing is no part, so another one tells of it.
        if let Some(priced) = parts.iter_mut().find_map(|part| part.price.as_mut().ok()) {
            priced.assumed_attributes.extend(nothing);
        }
        parts
    }

    fn part(
        &mut self,
        item: &Item,
        object: &Object,
        rules: &TypeRules,
        part: &PartRules,
        nothing: &mut BTreeSet<String>,
    ) -> Vec<Part> {
        let scope = |each, assumed: &[String]| Scope {
            item,
            object,
            each,
            usage: &rules.usage,
            assumed: Vec::new(),
            assumed_attributes: assumed.to_vec(),
        };
        let Some(list) = &part.for_each else {
            return self.one(scope(None, &[]), part).into_iter().collect();
        };
        let null = &Value::Null;
        match (object.at(list), &part.assume) {
            (Found::Absent, _) => Vec::new(),
            (Found::Unknown(why), None) => vec![Part {
                name: part.name.clone(),
                price: Err(format!("`{list}` {why}")),
            }],
            (Found::Unknown(_), Some(assumed)) => {
                let told = format!("{list} = {assumed}");
                let elements = match assumed {
                    Value::Array(elements) => elements.as_slice(),
                    element => std::slice::from_ref(element),
                };
                if elements.is_empty() {
                    nothing.insert(told);
                    return Vec::new();
                }
                let told = [told];
                let mut found = Vec::new();
                for element in elements {
                    found.extend(self.one(scope(Some((element, null)), &told), part));
                }
                found
            }
            (Found::Known(known), _) => {
                let Value::Array(elements) = known else {
                    return self
                        .one(scope(Some((known, null)), &[]), part)
                        .into_iter()
                        .collect();
                };
                let unknown =
                    (list.split('.')).try_fold(&object.unknown, |value, name| value.get(name));
                let unknown = unknown.unwrap_or(null);
                (elements.iter().enumerate())
                    .filter_map(|(index, element)| {
                        let unknown = unknown.get(index).unwrap_or(null);
                        self.one(scope(Some((element, unknown)), &[]), part)
                    })
                    .collect()
            }
        }
    }

    /// `None`: nothing is paid for it.
    fn one(&mut self, mut scope: Scope<'_>, part: &PartRules) -> Option<Part> {
        let price = match self.priced(&mut scope, part) {
            Ok(None) => return None,
            Ok(Some(priced)) => Ok(priced),
            Err(reason) => Err(reason),
        };
        Some(Part {
            name: part.name.clone(),
            price,
        })
    }

    fn priced(
        &mut self,
        scope: &mut Scope<'_>,
        part: &PartRules,
    ) -> Result<Option<Priced>, String> {
        for when in &part.when {
            let value = scope.text(&when.value)?;
            if !when.is.contains(&value) {
                return Ok(None);
            }
        }
        let mut amount = 1.0;
        for factor in &part.amount {
            amount *= self.factor(scope, factor)?;
        }
        if amount <= 0.0 {
            return Ok(None);
        }
        let mut wanted = Vec::with_capacity(part.attributes.len());
        for (name, text) in &part.attributes {
            wanted.push((name.clone(), scope.matcher(text)?));
        }
        let price = self.find(scope, &part.service, wanted)?;
        Ok(Some(Priced {
            amount,
            unit: price.unit.clone(),
            monthly: price.of(amount),
            assumed: std::mem::take(&mut scope.assumed),
            assumed_attributes: std::mem::take(&mut scope.assumed_attributes),
        }))
    }

    fn factor(&self, scope: &mut Scope<'_>, factor: &Factor) -> Result<f64, String> {
        match factor {
            Factor::Number(number) => Ok(*number),
            Factor::Usage(UsageFactor { usage }) => {
                let Item {
                    address, type_name, ..
                } = scope.item;
                if let Some(said) = self.usage.of(address, type_name, usage) {
                    return Ok(said);
                }
                let default = scope.usage.get(usage).copied().unwrap_or_default();
                scope.assumed.push(format!("{usage} = {default}"));
                Ok(default)
            }
            Factor::Count(CountFactor {
                count,
                default,
                assume,
            }) => match scope.at(count) {
                Found::Known(Value::Array(list)) => {
                    Ok(f64::from(u32::try_from(list.len()).unwrap_or(u32::MAX)))
                }
                Found::Known(_) => Ok(1.0),
                Found::Absent => default.ok_or_else(|| format!("`{count}` is not there")),
                Found::Unknown(why) => instead(&mut scope.assumed_attributes, count, *assume, why),
            },
            Factor::From(FromFactor {
                from,
                default,
                assume,
                less,
            }) => {
                let number = match scope.at(from) {
                    Found::Known(Value::Number(number)) => number.as_f64(),
                    // Some providers have numbers as texts.
                    Found::Known(Value::String(text)) => text.parse().ok(),
                    Found::Known(_) => None,
                    Found::Absent => *default,
                    Found::Unknown(why) => {
                        let assumed = instead(&mut scope.assumed_attributes, from, *assume, why)?;
                        return Ok((assumed - less).max(0.0));
                    }
                };
                let number = number.filter(|number| number.is_finite());
                let number = number.ok_or_else(|| format!("`{from}` is no number"))?;
                Ok((number - less).max(0.0))
            }
        }
    }

    fn find(
        &mut self,
        scope: &Scope<'_>,
        service: &Service,
        wanted: Vec<(String, Matcher)>,
    ) -> Result<&'a Price, String> {
        let region = match service.global {
            true => String::new(),
            false => (scope.object.region())
                .or_else(|| scope.item.region.clone())
                .or_else(|| self.usage.region.clone())
                .ok_or("its region is not known; a usage file can say it")?,
        };
        let key = (service.clone(), region, wanted);
        if !self.found.contains_key(&key) {
            let found = self.look(service, &key.1, &key.2);
            self.found.insert(key.clone(), found);
        }
        self.found[&key].clone()
    }

    fn look(
        &self,
        service: &Service,
        region: &str,
        wanted: &[(String, Matcher)],
    ) -> Result<&'a Price, String> {
        let prices = self.by_service.get(service.name.as_str());
        let mut found: Vec<&Price> = (prices.into_iter().flatten().copied())
            .filter(|price| price.meets(service, region, wanted))
            .collect();
        // The same under several names is one.
        found.dedup_by(|a, b| a.tiers == b.tiers && a.unit == b.unit);
        let said = || {
            let wanted = wanted.iter().map(|(name, matcher)| match matcher {
                Matcher::Is(text) | Matcher::Ends(text) => format!("{name} {text}"),
                Matcher::Any => format!("any {name}"),
            });
            let place = if region.is_empty() {
                String::new()
            } else {
                format!(" in {region}")
            };
            format!(
                "{}{place}, {}",
                service.name,
                wanted.collect::<Vec<_>>().join(", ")
            )
        };
        match found.as_slice() {
            [] if self.book.prices.is_empty() => Err("there is no price book".to_owned()),
            [] => Err(format!("the price book has no price for {}", said())),
            [one] => Ok(*one),
            [one, other, ..] => Err(format!(
                "the price book has several prices for {}: {} and {}",
                said(),
                one.id,
                other.id
            )),
        }
    }
}

/// Takes a number for one that can't be used, and says so.
fn instead(
    assumed: &mut Vec<String>,
    name: &str,
    number: Option<f64>,
    why: &str,
) -> Result<f64, String> {
    let number = number.ok_or_else(|| format!("`{name}` {why}"))?;
    assumed.push(format!("{name} = {number}"));
    Ok(number)
}

impl<'a> Scope<'a> {
    fn at(&self, path: &str) -> Found<'a> {
        match (path.strip_prefix("each."), self.each) {
            (Some(path), Some((known, unknown))) => at(known, unknown, path),
            _ => self.object.at(path),
        }
    }

    fn text(&mut self, from: &From) -> Result<String, String> {
        let as_text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let text = match (self.at(&from.from), &from.default, &from.assume) {
            // Nothing said is often an empty text.
            (Found::Known(Value::String(text)), Some(default), _) if text.is_empty() => {
                as_text(default)
            }
            (Found::Known(value), _, _) => as_text(value),
            (Found::Absent, Some(default), _) => as_text(default),
            (Found::Absent, None, _) => return Err(format!("`{}` is not said", from.from)),
            (Found::Unknown(_), _, Some(assumed)) => {
                self.assumed_attributes
                    .push(format!("{} = {assumed}", from.from));
                as_text(assumed)
            }
            (Found::Unknown(why), _, None) => {
                return Err(format!("`{}` {why}", from.from));
            }
        };
        if from.map.is_empty() {
            return Ok(text);
        }
        let mapped = from.map.get(&text);
        mapped
            .cloned()
            .ok_or_else(|| format!("no rule says what `{}` {text} costs", from.from))
    }

    fn matcher(&mut self, text: &Text) -> Result<Matcher, String> {
        match text {
            Text::Is(text) => Ok(Matcher::Is(text.clone())),
            Text::From(from) => self.text(from).map(Matcher::Is),
            Text::Ends { ends } => {
                let mut out = String::new();
                let mut rest = ends.as_str();
                while let Some((before, after)) = rest.split_once('{') {
                    let (path, after) = after.split_once('}').unwrap_or((after, ""));
                    out.push_str(before);
                    out.push_str(&self.text(&From {
                        from: path.to_owned(),
                        default: None,
                        assume: None,
                        map: BTreeMap::new(),
                    })?);
                    rest = after;
                }
                out.push_str(rest);
                Ok(Matcher::Ends(out))
            }
        }
    }
}
