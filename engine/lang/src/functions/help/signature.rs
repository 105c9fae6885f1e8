//! Signatures for programs: `metadata functions -json`.

use super::{FAMILIES, describe};
use crate::functions::table::{self, Param, Returns};
use terrane_value::Type;

/// The signature of a function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// One line on what it does.
    pub about: &'static str,
    /// The type of the result; dynamic if it depends on the arguments.
    pub returns: Type,
    /// Positional parameters.
    pub params: Vec<Parameter>,
    /// One that may be given any number of times, last.
    pub variadic: Option<Parameter>,
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means. May be empty.
    pub about: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it may be null.
    pub nullable: bool,
}

/// Functions that only say that they were removed.
const REMOVED: [&str; 2] = ["list", "map"];

/// The signatures of all functions that can be used, by name.
#[must_use]
pub fn signatures() -> Vec<Signature> {
    let mut all: Vec<Signature> = FAMILIES
        .iter()
        .flat_map(|(family, entries)| entries.iter().map(|entry| describe(*family, entry)))
        .filter(|help| !REMOVED.contains(&help.name))
        .map(|help| {
            let mut params = match table::find(help.name) {
                Some(function) => function
                    .params
                    .iter()
                    .chain(function.variadic.as_ref())
                    .map(parameter)
                    .collect(),
                None => help
                    .params
                    .iter()
                    .map(|(name, _)| Parameter {
                        name,
                        about: "",
                        ty: Type::Dynamic,
                        nullable: true,
                    })
                    .collect::<Vec<_>>(),
            };
            for (param, (_, about)) in params.iter_mut().zip(&help.params) {
                param.about = about;
            }
            let (returns, more) = match table::find(help.name) {
                Some(function) => (
                    match function.returns {
                        Returns::Always(ty) => ty.to_type(),
                        Returns::By(_) => Type::Dynamic,
                    },
                    function.variadic.is_some(),
                ),
                None if help.name == "can" => (Type::Bool, false),
                None => (Type::Dynamic, help.name == "try"),
            };
            Signature {
                name: help.name,
                about: help.about,
                returns,
                variadic: if more { params.pop() } else { None },
                params,
            }
        })
        .collect();
    all.sort_by_key(|signature| signature.name);
    all
}

fn parameter(param: &Param) -> Parameter {
    Parameter {
        name: param.name,
        about: "",
        ty: param.ty.to_type(),
        nullable: param.null,
    }
}
