//! `terraform` with this provider as its plugin, against moto: planned, applied, planned again, destroyed. Where there is a `terrane` (`TERRANE_BINARY`), its plan of
//! the same configuration with the provider that it has within is the same one: the same actions, the same known values. Without `terraform` or moto, this is left
//! out, loudly.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

#[expect(
    dead_code,
    unreachable_pub,
    clippy::print_stderr,
    reason = "shared with the tests of stores and of the binary, which use more of it"
)]
#[path = "../../../../tests/support/moto.rs"]
mod moto;

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { owner = "all" }
  }
}

data "aws_caller_identity" "me" {}

resource "aws_sqs_queue" "queue" {
  name          = "peer"
  delay_seconds = 5
  tags          = { a = "b" }
}

resource "aws_sqs_queue_policy" "policy" {
  queue_url = aws_sqs_queue.queue.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = aws_sqs_queue.queue.arn }]
  })
}

resource "aws_iam_role" "role" {
  name_prefix = "peer-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_ecs_task_definition" "task" {
  family                = "peer"
  task_role_arn         = aws_iam_role.role.arn
  container_definitions = jsonencode([{ name = "web", image = "nginx", memory = 128 }])
}

resource "aws_cloudwatch_log_group" "group" {
  name              = "/peer/${data.aws_caller_identity.me.account_id}"
  retention_in_days = 7
}

output "queue" {
  value = aws_sqs_queue.queue.arn
}
"#;

/// A folder with the configuration, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("terrane-aws-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("main.tf"), CONFIGURATION).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A command in a folder, with moto for AWS.
fn run(program: &Path, folder: &Folder, endpoint: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&folder.0);
    for (name, value) in [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "mock"),
        ("AWS_SECRET_ACCESS_KEY", "mock"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("CHECKPOINT_DISABLE", "1"),
        ("TERRANE_AWS", "native"),
        ("TERRANE_AWS_HEADERS", "x-moto-account-id: 600000000001"),
        ("TERRANE_AWS_POLL_SCALE", "0"),
        (
            "TF_CLI_CONFIG_FILE",
            folder.0.join("settings.tfrc").to_str().unwrap(),
        ),
        ("TF_IN_AUTOMATION", "1"),
    ] {
        command.env(name, value);
    }
    command.output().unwrap()
}

/// What a command that succeeds prints.
fn done(program: &Path, folder: &Folder, endpoint: &str, arguments: &[&str]) -> String {
    let output = run(program, folder, endpoint, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}\n{text}\n{errors}");
    text
}

/// Of a plan, by address: the actions, the values after it and which of them are not known.
fn plan(program: &Path, folder: &Folder, endpoint: &str) -> BTreeMap<String, Json> {
    done(
        program,
        folder,
        endpoint,
        &["plan", "-input=false", "-no-color", "-out=p.tfplan"],
    );
    let text = done(program, folder, endpoint, &["show", "-json", "p.tfplan"]);
    let plan: Json = serde_json::from_str(&text).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap().iter();
    let resources = changes.filter(|change| change["mode"] == "managed");
    resources
        .map(|one| {
            let change = &one["change"];
            let kept = serde_json::json!({
                "actions": change["actions"], "after": change["after"], "unknown": change["after_unknown"],
            });
            (one["address"].as_str().unwrap().to_owned(), kept)
        })
        .collect()
}

#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn terraform() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&paths)
        .map(|folder| folder.join("terraform"))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("LEFT OUT: there is no `terraform` on the PATH");
    }
    found
}

#[test]
fn terraform_plans_applies_and_destroys_with_it() {
    let (Some(terraform), Some(moto)) = (terraform(), moto::Moto::start()) else {
        return;
    };
    let endpoint = moto.endpoint();
    let folder = Folder::new("peer");
    let plugins = folder.0.join("plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    let program = plugins.join("terraform-provider-aws");
    std::fs::copy(env!("CARGO_BIN_EXE_terrane-provider-aws"), program).unwrap();
    let settings = format!(
        "provider_installation {{\n  dev_overrides {{\n    \"hashicorp/aws\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
        plugins.display()
    );
    std::fs::write(folder.0.join("settings.tfrc"), settings).unwrap();

    let planned = plan(&terraform, &folder, &endpoint);
    assert_eq!(planned.len(), 5);
    let queue = &planned["aws_sqs_queue.queue"];
    assert_eq!(queue["actions"], serde_json::json!(["create"]));
    assert_eq!(
        queue["after"]["tags_all"],
        serde_json::json!({"a": "b", "owner": "all"})
    );
    assert_eq!(queue["unknown"]["arn"], true);

    match std::env::var_os("TERRANE_BINARY").map(PathBuf::from) {
        Some(terrane) => {
            let own = Folder::new("own");
            std::fs::write(own.0.join("settings.tfrc"), "").unwrap();
            done(&terrane, &own, &endpoint, &["init", "-input=false"]);
            assert_eq!(plan(&terrane, &own, &endpoint), planned);
        }
        None => eprintln!("LEFT OUT: no TERRANE_BINARY to compare plans with"),
    }

    let all = ["-auto-approve", "-input=false", "-no-color"];
    let with = |verb: &'static str| [&[verb][..], &all[..]].concat();
    done(&terraform, &folder, &endpoint, &with("apply"));
    let again = ["plan", "-input=false", "-no-color", "-detailed-exitcode"];
    // An exit code of 2 would say that something is left to do.
    done(&terraform, &folder, &endpoint, &again);
    let gone = done(&terraform, &folder, &endpoint, &with("destroy"));
    assert!(
        gone.contains("Destroy complete! Resources: 5 destroyed."),
        "{gone}"
    );
}
