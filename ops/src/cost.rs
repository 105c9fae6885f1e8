//! What plans cost.

use crate::failure::Failure;
use crate::policy::Seen;
use crate::rules::cost;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use terrane_cost::{Book, CostError, Estimate, Plan as Priced, Rules, Usage, estimate, import};
use terrane_gate::facts::Cost;
use terrane_model::with_causes;

/// Which prices, and what usage.
#[derive(Clone, Debug, Default)]
pub struct CostRequest {
    /// Price books; the first that knows a product counts.
    pub books: Vec<PathBuf>,
    /// Usage; the first file that says something counts.
    pub usage: Vec<PathBuf>,
}

/// Prices and usage that were read.
#[derive(Clone, Debug)]
pub struct Prices {
    book: Book,
    rules: Rules,
    usage: Usage,
}

impl CostRequest {
    /// Reads them.
    ///
    /// # Errors
    /// When that can't be.
    pub fn load(&self) -> Result<Prices, Failure> {
        let books = self.books.iter().map(|path| Book::read(path));
        let usage = self.usage.iter().map(|path| Usage::read(path));
        let read = || {
            Prices::new(
                books.collect::<Result<_, _>>()?,
                usage.collect::<Result<_, _>>()?,
            )
        };
        read().map_err(|error| failure(&error))
    }
}

impl Prices {
    fn new(books: Vec<Book>, files: Vec<Usage>) -> Result<Self, CostError> {
        let mut usage = Usage::default();
        for file in files {
            usage.add(file);
        }
        Ok(Self {
            book: Book::join(books)?,
            rules: Rules::shipped()?,
            usage,
        })
    }

    /// Understands texts, each with its name.
    ///
    /// # Errors
    /// When one is no price book, or says no usage.
    pub(crate) fn parse(books: &[(&str, &str)], usage: &[(&str, &str)]) -> Result<Self, Failure> {
        let books = books.iter().map(|(name, text)| Book::parse(name, text));
        let usage = usage.iter().map(|(name, text)| Usage::parse(name, text));
        let parse = || {
            Self::new(
                books.collect::<Result<_, _>>()?,
                usage.collect::<Result<_, _>>()?,
            )
        };
        parse().map_err(|error| failure(&error))
    }

    /// What a plan costs.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn of_plan(&self, seen: &Seen<'_>) -> Result<Estimate, Failure> {
        self.of_json("the plan", seen.json()?)
    }

    /// What a plan costs that somebody wrote as JSON. `name`: of the file.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_json(&self, name: &str, text: &str) -> Result<Estimate, Failure> {
        let plan = Priced::parse(name, text).map_err(|error| failure(&error))?;
        Ok(estimate(&plan, &self.book, &self.rules, &self.usage))
    }
}

/// An estimate as gates look at it.
#[must_use]
pub fn fact(estimate: &Estimate) -> Cost {
    Cost {
        difference: estimate.difference(),
        currency: estimate.currency.as_str().into(),
        unpriced: (estimate.unpriced())
            .map(|line| line.address.as_str().into())
            .collect(),
    }
}

/// Makes a price book of the price lists that AWS publishes. `regions`: of which; none: of all. `reserved`: how what can be is reserved (`1yr,no-upfront`).
///
/// # Errors
/// When a file can't be read or is none, or the book can't be written.
pub fn make_book(
    offers: &[PathBuf],
    regions: &BTreeSet<String>,
    reserved: Option<&str>,
    out: &Path,
) -> Result<usize, Failure> {
    let reserved = reserved.map(|text| {
        text.parse::<import::Reserved>().map_err(|problem| {
            Failure::input(
                &cost::UNUSABLE_PRICES,
                format!("-reserved={text} can't be understood: {problem}. Write it as in -reserved=1yr,no-upfront or -reserved=3yr,partial-upfront,convertible."),
            )
        })
    });
    let reserved = reserved.transpose()?;
    let choice = import::Choice {
        regions,
        currency: "USD",
        reserved: reserved.as_ref(),
    };
    let rules = Rules::shipped().map_err(|error| failure(&error))?;
    let mut prices = Vec::new();
    let mut published = BTreeSet::new();
    for path in offers {
        let offer = import::offer(path, &rules, &choice).map_err(|error| failure(&error))?;
        prices.extend(offer.prices);
        published.extend(offer.published.get(..10).map(str::to_owned));
    }
    let published: Vec<String> = published.into_iter().collect();
    let source = match &reserved {
        None => "AWS price list".to_owned(),
        Some(reserved) => format!("AWS price list, reserved where possible ({reserved})"),
    };
    let book = Book::new("USD", &source, &published.join(", "), prices);
    let text = book.write().map_err(|_| {
        Failure::input(
            &cost::UNUSABLE_PRICES,
            "The price book can't be written as JSON.",
        )
    })?;
    std::fs::write(out, text).map_err(Failure::io(format!("Writing {} failed", out.display())))?;
    Ok(book.prices.len())
}

fn failure(error: &CostError) -> Failure {
    Failure::input(&cost::UNUSABLE_PRICES, with_causes(error))
}
