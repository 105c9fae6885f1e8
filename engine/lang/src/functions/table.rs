//! The table of functions: names, parameters, results.
//!
//! A function says of each parameter what it wants to see for itself: nulls, unknown values, marks. What it does not want is dealt
//! with before it is called: null is an error, an unknown argument gives an unknown result, marks are taken off and put on the result.

use super::{Functions, ProviderNames, families};
use crate::expr::work::{MAX_SIZE, MAX_TEXT, Work};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use terrane_value::{Type, Value};

/// A function of the language.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    /// Takes any number of further arguments.
    pub(crate) variadic: Option<Param>,
    pub(crate) returns: Returns,
    /// Whether the result may be null.
    pub(crate) nullable: bool,
    /// Whether it evaluates templates, which may call functions of providers.
    pub(crate) renders_templates: bool,
    pub(crate) run: Run,
    /// One line.
    pub(crate) about: &'static str,
}

/// An implementation. The arguments are as many as there are parameters (or more, for a variadic one) and of their types.
pub(crate) type Run = fn(&[Value], &Context<'_>) -> Result<Value, Fault>;

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) ty: Ty,
    /// The function handles null itself.
    pub(crate) null: bool,
    /// The function handles unknown values itself (parts of containers always).
    pub(crate) unknown: bool,
    /// See [`Param::open`].
    pub(crate) open: bool,
    /// See [`Param::typed`].
    pub(crate) typed: bool,
    /// The function handles marks itself.
    pub(crate) marked: bool,
}

/// The type of a parameter or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    Any,
    Bool,
    Number,
    String,
    ListAny,
    ListString,
    ListBool,
    SetAny,
    SetString,
    MapAny,
    MapListString,
}

/// The type of the result where it can't be computed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Returns {
    Always(Ty),
    By(fn(&[Value]) -> Result<Type, Fault>),
}

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) functions: &'a Functions,
    /// Functions of providers that templates may call.
    pub(crate) providers: Option<&'a Arc<dyn ProviderNames>>,
    /// What the evaluation may still cost.
    pub(crate) work: &'a Work,
    /// An argument is sensitive: messages must not show what it holds.
    pub(crate) sensitive: bool,
}

pub(crate) const TOO_MANY_STEPS: &str = "the expression takes too many steps";

impl Context<'_> {
    /// Counts steps of the evaluation.
    pub(crate) fn charge(&self, steps: usize) -> Result<(), Fault> {
        if self.work.spend(steps as u64) {
            Ok(())
        } else {
            Err(Fault::new(TOO_MANY_STEPS))
        }
    }
}

/// Refuses results that would be too large before they are made: so many elements.
pub(crate) fn check_elements(count: Option<usize>) -> Result<(), Fault> {
    match count {
        Some(count) if count <= MAX_SIZE => Ok(()),
        _ => Err(Fault::new(format!(
            "the result would have more than {MAX_SIZE} elements"
        ))),
    }
}

/// Refuses texts that would be too long before they are made: so many bytes.
pub(crate) fn check_text(bytes: Option<usize>) -> Result<(), Fault> {
    match bytes {
        Some(bytes) if bytes <= MAX_TEXT => Ok(()),
        _ => Err(Fault::new(format!(
            "the result would be longer than {} MiB",
            MAX_TEXT >> 20
        ))),
    }
}

/// Why a call failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Without a final period. Borrowed texts hold nothing of the arguments.
    pub(crate) text: Cow<'static, str>,
    /// Which argument is to blame.
    pub(crate) argument: Option<usize>,
    /// Whether the text holds nothing of sensitive arguments though it is not a constant.
    pub(crate) safe: bool,
}

impl Fault {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            argument: None,
            safe: false,
        }
    }

    /// Says that the text was made with regard to sensitive arguments.
    pub(crate) fn safe(mut self) -> Self {
        self.safe = true;
        self
    }

    /// Blames an argument.
    pub(crate) fn at(mut self, argument: usize) -> Self {
        self.argument = Some(argument);
        self
    }

    /// The same without anything that an argument holds.
    pub(crate) fn hidden(self) -> Self {
        let text = match self.text {
            _ if self.safe => self.text,
            Cow::Borrowed(_) => self.text,
            Cow::Owned(_) => {
                Cow::Borrowed("the value is not suitable; it is not shown because it is sensitive")
            }
        };
        Self { text, ..self }
    }
}

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&'static str> for Fault {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl Ty {
    pub(crate) fn to_type(self) -> Type {
        match self {
            Self::Any => Type::Dynamic,
            Self::Bool => Type::Bool,
            Self::Number => Type::Number,
            Self::String => Type::String,
            Self::ListAny => Type::list(Type::Dynamic),
            Self::ListString => Type::list(Type::String),
            Self::ListBool => Type::list(Type::Bool),
            Self::SetAny => Type::set(Type::Dynamic),
            Self::SetString => Type::set(Type::String),
            Self::MapAny => Type::map(Type::Dynamic),
            Self::MapListString => Type::map(Type::list(Type::String)),
        }
    }

    pub(crate) fn is_any(self) -> bool {
        self == Self::Any
    }

    fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::String => "string",
            Self::ListAny => "list of any single type",
            Self::ListString => "list of string",
            Self::ListBool => "list of bool",
            Self::SetAny => "set of any single type",
            Self::SetString => "set of string",
            Self::MapAny => "map of any single type",
            Self::MapListString => "map of list of string",
        }
    }
}

impl Param {
    pub(crate) const fn new(name: &'static str, ty: Ty) -> Self {
        Self {
            name,
            ty,
            null: false,
            unknown: false,
            open: false,
            typed: false,
            marked: false,
        }
    }

    pub(crate) const fn null(mut self) -> Self {
        self.null = true;
        self
    }

    pub(crate) const fn unknown(mut self) -> Self {
        self.unknown = true;
        self
    }

    /// An unknown value of an unknown type leaves the type of the result open, although the function takes unknown values.
    pub(crate) const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The type of the result is known whatever the type of the argument.
    pub(crate) const fn typed(mut self) -> Self {
        self.typed = true;
        self
    }

    pub(crate) const fn marked(mut self) -> Self {
        self.marked = true;
        self
    }

    /// Whether a value needs no conversion.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        match self.ty {
            Ty::Any => true,
            Ty::String => value.as_str().is_some(),
            Ty::Number => value.as_number().is_some(),
            Ty::Bool => value.as_bool().is_some(),
            _ => false,
        }
    }
}

impl Returns {
    pub(crate) fn of(self, args: &[Value]) -> Result<Type, Fault> {
        match self {
            Self::Always(ty) => Ok(ty.to_type()),
            Self::By(rule) => rule(args),
        }
    }
}

impl Function {
    pub(crate) const fn new(
        name: &'static str,
        params: &'static [Param],
        returns: Ty,
        run: Run,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            params,
            variadic: None,
            returns: Returns::Always(returns),
            nullable: false,
            renders_templates: false,
            run,
            about,
        }
    }

    /// A result whose type depends on the arguments.
    pub(crate) const fn by(mut self, rule: fn(&[Value]) -> Result<Type, Fault>) -> Self {
        self.returns = Returns::By(rule);
        self
    }

    pub(crate) const fn variadic(mut self, param: Param) -> Self {
        self.variadic = Some(param);
        self
    }

    pub(crate) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub(crate) const fn renders_templates(mut self) -> Self {
        self.renders_templates = true;
        self
    }

    /// The parameter that an argument is for.
    pub(crate) fn param(&self, at: usize) -> Option<&Param> {
        self.params.get(at).or(self.variadic.as_ref())
    }

    /// `join(separator string, lists list of string...) string`
    pub(crate) fn signature(&self) -> String {
        let mut params: Vec<String> = self
            .params
            .iter()
            .map(|param| format!("{} {}", param.name, param.ty.word()))
            .collect();
        params.extend(
            self.variadic
                .map(|param| format!("{} {}...", param.name, param.ty.word())),
        );
        let returns = match self.returns {
            Returns::Always(ty) => format!(" {}", ty.word()),
            Returns::By(_) => String::from(" dynamic"),
        };
        format!("{}({}){returns}", self.name, params.join(", "))
    }
}

fn table() -> &'static BTreeMap<&'static str, &'static Function> {
    static TABLE: OnceLock<BTreeMap<&'static str, &'static Function>> = OnceLock::new();
    TABLE.get_or_init(|| {
        families()
            .into_iter()
            .flatten()
            .map(|function| (function.name, function))
            .collect()
    })
}

/// The forms that are not in the table because they see expressions, not values: name, signature, a line on each.
const FORMS: [(&str, &str, &str); 3] = [
    (
        "can",
        "can(expression any) bool",
        "Whether the expression can be evaluated without error.",
    ),
    (
        "convert",
        "convert(value any, type type constraint) dynamic",
        "The value converted to a type.",
    ),
    (
        "try",
        "try(expressions any...) dynamic",
        "The first of the expressions that can be evaluated without error.",
    ),
];

/// The function with a name (without namespace).
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    table().get(name).copied()
}

/// The signature of a function or form, and the line on it.
pub(super) fn summary(name: &str) -> Option<(String, &'static str)> {
    if let Some(function) = find(name) {
        return Some((function.signature(), function.about));
    }
    let (_, signature, about) = FORMS.iter().find(|(form, ..)| *form == name)?;
    Some((String::from(*signature), about))
}

/// The names of the parameters of a function or form, the variadic one last.
pub(super) fn parameter_names(name: &str) -> Vec<&'static str> {
    match (find(name), name) {
        (Some(function), _) => function
            .params
            .iter()
            .chain(function.variadic.as_ref())
            .map(|param| param.name)
            .collect(),
        (None, "convert") => vec!["value", "type"],
        (None, "try") => vec!["expressions"],
        (None, "can") => vec!["expression"],
        (None, _) => Vec::new(),
    }
}

/// A known name that is nearly this.
pub(crate) fn suggest(name: &str) -> Option<&'static str> {
    crate::syntax::suggest::suggestion(name, names())
}

fn names() -> impl Iterator<Item = &'static str> {
    let callable = |name: &&str| !name.contains("::");
    let mut all: Vec<&'static str> = table().keys().copied().filter(callable).collect();
    all.extend(FORMS.iter().map(|(name, ..)| *name));
    all.sort_unstable();
    all.into_iter()
}

/// What people may want to know of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// Its name, parameters and result.
    pub signature: String,
    /// One line on what it does.
    pub about: &'static str,
}

/// All functions, by name.
#[must_use]
pub fn descriptions() -> Vec<Description> {
    let forms = FORMS.iter().map(|(name, signature, about)| Description {
        name,
        signature: String::from(*signature),
        about,
    });
    let functions = table().values().map(|function| Description {
        name: function.name,
        signature: function.signature(),
        about: function.about,
    });
    let mut all: Vec<Description> = forms.chain(functions).collect();
    all.sort_by_key(|description| description.name);
    all
}
