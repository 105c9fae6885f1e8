//! Loading: which files count, modules within modules, requirements, provider configurations.

use crate::support::{compiled, files, folder, join, load, messages, render};
use std::fmt::Write as _;
use terrane_config::config::{IgnoreChanges, Reference, Repetition};
use terrane_config::load::{Loader, ModuleFile, ModuleFolder};
use terrane_config::variables::{Given, GivenSource, GivenValue};
use terrane_model::addr::ProviderAddr;

#[test]
fn a_module_that_calls_itself_ends() {
    for text in [
        "module \"m\" {\n source = \"./\"\n}\n",
        "module \"m\" {\n source = \"./m\"\n}\n-- m/main.tf\nmodule \"n\" {\n source = \"../m\"\n}\n",
        "module \"m\" {\n source = \"./m\"\n}\n-- m/main.tf\nmodule \"n\" {\n source = \"../n\"\n}\n-- n/main.tf\nmodule \"m\" {\n source = \"../m\"\n}\n",
        // A source that is computed is not compared, but the depth is bounded.
        "locals {\n s = \"./m\"\n}\nmodule \"m\" {\n source = local.s\n}\n-- m/main.tf\nlocals {\n s = \"../m\"\n}\nmodule \"m\" {\n source = local.s\n}\n",
    ] {
        let text = if text.contains("-- ") {
            format!("-- main.tf\n{text}")
        } else {
            text.to_owned()
        };
        let got = messages(&text);
        assert!(got.contains("Endless module recursion"), "{text}\n{got}");
    }
}

/// What is only deep is not said to call itself, and its path, which would fill the screen, is not shown.
#[test]
fn modules_may_not_be_too_deep() {
    let mut text = String::from("-- main.tf\nmodule \"m\" {\n source = \"./m0\"\n}\n");
    for at in 0..70 {
        let next = at + 1;
        write!(
            text,
            "-- m{at}/main.tf\nmodule \"m{next}\" {{\n source = \"../m{next}\"\n}}\n"
        )
        .unwrap();
    }
    let got = messages(&text);
    assert!(
        got.contains("more than 64 deep here, down to the module \"m64\" in m63"),
        "{got}"
    );
    assert!(!got.contains("calls itself"), "{got}");
}

#[test]
fn folders_are_read_once() {
    let files = files(
        "-- main.tf\nmodule \"a\" {\n source = \"./m\"\n}\nmodule \"b\" {\n source = \"./m\"\n}\n-- m/main.tf\nlocals {\n x = nope\n}\n",
    );
    let mut loader = Loader::new(folder(&files, ".").unwrap());
    let mut asked = 0;
    while let Some(request) = loader.poll() {
        asked += 1;
        let dir = join(&request.caller_dir, &request.source);
        loader.provide(&request, folder(&files, &dir));
    }
    assert_eq!(asked, 1);
    let (_, _, diagnostics) = loader.finish();
    assert!(diagnostics.is_empty());
}

#[test]
fn missing_modules() {
    for (source, want) in [
        (
            "./nope",
            "error: Unreadable module directory | The directory nope could not be read for module \"m\" at main.tf:1. There is no such directory.",
        ),
        (
            "a/b/c",
            "error: Module not installed | There is no such directory. This module is not yet installed.",
        ),
        ("nope", "error: Invalid module source address | "),
    ] {
        let got = messages(&format!("module \"m\" {{\n source = \"{source}\"\n}}\n"));
        assert!(got.starts_with(want), "{source}\n{got}");
        assert_eq!(got.lines().count(), 1, "{source}\n{got}");
    }
}

#[test]
fn sources_may_depend_on_variables() {
    let files = files(
        "-- main.tf\nvariable \"v\" {}\nlocals {\n dir = \"./${var.v}\"\n}\nmodule \"m\" {\n source = local.dir\n}\n",
    );
    let given = GivenValue {
        name: "v".into(),
        source: GivenSource::CommandLine,
        value: Given::Text("x".into()),
    };
    let mut loader = Loader::with_variables(folder(&files, ".").unwrap(), &[given]);
    assert_eq!(loader.poll().unwrap().source, "./x");
    let got = render(&load(&files).2, &load(&files).1);
    assert!(got.contains("Variable value not provided"), "{got}");
}

#[test]
fn long_chains_need_no_deep_stack() {
    let mut text = String::from("module \"m\" {\n source = \"./${local.l0}\"\n}\nlocals {\n");
    for at in 0..20_000 {
        writeln!(text, " l{at} = local.l{}", at + 1).unwrap();
    }
    text.push_str(" l20000 = \"m\"\n}\noutput \"o\" {\n value = local.l0.nope\n}\n");
    let files = files(&format!("-- main.tf\n{text}-- m/main.tf\n"));
    let (_, sources, diagnostics) = load(&files);
    assert_eq!(render(&diagnostics, &sources), "");
    let got = messages(&format!("-- main.tf\n{text}-- m/main.tf\n"));
    assert!(
        got.contains("Can't access attributes on a primitive-typed value"),
        "{got}"
    );
}

#[test]
fn bytes_that_are_no_text() {
    let folder = ModuleFolder {
        dir: ".".into(),
        files: vec![ModuleFile {
            name: "main.tf".into(),
            content: b"locals {}\n\xff".to_vec(),
        }],
    };
    let (_, sources, diagnostics) = Loader::new(folder).finish();
    let got = render(&diagnostics, &sources);
    assert!(
        got.starts_with("error: Invalid character encoding"),
        "{got}"
    );
    assert!(got.contains("main.tf:2,1"), "{got}");
}

#[test]
fn requirements_of_all_modules() {
    let text = "-- main.tf\nterraform {\n required_providers {\n  t = {\n   source = \"acme/thing\"\n   version = \"~> 1.0\"\n  }\n }\n}\nresource \"null_resource\" \"a\" {}\nresource \"t_x\" \"a\" {}\nresource \"foo\" \"a\" {\n provider = t\n}\nmodule \"m\" {\n source = \"./m\"\n}\n-- m/main.tf\nterraform {\n required_providers {\n  mine = {\n   source = \"acme/thing\"\n   version = \">= 1.2\"\n  }\n }\n}\nresource \"terraform_data\" \"a\" {}\n";
    let (tree, sources, diagnostics) = load(&files(text));
    assert_eq!(render(&diagnostics, &sources), "");
    let found: Vec<String> = tree
        .requirements
        .iter()
        .map(|(addr, requirement)| {
            let constraints: Vec<&str> = requirement
                .constraints
                .iter()
                .map(|(text, _)| text.as_str())
                .collect();
            format!(
                "{addr} [{}] in {}",
                constraints.join(", "),
                requirement.modules.len()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "registry.opentofu.org/acme/thing [~> 1.0, >= 1.2] in 2",
            "registry.opentofu.org/hashicorp/null [] in 1",
            "terraform.io/builtin/terraform [] in 1",
        ]
    );
}

#[test]
fn provider_configurations_are_inherited_and_passed() {
    let text = "-- main.tf\nprovider \"test\" {\n region = \"a\"\n}\nprovider \"test\" {\n alias = \"b\"\n region = \"b\"\n}\nresource \"test_thing\" \"r\" {\n provider = test.b\n}\nmodule \"plain\" {\n source = \"./m\"\n}\nmodule \"given\" {\n source = \"./m\"\n providers = {\n  test = test.b\n }\n}\n-- m/main.tf\nresource \"test_thing\" \"i\" {}\nmodule \"n\" {\n source = \"../n\"\n}\n-- n/main.tf\nresource \"test_thing\" \"j\" {}\nresource \"terraform_data\" \"d\" {}\n";
    let config = compiled(text);
    let mut found = Vec::new();
    for module in &config.modules {
        for resource in &module.resources {
            let provider = config.provider(resource.provider.provider);
            found.push(format!(
                "{}/{} {}",
                module.path, resource.name, provider.addr
            ));
        }
    }
    let default = "provider[\"registry.opentofu.org/hashicorp/test\"]";
    let builtin = "provider[\"terraform.io/builtin/terraform\"]";
    assert_eq!(
        found,
        [
            format!("/r {default}.b"),
            format!("module.plain/i {default}"),
            format!("module.given/i {default}.b"),
            format!("module.plain.module.n/j {default}"),
            format!("module.plain.module.n/d {builtin}"),
            format!("module.given.module.n/j {default}.b"),
            format!("module.given.module.n/d {builtin}"),
        ]
    );
    assert!(config.providers.iter().any(|provider| {
        provider.addr.provider == ProviderAddr::builtin() && provider.span.is_none()
    }));
}

#[test]
fn provider_for_each() {
    let text = "variable \"regions\" {\n default = { x = \"a\", y = \"b\" }\n}\nprovider \"test\" {\n alias = \"by\"\n for_each = var.regions\n region = each.value\n}\nresource \"test_thing\" \"r\" {\n for_each = var.regions\n provider = test.by[each.key]\n}\n";
    let config = compiled(text);
    let provider = config
        .providers
        .iter()
        .find(|provider| provider.for_each.is_some())
        .unwrap();
    let keys: Vec<&str> = provider
        .for_each
        .as_ref()
        .unwrap()
        .keys()
        .map(ecow::EcoString::as_str)
        .collect();
    assert_eq!(keys, ["x", "y"]);
    assert!(config.modules[0].resources[0].provider.key.is_some());
    let got = messages(&text.replace("[each.key]", ""));
    assert!(got.contains("Provider instance key required"), "{got}");
}

#[test]
fn override_files_have_the_last_word() {
    let text = "-- main.tf\nresource \"test_thing\" \"a\" {\n text = \"one\"\n number = 1\n item {\n  name = \"x\"\n }\n lifecycle {\n  prevent_destroy = true\n }\n}\n-- a_override.tf\nresource \"test_thing\" \"a\" {\n text = \"two\"\n item {\n  name = \"y\"\n }\n item {\n  name = \"z\"\n }\n lifecycle {\n  ignore_changes = [text]\n }\n}\n-- override.tf.json\n{\"resource\": {\"test_thing\": {\"a\": {\"count\": 2}}}}\n";
    let config = compiled(text);
    let resource = &config.modules[0].resources[0];
    let constant = |name: &str| {
        resource
            .body
            .attribute(name)
            .unwrap()
            .as_constant()
            .cloned()
            .unwrap()
    };
    assert_eq!(constant("text").as_str(), Some("two"));
    assert!(resource.body.attribute("number").is_some());
    let at = resource
        .schema
        .block
        .blocks
        .keys()
        .position(|name| name == "item")
        .unwrap();
    assert_eq!(resource.body.blocks[at].len(), 2);
    assert!(resource.lifecycle.prevent_destroy.is_some());
    assert!(matches!(
        resource.lifecycle.ignore_changes,
        IgnoreChanges::Paths(_)
    ));
    assert!(matches!(resource.repetition, Repetition::Count(_)));
}

#[test]
fn files_of_the_own_extension_shadow_others() {
    let text = "-- main.tf\nbroken {{{\n-- main.tofu\nlocals {\n a = 1\n}\n-- x.tf.json\nbroken\n-- x.tofu.json\n{}\n-- .hidden.tf\nbroken\n-- b.tf~\nbroken\n";
    assert_eq!(messages(text), "");
    let incompatible = "-- main.tofu\nterraform {\n required_version = \"999\"\n}\nnope {}\n";
    let got = messages(incompatible);
    assert!(got.starts_with("error: Incompatible module"), "{got}");
    assert_eq!(got.lines().count(), 1, "other messages are withheld\n{got}");
}

#[test]
fn references_are_resolved() {
    let text = "-- main.tf\nresource \"terraform_data\" \"c\" {\n count = 2\n input = count.index\n}\nmodule \"m\" {\n source = \"./m\"\n for_each = { a = 1 }\n}\noutput \"o\" {\n value = [terraform_data.c[0].id, module.m[\"a\"].y, module.m, terraform_data.c[*].id]\n depends_on = [module.m]\n}\n-- m/main.tf\noutput \"x\" {\n value = 1\n}\noutput \"y\" {\n value = 2\n}\n";
    let config = compiled(text);
    let module = &config.modules[0];
    let uses: Vec<(Reference, bool)> = module.outputs[0]
        .value
        .uses()
        .iter()
        .map(|used| (module.slots[used.slot.0 as usize], used.key.is_some()))
        .collect();
    assert_eq!(
        uses,
        [
            (Reference::Resource(0), true),
            (Reference::CallOutput(0, 1), true),
            (Reference::Call(0), false),
            (Reference::Resource(0), false),
        ]
    );
    assert_eq!(module.outputs[0].depends_on[0].on, Reference::Call(0));
}

#[test]
fn the_backend_is_read() {
    let text = "terraform {\n backend \"local\" {\n  path = \"${local.dir}/x\"\n }\n}\nlocals {\n dir = \"d\"\n}\n";
    let (tree, sources, diagnostics) = load(&files(text));
    assert_eq!(render(&diagnostics, &sources), "");
    let backend = tree.backend.unwrap();
    assert_eq!(backend.type_name, "local");
    assert_eq!(backend.arguments["path"].as_str(), Some("d/x"));
}

/// As with Terraform 1.11.4: a provider is listed under what the module calls it that has its configuration.
#[test]
fn providers_in_json_have_their_local_names() {
    let text = "-- main.tf\nterraform {\n required_providers {\n  tt = {\n   source = \"terraform.io/builtin/terraform\"\n  }\n }\n}\nprovider \"tt\" {\n alias = \"x\"\n}\nresource \"terraform_data\" \"b\" {\n provider = tt\n}\nresource \"terraform_data\" \"c\" {\n provider = tt.x\n}\nmodule \"m\" {\n source = \"./m\"\n providers = {\n  uu = tt\n }\n}\n-- m/main.tf\nterraform {\n required_providers {\n  uu = {\n   source = \"terraform.io/builtin/terraform\"\n  }\n }\n}\nresource \"terraform_data\" \"d\" {\n provider = uu\n}\n";
    let (tree, sources, _) = load(&files(text));
    let config = compiled(text);
    let got = terrane_config::config_json::configuration(&config, &tree.requirements, &sources);
    let got: serde_json::Value = serde_json::from_str(&got).unwrap();
    let keys: Vec<&String> = got["provider_config"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["tt", "tt.x"]);
    assert_eq!(got["provider_config"]["tt.x"]["name"], "tt");
    let root = &got["root_module"];
    let used = |module: &serde_json::Value, at: usize| {
        module["resources"][at]["provider_config_key"]
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(used(root, 0).as_deref(), Some("tt"));
    assert_eq!(used(root, 1).as_deref(), Some("tt.x"));
    let inner = &root["module_calls"]["m"]["module"];
    assert_eq!(used(inner, 0).as_deref(), Some("tt"));
}

#[test]
fn the_configuration_in_json() {
    let text = "-- main.tf\nvariable \"x\" {\n default = \"d\"\n sensitive = true\n}\nresource \"test_thing\" \"a\" {\n count = 2\n text = \"${var.x}-${terraform_data.b.output.k[0]}\"\n item {\n  name = 1 + 1\n }\n depends_on = [terraform_data.b]\n}\nresource \"terraform_data\" \"b\" {}\nmodule \"m\" {\n source = \"./m\"\n in = test_thing.a[0].id\n}\noutput \"o\" {\n value = module.m.out\n}\n-- m/main.tf\nvariable \"in\" {}\noutput \"out\" {\n value = upper(var.in)\n}\n";
    let (tree, sources, _) = load(&files(text));
    let config = compiled(text);
    let got = terrane_config::config_json::configuration(&config, &tree.requirements, &sources);
    let got: serde_json::Value = serde_json::from_str(&got).unwrap();
    let thing = &got["root_module"]["resources"][1];
    assert_eq!(thing["address"], "test_thing.a");
    assert_eq!(thing["provider_config_key"], "test");
    assert_eq!(
        thing["count_expression"],
        serde_json::json!({ "constant_value": 2 })
    );
    assert_eq!(thing["depends_on"], serde_json::json!(["terraform_data.b"]));
    assert_eq!(
        thing["expressions"],
        serde_json::json!({
            "text": { "references": [
                "var.x",
                "terraform_data.b.output.k[0]",
                "terraform_data.b.output.k",
                "terraform_data.b.output",
                "terraform_data.b",
            ] },
            "item": [{ "name": { "constant_value": 2 } }],
        })
    );
    let call = &got["root_module"]["module_calls"]["m"];
    assert_eq!(
        call["expressions"]["in"]["references"],
        serde_json::json!(["test_thing.a[0].id", "test_thing.a[0]", "test_thing.a"])
    );
    assert_eq!(
        call["module"]["outputs"]["out"]["expression"]["references"],
        serde_json::json!(["var.in"])
    );
    assert_eq!(
        got["root_module"]["outputs"]["o"]["expression"]["references"],
        serde_json::json!(["module.m.out", "module.m"])
    );
    assert_eq!(
        got["root_module"]["variables"]["x"],
        serde_json::json!({ "default": "d", "sensitive": true })
    );
}

/// Which outputs a module has may differ from version to version, so `try` and `can` take care of that, as they do of what a value lacks.
#[test]
fn an_output_that_is_not_there_may_be_done_without() {
    let with = |value: &str| {
        let text = format!(
            "-- main.tf\nmodule \"m\" {{\n source = \"./m\"\n}}\noutput \"o\" {{\n value = {value}\n}}\n-- m/main.tf\noutput \"x\" {{\n value = 1\n}}\n"
        );
        messages(&text)
    };
    assert_eq!(with("try(one(module.m.absent).ip, null)"), "");
    assert_eq!(with("can(module.m.absent)"), "");
    assert!(with("module.m.absent").contains("absent"));
    assert!(with("try(module.absent.x, null)").contains("absent"));
}
