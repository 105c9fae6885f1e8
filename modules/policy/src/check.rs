//! Evaluating policies.

use crate::addresses::Known;
use crate::error::PolicyError;
use crate::files::{Source, Sources};
use crate::format;
use crate::portable::{self, Names};
use crate::report::{Exempt, Level, PolicyResult, Report};
use crate::rules::{Declared, Purpose, of_module};
use crate::secrets::Secrets;
use crate::spread;
use crate::tested::{Tested, Verdict};
use regorus::Engine;
use regorus::utils::limits::{ExecutionTimerConfig, PolicyLengthConfig};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZero, NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// One evaluation takes no longer.
const MOST_TIME: Duration = Duration::from_secs(60);
/// Work units between two looks at the clock.
const BETWEEN_LOOKS: NonZeroU32 = NonZeroU32::new(1000).expect("it is not zero");
/// A module is no larger.
const MOST_BYTES: NonZeroUsize = NonZeroUsize::new(4 << 20).expect("it is not zero");
const MOST_LINES: NonZeroUsize = NonZeroUsize::new(100_000).expect("it is not zero");
const MOST_COLUMNS: NonZeroU32 = NonZeroU32::new(16_384).expect("it is not zero");
/// Documents may be nested 256 deep, and the evaluation recurs for each.
const STACK: usize = 64 << 20;

/// Policies that were understood.
#[derive(Clone, Debug)]
pub struct Policies {
    engine: Engine,
    rules: Vec<Declared>,
}

/// What policies look at.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// JSON.
    json: &'a str,
    /// What policies are told it is called (`data.conftest.file.name`).
    name: &'a str,
}

impl<'a> Input<'a> {
    /// A plan in its JSON form.
    #[must_use]
    pub const fn plan(json: &'a str) -> Self {
        Self {
            json,
            name: "plan.json",
        }
    }

    /// A document of this name.
    #[must_use]
    pub const fn named(json: &'a str, name: &'a str) -> Self {
        Self { json, name }
    }
}

/// Which packages are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// `main`.
    #[default]
    Main,
    /// These.
    Named(Vec<String>),
    /// All.
    All,
}

impl Policies {
    /// Understands modules and data.
    ///
    /// # Errors
    /// When a module is neither of the one version of the language nor of the other; when data is not a JSON or YAML object, or two files say
    /// different things about the same.
    pub fn compile(sources: Sources) -> Result<Self, PolicyError> {
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(false);
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: MOST_COLUMNS,
            max_file_bytes: MOST_BYTES,
            max_lines: MOST_LINES,
        });
        add_builtins(&mut engine);
        let mut packages: BTreeMap<String, Names> = BTreeMap::new();
        let modules = spread::gathered(sources.policies);
        for source in &modules {
            let (package, names) = portable::names(&source.text);
            packages.entry(package).or_default().extend(names);
        }
        for source in modules {
            let (package, _) = portable::names(&source.text);
            let names = packages.get(&package).cloned().unwrap_or_default();
            add_module(&mut engine, &source, &package, &names)?;
        }
        for (folders, source) in &sources.data {
            add_data(&mut engine, folders, source)?;
        }
        let rules = declared(&mut engine)?;
        let mut policies = Self { engine, rules };
        policies.most_time(MOST_TIME);
        Ok(policies)
    }

    /// How long the evaluation of a rule may take.
    pub(crate) fn most_time(&mut self, limit: Duration) {
        self.engine
            .set_execution_timer_config(ExecutionTimerConfig {
                limit,
                check_interval: BETWEEN_LOOKS,
            });
    }

    /// What the rules of these packages say.
    ///
    /// # Errors
    /// When the input is not JSON, there is nothing to evaluate, or a rule fails or gives something else than messages.
    pub fn check(&self, input: &Input<'_>, namespaces: &Namespaces) -> Result<Report, PolicyError> {
        let rules = self.chosen(namespaces)?;
        apart(|| {
            let document: Value = serde_json::from_str(input.json)
                .map_err(|error| PolicyError::Input(error.to_string()))?;
            let known = Known::of_plan(&document);
            let secrets = Secrets::of_plan(&document);
            drop(document);
            let mut engine = self.engine.clone();
            engine.set_gather_prints(true);
            let about = json!({ "conftest": { "file": { "name": input.name, "dir": "." } } });
            // Policies that have data of their own under that name keep it.
            let _taken = engine.add_data_json(&about.to_string());
            engine
                .set_input_json(input.json)
                .map_err(|error| PolicyError::Input(error.to_string()))?;
            let mut report = evaluate(&engine, &rules, &known)?;
            conceal(&mut report, &secrets);
            Ok(report)
        })
    }

    /// Runs the tests (`test_…`) of all packages, in the order of their names.
    ///
    /// # Errors
    /// When there are none.
    pub fn test(&self) -> Result<Vec<Tested>, PolicyError> {
        apart(|| {
            let mut ran = Vec::new();
            for rule in &self.rules {
                let verdict = match rule.purpose {
                    Purpose::Test => None,
                    Purpose::Todo => Some(Verdict::Todo),
                    Purpose::Says(_) | Purpose::Exception => continue,
                };
                let mut engine = self.engine.clone();
                engine.set_gather_prints(true);
                let began = Instant::now();
                let verdict = verdict.unwrap_or_else(|| match engine.eval_rule(rule.path()) {
                    Ok(regorus::Value::Bool(true)) => Verdict::Passed,
                    Ok(_) => Verdict::Failed,
                    Err(error) => Verdict::Broken(error.to_string()),
                });
                ran.push(Tested {
                    namespace: rule.namespace(),
                    name: rule.name.clone(),
                    file: rule.file.clone(),
                    line: rule.line,
                    verdict,
                    printed: engine.take_prints().unwrap_or_default(),
                    took: began.elapsed(),
                });
            }
            Ok(ran)
        })
    }

    /// The rules of these packages, exceptions first.
    fn chosen(&self, namespaces: &Namespaces) -> Result<Vec<Declared>, PolicyError> {
        let says = |rule: &&Declared| matches!(rule.purpose, Purpose::Says(_));
        let found: BTreeSet<String> = self
            .rules
            .iter()
            .filter(says)
            .map(Declared::namespace)
            .collect();
        let wanted: Vec<String> = match namespaces {
            Namespaces::Main => vec![String::from("main")],
            Namespaces::Named(names) => names.clone(),
            Namespaces::All => found.iter().cloned().collect(),
        };
        if let Some(missing) = wanted.iter().find(|name| !found.contains(*name)) {
            return Err(PolicyError::NoRules {
                namespace: missing.clone(),
                others: found.into_iter().collect(),
            });
        }
        if wanted.is_empty() {
            return Err(PolicyError::NoRules {
                namespace: String::from("main"),
                others: Vec::new(),
            });
        }
        let of_these = |rule: &&Declared| wanted.contains(&rule.namespace());
        Ok(self.rules.iter().filter(of_these).cloned().collect())
    }
}

/// Adds functions that the evaluator lacks, or has with less than OPA has.
fn add_builtins(engine: &mut Engine) {
    let sprintf = |values: Vec<regorus::Value>| {
        let filled = match values.as_slice() {
            [format, values] => format::sprintf(format, values),
            _ => None,
        };
        Ok(filled.map_or(regorus::Value::Undefined, regorus::Value::from))
    };
    let of_all = |wanted: bool| {
        move |values: Vec<regorus::Value>| {
            let is_true = |value: &regorus::Value| *value == regorus::Value::Bool(true);
            let found = match values.first() {
                Some(regorus::Value::Array(items)) => {
                    items.iter().any(|one| is_true(one) == wanted)
                }
                Some(regorus::Value::Set(items)) => items.iter().any(|one| is_true(one) == wanted),
                _ => return Ok(regorus::Value::Undefined),
            };
            Ok(regorus::Value::Bool(found == wanted))
        }
    };
    // They are added once to each engine, so none is there yet.
    let added = [
        engine.add_extension("sprintf".to_owned(), 2, Box::new(sprintf)),
        engine.add_extension("any".to_owned(), 1, Box::new(of_all(true))),
        engine.add_extension("all".to_owned(), 1, Box::new(of_all(false))),
    ];
    debug_assert!(added.iter().all(Result::is_ok));
}

/// Adds a module of whichever version of the language.
fn add_module(
    engine: &mut Engine,
    source: &Source,
    package: &str,
    names: &Names,
) -> Result<(), PolicyError> {
    let text = portable::portable(&source.text, package, names);
    let mut attempt = |v0: bool| {
        engine.set_rego_v0(v0);
        engine.add_policy(source.name.clone(), text.clone())
    };
    let Err(present) = attempt(false) else {
        return Ok(());
    };
    let Err(before) = attempt(true) else {
        return Ok(());
    };
    let problem = if is_present(&source.text) {
        present
    } else {
        before
    };
    let problem = problem.to_string();
    Err(PolicyError::Syntax {
        name: source.name.clone(),
        problem: problem.trim().to_owned(),
    })
}

/// Whether a module looks like one of the present version of the language, in which `if` and `contains` are words of its own: what is wrong
/// with it is said of that version. A call of the function `contains` says nothing.
fn is_present(text: &str) -> bool {
    let code = code_of(text);
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let mut rest = code.as_str();
    let mut words = false;
    while let Some(start) = rest.find(is_part) {
        let (_, from) = rest.split_at(start);
        let end = from.find(|char| !is_part(char)).unwrap_or(from.len());
        let (word, behind) = from.split_at(end);
        words |= word == "if" || (word == "contains" && !behind.trim_start().starts_with('('));
        rest = behind;
    }
    code.contains("import rego.v1") || (words && !code.contains("future.keywords"))
}

/// A module without comments and texts.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '#' => {
                chars.by_ref().find(|char| *char == '\n');
                code.push('\n');
            }
            '`' => {
                chars.by_ref().find(|char| *char == '`');
            }
            '"' => {
                while let Some(char) = chars.next() {
                    match char {
                        '"' | '\n' => break,
                        '\\' => drop(chars.next()),
                        _ => {}
                    }
                }
            }
            char => code.push(char),
        }
    }
    code
}

fn add_data(engine: &mut Engine, folders: &[String], source: &Source) -> Result<(), PolicyError> {
    let bad = |problem: String| PolicyError::Data {
        name: source.name.clone(),
        problem,
    };
    let read = if source.name.ends_with(".json") {
        regorus::Value::from_json_str(&source.text)
    } else {
        regorus::Value::from_yaml_str(&source.text)
    };
    let mut data = read.map_err(|error| bad(error.to_string()))?;
    for folder in folders.iter().rev() {
        let mut outer = regorus::Value::new_object();
        outer
            .as_object_mut()
            .map_err(|error| bad(error.to_string()))?
            .insert(folder.as_str().into(), data);
        data = outer;
    }
    if data.as_object().is_err() {
        return Err(bad(String::from("it is not an object")));
    }
    engine
        .add_data(data)
        .map_err(|error| bad(error.to_string()))
}

/// The rules that matter, each once, by package and name.
fn declared(engine: &mut Engine) -> Result<Vec<Declared>, PolicyError> {
    let packages = engine
        .get_policy_package_components()
        .map_err(|error| PolicyError::Thread(error.to_string()))?;
    let modules = engine.get_modules();
    let mut rules: Vec<Declared> = modules
        .iter()
        .zip(&packages)
        .flat_map(|(module, package)| of_module(module, &package.components))
        .collect();
    rules.sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
    rules.dedup_by(|a, b| (&a.package, &a.name) == (&b.package, &b.name));
    Ok(rules)
}

fn evaluate(engine: &Engine, rules: &[Declared], known: &Known) -> Result<Report, PolicyError> {
    let mut report = Report::default();
    let mut exceptions: BTreeSet<(Vec<String>, String)> = BTreeSet::new();
    let mut says = Vec::new();
    let counts = |rule: &&Declared| matches!(rule.purpose, Purpose::Says(_) | Purpose::Exception);
    let rules: Vec<&Declared> = rules.iter().filter(counts).collect();
    for (rule, evaluated) in rules.iter().zip(evaluated(engine, &rules)?) {
        let value = evaluated.value?;
        report.printed.extend(evaluated.printed);
        match rule.purpose {
            Purpose::Exception => {
                let mut leaves = Vec::new();
                strings(&value, &mut leaves);
                exceptions.extend(leaves.into_iter().map(|name| (rule.package.clone(), name)));
            }
            Purpose::Says(level) => {
                let name = (rule.namespace(), rule.name.clone());
                report.took.insert(name, evaluated.took);
                says.push((rule, level, value));
            }
            Purpose::Test | Purpose::Todo => {}
        }
    }
    for (rule, level, value) in says {
        report.rules += 1;
        let said = said(rule, value)?;
        let exempt = exceptions.contains(&(rule.package.clone(), rule.suffix().to_owned()));
        if said.is_empty() {
            report.passed += 1;
        } else if exempt {
            report.exempt.push(Exempt {
                namespace: rule.namespace(),
                rule: rule.name.clone(),
                messages: said.into_iter().map(|(message, _)| message).collect(),
            });
        } else {
            report
                .results
                .extend(said.into_iter().map(|one| result(rule, level, known, one)));
        }
    }
    Ok(report)
}

/// What came of one rule.
struct Evaluated {
    value: Result<Value, PolicyError>,
    printed: Vec<String>,
    took: Duration,
}

/// What comes of each rule. They do not depend on each other, so each processor takes the next one that nobody has; what several of them need is computed
/// by each.
fn evaluated(engine: &Engine, rules: &[&Declared]) -> Result<Vec<Evaluated>, PolicyError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut engine = engine.clone();
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(rule) = rules.get(at) else {
                return Ok(found);
            };
            let began = Instant::now();
            let evaluated = Evaluated {
                value: value_of(&mut engine, rule),
                printed: engine.take_prints().unwrap_or_default(),
                took: began.elapsed(),
            };
            found.push((at, evaluated));
        }
    };
    let most = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut found = std::thread::scope(|scope| {
        let others: Vec<_> = (1..most.min(rules.len()))
            .map(|_| begin(scope, work))
            .collect::<Result<_, _>>()?;
        let mut found = work()?;
        for other in others {
            found.extend(ended(other)?);
        }
        Ok::<_, PolicyError>(found)
    })?;
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, evaluated)| evaluated).collect())
}

/// Takes secrets out of everything that was said.
fn conceal(report: &mut Report, secrets: &Secrets) {
    for result in &mut report.results {
        secrets.out_of(&mut result.message);
        for value in result.metadata.values_mut() {
            secrets.out_of_value(value);
        }
    }
    let exempt = report
        .exempt
        .iter_mut()
        .flat_map(|exempt| &mut exempt.messages);
    for text in exempt.chain(&mut report.printed) {
        secrets.out_of(text);
    }
}

fn result(rule: &Declared, level: Level, known: &Known, (message, metadata): Said) -> PolicyResult {
    PolicyResult {
        level,
        namespace: rule.namespace(),
        rule: rule.name.clone(),
        addresses: known.named(&message, &metadata),
        message,
        metadata,
        file: rule.file.clone(),
        line: rule.line,
    }
}

/// What a rule gives; null where nothing.
fn value_of(engine: &mut Engine, rule: &Declared) -> Result<Value, PolicyError> {
    let failed = |problem: String| PolicyError::Evaluation {
        rule: rule.path(),
        problem,
    };
    let value = engine
        .eval_rule(rule.path())
        .map_err(|error| failed(error.to_string()))?;
    if value == regorus::Value::Undefined {
        return Ok(Value::Null);
    }
    let json = value
        .to_json_str()
        .map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&json).map_err(|error| failed(error.to_string()))
}

/// A message and the other fields beside it.
type Said = (String, Map<String, Value>);

/// The messages of a rule.
fn said(rule: &Declared, value: Value) -> Result<Vec<Said>, PolicyError> {
    let odd = |found: &str| PolicyError::Shape {
        rule: rule.path(),
        found: found.to_owned(),
    };
    let values = match value {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Array(values) => values,
        // Rules that say no more than "no": conftest overlooks these.
        Value::Bool(true) => {
            let message = format!("the rule {} holds", rule.name);
            return Ok(vec![(message, Map::new())]);
        }
        one @ (Value::String(_) | Value::Object(_)) => vec![one],
        Value::Number(number) => return Err(odd(&format!("the number {number}"))),
    };
    values
        .into_iter()
        .map(|value| match value {
            Value::String(message) => Ok((message, Map::new())),
            Value::Object(mut fields) => match fields.remove("msg") {
                Some(Value::String(message)) => Ok((message, fields)),
                Some(_) => Err(odd("an object whose `msg` is no string")),
                None => Err(odd("an object without `msg`")),
            },
            other => Err(odd(&format!("a set with {other} in it"))),
        })
        .collect()
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

/// Does something on a thread with stack enough.
fn apart<T: Send>(work: impl FnOnce() -> Result<T, PolicyError> + Send) -> Result<T, PolicyError> {
    std::thread::scope(|scope| ended(begin(scope, work)?))
}

/// A thread of the evaluation, and what it finds.
type Thread<'scope, T> = ScopedJoinHandle<'scope, Result<T, PolicyError>>;

fn begin<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> Result<T, PolicyError> + Send + 'scope,
) -> Result<Thread<'scope, T>, PolicyError> {
    std::thread::Builder::new()
        .name(String::from("policies"))
        .stack_size(STACK)
        .spawn_scoped(scope, work)
        .map_err(|error| PolicyError::Thread(error.to_string()))
}

fn ended<T>(thread: Thread<'_, T>) -> Result<T, PolicyError> {
    thread.join().unwrap_or_else(|_| {
        Err(PolicyError::Thread(String::from(
            "the evaluation came to a sudden end; this is a bug",
        )))
    })
}
