//! Secrets of every kind stay where the language puts them, also when things go wrong: refusals, crashes, kills.
//!
//! Without encryption a state holds sensitive attributes, and a saved plan sensitive variables, as with the peers. What is ephemeral or write-only,
//! and the credentials of connections, providers, stores and key providers, stand in no file at all, but for what a user hands to `init`
//! (`-backend-config`), which the record of the backend keeps.

use super::encryption::{files, no_file_sings, sings, stays_silent};
use super::folder::{Folder, Ran, binary};
use super::services;
use std::process::{Command, Stdio};

const TRACE: [(&str, &str); 2] = [("TF_LOG", "trace"), ("RUST_BACKTRACE", "full")];

fn run(folder: &Folder, words: &str, env: &[(&str, &str)]) -> Ran {
    let env: Vec<(&str, &str)> = TRACE.iter().chain(env).copied().collect();
    let arguments: Vec<&str> = words.split_whitespace().collect();
    folder.run_with(&arguments, &env, "")
}

/// Runs a command, and fails where a canary is heard in what it says.
#[track_caller]
fn quiet(folder: &Folder, words: &str, env: &[(&str, &str)], canaries: &[&str]) -> Ran {
    let ran = run(folder, words, env);
    stays_silent(&ran, words, canaries);
    ran
}

const SIM: &str = r#"
terraform {
  required_providers {
    sim = {
      source = "terrane.dev/test/sim"
    }
  }
}
variable "secret" {
  type      = string
  sensitive = true
}
variable "fleeting" {
  type      = string
  ephemeral = true
}
variable "region" {
  type      = string
  sensitive = true
  default   = "here"
}
provider "sim" {
  secret = var.fleeting
  region = var.region
}
resource "sim_instance" "i" {
  name              = "i"
  image             = "img"
  password          = var.secret
  secret_wo         = var.fleeting
  secret_wo_version = 1
}
output "password" {
  value     = sim_instance.i.password
  sensitive = true
}
"#;

const SECRET: (&str, &str) = ("TF_VAR_secret", "canary-secret-5309x");
const FLEETING: (&str, &str) = ("TF_VAR_fleeting", "canary-fleeting-77Kq");
const WORLD: (&str, &str) = ("TERRANE_SIM", "7");
const SEALED: (&str, &str) = (
    "TF_ENCRYPTION",
    "key_provider \"pbkdf2\" \"p\" {\n  passphrase = \"canary-passphrase-31\"\n  iterations = 200000\n}\nmethod \"aes_gcm\" \"m\" {\n  keys = key_provider.pbkdf2.p\n}\nstate {\n  method   = method.aes_gcm.m\n  enforced = true\n}\nplan {\n  method   = method.aes_gcm.m\n  enforced = true\n}",
);
const PASSPHRASE: &str = "canary-passphrase-31";

/// A provider that panics with everything it was asked in its message: the place is told, and nothing else.
#[test]
fn a_crash_tells_no_value() {
    let canaries = [SECRET.1, FLEETING.1, PASSPHRASE];
    for sealed in [false, true] {
        let folder = Folder::new(&[("main.tf", SIM)]);
        let mut env = vec![SECRET, FLEETING, WORLD, ("TERRANE_SIM_CRASHES", "1")];
        env.extend(sealed.then_some(SEALED));
        quiet(&folder, "init", &env, &canaries).ok();
        for words in ["apply -auto-approve", "apply -auto-approve -json"] {
            let ran = quiet(&folder, words, &env, &canaries).exits(1);
            assert!(ran.err.contains("crashed at "), "{}", ran.err);
            assert!(ran.err.contains("provider.rs:"), "{}", ran.err);
        }
        quiet(&folder, "plan", &env, &canaries);
        quiet(&folder, "show -json", &env, &canaries[1..]);
        no_file_sings(&folder, if sealed { &canaries } else { &canaries[1..] });
    }
}

/// Write-only arguments, ephemeral values and settings of providers, while all goes well and when the provider complains about them.
#[test]
fn what_providers_are_given_is_not_told() {
    let canaries = [SECRET.1, FLEETING.1, PASSPHRASE];
    for sealed in [false, true] {
        let stored = if sealed {
            &canaries[..]
        } else {
            &canaries[1..]
        };
        let folder = Folder::new(&[("main.tf", SIM)]);
        let mut env = vec![SECRET, FLEETING, WORLD];
        env.extend(sealed.then_some(SEALED));
        for words in [
            "init",
            "validate -json",
            "plan -out=p",
            "show p",
            "apply p",
            "show",
            "state list",
            "state show sim_instance.i",
            "output",
            "state history",
        ] {
            quiet(&folder, words, &env, &canaries).ok();
            no_file_sings(&folder, stored);
        }
        // The value in its own words, where the language says so: nowhere for what is ephemeral.
        for words in ["show -json", "show -json p", "output -json", "state pull"] {
            quiet(&folder, words, &env, &canaries[1..]).ok();
        }
        let mut wrong = env.clone();
        wrong.push(("TF_VAR_region", "nowhere"));
        for words in ["plan", "apply -auto-approve", "apply -auto-approve -json"] {
            quiet(&folder, words, &wrong, &canaries).exits(1);
            let ran = quiet(&folder, words, &wrong, &["nowhere"]).exits(1);
            assert!(!ran.err.is_empty() || !ran.out.is_empty());
        }
        // A session that is not open: the provider says so of the value that it was given.
        let mut ended = env.clone();
        ended.push(("TF_VAR_fleeting", "session-canary-99Zz"));
        quiet(
            &folder,
            "apply -auto-approve",
            &ended,
            &["session-canary-99Zz"],
        )
        .exits(1);
        no_file_sings(&folder, &["session-canary-99Zz"]);
        no_file_sings(&folder, stored);
    }
}

/// Passwords and keys of connections: of hosts that nobody answers on, that refuse them, and that cannot be read.
#[test]
fn connections_keep_their_credentials() {
    let key = include_str!("../../../providers/ssh/tests/keys/rsa.pem");
    let line = key.lines().nth(3).unwrap();
    let main = r#"
variable "password" {
  type      = string
  ephemeral = true
}
variable "key" {
  type      = string
  ephemeral = true
}
resource "terraform_data" "host" {
  connection {
    host        = "127.0.0.1"
    port        = 1
    user        = "me"
    password    = var.password
    private_key = var.key
    timeout     = "1s"
    agent       = false
    bastion_host     = BASTION
    bastion_password = var.password
    bastion_port     = 1
  }
  provisioner "remote-exec" {
    inline = ["echo ${self.id}"]
  }
}
"#;
    for (bastion, key) in [
        ("null", key.to_owned()),
        ("\"127.0.0.1\"", key.to_owned()),
        ("null", key.replace("PRIVATE KEY", "CANARY KEY")),
        ("null", key.replacen('M', "!", 5)),
    ] {
        let folder = Folder::new(&[("main.tf", &main.replace("BASTION", bastion))]);
        let env = [
            ("TF_VAR_password", "canary-password-61Rd"),
            ("TF_VAR_key", &key),
        ];
        let canaries = ["canary-password-61Rd", line];
        quiet(&folder, "plan -out=p", &env, &canaries).ok();
        no_file_sings(&folder, &canaries);
        for words in [
            "apply p",
            "apply -auto-approve -json",
            "apply -auto-approve",
        ] {
            quiet(&folder, words, &env, &canaries).exits(1);
            no_file_sings(&folder, &canaries);
        }
        quiet(&folder, "state show terraform_data.host", &env, &canaries).ok();
    }
}

/// Credentials of stores: from the environment they stand nowhere, from `init` in the record of the backend only.
#[test]
fn stores_keep_their_credentials() {
    let server = services::http_server::Server::start(None);
    server.with(|inner| inner.login = Some(String::from("Basic eDp5")));
    let http = format!(
        "backend \"http\" {{\n  address  = \"{}/s\"\n  username = \"me\"\n}}",
        server.address
    );
    let s3 = "backend \"s3\" {\n  bucket = \"b\"\n  key = \"k\"\n  region = \"us-east-1\"\n  max_retries = 0\n  endpoints = { s3 = \"http://127.0.0.1:9\" }\n  skip_credentials_validation = true\n  skip_requesting_account_id = true\n  skip_metadata_api_check = true\n}";
    let canary = "canary-store-88Wm";
    let nowhere =
        format!("postgres://me:{canary}@127.0.0.1:9/db?sslmode=disable&connect_timeout=1");
    let conn_str = format!("-backend-config=conn_str={nowhere}");
    let broken = format!("postgres://me:{canary}@[not a host/db");
    for (backend, given, env) in [
        (
            http.as_str(),
            "-backend-config=password=canary-store-88Wm",
            vec![],
        ),
        (http.as_str(), "", vec![("TF_HTTP_PASSWORD", canary)]),
        (
            s3,
            "-backend-config=access_key=AKIA0 -backend-config=secret_key=canary-store-88Wm",
            vec![],
        ),
        (
            s3,
            "",
            vec![
                ("AWS_ACCESS_KEY_ID", "AKIA0"),
                ("AWS_SECRET_ACCESS_KEY", canary),
            ],
        ),
        ("backend \"pg\" {}", conn_str.as_str(), vec![]),
        (
            "backend \"pg\" {}",
            "",
            vec![("PG_CONN_STR", nowhere.as_str())],
        ),
        (
            "backend \"pg\" {}",
            "",
            vec![("PG_CONN_STR", broken.as_str())],
        ),
    ] {
        let main = format!("terraform {{\n{backend}\n}}\nresource \"terraform_data\" \"a\" {{}}\n");
        let folder = Folder::new(&[("main.tf", &main)]);
        let init = format!("init -input=false {given}");
        for words in [init.as_str(), "plan", "state list", "apply -auto-approve"] {
            let words = words.trim();
            let ran = run(&folder, words, &env);
            let shown = format!("{}{}", ran.out, ran.err);
            assert!(
                !sings(shown.as_bytes(), canary),
                "{backend} {words}:\n{shown}"
            );
            assert_ne!(ran.exit, 101, "{shown}");
        }
        for path in files(folder.path()) {
            let record = path.ends_with(".terrane/backend.json");
            let may = record && !given.is_empty();
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                may || !sings(&bytes, canary),
                "{backend} {}",
                path.display()
            );
            #[cfg(unix)]
            if record {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = path.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{mode:o}");
            }
        }
    }
}

/// Credentials of key providers, when the services do not answer or the credentials do not do.
#[test]
fn key_providers_keep_their_credentials() {
    let canary = "canary-keys-42Vb and long";
    let user = format!(
        "{{\\\"type\\\":\\\"authorized_user\\\",\\\"client_id\\\":\\\"c\\\",\\\"client_secret\\\":\\\"{canary}\\\",\\\"refresh_token\\\":\\\"{canary}\\\",\\\"token_uri\\\":\\\"http://127.0.0.1:9/\\\"}}"
    );
    let gcp = "kms_encryption_key = \"projects/p/locations/l/keyRings/r/cryptoKeys/k\"\n  key_length = 32\n";
    let azure = "vault_uri = \"http://127.0.0.1:9\"\n  vault_key_name = \"k\"\n  key_length = 32\n  tenant_id = \"t\"\n  client_id = \"c\"\n";
    for (kind, arguments) in [
        ("pbkdf2", format!("passphrase = \"{canary}\"")),
        (
            "pbkdf2",
            format!("passphrase = \"{canary}\"\n  iterations = \"{canary}\""),
        ),
        ("pbkdf2", format!("passphrase = \"{canary}\" + 1")),
        (
            "aws_kms",
            format!(
                "kms_key_id = \"k\"\n  key_spec = \"AES_256\"\n  region = \"us-east-1\"\n  access_key = \"a\"\n  secret_key = \"{canary}\"\n  token = \"{canary}\"\n  max_retries = 0\n  endpoints {{\n    kms = \"http://127.0.0.1:9\"\n  }}"
            ),
        ),
        (
            "openbao",
            format!("key_name = \"k\"\n  address = \"http://127.0.0.1:9\"\n  token = \"{canary}\""),
        ),
        ("gcp_kms", format!("{gcp}  credentials = \"{user}\"")),
        ("gcp_kms", format!("{gcp}  credentials = \"{canary}\"")),
        (
            "azure_vault",
            format!("{azure}  client_secret = \"{canary}\""),
        ),
        (
            "azure_vault",
            format!("{azure}  use_oidc = true\n  oidc_token = \"{canary}\""),
        ),
        (
            "external",
            format!("command = [\"sh\", \"-c\", \"cat > /dev/null; echo '{{ {canary}'\"]"),
        ),
    ] {
        let text = format!(
            "key_provider \"{kind}\" \"p\" {{\n  {arguments}\n}}\nmethod \"aes_gcm\" \"m\" {{\n  keys = key_provider.{kind}.p\n}}\nstate {{\n  method = method.aes_gcm.m\n}}\n"
        );
        let folder = Folder::new(&[("main.tf", "resource \"terraform_data\" \"a\" {}\n")]);
        let env = [
            ("TF_ENCRYPTION", text.as_str()),
            ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:9"),
        ];
        for words in [
            "init",
            "validate",
            "apply -auto-approve",
            "apply -auto-approve -json",
        ] {
            let ran = quiet(&folder, words, &env, &[canary]);
            let works =
                kind == "pbkdf2" && !arguments.contains("iterations") && !arguments.contains('+');
            assert!(
                !words.starts_with("apply") || works || ran.exit == 1,
                "{kind}: {}",
                ran.err
            );
            no_file_sings(&folder, &[canary]);
        }
    }
}

/// Killed in the middle: neither what was left behind nor what the next commands say of it holds a secret.
#[cfg(unix)]
#[test]
fn a_kill_leaves_nothing_behind() {
    use std::io::Read as _;
    let main = r#"
variable "secret" {
  type      = string
  sensitive = true
}
variable "fleeting" {
  type      = string
  ephemeral = true
}
resource "terraform_data" "a" {
  triggers_replace = var.secret
  provisioner "local-exec" {
    command     = "echo $S $F > /dev/null; echo here > marker; cat fifo"
    environment = { S = var.secret, F = var.fleeting }
  }
}
"#;
    let canaries = [SECRET.1, FLEETING.1, PASSPHRASE];
    let folder = Folder::new(&[("main.tf", main)]);
    let env = [SECRET, FLEETING, SEALED];
    for fifo in ["fifo", "marker"] {
        let made = Command::new("mkfifo")
            .arg(folder.path().join(fifo))
            .status();
        assert!(made.unwrap().success());
    }
    let mut child = Command::new(binary())
        .args(["apply", "-auto-approve"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(TRACE.iter().chain(&env).copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Opened for reading as soon as the provisioner writes.
    let mut marker = std::fs::File::open(folder.path().join("marker")).unwrap();
    let mut said = String::new();
    marker.read_to_string(&mut said).unwrap();
    child.kill().unwrap();
    // The provisioner lives on; it ends when its pipe does.
    drop(
        std::fs::OpenOptions::new()
            .write(true)
            .open(folder.path().join("fifo"))
            .unwrap(),
    );
    let output = child.wait_with_output().unwrap();
    for bytes in [&output.stdout, &output.stderr] {
        for canary in canaries {
            assert!(!sings(bytes, canary), "{}", String::from_utf8_lossy(bytes));
        }
    }
    for fifo in ["fifo", "marker"] {
        std::fs::remove_file(folder.path().join(fifo)).unwrap();
    }
    no_file_sings(&folder, &canaries);
    for words in ["plan", "state list", "state history", "state fsck", "show"] {
        quiet(&folder, words, &env, &canaries).ok();
    }
    no_file_sings(&folder, &canaries);
}

/// A provider whose objects hold secrets, and a resource whose argument is one.
const VIEWED: &str = r#"
resource "sim_network" "n" {
  name = "n"
  cidr = "10.0.0.0/16"
  tags = {
    key = var.secret
  }
}
resource "null_resource" "r" {
  triggers = {
    key = var.secret
  }
}
"#;

const LISTS: &str = "list \"sim_network\" \"all\" {\n  provider = sim\n}\n";

/// Rules that look at what is secret, and no price for it.
const PRICES: &str = r#"{
  "format": 1, "currency": "EUR", "source": "a test", "published": "2026-10-01", "prices": [
    {"service": "shop", "attributes": {"size": "small"}, "unit": "Hrs", "tiers": [{"from": 0, "price": 0.1}]}
  ],
  "rules": {"format": 1, "types": {
    "sim_instance": {"usage": {"h": 730}, "parts": [{"name": "p", "service": {"name": "shop", "global": true},
      "attributes": {"size": {"from": "password"}}, "amount": [{"usage": "h"}]}]},
    "null_resource": {"usage": {"h": 730}, "parts": [{"name": "p", "service": {"name": "shop", "global": true},
      "attributes": {"size": {"from": "triggers.key", "map": {"a": "small"}}}, "amount": [{"usage": "h"}]}]}
  }}
}"#;

/// What looks at states and plans. LAST: the present version.
const LOOKS: [&str; 24] = [
    "why -plan=p null_resource.r",
    "why -json -plan=p sim_instance.i",
    "why null_resource.r",
    "graph",
    "graph -format=html -plan=p",
    "graph -format=json -plan=p",
    "graph -format=svg -plan=p",
    "cost show -price-book=prices.json p",
    "cost show -json -price-book=prices.json p",
    "plan -json -price-book=prices.json -policy=policy",
    "policy check -policy=policy p",
    "apply p",
    "audit",
    "audit -json",
    "audit -export",
    "audit -verify",
    "state history -json",
    "state diff 1",
    "state diff -json 1",
    "state show -version=LAST null_resource.r",
    "plan -to=LAST",
    "state fsck",
    "state backup -lock=false saved",
    "drift -json -html=page.html",
];

const POLICY: &str = "package main\n\nwarn contains msg if {\n  some change in input.resource_changes\n  msg := sprintf(\"%s is planned\", [change.address])\n}\n";

/// A folder with all that can be looked at, and whom to tell of drift.
fn viewed(hooks: &str) -> Folder {
    let hooks = format!(
        "webhook \"w\" {{\n  url = \"{hooks}/hook\"\n  secret_env = \"HOOK\"\n}}\nslack \"s\" {{\n  url_env = \"SLACK\"\n  least = \"harmless\"\n}}\n"
    );
    Folder::new(&[
        ("main.tf", &format!("{SIM}{VIEWED}")),
        ("find.tfquery.hcl", LISTS),
        ("prices.json", PRICES),
        ("policy/main.rego", POLICY),
        ("hooks.hcl", &hooks),
    ])
}

/// Somebody else changes what there is: a password, and what is no secret.
fn change_the_world(ledger: &std::path::Path) {
    let world = terrane_sim::World::recorded(ledger, 7).unwrap();
    for object in world.objects() {
        let (attribute, text) = match object.type_name.as_str() {
            "sim_instance" => ("password", OTHER),
            _ => ("cidr", "10.9.0.0/16"),
        };
        let value = terrane_value::Value::string(text);
        assert!(world.mutate(&object.id, |state| {
            terrane_provider::args::with(state, attribute, value.clone())
        }));
    }
}

const OTHER: &str = "canary-other-88Tn";
const HOOK: (&str, &str) = ("HOOK", "canary-hook-30Pe");
const SLACK: &str = "canary-slack-51Jz";

/// Whatever looks at states, plans and the world: why, graphs, costs, policies, the audit log, history, backups, drift and whom it is told to, queries.
#[test]
fn no_view_tells_a_secret() {
    let server = services::http_server::Server::start(None);
    let folder = viewed(&server.address);
    let ledger = tempfile::tempdir().unwrap();
    let ledger = ledger.path().join("ledger");
    let slack = format!("{}/{SLACK}", server.address);
    let place = ("TERRANE_SIM_LEDGER", ledger.to_str().unwrap());
    let env = [
        SECRET,
        FLEETING,
        WORLD,
        SEALED,
        place,
        HOOK,
        ("SLACK", &slack),
    ];
    let canaries = [SECRET.1, FLEETING.1, PASSPHRASE, HOOK.1, SLACK, OTHER];
    let look = |words: &str, exit: i32| {
        quiet(&folder, words, &env, &canaries).exits(exit);
    };
    look("init", 0);
    for more in ["", " -replace=null_resource.r -replace=sim_instance.i"] {
        look(&format!("plan -out=p{more}"), 0);
        for words in LOOKS {
            if words.contains("LAST") {
                let state = run(&folder, "state pull", &env).ok().json();
                look(&words.replace("LAST", &state["serial"].to_string()), 0);
            } else {
                look(words, 0);
            }
        }
        no_file_sings(&folder, &canaries);
    }
    change_the_world(&ledger);
    for (words, exit) in [
        ("drift -json -html=page.html -notify=hooks.hcl", 2),
        ("drift -unmanaged", 2),
        ("adopt", 0),
        ("reconcile -out=r", 0),
        ("show r", 0),
        ("query", 0),
        ("query -generate-config-out=found.out", 0),
    ] {
        look(words, exit);
    }
    let sent = server.with(|inner| inner.seen.clone());
    assert_eq!(sent.len(), 2, "both were told");
    for seen in sent {
        let head = format!("{:?}", seen.headers);
        for canary in canaries {
            assert!(canary == SLACK || !sings(seen.target.as_bytes(), canary));
            assert!(!sings(&seen.body, canary) && !sings(head.as_bytes(), canary));
        }
    }
    // What the cloud says of tags is no secret of the schema; it is what a query is for.
    std::fs::remove_file(folder.path().join("found.out")).unwrap();
    no_file_sings(&folder, &canaries);
}
