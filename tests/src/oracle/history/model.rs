//! What a generated configuration is made of. Things are known by numbers, so that they can be renamed, moved and removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Configurations, applied one after the other.
#[derive(Clone, Debug)]
pub struct History {
    /// In order.
    pub steps: Vec<Step>,
}

/// A configuration, and how it is applied.
#[derive(Clone, Debug)]
pub struct Step {
    /// The configuration.
    pub config: Config,
    /// Further arguments of `plan`.
    pub arguments: Vec<String>,
}

/// The root module, and the modules that it calls.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub(super) root: Module,
    pub(super) children: Vec<Module>,
    pub(super) moved: Vec<(String, String)>,
    pub(super) removed: Vec<(String, bool)>,
}

/// One module.
#[derive(Clone, Debug, Default)]
pub(super) struct Module {
    pub(super) variables: Vec<Variable>,
    pub(super) locals: Vec<(String, Expr)>,
    pub(super) resources: Vec<Resource>,
    pub(super) calls: Vec<Call>,
    pub(super) outputs: Vec<Output>,
    pub(super) checks: Vec<Check>,
}

#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// The arguments, one to a line.
    pub(super) body: Vec<String>,
    /// What `terraform.tfvars` says.
    pub(super) value: Option<String>,
}

/// Text with references in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Expr(pub(super) Vec<Piece>);

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    /// An attribute of a resource of the same module, by its number.
    Resource(u32, &'static str),
    /// An output of a called module, by the number of the call.
    Call(u32, String),
}

#[derive(Clone, Debug)]
pub(super) enum Repeat {
    Once,
    Count(Expr),
    ForEach(Expr),
}

#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) repeat: Repeat,
    pub(super) input: Option<Expr>,
    pub(super) triggers: Option<Expr>,
    /// Lines of `lifecycle`.
    pub(super) lifecycle: Vec<Expr>,
    pub(super) depends_on: Vec<u32>,
    /// Other blocks.
    pub(super) blocks: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) id: u32,
    pub(super) name: String,
    /// The folder: its place among the children.
    pub(super) child: usize,
    pub(super) repeat: Repeat,
    pub(super) inputs: Vec<(String, Expr)>,
    pub(super) depends_on: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) value: Expr,
    /// Further lines.
    pub(super) lines: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) condition: Expr,
}

impl Expr {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// The pieces of several, with text before, between and behind them.
    pub(super) fn join(open: &str, parts: Vec<Self>, between: &str, close: &str) -> Self {
        let mut pieces = vec![Piece::Text(open.to_owned())];
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                pieces.push(Piece::Text(between.to_owned()));
            }
            pieces.extend(part.0);
        }
        pieces.push(Piece::Text(close.to_owned()));
        Self(pieces)
    }
}

impl Step {
    /// Whether nothing is to be changed.
    pub(super) fn refreshes(&self) -> bool {
        self.arguments
            .iter()
            .any(|argument| argument == "-refresh-only")
    }

    /// Whether everything is to be destroyed.
    pub(super) fn destroys(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "-destroy")
    }
}

impl Config {
    /// All modules.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        std::iter::once(&self.root).chain(&self.children)
    }
}

impl History {
    /// The files of the first configuration, by path.
    #[must_use]
    pub fn first_files(&self) -> BTreeMap<String, String> {
        let first = self.steps.first();
        first.map(|step| step.config.files()).unwrap_or_default()
    }

    /// All configurations as text.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = String::new();
        for (at, step) in self.steps.iter().enumerate() {
            writeln!(text, "##### step {at} {}", step.arguments.join(" ")).ok();
            for (name, content) in step.config.files() {
                writeln!(text, "=== {name}\n{content}").ok();
            }
        }
        text
    }
}
