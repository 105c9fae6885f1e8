//! What users of the peers look for: the configuration in the plan's JSON, small commands, providers by key.

use super::folder::Folder;

#[test]
fn the_json_of_a_saved_plan_holds_the_configuration() {
    let folder = Folder::new(&[
        (
            "main.tf",
            "variable \"n\" {\n  default = 1\n}\nmodule \"m\" {\n  source = \"./m\"\n  in     = var.n\n}\n",
        ),
        (
            "m/main.tf",
            "variable \"in\" {}\nresource \"terraform_data\" \"r\" {\n  count = 2\n  input = \"${var.in}-${count.index}\"\n}\n",
        ),
    ]);
    folder.run("plan -out=p.plan").ok();
    // What is in the folder now does not count.
    folder.write("main.tf", "");
    let plan = folder.run("show -json p.plan").ok().json();
    let root = &plan["configuration"]["root_module"];
    assert_eq!(root["variables"]["n"]["default"], 1);
    let call = &root["module_calls"]["m"];
    assert_eq!(call["expressions"]["in"]["references"][0], "var.n");
    let resource = &call["module"]["resources"][0];
    assert_eq!(resource["address"], "terraform_data.r");
    assert_eq!(resource["count_expression"]["constant_value"], 2);
    assert_eq!(
        resource["expressions"]["input"]["references"],
        serde_json::json!(["var.in", "count.index"])
    );
    // The root does not use the provider, so it is listed under the module.
    assert_eq!(resource["provider_config_key"], "module.m:terraform");
    assert!(plan["configuration"]["provider_config"]["module.m:terraform"].is_object());
}

/// `null` is a keyword, and a provider. The key that a call passes is evaluated where the call stands: `each` there is not `each` here.
#[test]
fn a_call_passes_an_instance_of_a_provider() {
    let need = "terraform {\n  required_providers {\n    null = {\n      source = \"hashicorp/null\"\n    }\n  }\n}\n";
    let inner = format!("{need}resource \"null_resource\" \"r\" {{\n  count = 1\n}}\n");
    let outer = format!(
        "{need}module \"inner\" {{\n  source    = \"../inner\"\n  providers = {{ null = null }}\n}}\n"
    );
    let folder = Folder::new(&[
        (
            "main.tf",
            "provider \"null\" {\n  alias    = \"by\"\n  for_each = toset([\"a\", \"b\"])\n}\nmodule \"m\" {\n  source    = \"./outer\"\n  for_each  = toset([\"a\", \"b\"])\n  providers = { null = null.by[each.key] }\n}\n",
        ),
        ("outer/main.tf", &outer),
        ("inner/main.tf", &inner),
    ]);
    folder.run("apply -auto-approve").ok().says("2 added");
    let state = folder.run("state pull").ok().json();
    let instances: Vec<(&str, &str)> = state["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| {
            (
                resource["module"].as_str().unwrap(),
                resource["instances"][0]["provider"]
                    .as_str()
                    .or(resource["provider"].as_str())
                    .unwrap(),
            )
        })
        .collect();
    assert_eq!(instances.len(), 2);
    for (module, provider) in instances {
        let key = if module.contains("\"a\"") {
            "\"a\""
        } else {
            "\"b\""
        };
        assert!(provider.contains(key), "{module} {provider}");
    }
    folder.run("plan -detailed-exitcode").ok();
}

#[test]
fn another_provider_takes_over() {
    let folder = Folder::new(&[("main.tf", "resource \"null_resource\" \"a\" {}\n")]);
    folder.run("apply -auto-approve").ok();
    let before = folder.run("state pull").ok().out;
    let args = ["state", "replace-provider", "hashicorp/null", "acme/null"];
    folder.run_with(&args, &[], "no\n").ok().says("Cancelled");
    assert_eq!(folder.run("state pull").ok().out, before);
    folder
        .run_with(&args, &[], "yes\n")
        .ok()
        .says("null_resource.a");
    folder.run("state pull").ok().says("acme/null");
    folder
        .run("state replace-provider -auto-approve acme/null hashicorp/null")
        .ok()
        .says("Successfully replaced provider for 1 resource.");
    folder.run("plan -detailed-exitcode").ok();
    folder
        .run("state replace-provider a/b/c/d hashicorp/null")
        .exits(1)
        .says("Invalid provider source address");
}

#[test]
fn commands_that_have_nothing_to_do_say_so() {
    let call = "module \"m\" {\n  source = \"./m\"\n}\n";
    let folder = Folder::new(&[("main.tf", call), ("m/main.tf", "")]);
    folder.run("get -update").ok().says("1 module is there");
    folder
        .run("force-unlock -force 1234")
        .exits(1)
        .says("the state is not locked");
    folder
        .run("plan -state=x.tfstate")
        .exits(1)
        .says("terrane.state");
    folder.write("main.tf", &call.replace("./m", "./none"));
    folder.run("get").exits(1).says("none");
}

/// Lines are independent of each other, and of the names that earlier ones were the first to use.
#[test]
fn the_console_keeps_what_it_has_compiled() {
    let folder = Folder::new(&[(
        "main.tf",
        "variable \"a\" {\n  default = \"A\"\n}\nvariable \"b\" {\n  default = \"B\"\n}\nlocals {\n  c = \"${var.b}!\"\n}\n",
    )]);
    let lines = "path.root\nvar.b\nvar.a\nlocal.c\ntype(var.a)\nterraform.workspace\n";
    let ran = folder.run_with(&["console"], &[], lines).ok();
    assert_eq!(
        ran.out,
        "\".\"\n\"B\"\n\"A\"\n\"B!\"\nstring\n\"default\"\n"
    );
}

#[test]
fn errors_of_the_world_come_with_a_way_out() {
    let folder = Folder::new(&[("main.tf", "resource \"terraform_data\" \"a\" {}\n")]);
    folder.run("show none.plan").exits(1).says("check the path");
    folder.run("apply -auto-approve").ok();
    folder.write("terrane.state/format", "{\"terrane.state\":99}");
    for words in ["plan", "apply -auto-approve", "state list"] {
        folder
            .run(words)
            .exits(1)
            .says("use the version of terrane that wrote it");
    }
    folder.write("terrane.state/format", "{\"terrane.state\":1}");
    folder.run("state list").ok().says("terraform_data.a");
}
