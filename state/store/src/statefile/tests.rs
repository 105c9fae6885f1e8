//! Reading and writing of state files, compared with files that Terraform itself wrote.

use super::{WriteOptions, compact, indent, read, write};
use crate::StoreError;
use terrane_model::snapshot::{Snapshot, Status};

const APPLIED: &str = include_str!("../../testdata/terraform-1.11.4-applied.tfstate");
const REWRITTEN: &str = include_str!("../../testdata/terraform-1.11.4-rewritten.tfstate");

fn state(text: &str) -> Snapshot {
    read("test", text.as_bytes()).unwrap().snapshot
}

/// A file of Terraform comes back byte for byte.
#[test]
fn what_terraform_wrote_comes_back_byte_for_byte() {
    for text in [APPLIED, REWRITTEN] {
        // The one thing that is not kept apart: providers that were said to live on OpenTofu's registry.
        let text = text.replace("registry.opentofu.org", "registry.terraform.io");
        let written = write(&state(&text), &WriteOptions::default()).unwrap();
        assert_eq!(written, text);
    }
}

/// Everything is understood, not only carried along.
#[test]
fn objects_are_read_with_all_their_parts() {
    let state = state(REWRITTEN);
    assert_eq!((&*state.lineage, state.serial), ("abc", 7));
    let find = |text: &str| state.instance(&text.parse().unwrap()).unwrap();
    let a = find(r#"terraform_data.z["a"]"#);
    assert_eq!(a.changed_at, 7);
    let deposed: Vec<_> = a.deposed.keys().map(|key| key.0.as_str()).collect();
    assert_eq!(deposed, ["00adbeef", "deadbeef"]);
    let tainted = a.deposed.values().last().unwrap();
    assert_eq!(tainted.status, Status::Tainted);
    assert_eq!(tainted.schema_version, 3);
    assert_eq!(&*tainted.private, b"hello");
    assert_eq!(
        &*tainted.attributes,
        r#"{"z":1,"id":"1","deep":{"a":"\u003c\u2028\u003c/\/","n":1.500}}"#
    );
    assert_eq!(tainted.sensitive, [terrane_value::Path::new().attr("id")]);
    let b = find(r#"terraform_data.z["b"]"#).current.clone().unwrap();
    assert!(b.create_before_destroy);
    let dependencies: Vec<_> = b.dependencies.iter().map(ToString::to_string).collect();
    assert_eq!(dependencies, ["b.c", "a.b", "module.m.a.b"]);
    assert!(
        find(r#"module.m["é$${z}\"q"].terraform_data.x"#)
            .current
            .is_some()
    );
    let provider = |text: &str| state.resources[&text.parse().unwrap()].provider.to_string();
    assert_eq!(
        provider("data.znull_resource.a"),
        r#"provider["registry.opentofu.org/hashicorp/null"]"#
    );
    assert_eq!(
        provider("null_resource.yy"),
        r#"module.q.provider["registry.opentofu.org/hashicorp/null"].al"#
    );
    assert_eq!(
        provider("terraform_data.z"),
        r#"provider["terraform.io/builtin/terraform"]"#
    );
}

/// The form of OpenTofu where one resource has instances of several provider instances.
#[test]
fn provider_keys_stand_with_the_instances() {
    let text = r#"{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"managed","type":"t","name":"n","instances":[
        {"index_key":"a","provider":"provider[\"registry.opentofu.org/hashicorp/null\"].by[\"eu \\\"1\\\"\"]","attributes":{}},
        {"index_key":"b","provider":"provider[\"registry.opentofu.org/hashicorp/null\"].by[2]","attributes":{}}]}]}"#;
    let state = state(text);
    let keys: Vec<_> = state
        .instances()
        .map(|(.., instance)| {
            let object = instance.current.as_ref().unwrap();
            object.provider_key.clone().unwrap().to_string()
        })
        .collect();
    assert_eq!(keys, [r#"["eu \"1\""]"#, "[2]"]);
    let written = write(&state, &WriteOptions::default()).unwrap();
    assert!(
        written.contains(r#""provider": "provider[\"registry.terraform.io/hashicorp/null\"].by[\"eu \\\"1\\\"\"]""#),
        "{written}"
    );
    assert_eq!(read("again", written.as_bytes()).unwrap().snapshot, state);
}

/// Old ways of naming providers are kept, since what they stand for is not known.
#[test]
fn legacy_providers_are_read() {
    for (text, expected) in [
        (
            "provider.null",
            r#"provider["registry.opentofu.org/-/null"]"#,
        ),
        (
            "provider.null.x",
            r#"provider["registry.opentofu.org/-/null"].x"#,
        ),
        (
            "module.a.provider.terraform",
            r#"module.a.provider["terraform.io/builtin/terraform"]"#,
        ),
        (
            r#"provider[\"registry.terraform.io/-/null\"]"#,
            r#"provider["registry.opentofu.org/-/null"]"#,
        ),
    ] {
        let text = format!(
            r#"{{"version":4,"resources":[{{"mode":"managed","type":"t","name":"n","provider":"{text}","instances":[{{"attributes":{{}}}}]}}]}}"#
        );
        let state = state(&text);
        let found = state.resources.values().next().unwrap();
        assert_eq!(found.provider.to_string(), expected);
    }
}

/// Whatever is wrong with a file is an error that says what and where.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn bad_files_are_errors() {
    let resource = |rest: &str| {
        format!(
            r#"{{"version":4,"resources":[{{"mode":"managed","type":"t","name":"n",{rest}}}]}}"#
        )
    };
    let instance = |rest: &str| {
        resource(&format!(
            r#""provider":"provider[\"a/b/c\"]","instances":[{{{rest}}}]"#
        ))
    };
    let cases = [
        (String::new(), "it is empty"),
        ("  \n".to_owned(), "it is empty"),
        ("{".to_owned(), "not a whole JSON document"),
        ("[]".to_owned(), "not a whole JSON document"),
        ("{}".to_owned(), "no `version`"),
        (r#"{"version":4,"resources":{}}"#.to_owned(), "line 1"),
        (
            r#"{"version":4,"outputs":{"a":{"value":1,"type":"int"}}}"#.to_owned(),
            "output `a`: ",
        ),
        (
            r#"{"version":4,"outputs":{"a":{"value":{},"type":"string"}}}"#.to_owned(),
            "output `a`",
        ),
        (
            resource(r#""instances":[{"attributes":{}}]"#),
            "names no provider",
        ),
        (
            resource(r#""provider":"x","instances":[]"#),
            "`x` is not the address",
        ),
        (
            resource(r#""module":"modul.a","provider":"provider.x""#),
            "module:",
        ),
        (instance(r#""attributes":[]"#), "not an object"),
        (instance(""), "no `attributes`"),
        (
            instance(r#""attributes_flat":{"id":"1"}"#),
            "Terraform 0.11",
        ),
        (
            instance(r#""attributes":{},"status":"odd""#),
            "status `odd`",
        ),
        (instance(r#""attributes":{},"private":"?""#), "not base64"),
        (
            instance(r#""attributes":{},"index_key":1.5"#),
            "index_key `1.5`",
        ),
        (
            instance(r#""attributes":{},"index_key":-1"#),
            "index_key `-1`",
        ),
        (
            instance(r#""attributes":{},"dependencies":["module.a"]"#),
            "not a resource",
        ),
        (
            instance(r#""attributes":{},"sensitive_attributes":[[{"type":"odd","value":1}]]"#),
            "step `odd`",
        ),
        (
            instance(r#""attributes":{}},{"attributes":{}"#),
            "resources[0] (`t.n`): instances[1]: the same object",
        ),
    ];
    for (text, expected) in cases {
        match read("the.tfstate", text.as_bytes()) {
            Err(StoreError::Damaged { what, problem }) => {
                assert_eq!(what, "the.tfstate");
                assert!(problem.contains(expected), "{problem}\nlacks: {expected}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let refused = read(
        "the.tfstate",
        br#"{"version":3,"terraform_version":"0.11.14"}"#,
    );
    assert!(
        matches!(&refused, Err(StoreError::Refused(text)) if text.contains("Terraform 0.11.14") && text.contains("state pull")),
        "{refused:?}"
    );
    assert!(matches!(
        read("the.tfstate", br#"{"version":5}"#),
        Err(StoreError::TooNew {
            found: 5,
            known: 4,
            ..
        })
    ));
    assert!(matches!(
        read("the.tfstate", b"{\"version\":4,\"lineage\":\"\xff\"}"),
        Err(StoreError::Damaged { .. })
    ));
}

/// A file cut off anywhere is an error, never a panic and never taken for a smaller state.
#[test]
fn truncated_files_are_errors() {
    let end = APPLIED.trim_end().len();
    for len in (0..end).step_by(17) {
        assert!(
            read("cut", &APPLIED.as_bytes()[..len]).is_err(),
            "cut at {len}"
        );
    }
}

/// Nesting as deep as one likes neither overflows the stack nor hangs.
#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let attributes = format!(
        r#"{{"version":4,"resources":[{{"mode":"managed","type":"t","name":"n","provider":"provider.x","instances":[{{"attributes":{{"a":{deep}}}}}]}}]}}"#
    );
    let state = state(&attributes);
    assert_eq!(state.instance_count(), 1);
    assert_eq!(
        read(
            "again",
            write(&state, &WriteOptions::default()).unwrap().as_bytes()
        )
        .unwrap()
        .snapshot,
        state
    );
    for text in [
        deep.clone(),
        format!(r#"{{"version":4,"outputs":{{"a":{{"type":"dynamic","value":{deep}}}}}}}"#),
        format!(r#"{{"version":4,"outputs":{{"a":{{"value":1,"type":{deep}}}}}}}"#),
        format!(r#"{{"version":{deep}}}"#),
    ] {
        assert!(read("deep", text.as_bytes()).is_err());
    }
}

#[test]
fn json_is_laid_out_as_go_does() {
    let text = r#" { "a" : [ ] , "b":{ },"c":[1.50,{"d":"<\"&{[, "}],"e":"\\" } "#;
    assert_eq!(
        compact(text),
        r#"{"a":[],"b":{},"c":[1.50,{"d":"<\"&{[, "}],"e":"\\"}"#
    );
    let mut out = String::new();
    indent(&mut out, text, 1);
    let expected = "{
    \"a\": [],
    \"b\": {},
    \"c\": [
      1.50,
      {
        \"d\": \"\\u003c\\\"\\u0026{[, \"
      }
    ],
    \"e\": \"\\\\\"
  }";
    assert_eq!(out, expected);
}
