//! `terrane import`, and imports with generated configuration.

use super::folder::Folder;

#[test]
fn an_object_is_taken_into_the_state() {
    let folder = Folder::new(&[(
        "main.tf",
        "variable \"n\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.n\n}\n",
    )]);
    folder
        .run("import -input=false -ignore-remote-version terraform_data.a foo")
        .exits(1)
        .says("No value for required variable");
    folder
        .run("import -var n=1 -lock=false terraform_data.a foo")
        .ok()
        .says("Import successful!");
    folder
        .run("state show terraform_data.a")
        .ok()
        .says("id = \"foo\"");
    for (words, message) in [
        (
            "terraform_data.a bar",
            "Resource already managed by Terrane",
        ),
        (
            "terraform_data.b foo",
            "Resource to import to is not configured",
        ),
        (
            "module.m.terraform_data.b foo",
            "Import to non-existent module",
        ),
        (
            "data.terraform_data.b foo",
            "Importing into a data resource is not allowed",
        ),
        ("module.m foo", "module.m is a module"),
        ("terraform_data.b[ foo", "Invalid import address"),
        ("terraform_data.b", "This command takes 2 arguments"),
    ] {
        folder
            .run(&format!("import -var n=1 {words}"))
            .exits(1)
            .says(message);
    }
    folder
        .run("plan -var n=1")
        .ok()
        .says("0 to add, 1 to change, 0 to destroy");
}

#[test]
fn configuration_is_generated_and_changes_nothing() {
    let folder = Folder::new(&[(
        "main.tf",
        "import {\n  to = random_integer.i\n  id = \"15390,1,50000\"\n}\nimport {\n  to = random_string.s\n  id = \"foo$${a}\\\"bar\"\n}\n",
    )]);
    folder
        .run("plan")
        .exits(1)
        .says("-generate-config-out=generated.tf");
    folder
        .run("plan -destroy -generate-config-out=x.tf")
        .exits(1);
    folder
        .run("plan -generate-config-out=nope/x.tf")
        .exits(1)
        .says("there is no folder nope");
    folder
        .run("plan -generate-config-out=generated.tf")
        .ok()
        .says("(config will be generated)")
        .says("Plan: 2 to import, 0 to add, 0 to change, 0 to destroy.");
    assert!(
        folder
            .read("generated.tf")
            .contains("resource \"random_integer\" \"i\" {\n")
    );
    folder
        .run("plan -generate-config-out=generated.tf")
        .exits(1)
        .says("Target generated file already exists");
    folder
        .run("plan -out=saved")
        .ok()
        .says("2 to import, 0 to add, 0 to change");
    folder.run("apply saved").ok().says("2 imported");
    folder.run("plan -detailed-exitcode").ok();
    folder.run("fmt -check").ok();
}

#[test]
fn generated_configuration_in_json() {
    let folder = Folder::new(&[(
        "main.tf",
        "import {\n  to = terraform_data.a\n  id = \"x\"\n}\n",
    )]);
    folder
        .run("plan -generate-config-out=out.txt -out=saved")
        .ok();
    let plan = folder.run("show -json saved").ok().json();
    let change = &plan["resource_changes"][0];
    assert_eq!(change["change"]["importing"]["id"], "x");
    let text = change["generated_config"]
        .as_str()
        .or_else(|| change["change"]["generated_config"].as_str())
        .unwrap();
    assert!(text.contains("resource \"terraform_data\" \"a\""), "{text}");
}

/// The generated block names the provider of the import again, so both stay valid together; another one is refused.
#[test]
fn generated_configuration_keeps_the_provider_of_the_import() {
    const IMPORT: &str = "provider \"random\" {\n  alias = \"o\"\n}\nprovider \"random\" {\n  alias = \"p\"\n}\nimport {\n  to       = random_integer.i\n  id       = \"15390,1,50000\"\n  provider = random.o\n}\n";
    let folder = Folder::new(&[("main.tf", IMPORT)]);
    folder
        .run("plan -generate-config-out=generated.tf")
        .ok()
        .says("1 to import, 0 to add, 0 to change");
    assert!(folder.read("generated.tf").contains("= random.o\n"));
    folder.run("apply -auto-approve").ok();
    folder.run("plan -detailed-exitcode").ok();
    folder.write(
        "main.tf",
        &IMPORT.replace("provider = random.o", "provider = random.p"),
    );
    folder
        .run("plan")
        .exits(1)
        .says("Invalid import provider argument");
}
