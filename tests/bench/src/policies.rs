//! What policies take of a large plan: the ones that ship, all packages, over a plan in JSON, as a whole command.

use crate::asked::Asked;
use crate::side_by_side::{lay, median, step};
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::io::Write;

/// What objects are like, by turns: type, and its attributes beside tags. Nothing of it is denied, so every rule is held against every object.
const KINDS: [(&str, &str); 5] = [
    (
        "aws_instance",
        "\"instance_type\":\"t3.micro\",\"root_block_device\":[{\"encrypted\":true,\"volume_size\":20}]",
    ),
    ("aws_s3_bucket", "\"acl\":\"private\",\"bucket\":\"b\""),
    (
        "aws_security_group",
        "\"ingress\":[{\"from_port\":443,\"to_port\":443,\"cidr_blocks\":[\"0.0.0.0/0\"],\"ipv6_cidr_blocks\":[]}]",
    ),
    (
        "aws_db_instance",
        "\"storage_encrypted\":true,\"publicly_accessible\":false,\"instance_class\":\"db.t3.micro\"",
    ),
    (
        "aws_sqs_queue",
        "\"kms_master_key_id\":null,\"sqs_managed_sse_enabled\":true",
    ),
];

/// Measures as the arguments say, and writes a table in Markdown: `-program PATH`, `-sizes N,M`, `-runs N`, `-most SECONDS` (more is a fault).
///
/// # Errors
/// For arguments that make no sense, for a command that fails, and where policies take more than they may.
pub fn run(arguments: impl Iterator<Item = String>, out: &mut impl Write) -> Result<()> {
    let asked = Asked::read(arguments, 10_000)?;
    let folder = tempfile::tempdir().context("making a folder")?;
    step(&asked.program, &["policy", "init", "policy"], &folder)?;
    writeln!(out, "| n | plan | policy check |")?;
    writeln!(out, "|---|---|---|")?;
    let mut worst = 0.0_f64;
    // With a plan of nothing, what is left is reading and understanding the policies.
    for size in [0].into_iter().chain(asked.sizes.iter().copied()) {
        let text = plan(size)?;
        let bytes = text.len();
        lay(&folder, &[("plan.json".to_owned(), text)])?;
        let mut costs = Vec::new();
        for _ in 0..asked.runs {
            let words = [
                "policy",
                "check",
                "-policy=policy",
                "-policy-data=policy",
                "-policy-namespace=*",
                "plan.json",
            ];
            costs.push(step(&asked.program, &words, &folder)?);
        }
        let time = median(&mut costs).context("at least one run")?.time;
        worst = worst.max(time.as_secs_f64());
        writeln!(
            out,
            "| {size} | {} KiB | {:.3} s |",
            bytes >> 10,
            time.as_secs_f64()
        )?;
        out.flush()?;
    }
    asked.judge("policies take", worst, "s")
}

/// A plan that creates so many objects.
fn plan(size: usize) -> Result<String> {
    let mut text = String::from(
        "{\"format_version\":\"1.2\",\"terraform_version\":\"1.11.4\",\"planned_values\":{\"root_module\":{}},\"configuration\":{\"root_module\":{}},\"resource_changes\":[",
    );
    for (at, (kind, attributes)) in KINDS.iter().cycle().take(size).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let tags =
            "{\"owner\":\"ana\",\"environment\":\"test\",\"cost_center\":\"7\",\"Name\":\"n\"}";
        write!(
            text,
            "{comma}{{\"address\":\"{kind}.r[{at}]\",\"mode\":\"managed\",\"type\":\"{kind}\",\"name\":\"r\",\"index\":{at},\"provider_name\":\"registry.terraform.io/hashicorp/aws\",\"change\":{{\"actions\":[\"create\"],\"before\":null,\"after\":{{{attributes},\"tags\":{tags},\"tags_all\":{tags}}},\"after_unknown\":{{\"id\":true,\"arn\":true}},\"before_sensitive\":false,\"after_sensitive\":{{}}}}}}"
        )?;
    }
    text.push_str("]}");
    Ok(text)
}
