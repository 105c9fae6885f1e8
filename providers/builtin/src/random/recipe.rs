//! How a random text is composed.

use super::dice::Dice;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block};
use terrane_provider::args;
use terrane_provider::native::Refusal;
use terrane_value::Value;

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const NUMERIC: &str = "0123456789";
const SPECIAL: &str = "!@#$%&*()-_=+[]{}<>:?";

/// Kinds of letters: attribute that allows them, attribute that demands some, the letters.
const KINDS: [(&str, &str, &str); 4] = [
    ("lower", "min_lower", LOWER),
    ("numeric", "min_numeric", NUMERIC),
    ("special", "min_special", SPECIAL),
    ("upper", "min_upper", UPPER),
];

/// Names of the attributes that allow letters, in the order of messages.
const ALLOWING: [&str; 4] = ["special", "upper", "lower", "numeric"];

/// The attributes of a recipe. What has a default is computed too: the provider fills it in.
pub(super) fn block() -> Block {
    let optional = |attribute: Attribute| attribute.optional().computed();
    let mut block = Block::new()
        .attr(
            "length",
            Attribute::number()
                .required()
                .described("How many letters, at least 1 and at least the sum of the minimums."),
        )
        .attr(
            "override_special",
            Attribute::string()
                .optional()
                .described("Special letters to use instead of the usual ones."),
        );
    for (allow, minimum, letters) in KINDS {
        let allowed = Attribute::bool().described(format!(
            "Include letters of `{letters}`. Default value is `true`."
        ));
        let at_least = Attribute::number().described(format!(
            "At least so many letters of `{letters}`. Default value is `0`."
        ));
        block = block
            .attr(allow, optional(allowed))
            .attr(minimum, optional(at_least));
    }
    block
}

/// What is wrong with a configuration.
pub(super) fn validate(config: &Value) -> Vec<ProviderDiagnostic> {
    let mut problems: Vec<_> = [("length", 1)]
        .into_iter()
        .chain(KINDS.map(|(_, minimum, _)| (minimum, 0)))
        .filter_map(|(name, least)| args::check_range(config, name, least, i64::MAX))
        .collect();
    let minimums: Vec<Option<i64>> = KINDS
        .iter()
        .map(|(_, minimum, _)| {
            if args::is_set(config, minimum) {
                args::int(config, minimum)
            } else {
                Some(0)
            }
        })
        .collect();
    let sum = minimums
        .into_iter()
        .try_fold(0_i64, |sum, minimum| Some(sum.saturating_add(minimum?)));
    if let (Some(length), Some(sum)) = (args::int(config, "length"), sum)
        && length < sum
    {
        problems.push(args::complaint(
            "length",
            "Invalid Attribute Value",
            format!(
                "Attribute length value must be at least sum of min_upper + min_lower + min_numeric + min_special, got: {length}"
            ),
        ));
    }
    if ALLOWING
        .iter()
        .all(|name| args::bool(config, name) == Some(false))
    {
        problems.push(ProviderDiagnostic::error(
            "Invalid Attribute Combination",
            "At least one attribute out of [special,upper,lower,numeric] must be specified as true",
        ));
    }
    problems
}

/// A text by the recipe in an object or a configuration. What it does not set has its default.
pub(super) fn generate(dice: &Dice, recipe: &Value) -> Result<String, Refusal> {
    let own_special = args::string(recipe, "override_special").filter(|text| !text.is_empty());
    let length = super::keepers::count(recipe, "length")?;
    let mut all: Vec<char> = Vec::new();
    let mut result: Vec<char> = Vec::new();
    for (allow, minimum, letters) in KINDS {
        let letters = match own_special {
            Some(own) if allow == "special" => own,
            _ => letters,
        };
        let letters: Vec<char> = letters.chars().collect();
        if args::bool(recipe, allow).unwrap_or(true) {
            all.extend(&letters);
        }
        if args::is_set(recipe, minimum) {
            let wanted = super::keepers::count(recipe, minimum)?;
            result.extend((0..wanted).filter_map(|_| dice.choose(&letters)));
        }
    }
    let rest = length.saturating_sub(result.len());
    if rest > 0 && all.is_empty() {
        return Err(Refusal::error(
            "Random Read Error",
            "There are no letters to choose from: special, upper, lower and numeric are all false.",
        ));
    }
    result.extend((0..rest).filter_map(|_| dice.choose(&all)));
    dice.shuffle(&mut result);
    Ok(result.into_iter().collect())
}

/// The bcrypt hash of a password (of its first 72 bytes), at the usual cost of 10.
pub(super) fn bcrypt_hash(dice: &Dice, password: &str) -> Result<String, Refusal> {
    let bytes = password.as_bytes();
    let bytes = &bytes[..bytes.len().min(72)];
    let mut salt = [0; 16];
    dice.fill(&mut salt);
    bcrypt::hash_with_salt(bytes, 10, salt)
        .map(|parts| parts.format_for_version(bcrypt::Version::TwoA))
        .map_err(|problem| Refusal::error("Hash Generation Error", problem.to_string()))
}

/// As [`bcrypt_hash`], on a thread for long work where there is a runtime: it takes a tenth of a second.
pub(super) async fn bcrypt_hash_aside(dice: &Dice, password: &str) -> Result<String, Refusal> {
    if tokio::runtime::Handle::try_current().is_err() {
        return bcrypt_hash(dice, password);
    }
    let (dice, password) = (dice.clone(), password.to_owned());
    tokio::task::spawn_blocking(move || bcrypt_hash(&dice, &password))
        .await
        .map_err(|problem| Refusal::error("Hash Generation Error", problem.to_string()))?
}
