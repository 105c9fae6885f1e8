//! Providers that are installed: from a folder, since there is no network here.

use crate::folder::{Folder, Ran};

/// What this machine is called in the names of packages.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}_{arch}")
}

/// Puts a package into the mirror: a program that says its version and fails.
fn publish(folder: &Folder, addr: &str, version: &str) {
    let name = addr.rsplit('/').next().unwrap();
    let path = format!(
        "mirror/{addr}/{version}/{}/terraform-provider-{name}_v{version}",
        platform()
    );
    folder.write(&path, &format!("#!/bin/sh\nexit {}\n", version.len()));
}

fn configuration(constraint: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    cloud = {{\n      source = \"acme/cloud\"\n      version = \"{constraint}\"\n    }}\n  }}\n}}\n"
    )
}

fn init(folder: &Folder, words: &str) -> Ran {
    folder.run(&format!("init -no-color -plugin-dir=mirror {words}"))
}

/// What went wrong, however it is wrapped.
fn told(ran: &Ran) -> String {
    ran.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn from_the_first_init_to_the_next_one() {
    let folder = Folder::new(&[("main.tf", &configuration("~> 1.0"))]);
    for version in ["1.0.0", "1.2.3", "2.0.0"] {
        publish(&folder, "registry.opentofu.org/acme/cloud", version);
    }
    let ran = init(&folder, "");
    assert_eq!(ran.exit, 0, "{ran:?}");
    for line in [
        "- Finding acme/cloud versions matching \"~> 1.0\"...",
        "- Installing acme/cloud v1.2.3...",
        "- Installed acme/cloud v1.2.3 (unauthenticated)",
        "- acme/cloud v1.2.3 (plugin)",
    ] {
        assert!(ran.out.contains(line), "{line}: {ran:?}");
    }
    assert!(
        ran.out.contains("new lock file") && ran.out.contains("T6213"),
        "{ran:?}"
    );
    assert_eq!(
        folder.read(".terraform.lock.hcl"),
        r#"# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.opentofu.org/acme/cloud" {
  version     = "1.2.3"
  constraints = "~> 1.0"
  hashes = [
    "h1:cmoPfm7m1lcFEJetyhW/3waBrsN5ViEBHDU0CqLsG6k=",
  ]
}
"#
    );
    assert!(
        folder
            .read(".terrane.lock.hcl")
            .contains("mode = \"plugin\"")
    );
    let version = folder.run("version -json");
    assert!(
        version
            .out
            .contains("\"registry.opentofu.org/acme/cloud\": \"1.2.3\""),
        "{version:?}"
    );

    // Nothing changes the second time, and nothing has to be written.
    let ran = init(&folder, "-lockfile=readonly");
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("- Using previously-installed acme/cloud v1.2.3"),
        "{ran:?}"
    );

    // Another version is a matter of -upgrade.
    folder.write("main.tf", &configuration(">= 2.0"));
    let ran = init(&folder, "");
    assert!(ran.exit == 1 && told(&ran).contains("T6208"), "{ran:?}");
    assert!(
        told(&ran).contains("\">= 2.0\" in the root module (main.tf:"),
        "{ran:?}"
    );
    let ran = init(&folder, "-upgrade");
    assert!(
        ran.exit == 0 && ran.out.contains("- Installed acme/cloud v2.0.0"),
        "{ran:?}"
    );
}

#[test]
fn what_is_not_installed_is_told_by_other_commands() {
    let folder = Folder::new(&[("main.tf", &configuration("1.0.0"))]);
    publish(&folder, "registry.opentofu.org/acme/cloud", "1.0.0");
    let ran = folder.run("plan -no-color");
    assert!(ran.exit == 1 && told(&ran).contains("T6210"), "{ran:?}");
    assert!(told(&ran).contains("run `terrane init`"), "{ran:?}");
    assert_eq!(init(&folder, "").exit, 0);
    // The package is a link to the mirror; what is there counts.
    let path = format!(
        "mirror/registry.opentofu.org/acme/cloud/1.0.0/{}/more",
        platform()
    );
    folder.write(&path, "x");
    let ran = folder.run("validate -no-color");
    assert!(
        ran.exit == 1 && told(&ran).contains("none of the checksums"),
        "{ran:?}"
    );
    std::fs::remove_dir_all(folder.path().join(".terraform")).unwrap();
    let ran = folder.run("validate -no-color");
    assert!(
        ran.exit == 1 && told(&ran).contains("version 1.0.0 is not installed"),
        "{ran:?}"
    );
}

/// A folder that the peer has locked stays as it is.
#[test]
fn the_lock_file_of_the_peer() {
    let folder = Folder::new(&[("main.tf", &configuration("~> 1.0"))]);
    publish(&folder, "registry.terraform.io/acme/cloud", "1.0.0");
    publish(&folder, "registry.terraform.io/acme/cloud", "1.2.3");
    let lock = r#"# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/acme/cloud" {
  version     = "1.2.3"
  constraints = "~> 1.0"
  hashes = [
    "h1:cmoPfm7m1lcFEJetyhW/3waBrsN5ViEBHDU0CqLsG6k=",
  ]
}
"#;
    folder.write(".terraform.lock.hcl", lock);
    let ran = init(&folder, "-lockfile=readonly");
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(folder.read(".terraform.lock.hcl"), lock);
    folder.write(".terraform.lock.hcl", &lock.replace("1.2.3\"", "1.2\""));
    let ran = init(&folder, "");
    assert!(ran.exit == 1 && told(&ran).contains("line 5:"), "{ran:?}");
}

#[test]
fn constraints_that_contradict_each_other() {
    let folder = Folder::new(&[
        (
            "main.tf",
            &(configuration(">= 1.0") + "module \"inner\" {\n  source = \"./inner\"\n}\n"),
        ),
        ("inner/main.tf", &configuration("< 1.0")),
    ]);
    publish(&folder, "registry.opentofu.org/acme/cloud", "1.0.0");
    let ran = init(&folder, "");
    assert!(ran.exit == 1 && told(&ran).contains("T6207"), "{ran:?}");
    assert!(
        told(&ran).contains("\">= 1.0\" in the root module (main.tf:"),
        "{ran:?}"
    );
    assert!(
        told(&ran).contains("\"< 1.0\" in module.inner (inner/main.tf:"),
        "{ran:?}"
    );
    assert!(!folder.has(".terraform.lock.hcl"));
}

#[test]
fn a_provider_whose_publisher_nobody_named() {
    let folder = Folder::new(&[
        (
            "main.tf",
            &(configuration(">= 1.0") + "module \"inner\" {\n  source = \"./inner\"\n}\n"),
        ),
        ("inner/main.tf", "resource \"cloud_thing\" \"a\" {}\n"),
    ]);
    publish(&folder, "registry.opentofu.org/acme/cloud", "1.0.0");
    let ran = init(&folder, "");
    assert!(ran.exit == 1 && told(&ran).contains("T6206"), "{ran:?}");
    let text = told(&ran);
    assert!(
        text.contains("did you mean acme/cloud?") && text.contains("module.inner"),
        "{ran:?}"
    );
}

#[test]
fn native_or_plugin() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"random_pet\" \"a\" {\n  length = 2\n}\n",
    )]);
    let record = ".terrane.lock.hcl";
    let ran = folder.run("init -no-color");
    assert!(ran.exit == 0 && ran.out.contains("(native)"), "{ran:?}");
    assert!(folder.read(record).contains("mode = \"native\""));
    assert!(!folder.has(".terraform.lock.hcl"));
    // The plugin can't be had here, so nothing changes.
    let ran = init(&folder, "-provider-mode=plugin");
    assert!(ran.exit == 1 && told(&ran).contains("T6206"), "{ran:?}");
    assert!(folder.read(record).contains("mode = \"native\""));
    publish(&folder, "registry.terraform.io/hashicorp/random", "3.5.0");
    let ran = init(&folder, "-provider-mode=plugin");
    assert!(
        ran.exit == 0 && ran.out.contains("(plugin: -provider-mode=plugin)"),
        "{ran:?}"
    );
    // That is remembered, and used: the program here is none that can be spoken to.
    let ran = init(&folder, "");
    assert!(ran.out.contains("(plugin: chosen before"), "{ran:?}");
    let ran = folder.run("plan -no-color");
    assert!(
        ran.exit == 1 && told(&ran).contains("hashicorp/random"),
        "{ran:?}"
    );
    let ran = init(&folder, "-upgrade");
    assert!(ran.exit == 0 && ran.out.contains("(native)"), "{ran:?}");
    assert_eq!(folder.run("plan -no-color").exit, 0);
    // The lock of the plugin stays, for the peers.
    assert!(
        folder
            .read(".terraform.lock.hcl")
            .contains("hashicorp/random")
    );
    // What the native one does not have.
    folder.write(
        "main.tf",
        "resource \"random_pet\" \"a\" {\n  frobnicate = 2\n}\n",
    );
    let ran = folder.run("init -no-color -provider-mode=native");
    assert!(
        ran.exit == 1 && told(&ran).contains("T6212") && told(&ran).contains("frobnicate"),
        "{ran:?}"
    );
    let ran = init(&folder, "");
    assert!(
        ran.exit == 0 && ran.out.contains("does not have \"frobnicate\""),
        "{ran:?}"
    );
}

#[test]
fn flags_that_make_no_sense() {
    let folder = Folder::new(&[("main.tf", "")]);
    for words in [
        "-lockfile=no",
        "-provider-mode=x",
        "-upgrade -lockfile=readonly",
    ] {
        let ran = folder.run(&format!("init -no-color {words}"));
        assert_eq!(ran.exit, 1, "{ran:?}");
    }
    assert_eq!(folder.run("providers lock -platform=x").exit, 1);
}

#[test]
fn locking_and_mirroring_from_a_folder() {
    let folder = Folder::new(&[("main.tf", &configuration("~> 1.0"))]);
    publish(&folder, "registry.opentofu.org/acme/cloud", "1.2.3");
    let lock = format!(
        "providers lock -no-color -fs-mirror=mirror -platform={}",
        platform()
    );
    let ran = folder.run(&lock);
    assert!(
        ran.exit == 0 && ran.out.contains("updated the lock file"),
        "{ran:?}"
    );
    assert!(
        folder
            .read(".terraform.lock.hcl")
            .contains("h1:cmoPfm7m1lcFEJetyhW/3waBrsN5ViEBHDU0CqLsG6k=")
    );
    let ran = folder.run(&lock);
    assert!(
        ran.exit == 0 && ran.out.contains("all of these checksums already"),
        "{ran:?}"
    );
    let ran = folder.run("providers lock -no-color -fs-mirror=mirror -platform=plan9_mips");
    assert!(
        ran.exit == 1 && told(&ran).contains("plan9_mips"),
        "{ran:?}"
    );
    // `providers` needs nothing installed.
    let ran = folder.run("providers -no-color");
    assert!(
        ran.exit == 0 && ran.out.contains("acme/cloud] ~> 1.0"),
        "{ran:?}"
    );
}
