//! What the tests share: a provider, and a way from texts to diagnostics.

use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::compile::{Schemas, beside, compile};
use terrane_config::config::Config;
use terrane_config::load::{Loader, ModuleFile, ModuleFolder, Tree};
use terrane_config::validate::validate;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_lang::functions::{Files, Functions};
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::{
    Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting, ProviderSchema, Schema,
};
use terrane_value::Type;

/// Files by path, relative to the root module.
pub(crate) type FileSet = BTreeMap<String, String>;

/// Splits a text into files: a line `-- path` begins each. Without such a line all is `main.tf`.
pub(crate) fn files(text: &str) -> FileSet {
    let mut found = FileSet::new();
    let mut path = String::from("main.tf");
    let mut lines = text.lines().peekable();
    if let Some(first) = lines.peek().and_then(|line| line.strip_prefix("-- ")) {
        path = first.to_owned();
        lines.next();
    }
    let mut content = String::new();
    for line in lines {
        if let Some(next) = line.strip_prefix("-- ") {
            found.insert(std::mem::take(&mut path), std::mem::take(&mut content));
            path = next.to_owned();
        } else {
            content.push_str(line);
            content.push('\n');
        }
    }
    found.insert(path, content);
    found
}

/// The files directly in a folder.
pub(crate) fn folder(files: &FileSet, dir: &str) -> Result<ModuleFolder, String> {
    let prefix = if dir == "." {
        String::new()
    } else {
        format!("{dir}/")
    };
    let found: Vec<ModuleFile> = files
        .iter()
        .filter_map(|(path, content)| {
            let name = path.strip_prefix(&prefix)?;
            (!name.contains('/')).then(|| ModuleFile {
                name: name.to_owned(),
                content: content.clone().into_bytes(),
            })
        })
        .collect();
    if found.is_empty() && dir != "." {
        return Err("There is no such directory.".into());
    }
    Ok(ModuleFolder {
        dir: dir.into(),
        files: found,
    })
}

/// A folder relative to another one.
pub(crate) fn join(dir: &str, source: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in dir.split('/').chain(source.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".into()
    } else {
        parts.join("/")
    }
}

/// Loads all modules.
pub(crate) fn load(files: &FileSet) -> (Tree, SourceMap, Diagnostics) {
    let root = folder(files, ".").expect("the root is always there");
    let mut loader = Loader::new(root);
    while let Some(request) = loader.poll() {
        let found = folder(files, &join(&request.caller_dir, &request.source));
        loader.provide(&request, found);
    }
    loader.finish()
}

/// Loads and compiles; the configuration must be without errors.
pub(crate) fn compiled(text: &str) -> Config {
    let (tree, sources, mut diagnostics) = load(&files(text));
    let (config, found) = compile(&tree, &sources, &schemas());
    diagnostics.extend(found);
    assert!(!diagnostics.has_errors(), "{diagnostics:#?}");
    config
}

/// All messages about a configuration, one per line: severity, summary, detail, place.
pub(crate) fn messages(text: &str) -> String {
    let (diagnostics, sources) = diagnose(files(text));
    render(&diagnostics, &sources)
}

/// All messages about a configuration, as `validate` finds them.
pub(crate) fn diagnose(files: FileSet) -> (Diagnostics, SourceMap) {
    let (tree, mut sources, mut diagnostics) = load(&files);
    diagnostics.extend(terrane_config::load::encryption::evaluate(&tree, &mut sources, None).1);
    if diagnostics.has_errors() {
        diagnostics.extend(beside(&tree, &sources, &schemas(), &diagnostics));
    } else {
        let (config, found) = compile(&tree, &sources, &schemas());
        diagnostics.extend(found);
        diagnostics.extend(validate(&config, &functions(files)));
    }
    (diagnostics, sources)
}

/// What stops a plan of a configuration, of all or a part of it.
pub(crate) fn certain_errors(text: &str, whole: bool) -> String {
    let files = files(text);
    let (tree, sources, _) = load(&files);
    let (config, _) = compile(&tree, &sources, &schemas());
    let found = terrane_config::validate::certain_errors(&config, &functions(files), whole);
    render(&found, &sources)
}

/// Diagnostics, one per line.
pub(crate) fn render(diagnostics: &Diagnostics, sources: &SourceMap) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let severity = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let place = diagnostic
                .subject
                .map(|span| sources.locate(span))
                .unwrap_or_default();
            let detail = diagnostic.detail.replace('\n', "\\n");
            format!("{severity}: {} | {detail} @ {place}\n", diagnostic.summary)
        })
        .collect()
}

/// What functions may use: the files of the test.
pub(crate) fn functions(files: FileSet) -> Functions {
    Functions {
        files: Arc::new(TestFiles(files)),
        ..Functions::pure()
    }
}

#[derive(Debug)]
struct TestFiles(FileSet);

impl TestFiles {
    fn get(&self, path: &str) -> Option<&String> {
        self.0.get(path.strip_prefix("./").unwrap_or(path))
    }
}

impl Files for TestFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let text = self.get(path).ok_or("there is no such file")?;
        Ok(text.as_bytes().into())
    }

    fn exists(&self, path: &str) -> Result<bool, String> {
        Ok(self.get(path).is_some())
    }

    fn list(&self, _dir: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }

    fn home(&self) -> Option<String> {
        None
    }
}

/// How an attribute is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// It must be.
    Required,
    /// It may be.
    Optional,
    /// Only the provider sets it.
    Computed,
}

/// An attribute.
pub(crate) fn attribute(ty: Type, set: Set) -> Attribute {
    Attribute {
        ty: AttributeType::Plain(ty),
        required: set == Set::Required,
        optional: set == Set::Optional,
        computed: set == Set::Computed,
        sensitive: false,
        write_only: false,
        deprecated: None,
        description: "".into(),
    }
}

/// A block of attributes.
pub(crate) fn block(attributes: &[(&str, Type, Set)]) -> Block {
    Block {
        attributes: attributes
            .iter()
            .map(|(name, ty, set)| ((*name).into(), attribute(ty.clone(), *set)))
            .collect(),
        ..Block::default()
    }
}

fn schema(block: Block) -> Arc<Schema> {
    Arc::new(Schema {
        version: 0,
        block: Arc::new(block),
    })
}

/// The built-in provider and `test`, whose `test_thing` has every kind of nested block.
pub(crate) fn schemas() -> Schemas {
    use Set::{Computed, Optional, Required};
    let any = Type::Dynamic;
    let mut builtin = ProviderSchema::default();
    builtin.resources.insert(
        "terraform_data".into(),
        schema(block(&[
            ("id", Type::String, Computed),
            ("input", any.clone(), Optional),
            ("output", any.clone(), Computed),
            ("triggers_replace", any.clone(), Optional),
        ])),
    );
    builtin.data_sources.insert(
        "terraform_remote_state".into(),
        schema(block(&[
            ("backend", Type::String, Required),
            ("config", any.clone(), Optional),
            ("defaults", any.clone(), Optional),
            ("outputs", any, Computed),
            ("workspace", Type::String, Optional),
        ])),
    );
    let test = ProviderAddr::default_host("hashicorp", "test");
    [
        (ProviderAddr::builtin(), Arc::new(builtin)),
        (test, Arc::new(test_provider())),
    ]
    .into()
}

fn test_provider() -> ProviderSchema {
    use Set::{Computed, Optional, Required};
    let inner = || {
        Arc::new(block(&[
            ("name", Type::String, Required),
            ("size", Type::Number, Optional),
        ]))
    };
    let nested = |nesting, min, max| NestedBlock {
        nesting,
        block: inner(),
        min,
        max,
    };
    let mut thing = block(&[
        ("id", Type::String, Computed),
        ("text", Type::String, Optional),
        ("number", Type::Number, Optional),
        ("list", Type::list(Type::String), Optional),
        (
            "rules",
            Type::list(Type::object([
                ("port", Type::Number),
                ("proto", Type::String),
            ])),
            Optional,
        ),
    ]);
    let mut old = attribute(Type::String, Optional);
    old.deprecated = Some("Use text.".into());
    thing.attributes.insert("old".into(), old);
    let mut secret = attribute(Type::String, Optional);
    secret.write_only = true;
    thing.attributes.insert("secret".into(), secret);
    let mut object = attribute(Type::Dynamic, Optional);
    object.ty = AttributeType::Nested(Arc::new(NestedObject {
        nesting: Nesting::List,
        attributes: inner().attributes.clone(),
    }));
    thing.attributes.insert("objects".into(), object);
    for (name, nesting, min, max) in [
        ("single", Nesting::Single, 0, 1),
        ("group", Nesting::Group, 0, 1),
        ("item", Nesting::List, 0, 3),
        ("tag", Nesting::Set, 0, 0),
        ("entry", Nesting::Map, 0, 0),
    ] {
        thing.blocks.insert(name.into(), nested(nesting, min, max));
    }
    let mut strict = block(&[]);
    strict
        .blocks
        .insert("item".into(), nested(Nesting::List, 2, 0));
    strict
        .blocks
        .insert("single".into(), nested(Nesting::Single, 1, 1));
    let mut provider = ProviderSchema {
        provider: Schema {
            version: 0,
            block: Arc::new(block(&[("region", Type::String, Optional)])),
        },
        ..ProviderSchema::default()
    };
    provider
        .resources
        .insert("test_thing".into(), schema(thing));
    provider
        .resources
        .insert("test_strict".into(), schema(strict));
    provider.data_sources.insert(
        "test_lookup".into(),
        schema(block(&[("q", Type::String, Optional)])),
    );
    provider
}
