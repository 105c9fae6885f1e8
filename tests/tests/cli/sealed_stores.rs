//! Encryption in every place where states are kept, through the binary: switched on, enforced, changed, repaired, switched off.

use super::folder::{Folder, Ran};
use super::places::{Place, places};

const CANARY: &str = "canary-5309-input";

fn run(folder: &Folder, place: &Place, words: &str, more: &[(&str, &str)]) -> Ran {
    let arguments: Vec<&str> = words.split_whitespace().collect();
    folder.run_with(&arguments, &place.env(more), "")
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Two passphrases; the rest of the block is `inner`.
fn encryption(inner: &str) -> String {
    let keys = ["one", "two"].map(|name| {
        format!(
            "key_provider \"pbkdf2\" \"{name}\" {{\n  passphrase = \"the passphrase of {name}${{var.more}}\"\n  iterations = 200000\n}}\nmethod \"aes_gcm\" \"{name}\" {{\n  keys = key_provider.pbkdf2.{name}\n}}\n"
        )
    });
    format!(
        "variable \"more\" {{\n  default = \"\"\n}}\nterraform {{\n  encryption {{\n{}\nmethod \"unencrypted\" \"none\" {{}}\n{inner}\n  }}\n}}\n",
        keys.concat()
    )
}

fn state(method: &str, rest: &str) -> String {
    encryption(&format!(
        "state {{\n  method = method.{method}\n  {rest}\n}}"
    ))
}

fn fallback(method: &str) -> String {
    format!("fallback {{\n  method = method.{method}\n}}")
}

/// In all places at the same time.
fn everywhere(check: impl Fn(&Place) + Sync) {
    std::thread::scope(|scope| {
        for place in places() {
            let check = &check;
            // The name stands in the message of a failure.
            std::thread::Builder::new()
                .name(place.name.to_owned())
                .spawn_scoped(scope, move || check(&place))
                .unwrap();
        }
    });
}

fn configuration(place: &Place) -> String {
    format!(
        "terraform {{\n{}}}\nresource \"terraform_data\" \"a\" {{\n  input = \"{CANARY}\"\n}}\noutput \"o\" {{\n  value = terraform_data.a.output\n}}\n",
        place.backend
    )
}

#[test]
fn a_state_in_clear_is_taken_over_enforced_and_rotated() {
    everywhere(|place| {
        let name = place.name;
        let folder = Folder::new(&[("main.tf", &configuration(place))]);
        let go = |words: &str| run(&folder, place, words, &[]);
        let stored = || place.stored(&folder);
        go("init").ok();
        go("apply -auto-approve").ok();
        let clear = stored();
        assert!(holds(&clear, CANARY), "{name}: the search finds nothing");

        // What is in clear is refused unless it may be: nothing is read, nothing written.
        for rest in ["", "enforced = true"] {
            folder.write("encryption.tf", &state("aes_gcm.one", rest));
            for words in ["state list", "plan", "apply -auto-approve", "output o"] {
                go(words).exits(1).says("not encrypted");
            }
        }
        assert!(holds(&stored(), CANARY), "{name}");

        // With the fallback it is read, and encrypted with the next write.
        let migrating = state("aes_gcm.one", &fallback("unencrypted.none"));
        folder.write("encryption.tf", &migrating);
        go("init").ok();
        go("apply -auto-approve").ok().says("0 added");
        assert!(!holds(&stored(), CANARY), "{name}: still in clear");
        folder.write("encryption.tf", &state("aes_gcm.one", "enforced = true"));
        go("plan -detailed-exitcode").ok();
        go("output -raw o").ok().says(CANARY);

        // Somebody who does not have the key changes nothing, and is told.
        let before = stored();
        let wrong = [("TF_VAR_more", "!")];
        for words in [
            "state list",
            "plan",
            "apply -auto-approve",
            "destroy -auto-approve",
        ] {
            let ran = run(&folder, place, words, &wrong).exits(1);
            let said = ran.says("can't be opened").says("fallback");
            assert!(
                !holds(said.err.as_bytes(), "the passphrase of"),
                "{}",
                said.err
            );
        }
        if place.put.is_some() {
            assert!(stored() == before, "{name}: changed");
        }

        // Another key: the old one as fallback, one write, and then without it.
        folder.write("encryption.tf", &state("aes_gcm.two", ""));
        go("state list").exits(1).says("fallback");
        folder.write(
            "encryption.tf",
            &state("aes_gcm.two", &fallback("aes_gcm.one")),
        );
        go("state list").ok().says("terraform_data.a");
        go("apply -auto-approve").ok();
        folder.write("encryption.tf", &state("aes_gcm.two", "enforced = true"));
        go("plan -detailed-exitcode").ok();
        assert!(!holds(&stored(), CANARY), "{name}");
        folder.write("encryption.tf", &state("aes_gcm.one", ""));
        go("state list").exits(1);

        // Where the state is one piece: the one in clear does not come back unnoticed, and neither does that of the old key.
        folder.write("encryption.tf", &state("aes_gcm.two", "enforced = true"));
        if let Some(put) = &place.put {
            let good = stored();
            put(folder.path(), &clear);
            go("plan").exits(1).says("not encrypted");
            put(folder.path(), &before);
            go("plan").exits(1).says("can't be opened");
            put(folder.path(), &good);
        }

        // And off again.
        let off = state("unencrypted.none", &fallback("aes_gcm.two"));
        folder.write("encryption.tf", &off);
        go("apply -auto-approve").ok();
        folder.write("encryption.tf", "");
        go("state list").ok().says("terraform_data.a");
        assert!(holds(&stored(), CANARY), "{name}");
        go("destroy -auto-approve").ok();
    });
}

#[test]
fn upkeep_works_on_what_is_encrypted() {
    everywhere(|place| {
        let folder = Folder::new(&[
            ("main.tf", &configuration(place)),
            ("encryption.tf", &state("aes_gcm.one", "enforced = true")),
        ]);
        let go = |words: &str| run(&folder, place, words, &[]);
        go("init").ok();
        go("apply -auto-approve").ok();
        go("state fsck").ok();
        go("state backup saved").ok();
        go("apply -auto-approve -replace=terraform_data.a").ok();
        let id =
            |ran: Ran| ran.ok().json()["resources"][0]["instances"][0]["attributes"]["id"].clone();
        let later = id(go("state pull"));
        let saved = std::fs::read(folder.path().join("saved")).unwrap();
        assert!(!holds(&saved, CANARY), "{}", place.name);
        let wrong = [("TF_VAR_more", "!")];
        run(&folder, place, "state restore -force saved", &wrong).exits(1);
        assert_eq!(id(go("state pull")), later, "{}", place.name);
        go("state restore -force saved").ok();
        assert_ne!(id(go("state pull")), later, "{}", place.name);
        assert!(!holds(&place.stored(&folder), CANARY), "{}", place.name);
        go("plan -detailed-exitcode").ok();
        go("destroy -auto-approve").ok();
    });
}

/// `init` takes a state in clear to a new backend: it arrives encrypted.
#[test]
fn a_migration_arrives_encrypted() {
    everywhere(|place| {
        if place.backend.is_empty() {
            return;
        }
        let text = configuration(place);
        let folder = Folder::new(&[("main.tf", &text.replace(&place.backend, ""))]);
        folder.run("init").ok();
        folder.run("apply -auto-approve").ok();
        folder.write("main.tf", &text);
        let migrating = state("aes_gcm.one", &fallback("unencrypted.none"));
        folder.write("encryption.tf", &migrating);
        run(&folder, place, "init -force-copy", &[]).ok();
        let stored = place.stored(&folder);
        assert!(!holds(&stored, CANARY), "{}", place.name);
        folder.write("encryption.tf", &state("aes_gcm.one", "enforced = true"));
        run(&folder, place, "plan -detailed-exitcode", &[]).ok();
        run(&folder, place, "destroy -auto-approve", &[]).ok();
    });
}

/// Each state of others is opened with what is said about the data source that reads it.
#[test]
#[expect(clippy::too_many_lines, reason = "one story")]
fn remote_states_have_settings_of_their_own() {
    let others: Vec<Folder> = ["one", "two"]
        .iter()
        .map(|name| {
            let alias = format!("\"pbkdf2\" \"{name}\" {{\n  encrypted_metadata_alias = \"shared\"");
            let sealed = state(&format!("aes_gcm.{name}"), "enforced = true")
                .replace(&format!("\"pbkdf2\" \"{name}\" {{"), &alias);
            let folder = Folder::new(&[
                ("encryption.tf", &sealed),
                (
                    "main.tf",
                    &format!("terraform {{\n  backend \"local\" {{\n    path = \"s.tfstate\"\n  }}\n}}\noutput \"o\" {{\n  value = \"of {name}\"\n}}\n"),
                ),
            ]);
            folder.run("init").ok();
            folder.run("apply -auto-approve").ok();
            folder
        })
        .collect();
    let source = |name: &str, more: &str, at: usize| {
        let path = others[at].path().join("s.tfstate");
        format!(
            "data \"terraform_remote_state\" \"{name}\" {{\n  {more}\n  backend = \"local\"\n  config  = {{ path = \"{}\" }}\n}}\n",
            path.display()
        )
    };
    let main = format!(
        "{}{}module \"m\" {{\n  source   = \"./m\"\n  for_each = toset([\"a\"])\n}}\noutput \"all\" {{\n  value = join(\", \", [data.terraform_remote_state.first.outputs.o, data.terraform_remote_state.second[0].outputs.o, module.m[\"a\"].o])\n}}\n",
        source("first", "", 0),
        source("second", "count = 1", 1),
    );
    let inner = format!(
        "{}output \"o\" {{\n  value = data.terraform_remote_state.first.outputs.o\n}}\n",
        source("first", "", 1)
    );
    let target = |label: &str, key: &str| {
        format!("remote_state_data_source \"{label}\" {{\n  method = method.aes_gcm.{key}\n}}\n")
    };
    let folder = Folder::new(&[("main.tf", &main), ("m/main.tf", &inner)]);
    let set = |settings: &str| {
        let text = encryption(&format!("remote_state_data_sources {{\n{settings}\n}}"));
        let text = text.replace(
            "  iterations = 200000",
            "  iterations = 200000\n  encrypted_metadata_alias = \"shared\"",
        );
        folder.write("encryption.tf", &text);
    };
    for module in [
        "m.first",
        "module.m.first",
        "m[\\\"a\\\"].first",
        "module.m[\\\"a\\\"].first",
    ] {
        for second in ["second", "second[0]"] {
            let default = "default {\n  method = method.aes_gcm.one\n}\n";
            set(&[default, &target(second, "two"), &target(module, "two")].concat());
            let ran = folder.run("plan -no-color").ok();
            assert!(
                ran.out.contains("\"of one, of two, of two\""),
                "{module} {second}: {}",
                ran.out
            );
        }
    }
    // The more exact one counts, and what is not named takes the default.
    set(&[
        target("first", "one"),
        target("second", "one"),
        target("second[0]", "two"),
        target("m.first", "one"),
        target("module.m[\\\"a\\\"].first", "two"),
    ]
    .concat());
    folder.run("apply -auto-approve").ok();
    folder
        .run("output -raw all")
        .ok()
        .says("of one, of two, of two");
    // Another key does not open it, and none at all does not either.
    set(&[
        target("first", "two"),
        target("second", "two"),
        target("m.first", "two"),
    ]
    .concat());
    folder.run("plan").exits(1).says("can't be opened");
    set(&[target("first", "one"), target("m.first", "two")].concat());
    folder.run("plan").exits(1).says("encrypted");
}
