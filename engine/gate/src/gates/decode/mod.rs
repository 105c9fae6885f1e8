//! From files of gates to [`Gates`].

mod values;

use super::calendar::CalendarError;
use super::window::WindowError;
use super::{Approvals, Gate, Gates, Limits, Owners, Person, Policies, Prices, Selector, Window};
use crate::meaning::ACTIONS;
use crate::rules::gates as rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::body::{Block, Body, BodySchema, Content};
use terrane_lang::syntax::{json, parse};
use terrane_plan::basis::{Canon, Hash};
use terrane_plan::risk::RiskClass;
use terrane_value::Type;
use values::strings;

/// What a file is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Gates.
    #[default]
    Gates,
    /// A module of policies that gates look at (`policies`).
    Module,
    /// Data of these.
    Data,
    /// A price book (`prices`).
    Prices,
    /// Usage that its prices are for.
    Usage,
}

impl Role {
    /// Its name, as records keep it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gates => "gates",
            Self::Module => "module",
            Self::Data => "data",
            Self::Prices => "prices",
            Self::Usage => "usage",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::Gates,
            Self::Module,
            Self::Data,
            Self::Prices,
            Self::Usage,
        ]
        .into_iter()
        .find(|role| role.name() == name)
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is for.
    pub role: Role,
    /// Its name, as it is shown.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

const SELECTOR: [&str; 11] = [
    "actions",
    "actions_above",
    "addresses",
    "cost_above",
    "deletes_above",
    "policies",
    "providers",
    "risks",
    "tags",
    "types",
    "workspaces",
];
const APPROVALS: [&str; 4] = ["count", "from", "max_age", "owners"];

/// What names files of gates: their roles, names and contents.
#[must_use]
pub fn digest(files: &[File]) -> Hash {
    let mut files: Vec<&File> = files.iter().collect();
    files.sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
    let mut canon = Canon::new("terrane gates 1");
    canon.length(files.len());
    for file in files {
        canon.text(file.role.name());
        canon.text(&file.name);
        canon.bytes(&file.content);
    }
    canon.finish()
}

/// Reads files of gates.
pub fn parse(sources: &mut SourceMap, files: &[File]) -> (Gates, Diagnostics) {
    let mut gates: Vec<&File> = files
        .iter()
        .filter(|file| file.role == Role::Gates)
        .collect();
    gates.sort_by(|a, b| a.name.cmp(&b.name));
    let mut decoder = Decoder::default();
    let mut contents = Vec::new();
    for file in gates {
        if let Some(body) = decoder.body(sources, file) {
            contents.push(decoder.take(body.content(&schema(
                &["signed_plans"],
                &[
                    ("person", &["name"]),
                    ("group", &["name"]),
                    ("owners", &[]),
                    ("gate", &["name"]),
                    ("break_glass", &[]),
                    ("amend", &[]),
                    ("policies", &[]),
                    ("prices", &[]),
                ],
            ))));
        }
    }
    decoder.gates.digest = digest(files);
    decoder.people(&contents);
    for content in &contents {
        decoder.file(content);
    }
    decoder.check_counts();
    (decoder.gates, decoder.diagnostics)
}

fn schema(attributes: &[&str], blocks: &[(&str, &[&'static str])]) -> BodySchema {
    BodySchema {
        attributes: attributes
            .iter()
            .map(|name| ((*name).into(), false))
            .collect(),
        blocks: blocks
            .iter()
            .map(|(kind, labels)| ((*kind).into(), labels.to_vec()))
            .collect(),
    }
}

#[derive(Default)]
struct Decoder {
    gates: Gates,
    diagnostics: Diagnostics,
    /// Where names were declared.
    declared: BTreeMap<(&'static str, EcoString), Span>,
    /// Where `break_glass` and `amend` are.
    spans: [Option<Span>; 2],
}

impl Decoder {
    fn body(&mut self, sources: &mut SourceMap, file: &File) -> Option<Body> {
        let text = match parse::decode(&file.name, &file.content) {
            Ok(text) => text,
            Err(problem) => {
                self.diagnostics.push(*problem);
                return None;
            }
        };
        let id = sources.add(file.name.clone(), text);
        if file.name.ends_with(".json") {
            let (body, found) = json::parse_body(id, text);
            let failed = found.has_errors();
            self.diagnostics.extend(found);
            (!failed).then(|| Body::Json(Arc::new(body)))
        } else {
            let (body, found) = parse::parse_body(id, text);
            self.diagnostics.extend(found);
            Some(Body::Native(Arc::new(body)))
        }
    }

    fn take<T>(&mut self, (value, found): (T, Diagnostics)) -> T {
        self.diagnostics.extend(found);
        value
    }

    fn error(&mut self, rule: &'static Rule, detail: impl Into<String>, span: Span) {
        self.diagnostics
            .push(Diagnostic::error(rule, detail).at(span));
    }

    /// A name that nothing of its kind has yet.
    fn name(&mut self, kind: &'static str, block: &Block) -> Option<EcoString> {
        let name = block.labels.first()?.text.clone();
        let earlier = self.declared.get(&(kind, name.clone())).copied();
        if let Some(earlier) = earlier {
            self.diagnostics.push(
                Diagnostic::error(
                    &rules::DUPLICATE_NAME,
                    format!("There is a {kind} named {name:?} already."),
                )
                .at(block.header)
                .related(earlier, "the first one"),
            );
            return None;
        }
        self.declared.insert((kind, name.clone()), block.header);
        Some(name)
    }

    /// People and groups first: all else refers to them.
    fn people(&mut self, contents: &[Content]) {
        let blocks = |kind: &'static str| {
            let all = contents
                .iter()
                .flat_map(move |content| content.blocks_of(kind));
            all.cloned().collect::<Vec<Block>>()
        };
        for block in blocks("person") {
            let Some(name) = self.name("person", &block) else {
                continue;
            };
            let content = self.content(&block, &["accounts", "expires", "keys"], &[]);
            let person = Person {
                keys: self.keys(&content),
                accounts: self.globs(&content, "accounts"),
                expires_ms: self.moment(&content, "expires"),
            };
            for key in &person.keys {
                if let Some((other, _)) = self.gates.whose(key) {
                    let detail =
                        format!("The key {} is the one of {other:?} already.", key.short());
                    self.error(&rules::INVALID_KEY, detail, block.header);
                }
            }
            self.gates.people.insert(name, person);
        }
        for block in blocks("group") {
            let Some(name) = self.name("group", &block) else {
                continue;
            };
            if self.gates.people.contains_key(&name) {
                let detail = format!("There is a person named {name:?}, so no group can be.");
                self.error(&rules::DUPLICATE_NAME, detail, block.header);
                continue;
            }
            let content = self.content(&block, &["members"], &[]);
            let mut members = Vec::new();
            for (member, span) in self.texts(&content, "members") {
                if self.gates.people.contains_key(&member) {
                    members.push(member);
                } else {
                    self.unknown(&member, span);
                }
            }
            members.sort_unstable();
            members.dedup();
            self.gates.groups.insert(name, members);
        }
    }

    fn file(&mut self, content: &Content) {
        if let Some(attribute) = content.attribute("signed_plans") {
            self.gates.signed_plans |= self.bool_of(attribute).unwrap_or(false);
        }
        for block in &content.blocks {
            match block.kind.name.as_str() {
                "owners" => {
                    let content = self.content(block, &["people", "types"], &[]);
                    let owners = Owners {
                        types: self.globs(&content, "types"),
                        people: self.from(&content, "people").unwrap_or_default(),
                    };
                    self.gates.owners.push(owners);
                }
                "gate" => {
                    if let Some(gate) = self.gate(block) {
                        self.gates.gates.push(gate);
                    }
                }
                "policies" => {
                    let policies = self.policies(block);
                    if self.gates.policies.replace(policies).is_some() {
                        let detail = "There is a `policies` block already.";
                        self.error(&rules::DUPLICATE_NAME, detail, block.header);
                    }
                }
                "prices" => {
                    let prices = self.prices(block);
                    if self.gates.prices.replace(prices).is_some() {
                        let detail = "There is a `prices` block already.";
                        self.error(&rules::DUPLICATE_NAME, detail, block.header);
                    }
                }
                "break_glass" => {
                    let approvals = self.approvals(block);
                    self.spans[0] = Some(block.header);
                    if self.gates.break_glass.replace(approvals).is_some() {
                        let detail = "There is a `break_glass` block already.";
                        self.error(&rules::DUPLICATE_NAME, detail, block.header);
                    }
                }
                "amend" => {
                    let approvals = self.approvals(block);
                    self.spans[1] = Some(block.header);
                    if self.gates.amend.replace(approvals).is_some() {
                        let detail = "There is an `amend` block already.";
                        self.error(&rules::DUPLICATE_NAME, detail, block.header);
                    }
                }
                _ => {}
            }
        }
    }

    fn policies(&mut self, block: &Block) -> Policies {
        let content = self.content(block, &["data", "modules", "namespaces"], &[]);
        let mut texts = |name: &str| {
            let texts = self.texts(&content, name).into_iter();
            texts.map(|(text, _)| text).collect::<Vec<_>>()
        };
        let policies = Policies {
            modules: texts("modules"),
            data: texts("data"),
            namespaces: texts("namespaces"),
        };
        if policies.modules.is_empty() {
            let detail = "Say where the policies are: `modules = [\"policy\"]`.";
            self.error(&rules::INVALID_GATE_VALUE, detail, block.header);
        }
        policies
    }

    fn prices(&mut self, block: &Block) -> Prices {
        let content = self.content(block, &["books", "usage"], &[]);
        let mut texts = |name: &str| {
            let texts = self.texts(&content, name).into_iter();
            texts.map(|(text, _)| text).collect::<Vec<_>>()
        };
        let prices = Prices {
            books: texts("books"),
            usage: texts("usage"),
        };
        if prices.books.is_empty() {
            let detail = "Say where the price books are: `books = [\"prices.json\"]`.";
            self.error(&rules::INVALID_GATE_VALUE, detail, block.header);
        }
        prices
    }

    fn gate(&mut self, block: &Block) -> Option<Gate> {
        let name = self.name("gate", block)?;
        let content = self.content(
            block,
            &["auto_approve", "confirm", "deny", "description"],
            &[
                ("match", &[]),
                ("except", &[]),
                ("approvals", &[]),
                ("window", &[]),
                ("limit", &[]),
            ],
        );
        let before = self.diagnostics.len();
        let mut gate = Gate {
            name,
            description: self.text(&content, "description").unwrap_or_default(),
            span: Some(block.header),
            matches: Vec::new(),
            excepts: Vec::new(),
            auto_approve: self.bool(&content, "auto_approve"),
            deny: self.text(&content, "deny"),
            confirm: self.bool(&content, "confirm"),
            approvals: Vec::new(),
            windows: Vec::new(),
            limits: Limits::default(),
        };
        for inner in &content.blocks {
            match inner.kind.name.as_str() {
                "match" => gate.matches.push(self.selector(inner)),
                "except" => gate.excepts.push(self.selector(inner)),
                "approvals" => gate.approvals.push(self.approvals(inner)),
                "window" => gate.windows.extend(self.window(inner)),
                "limit" => self.limits(inner, &mut gate.limits),
                _ => {}
            }
        }
        let asks = gate.deny.is_some()
            || gate.confirm
            || !gate.approvals.is_empty()
            || !gate.windows.is_empty()
            || gate.limits != Limits::default();
        if gate.auto_approve && asks {
            let detail = "`auto_approve = true` says that this gate is always open. Take it out, or what the gate asks for.";
            self.error(&rules::AUTO_APPROVE_WITH_OTHERS, detail, block.header);
        }
        if !gate.auto_approve && !asks && self.diagnostics.len() == before {
            let detail = "Say what this gate asks for (`approvals`, `window`, `limit`, `confirm`, `deny`), or `auto_approve = true`.";
            self.error(&rules::EMPTY_GATE, detail, block.header);
        }
        Some(gate)
    }

    fn selector(&mut self, block: &Block) -> Selector {
        let content = self.content(block, &SELECTOR, &[]);
        let mut actions = Vec::new();
        for (word, span) in self.texts(&content, "actions") {
            match word.as_str() {
                // Whatever destroys an object.
                "destroy" => actions.extend(["delete", "replace"].map(EcoString::from)),
                known if ACTIONS.contains(&known) => actions.push(word),
                _ => self.unknown_word("action", &word, &ACTIONS, span),
            }
        }
        let mut risks = Vec::new();
        for (word, span) in self.texts(&content, "risks") {
            match word.parse::<RiskClass>() {
                Ok(class) => risks.push(class),
                Err(()) => {
                    let known = RiskClass::ALL.map(RiskClass::name);
                    self.unknown_word("risk", &word, &known, span);
                }
            }
        }
        Selector {
            actions,
            types: self.globs(&content, "types"),
            addresses: self.globs(&content, "addresses"),
            providers: self.globs(&content, "providers"),
            tags: self.tags(&content),
            workspaces: self.globs(&content, "workspaces"),
            risks,
            policies: self.globs(&content, "policies"),
            deletes_above: self.number(&content, "deletes_above"),
            actions_above: self.number(&content, "actions_above"),
            cost_above: self.amount(&content, "cost_above"),
        }
    }

    fn approvals(&mut self, block: &Block) -> Approvals {
        let content = self.content(block, &APPROVALS, &[]);
        let mut count = 1;
        if let Some(attribute) = content.attribute("count") {
            match self.number(&content, "count") {
                Some(0) => {
                    let detail =
                        "At least one person must approve. To ask for nobody, leave the block out.";
                    self.error(&rules::INVALID_GATE_VALUE, detail, attribute.expr.span);
                }
                Some(number) => count = usize::try_from(number).unwrap_or(usize::MAX),
                None => {}
            }
        }
        let who: Vec<EcoString> = content
            .attribute("from")
            .and_then(|attribute| self.value(attribute, &Type::list(Type::String)))
            .map(|value| strings(&value))
            .unwrap_or_default();
        Approvals {
            count,
            from: content
                .attribute("from")
                .is_some()
                .then(|| self.from(&content, "from").unwrap_or_default()),
            who: who.join(", ").into(),
            owners: self.bool(&content, "owners"),
            max_age_ms: self.duration(&content, "max_age"),
        }
    }

    fn window(&mut self, block: &Block) -> Option<Window> {
        let content = self.content(block, &["cron", "duration", "timezone"], &[]);
        let cron = self.text(&content, "cron");
        let duration = self.duration(&content, "duration");
        let (Some(cron), Some(duration)) = (cron, duration) else {
            if content.attribute("cron").is_none() || content.attribute("duration").is_none() {
                let detail = "A window needs `cron` (when it opens) and `duration` (for how long).";
                self.error(&rules::INVALID_WINDOW, detail, block.header);
            }
            return None;
        };
        let timezone = self
            .text(&content, "timezone")
            .unwrap_or_else(|| "UTC".into());
        let at = |name: &str| {
            let attribute = content.attribute(name);
            attribute.map_or(block.header, |attribute| attribute.expr.span)
        };
        match Window::new(&cron, duration, &timezone) {
            Ok(window) => return Some(window),
            Err(WindowError::Calendar(CalendarError::Cron(problem))) => {
                let detail = format!("{cron:?} can't be read: {problem}.");
                self.error(&rules::INVALID_WINDOW, detail, at("cron"));
            }
            Err(WindowError::Calendar(CalendarError::Timezone)) => {
                let detail = format!(
                    "There is no time zone {timezone:?}. Names are those of the IANA data base, such as `Europe/Berlin`."
                );
                self.error(&rules::INVALID_WINDOW, detail, at("timezone"));
            }
            Err(WindowError::Duration) => {
                let detail = "A window is open for some time, and for a year at most.";
                self.error(&rules::INVALID_WINDOW, detail, at("duration"));
            }
        }
        None
    }

    fn limits(&mut self, block: &Block, limits: &mut Limits) {
        let content = self.content(block, &["actions", "cost", "deletes"], &[]);
        // The lowest counts.
        let least = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        limits.deletes = least(limits.deletes, self.number(&content, "deletes"));
        limits.actions = least(limits.actions, self.number(&content, "actions"));
        limits.cost = match (limits.cost, self.amount(&content, "cost")) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Warns of approvals that can never be had.
    fn check_counts(&mut self) {
        let all = self.gates.people.len();
        let mut found = Vec::new();
        let mut look = |what: String, span: Option<Span>, approvals: &Approvals, own: bool| {
            let most = approvals.from.as_ref().map_or(all, Vec::len);
            if most < approvals.count {
                let own = if own {
                    " Nobody can approve a plan of their own."
                } else {
                    ""
                };
                let detail = format!(
                    "{what} needs {}, and {} can give {}.{own}",
                    match approvals.count {
                        1 => String::from("an approval"),
                        count => format!("{count} approvals"),
                    },
                    match most {
                        0 => String::from("nobody"),
                        1 => String::from("one person"),
                        most => format!("{most} people"),
                    },
                    if approvals.count == 1 { "it" } else { "them" },
                );
                found.push((detail, span));
            }
        };
        for gate in &self.gates.gates {
            for approvals in &gate.approvals {
                look(
                    format!("The gate {:?}", gate.name),
                    gate.span,
                    approvals,
                    true,
                );
            }
        }
        let [glass, amend] = self.spans;
        if let Some(approvals) = &self.gates.break_glass {
            look("Breaking the glass".to_owned(), glass, approvals, false);
        }
        if let Some(approvals) = &self.gates.amend {
            let what = "Agreeing to other gates (`amend`)".to_owned();
            look(what, amend, approvals, false);
        }
        for (detail, span) in found {
            let mut diagnostic = Diagnostic::warning(&rules::TOO_FEW_APPROVERS, detail);
            diagnostic.subject = span;
            self.diagnostics.push(diagnostic);
        }
    }

    fn content(
        &mut self,
        block: &Block,
        attributes: &[&str],
        blocks: &[(&str, &[&'static str])],
    ) -> Content {
        let found = block.body.content(&schema(attributes, blocks));
        self.take(found)
    }
}
