//! Whole configurations.

use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::compile::{Schemas, compile};
use terrane_config::load::{Loader, ModuleFile, ModuleFolder};
use terrane_config::validate::validate;
use terrane_config::variables::{parse_tfvars, root_variables};
use terrane_lang::diagnostic::{Style, render_all};
use terrane_lang::functions::Functions;
use terrane_lang::source::FileId;
use terrane_model::addr::{ModulePath, ProviderAddr};
use terrane_model::schema::{
    Attribute, AttributeType, Block, NestedBlock, Nesting, ProviderSchema, Schema,
};
use terrane_value::Type;

/// The file of values; no source map holds it.
const VALUES: FileId = FileId(u32::MAX);

/// Modules read at most: a module that calls itself twice would take long to find out.
const MAX_MODULES: usize = 40;

/// The files in a text: a line `-- name` begins each; without such a line all is `main.tf`.
fn split(text: &str) -> BTreeMap<&str, String> {
    let mut files = BTreeMap::new();
    let mut name = "main.tf";
    let mut content = String::new();
    for line in text.split_inclusive('\n') {
        if let Some(next) = line.strip_prefix("-- ") {
            if !content.is_empty() {
                files.insert(name, std::mem::take(&mut content));
            }
            name = next.trim();
        } else {
            content.push_str(line);
        }
    }
    files.insert(name, content);
    files
}

fn folder(files: &BTreeMap<&str, String>, dir: &str) -> Result<ModuleFolder, String> {
    let inside = |path: &&str| match dir {
        "." => !path.contains('/'),
        dir => path
            .rsplit_once('/')
            .is_some_and(|(parent, _)| parent == dir),
    };
    let files: Vec<ModuleFile> = files
        .iter()
        .filter(|(path, _)| inside(path))
        .map(|(path, content)| ModuleFile {
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            content: content.clone().into_bytes(),
        })
        .collect();
    if files.is_empty() && dir != "." {
        return Err("There is no such directory.".into());
    }
    Ok(ModuleFolder {
        dir: dir.into(),
        files,
    })
}

/// The folder of a module, of at most two levels.
fn join(caller: &str, source: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in caller.split('/').chain(source.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".into()
    } else {
        parts.join("/")
    }
}

pub(crate) fn run(data: &[u8]) {
    let text = &*crate::text(data);
    let files = split(text);
    let Ok(root) = folder(&files, ".") else {
        return;
    };
    let given = files.get("terraform.tfvars").map(String::as_str);
    let given = given.map_or_else(Vec::new, |text| parse_tfvars(VALUES, text, false).0);
    let mut loader = Loader::with_variables(root, &given);
    let mut read = 0;
    while let Some(request) = loader.poll() {
        read += 1;
        let dir = join(&request.caller_dir, &request.source);
        let found = if read > MAX_MODULES || request.path.0.len() > 4 {
            Err("There are too many modules.".into())
        } else {
            folder(&files, &dir)
        };
        loader.provide(&request, found);
    }
    let (tree, sources, mut diagnostics) = loader.finish();
    let (config, found) = compile(&tree, &sources, &schemas());
    diagnostics.extend(found);
    if !diagnostics.has_errors() {
        diagnostics.extend(validate(&config, &Functions::pure()));
        if let Some(root) = config
            .modules
            .iter()
            .find(|module| module.path == ModulePath::default())
        {
            diagnostics.extend(root_variables(root, &given).1);
        }
    }
    drop(render_all(&sources, diagnostics.iter(), Style::Plain, 80));
    for diagnostic in diagnostics.iter() {
        let places = [&diagnostic.subject, &diagnostic.context];
        let related = diagnostic.related.iter().map(|(span, _)| span);
        for span in places.into_iter().flatten().chain(related) {
            if span.file == VALUES {
                continue;
            }
            let file = sources.get(span.file);
            let file = file.unwrap_or_else(|| panic!("no file {span:?} of {diagnostic:?}"));
            let range = span.start as usize..span.end as usize;
            assert!(
                file.text.get(range).is_some(),
                "no place {span:?} of {diagnostic:?}"
            );
        }
    }
}

fn attribute(ty: AttributeType, optional: bool, computed: bool) -> Attribute {
    Attribute {
        ty,
        required: !optional && !computed,
        optional,
        computed,
        sensitive: false,
        write_only: false,
        deprecated: None,
        description: "".into(),
    }
}

fn block(attributes: &[(&str, Type, bool, bool)]) -> Block {
    Block {
        attributes: attributes
            .iter()
            .map(|(name, ty, optional, computed)| {
                let ty = AttributeType::Plain(ty.clone());
                ((*name).into(), attribute(ty, *optional, *computed))
            })
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

/// The built-in provider, and `test` with every kind of nested block.
fn schemas() -> Schemas {
    let any = Type::Dynamic;
    let mut builtin = ProviderSchema::default();
    builtin.resources.insert(
        "terraform_data".into(),
        schema(block(&[
            ("id", Type::String, false, true),
            ("input", any.clone(), true, false),
            ("output", any.clone(), false, true),
            ("triggers_replace", any.clone(), true, false),
        ])),
    );
    builtin.data_sources.insert(
        "terraform_remote_state".into(),
        schema(block(&[
            ("backend", Type::String, false, false),
            ("config", any.clone(), true, false),
            ("defaults", any.clone(), true, false),
            ("outputs", any, false, true),
            ("workspace", Type::String, true, false),
        ])),
    );
    let mut thing = block(&[
        ("id", Type::String, false, true),
        ("text", Type::String, true, false),
        ("number", Type::Number, true, true),
        ("list", Type::list(Type::String), true, false),
        (
            "rules",
            Type::list(Type::object([("port", Type::Number)])),
            true,
            false,
        ),
    ]);
    for (name, nesting, max) in [
        ("single", Nesting::Single, 1),
        ("group", Nesting::Group, 1),
        ("item", Nesting::List, 3),
        ("tag", Nesting::Set, 0),
        ("entry", Nesting::Map, 0),
    ] {
        let inner = block(&[
            ("name", Type::String, false, false),
            ("size", Type::Number, true, false),
        ]);
        let nested = NestedBlock {
            nesting,
            block: Arc::new(inner),
            min: 0,
            max,
        };
        thing.blocks.insert(name.into(), nested);
    }
    let mut test = ProviderSchema {
        provider: Schema {
            version: 0,
            block: Arc::new(block(&[("region", Type::String, true, false)])),
        },
        ..ProviderSchema::default()
    };
    test.resources.insert("test_thing".into(), schema(thing));
    let lookup = block(&[
        ("q", Type::String, true, false),
        ("found", Type::String, false, true),
    ]);
    test.data_sources
        .insert("test_lookup".into(), schema(lookup));
    [
        (ProviderAddr::builtin(), Arc::new(builtin)),
        (
            ProviderAddr::default_host("hashicorp", "test"),
            Arc::new(test),
        ),
    ]
    .into()
}
