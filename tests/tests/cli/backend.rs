//! Backends through the binary: what `init` chooses, moves and refuses.

use crate::folder::{Folder, Ran};
use std::path::Path;

const RESOURCE: &str = "resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\noutput \"o\" {\n  value = terraform_data.a.output\n}\n";

fn local(path: &str) -> String {
    format!("terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n{RESOURCE}")
}

fn settled(folder: &Folder) {
    folder.run("plan -detailed-exitcode").ok();
}

/// The ids in the state, which tell whether it is the same one.
fn ids(folder: &Folder) -> String {
    folder.run("state pull").ok().json()["resources"][0]["instances"][0]["attributes"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn applied(text: &str) -> Folder {
    let folder = Folder::new(&[("main.tf", text)]);
    folder.run("init").ok();
    folder.run("apply -auto-approve").ok();
    folder
}

/// A place that nobody answers from is not chosen: the old choice, or none, stays.
#[test]
fn a_place_that_can_not_be_reached_is_not_chosen() {
    let text = "terraform {\n  backend \"http\" {\n    address   = \"http://127.0.0.1:1/state\"\n    retry_max = 0\n  }\n}\n";
    let folder = Folder::new(&[("main.tf", text)]);
    let ran = folder.run("init").exits(1).says("T5603");
    assert!(!ran.out.contains("from now on"), "{}", ran.out);
    assert!(!folder.has(".terrane/backend.json"));
}

/// Where the state is may depend on variables, so whatever opens it takes their values.
#[test]
fn commands_about_the_state_take_variables() {
    let text = format!(
        "variable \"p\" {{\n  type = string\n}}\n{}",
        local("x").replace("\"x\"", "var.p")
    );
    let folder = Folder::new(&[("main.tf", &text)]);
    let p = "-var=p=one.tfstate";
    folder.run(&format!("init {p}")).ok();
    folder.run(&format!("apply -auto-approve {p}")).ok();
    for words in [
        "state history",
        "state diff 1",
        "state fsck",
        "state backup b",
        "state restore b",
        "state prune -keep=9",
        "gates",
        "audit",
    ] {
        folder.run(&format!("{words} {p}")).ok();
    }
    for words in ["approve none", "reject none", "force-unlock -force none"] {
        let ran = folder.run(&format!("{words} {p}")).exits(1);
        assert!(!ran.err.contains("not defined"), "{words}: {}", ran.err);
    }
}

/// No `init` can install it.
#[test]
fn an_address_that_can_not_be_installed_is_told_at_once() {
    let text = "module \"m\" {\n  source = \"ssh://git@example.com/a.git\"\n}\n";
    let folder = Folder::new(&[("main.tf", text)]);
    let ran = folder.run("validate").exits(1).says("T6301");
    assert!(!ran.err.contains("terrane init"), "{}", ran.err);
}

#[test]
fn from_the_embedded_store_to_files_and_back() {
    let folder = applied(RESOURCE);
    let id = ids(&folder);
    folder.write("main.tf", &local("one.tfstate"));
    for words in [
        "plan",
        "state list",
        "workspace list",
        "output",
        "apply -auto-approve",
    ] {
        folder
            .run(words)
            .exits(1)
            .says("Backend initialization required")
            .says("Initial configuration of the backend \"local\"");
    }
    folder.run("validate").ok();
    // Nobody answers.
    folder.run("init").exits(1).says("-force-copy");
    assert!(!folder.has("one.tfstate"));
    folder
        .run_with(&["init"], &[], "yes\n")
        .ok()
        .says("1 resource instance")
        .says("read back and compared")
        .says("terrane.state");
    assert_eq!(ids(&folder), id);
    settled(&folder);
    assert!(folder.read("one.tfstate").contains(&id));
    // To another file.
    folder.write("main.tf", &local("two.tfstate"));
    folder.run("plan").exits(1).says("has changed");
    folder
        .run("init")
        .exits(1)
        .says("Backend configuration changed");
    folder
        .run("init -migrate-state")
        .exits(1)
        .says("-force-copy");
    let before = folder.read("one.tfstate");
    folder.run("init -force-copy").ok();
    assert_eq!(
        folder.read("one.tfstate"),
        before,
        "the source stays as it is"
    );
    assert_eq!(ids(&folder), id);
    settled(&folder);
    // And back. What was there is an earlier version of the same state.
    folder.write("main.tf", &RESOURCE.replace("\"x\"", "\"y\""));
    folder
        .run("plan")
        .exits(1)
        .says("no `backend` block any more");
    folder.write("main.tf", &local("two.tfstate").replace("\"x\"", "\"y\""));
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", &RESOURCE.replace("\"x\"", "\"y\""));
    folder
        .run("init")
        .exits(1)
        .says("Backend configuration changed");
    folder
        .run("init -migrate-state -force-copy")
        .ok()
        .says("terrane.backup");
    assert_eq!(ids(&folder), id);
    settled(&folder);
    folder.run("output o").ok().says("\"y\"");
}

#[test]
fn the_record_is_private_and_remembers_what_was_given() {
    let text = format!("terraform {{\n  backend \"local\" {{}}\n}}\n{RESOURCE}");
    let folder = Folder::new(&[
        ("main.tf", &text),
        ("b.tfbackend", "workspace_dir = \"w\"\n"),
    ]);
    folder
        .run("init -backend-config=path=p.tfstate -backend-config=b.tfbackend")
        .ok();
    let record: serde_json::Value =
        serde_json::from_str(&folder.read(".terrane/backend.json")).unwrap();
    assert_eq!(record["format"], 1);
    assert_eq!(record["backend"]["type"], "local");
    assert_eq!(
        record["backend"]["config"],
        serde_json::json!({"path": "p.tfstate", "workspace_dir": "w"})
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join(".terrane/backend.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    folder.run("apply -auto-approve").ok();
    assert!(folder.has("p.tfstate"));
    folder.run("workspace new dev").ok();
    folder.run("apply -auto-approve").ok();
    assert!(folder.has("w/dev/terraform.tfstate"));
    // Nothing is given: it is as before.
    folder.run("init").ok();
    settled(&folder);
    // Something else is.
    folder
        .run("init -backend-config=path=q.tfstate")
        .exits(1)
        .says("Backend configuration changed");
    folder
        .run("init -reconfigure -backend-config=path=q.tfstate")
        .ok();
    folder.run("workspace select default").ok();
    folder.run("plan").ok().says("1 to add");
    folder
        .run_with(
            &["init", "-reconfigure"],
            &[(
                "TF_CLI_ARGS_init",
                "-backend-config=path=p.tfstate -backend-config=workspace_dir=w",
            )],
            "",
        )
        .ok();
    settled(&folder);
    // An empty one takes back what was given.
    folder.run("init -reconfigure -backend-config=").ok();
    assert!(!folder.read(".terrane/backend.json").contains("p.tfstate"));
}

#[test]
fn mistakes_are_told() {
    let empty = "terraform {\n  backend \"local\" {}\n}\n";
    for (text, words, said) in [
        (
            "terraform {\n  backend \"locl\" {}\n}\n",
            "init",
            "Did you mean \"local\"?",
        ),
        (
            "terraform {\n  backend \"artifactory\" {}\n}\n",
            "init",
            "taken out of Terraform 1.3",
        ),
        (
            "terraform {\n  backend \"azure\" {}\n}\n",
            "init",
            "azurerm",
        ),
        (
            "terraform {\n  backend \"consul\" {}\n}\n",
            "init",
            "not available in terrane yet",
        ),
        (
            "terraform {\n  backend \"remote\" {}\n}\n",
            "init",
            "HCP Terraform",
        ),
        (
            "terraform {\n  cloud {\n    organization = \"x\"\n  }\n}\n",
            "init",
            "HCP Terraform",
        ),
        ("terraform {\n  cloud {}\n}\n", "plan", "HCP Terraform"),
        (
            "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\n",
            "init -input=false",
            "The argument \"key\" is required",
        ),
        (
            empty,
            "init -backend-config=pth=x",
            "Did you mean \"path\"?",
        ),
        (
            empty,
            "init -backend-config=nope.tfbackend",
            "nope.tfbackend",
        ),
        (empty, "init -backend-config=bad.tfbackend", "bogus"),
        (
            empty,
            "init -reconfigure -migrate-state",
            "give one of them",
        ),
        (empty, "init -backend-config=path=dir/..", "path"),
        ("terraform {\n  backend \"http\" {}\n}\n", "init", "address"),
        (
            "variable \"v\" {}\nterraform {\n  backend \"local\" {\n    path = var.v\n  }\n}\n",
            "init",
            "Variable value not provided",
        ),
    ] {
        let folder = Folder::new(&[("main.tf", text), ("bad.tfbackend", "bogus = 1\n")]);
        folder.run(words).exits(1).says(said);
        assert!(!folder.has(".terrane/backend.json"), "{text}");
    }
    let folder = Folder::new(&[("main.tf", RESOURCE)]);
    folder
        .run("init -backend-config=path=x")
        .ok()
        .says("Missing backend configuration");
}

#[test]
fn the_block_may_be_anywhere_and_depend_on_variables() {
    for (name, text) in [
        (
            "backend.tf.json",
            "{\"terraform\": {\"backend\": {\"local\": {\"path\": \"${var.env}/s.tfstate\"}}}}",
        ),
        (
            "backend.tofu",
            "terraform {\n  backend \"local\" {\n    path = \"${var.env}/s.tfstate\"\n  }\n}\n",
        ),
        (
            "backend_override.tf",
            "terraform {\n  backend \"local\" {\n    path = join(\"/\", [var.env, local.name])\n  }\n}\n",
        ),
    ] {
        let folder = Folder::new(&[
            (
                "main.tf",
                &format!(
                    "{RESOURCE}variable \"env\" {{\n  type = string\n}}\nlocals {{\n  name = \"s.tfstate\"\n}}\n"
                ),
            ),
            (
                "backend.tf",
                "terraform {\n  backend \"local\" {\n    path = \"never.tfstate\"\n  }\n}\n",
            ),
            ("variables.auto.tfvars", "env = \"prod\"\n"),
        ]);
        if name == "backend.tf.json" {
            std::fs::remove_file(folder.path().join("backend.tf")).unwrap();
        }
        folder.write(name, text);
        folder.run("init").ok();
        folder.run("apply -auto-approve").ok();
        assert!(folder.has("prod/s.tfstate"), "{name}");
        settled(&folder);
        folder.run("state list").ok().says("terraform_data.a");
        // Another value is another place.
        folder
            .run("state list -var env=dev")
            .exits(1)
            .says("has changed");
        folder.run("plan -var env=dev").exits(1).says("has changed");
    }
}

#[cfg(unix)]
#[test]
fn all_workspaces_are_moved_or_none() {
    let folder = applied(RESOURCE);
    folder.run("workspace new dev").ok();
    folder.run("apply -auto-approve").ok();
    let id = ids(&folder);
    // The file of `dev` can't be made, for it is a link into a folder that there is not. By then, `default` is written.
    std::fs::create_dir_all(folder.path().join("blocked/dev")).unwrap();
    let link = folder.path().join("blocked/dev/terraform.tfstate");
    std::os::unix::fs::symlink("/nowhere/state", &link).unwrap();
    folder.write("main.tf", &format!("terraform {{\n  backend \"local\" {{\n    path          = \"new.tfstate\"\n    workspace_dir = \"blocked\"\n  }}\n}}\n{RESOURCE}"));
    let failed = folder.run("init -force-copy").exits(1);
    assert!(
        !failed.err.contains("could not be put back"),
        "{}",
        failed.err
    );
    assert!(!folder.has("new.tfstate"), "it was taken back");
    assert!(!folder.has(".terrane/backend.json"));
    // Once it can, both are moved.
    std::fs::remove_file(&link).unwrap();
    folder
        .run("init -force-copy")
        .ok()
        .says("\"default\"")
        .says("\"dev\"");
    assert!(folder.has("new.tfstate") && folder.has("blocked/dev/terraform.tfstate"));
    folder.run("workspace list").ok().says("default * dev");
    assert_eq!(ids(&folder), id);
    settled(&folder);
    folder.run("workspace select default").ok();
    settled(&folder);
    folder.run("workspace delete -force dev").ok();
    folder.run("workspace list").ok();
    assert!(!folder.has("blocked/dev/terraform.tfstate"));
}

#[test]
fn a_failure_leaves_the_old_backend_in_use() {
    let folder = applied(&local("one.tfstate"));
    let record = folder.read(".terrane/backend.json");
    folder.write("file", "");
    folder.write("main.tf", &local("file/two.tfstate"));
    folder.run("init -force-copy").exits(1);
    assert_eq!(folder.read(".terrane/backend.json"), record);
    folder.write("main.tf", &local("one.tfstate"));
    settled(&folder);
}

#[test]
fn two_states_and_which_counts() {
    let folder = applied(&local("one.tfstate"));
    let one = ids(&folder);
    folder.write("main.tf", &local("two.tfstate"));
    folder.run("init -reconfigure").ok();
    folder.run("apply -auto-approve").ok();
    let two = ids(&folder);
    assert_ne!(one, two);
    folder.write("main.tf", &local("one.tfstate"));
    // No: the one in the new place stays. Both are kept as files.
    folder
        .run_with(&["init", "-migrate-state"], &[], "yes\nno\n")
        .ok()
        .says("nothing to do with the state")
        .says("stays in use");
    assert_eq!(ids(&folder), one);
    folder.write("main.tf", &local("two.tfstate"));
    folder
        .run_with(&["init", "-migrate-state"], &[], "no\n")
        .exits(1)
        .says("Migration cancelled");
    folder
        .run_with(&["init", "-migrate-state"], &[], "yes\nyes\n")
        .ok();
    assert_eq!(ids(&folder), one);
    let copies: Vec<String> = std::fs::read_dir(folder.path().join("terrane.backup"))
        .unwrap()
        .flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap())
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(copies.iter().any(|text| text.contains(&two)));
    // An older copy never replaces a newer one without a question.
    folder.write("main.tf", &local("two.tfstate").replace("\"x\"", "\"y\""));
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", &local("one.tfstate").replace("\"x\"", "\"y\""));
    folder.run("init -reconfigure").ok();
    folder.write("main.tf", &local("two.tfstate").replace("\"x\"", "\"y\""));
    folder
        .run("init -force-copy")
        .exits(1)
        .says("later version");
    folder.run("init -reconfigure").ok();
    settled(&folder);
}

#[test]
fn what_a_peer_has_set_up_is_used_as_it_is() {
    let folder = applied(&local("s.tfstate"));
    let id = ids(&folder);
    let theirs = "{\"version\": 3, \"terraform_version\": \"1.11.4\", \"backend\": {\"type\": \"local\", \"config\": {\"path\": \"s.tfstate\", \"workspace_dir\": null}, \"hash\": 1}}";
    let forget = || std::fs::remove_dir_all(folder.path().join(".terrane")).unwrap();
    // The same.
    forget();
    folder.write(".terraform/terraform.tfstate", theirs);
    folder
        .run("plan")
        .exits(1)
        .says("Backend initialization required");
    folder.run("init").ok();
    assert_eq!(ids(&folder), id);
    // Partly given on the command line of the peer.
    forget();
    folder.write(
        "main.tf",
        &format!("terraform {{\n  backend \"local\" {{}}\n}}\n{RESOURCE}"),
    );
    folder.run("init").ok();
    assert_eq!(ids(&folder), id);
    settled(&folder);
    // Changed since.
    forget();
    folder.write("main.tf", &local("t.tfstate"));
    folder
        .run("init")
        .exits(1)
        .says("Backend configuration changed");
    folder.run("init -force-copy").ok();
    assert_eq!(ids(&folder), id);
    assert!(folder.has("t.tfstate"));
    // Taken out since.
    forget();
    folder.write("main.tf", RESOURCE);
    folder
        .run("init")
        .exits(1)
        .says("Backend configuration changed");
    folder.run("init -force-copy").ok();
    assert_eq!(ids(&folder), id);
    assert!(folder.has("terrane.state"));
    settled(&folder);
}

#[test]
fn a_stale_store_beside_the_configuration_is_left_alone() {
    let folder = applied(RESOURCE);
    folder.write("main.tf", &local("s.tfstate"));
    folder.run("init -force-copy").ok();
    folder.write("main.tf", &local("s.tfstate").replace("\"x\"", "\"y\""));
    folder.run("apply -auto-approve").ok();
    let id = ids(&folder);
    // A new working copy of the data folder: nobody is asked, and nothing goes back to the old state.
    std::fs::remove_dir_all(folder.path().join(".terrane")).unwrap();
    folder.run("init -input=false").ok().says("already");
    assert_eq!(ids(&folder), id);
    settled(&folder);
}

#[test]
fn a_saved_plan_knows_its_backend() {
    let folder = Folder::new(&[("main.tf", &local("s.tfstate"))]);
    folder.run("init").ok();
    folder.run("plan -out=p").ok();
    let data = folder.path().join(".terrane");
    // Another machine, where init was not run.
    std::fs::rename(&data, folder.path().join("kept")).unwrap();
    folder.run("apply p").ok().says("1 added");
    assert!(folder.read("s.tfstate").contains("terraform_data"));
    std::fs::rename(folder.path().join("kept"), &data).unwrap();
    settled(&folder);
    folder.run("plan -destroy -out=p").ok();
    folder.write("main.tf", &local("t.tfstate"));
    folder.run("init -force-copy").ok();
    folder.run("apply p").exits(1).says("another backend");
}

#[test]
fn remote_states_of_other_folders() {
    let other = applied(&local("other.tfstate"));
    other.run("workspace new dev").ok();
    other.write(
        "main.tf",
        &local("other.tfstate").replace("\"x\"", "\"dev\""),
    );
    other.run("apply -auto-approve").ok();
    let dir = other.path().display().to_string();
    let read = |workspace: &str| {
        format!(
            "data \"terraform_remote_state\" \"r\" {{\n  backend   = \"local\"\n  workspace = \"{workspace}\"\n  config = {{\n    path          = \"{dir}/other.tfstate\"\n    workspace_dir = \"{dir}/terraform.tfstate.d\"\n  }}\n  defaults = {{\n    missing = \"d\"\n  }}\n}}\noutput \"got\" {{\n  value = \"${{data.terraform_remote_state.r.outputs.o}}-${{data.terraform_remote_state.r.outputs.missing}}\"\n}}\n"
        )
    };
    for (workspace, expect) in [("default", "x-d"), ("dev", "dev-d")] {
        let folder = Folder::new(&[("main.tf", &read(workspace))]);
        folder.run("apply -auto-approve").ok();
        folder.run("output -raw got").ok().says(expect);
    }
    Folder::new(&[("main.tf", &read("nope"))])
        .run("plan")
        .exits(1)
        .says("No stored state was found");
    // The embedded store of a folder stands for its state file of the usual name, and for no other.
    let plain = Folder::new(&[("main.tf", "output \"o\" {\n  value = \"embedded\"\n}\n")]);
    plain.run("apply -auto-approve").ok();
    let of = |name: &str| {
        let dir = plain.path().display();
        let text = format!(
            "data \"terraform_remote_state\" \"r\" {{\n  backend = \"local\"\n  config  = {{ path = \"{dir}/{name}\" }}\n}}\noutput \"got\" {{\n  value = data.terraform_remote_state.r.outputs.o\n}}\n"
        );
        Folder::new(&[("main.tf", &text)]).run("plan")
    };
    of("terraform.tfstate").ok().says("embedded");
    of("other.tfstate")
        .exits(1)
        .says("No stored state was found");
    for (backend, config, said) in [
        ("remote", "{}", "HCP Terraform"),
        ("nope", "{}", "no backend type named \"nope\""),
        ("local", "{ pth = \"x\" }", "Did you mean \"path\"?"),
        (
            "s3",
            "{ bucket = \"b\" }",
            "The argument \"key\" is required",
        ),
    ] {
        let text = format!(
            "data \"terraform_remote_state\" \"r\" {{\n  backend = \"{backend}\"\n  config  = {config}\n}}\n"
        );
        Folder::new(&[("main.tf", &text)])
            .run("plan")
            .exits(1)
            .says(said);
    }
}

#[test]
fn commands_about_the_state_work_in_the_backend() {
    let folder = applied(&local("s.tfstate"));
    let pulled = folder.run("state pull").ok().out;
    folder
        .run("state mv terraform_data.a terraform_data.b")
        .ok();
    assert!(folder.read("s.tfstate").contains("\"b\""));
    folder.write("old.tfstate", &pulled);
    folder
        .run("state push old.tfstate")
        .exits(1)
        .says("older than the present state");
    folder.write(
        "alien.tfstate",
        &pulled.replace("\"lineage\": \"", "\"lineage\": \"0"),
    );
    folder
        .run("state push alien.tfstate")
        .exits(1)
        .says("unrelated");
    folder.run("state push -force old.tfstate").ok();
    folder.run("state list").ok().says("terraform_data.a");
    folder.run("taint terraform_data.a").ok();
    assert!(folder.read("s.tfstate").contains("tainted"));
    folder.run("untaint terraform_data.a").ok();
    folder.run("state rm terraform_data.a").ok();
    assert!(!folder.read("s.tfstate").contains("\"a\""));
    assert!(!folder.has("terrane.state"), "nothing is kept elsewhere");
}

#[test]
fn data_folder_and_workspace_come_from_the_environment() {
    let folder = Folder::new(&[("main.tf", &local("s.tfstate"))]);
    let env = [("TF_DATA_DIR", "data"), ("TF_WORKSPACE", "blue")];
    let run = |arguments: &[&str]| -> Ran { folder.run_with(arguments, &env, "") };
    run(&["init"]).ok();
    assert!(folder.has("data/backend.json") && !folder.has(".terrane"));
    run(&["apply", "-auto-approve"]).ok();
    assert!(folder.has("terraform.tfstate.d/blue/terraform.tfstate"));
    run(&["workspace", "show"]).ok().says("blue");
    folder
        .run("plan")
        .exits(1)
        .says("Backend initialization required");
}

#[test]
fn without_backend_the_rest_is_prepared() {
    let folder = Folder::new(&[("main.tf", "terraform {\n  backend \"artifactory\" {}\n}\n")]);
    folder.run("init -backend=false").ok();
    folder.run("validate").ok();
    assert!(!Path::new(&folder.path().join(".terrane/backend.json")).exists());
}

/// The address of a server that has nothing, and lasts as long as this process.
fn empty_server() -> String {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            drop((&stream).write_all(answer.as_bytes()));
        }
    });
    address
}

#[test]
fn secrets_of_the_environment_are_not_written_down() {
    let text = format!(
        "terraform {{\n  backend \"http\" {{\n    address = \"{}/state\"\n  }}\n}}\n",
        empty_server()
    );
    let folder = Folder::new(&[("main.tf", &text)]);
    let env = [
        ("TF_HTTP_PASSWORD", "canary-secret"),
        ("TF_HTTP_USERNAME", "u"),
    ];
    folder.run_with(&["init"], &env, "").ok();
    assert!(!folder.read(".terrane/backend.json").contains("canary"));
}

/// The program beside us, where there is one.
fn peer(folder: &Folder, words: &str, expect: i32) -> Option<String> {
    let program = terrane_tests::oracle::peer::terraform()?;
    let words: Vec<&str> = words.split_whitespace().collect();
    let ran = terrane_tests::oracle::peer::run(program, folder.path(), &words, "");
    assert_eq!(ran.exit, expect, "{words:?}\n{}\n{}", ran.out, ran.err);
    Some(ran.out)
}

#[test]
fn a_peer_goes_on_with_our_state_and_we_with_its() {
    let folder = applied(&local("s.tfstate"));
    let id = ids(&folder);
    if peer(&folder, "init -input=false", 0).is_none() {
        return;
    }
    peer(&folder, "plan -detailed-exitcode", 0);
    folder.write("main.tf", &local("s.tfstate").replace("\"x\"", "\"y\""));
    peer(&folder, "apply -auto-approve", 0);
    settled(&folder);
    folder.run("output o").ok().says("\"y\"");
    assert_eq!(ids(&folder), id);
    folder.write("main.tf", &local("s.tfstate").replace("\"x\"", "\"z\""));
    folder.run("apply -auto-approve").ok();
    peer(&folder, "plan -detailed-exitcode", 0);
    // Workspaces, in the places of the peers.
    folder.run("workspace new dev").ok();
    folder.run("apply -auto-approve").ok();
    peer(&folder, "workspace select dev", 0);
    peer(&folder, "plan -detailed-exitcode", 0);
    peer(&folder, "workspace new ops", 0);
    peer(&folder, "apply -auto-approve", 0);
    folder.run("workspace select ops").ok();
    settled(&folder);
}

#[test]
fn a_folder_of_a_peer_is_taken_over() {
    let folder = Folder::new(&[("main.tf", RESOURCE)]);
    if peer(&folder, "init -input=false", 0).is_none() {
        return;
    }
    peer(&folder, "apply -auto-approve", 0);
    peer(&folder, "workspace new dev", 0);
    peer(&folder, "apply -auto-approve", 0);
    // Without a block: both workspaces, into the embedded store.
    folder
        .run("init -force-copy")
        .ok()
        .says("\"default\"")
        .says("\"dev\"");
    settled(&folder);
    folder.run("workspace select dev").ok();
    settled(&folder);
    // With one, that names what the peer used anyway: nothing to be copied.
    let folder = Folder::new(&[("main.tf", RESOURCE)]);
    peer(&folder, "init -input=false", 0);
    peer(&folder, "apply -auto-approve", 0);
    let before = folder.read("terraform.tfstate");
    folder.write(
        "main.tf",
        &format!("terraform {{\n  backend \"local\" {{}}\n}}\n{RESOURCE}"),
    );
    folder.run("init -input=false").ok();
    settled(&folder);
    assert_eq!(folder.read("terraform.tfstate"), before);
    // A backend of the peer, moved by us to the embedded store.
    let folder = Folder::new(&[("main.tf", &local("theirs.tfstate"))]);
    peer(&folder, "init -input=false", 0);
    peer(&folder, "apply -auto-approve", 0);
    folder.write("main.tf", RESOURCE);
    folder.run("init -force-copy").ok();
    settled(&folder);
    assert!(folder.has("terrane.state"));
}
