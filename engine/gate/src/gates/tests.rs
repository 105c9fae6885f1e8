use super::{File, Gates, parse};
use crate::key::PrivateKey;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_lang::source::SourceMap;

fn read(text: &str) -> (Gates, Diagnostics) {
    let file = File {
        role: crate::gates::Role::Gates,
        name: "gates.tfgate.hcl".to_owned(),
        content: text.as_bytes().to_vec(),
    };
    parse(&mut SourceMap::default(), &[file])
}

fn key(seed: u8) -> String {
    PrivateKey::from_seed(&[seed; 32]).public().to_string()
}

#[test]
fn a_file_is_read() {
    let text = format!(
        r#"
        signed_plans = true
        person "ana" {{
          keys     = ["{} ana@laptop"]
          accounts = ["ana@*"]
          expires  = "2027-01-31T00:00:00Z"
        }}
        person "bob" {{ keys = ["{}"] }}
        group "dba" {{ members = ["bob"] }}
        owners {{
          types  = ["aws_db_*"]
          people = ["dba"]
        }}
        gate "databases" {{
          description = "what holds data"
          match {{
            actions = ["destroy"]
            types   = ["aws_db_*", "aws_rds_*"]
            tags    = {{ env = "prod" }}
          }}
          match {{ risks = ["lossy"] }}
          except {{ addresses = ["module.test.*"] }}
          approvals {{
            count   = 1
            from    = ["dba", "ana"]
            owners  = true
            max_age = "1d12h"
          }}
          window {{
            cron     = "0 22 * * 1-5"
            duration = "8h"
            timezone = "Europe/Berlin"
          }}
          limit {{ deletes = 3 }}
          confirm = true
        }}
        gate "rest" {{ auto_approve = true }}
        break_glass {{ from = ["ana"] }}
        amend {{ count = 2 }}
        "#,
        key(1),
        key(2)
    );
    let (gates, diagnostics) = read(&text);
    assert_eq!(diagnostics, Diagnostics::new());
    assert!(gates.signed_plans);
    assert_eq!(gates.people["ana"].expires_ms, Some(1_801_353_600_000));
    let gate = &gates.gates[0];
    assert_eq!(gate.matches[0].actions, ["delete", "replace"]);
    assert_eq!(gate.approvals[0].max_age_ms, Some(36 * 3_600_000));
    assert_eq!(
        gate.approvals[0].from.as_deref(),
        Some(&["ana".into(), "bob".into()][..])
    );
    assert!(gates.may_approve(&gate.approvals[0], "bob", &["aws_db_instance".into()]));
    assert!(!gates.may_approve(&gate.approvals[0], "bob", &["aws_instance".into()]));
    assert!(!gates.may_approve(&gate.approvals[0], "ana", &["aws_db_instance".into()]));
    assert_eq!(gates.amend.map(|amend| amend.count), Some(2));
}

#[test]
fn what_is_wrong_is_said() {
    let people = format!("person \"ana\" {{\n  keys = [\"{}\"]\n}}\n", key(1));
    let gate = |body: &str| format!("{people}gate \"g\" {{\n{body}\n}}\n");
    for (text, codes) in [
        (gate("auto_approve = true"), vec![]),
        (gate(""), vec!["T3709"]),
        (gate("auto_approve = true\nconfirm = true"), vec!["T3707"]),
        (gate("approvals {\n  count = 0\n}"), vec!["T3704"]),
        (gate("approvals {\n  count = 1.5\n}"), vec!["T3704"]),
        (gate("approvals {\n  count = 2\n}"), vec!["T3708"]),
        (
            gate("approvals {\n  from = [\"anna\"]\n}"),
            vec!["T3702", "T3708"],
        ),
        (gate("approvals {\n  max_age = \"8\"\n}"), vec!["T3704"]),
        (
            gate("match {\n  actions = [\"destory\"]\n}\nconfirm = true"),
            vec!["T3705"],
        ),
        (
            gate("match {\n  risks = [\"high\"]\n}\nconfirm = true"),
            vec!["T3705"],
        ),
        (gate("window {\n  cron = \"* * * * *\"\n}"), vec!["T3706"]),
        (
            gate("window {\n  cron = \"x\"\n  duration = \"1h\"\n}"),
            vec!["T3706"],
        ),
        (
            gate("window {\n  cron = \"0 1 * * *\"\n  duration = \"1h\"\n  timezone = \"Mars\"\n}"),
            vec!["T3706"],
        ),
        (format!("{people}{people}"), vec!["T3701"]),
        (
            format!("{people}person \"bob\" {{\n  keys = [\"{}\"]\n}}\n", key(1)),
            vec!["T3703"],
        ),
        (
            "person \"ana\" {\n  keys = [\"mine\"]\n}".to_owned(),
            vec!["T3703"],
        ),
        (
            "person \"ana\" {\n  expires = \"soon\"\n}".to_owned(),
            vec!["T3704"],
        ),
        (gate("deny = var.x"), vec!["T0308"]),
        (gate("denied = \"x\"\nconfirm = true"), vec!["T0301"]),
    ] {
        let (_, diagnostics) = read(&text);
        let found: Vec<_> = diagnostics.iter().filter_map(|one| one.code).collect();
        let same = found.len() == codes.len()
            && found.iter().zip(&codes).all(|(found, code)| {
                found == code || code.starts_with("T030") && found.starts_with("T030")
            });
        assert!(same, "{text}: {diagnostics:#?}");
        let warning =
            |one: &terrane_lang::diagnostic::Diagnostic| one.severity == Severity::Warning;
        assert!(
            diagnostics
                .iter()
                .all(|one| one.subject.is_some() && (!warning(one) || one.code == Some("T3708"))),
            "{text}"
        );
    }
}

#[test]
fn the_digest_is_of_all_files_whatever_their_order() {
    let file = |name: &str, text: &str| File {
        role: crate::gates::Role::Gates,
        name: name.to_owned(),
        content: text.as_bytes().to_vec(),
    };
    let digest = |files: &[File]| parse(&mut SourceMap::default(), files).0.digest;
    let (a, b) = (file("a.tfgate.hcl", "# 1"), file("b.tfgate.hcl", ""));
    assert_eq!(
        digest(&[a.clone(), b.clone()]),
        digest(&[b.clone(), a.clone()])
    );
    assert_ne!(digest(&[a.clone(), b]), digest(std::slice::from_ref(&a)));
    assert_ne!(digest(&[file("a.tfgate.hcl", "# 2")]), digest(&[a]));
}
