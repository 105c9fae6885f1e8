//! Keys whose material comes from outside.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::{Value as Json, json};

/// The public half of an RSA key, as KMS gives one for an import: DER in base64.
const WRAPPING: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqrNm4PQRVrkjVDQZcDVLNeDuH6xt1ggK1xexr5CuR81B/P2XX7LwZGX4apNweLr1y/ifigxApzzDU1KsGZ6u8IMPgbVBtTEAvy4L53NPL1Xyhp7sNeTimGU1q31RzZgMK6Sxjd/MqRswBkgClUlSYV0dTtuHuBWEPfifythzizHc6o4iWdBOBwPHVCdvjg1otzKKfuS7ez79rtO372QXzl5GcWbVm7v3xQ+jSpX27Crq+KwkhDSSimt8no3Q6khqI4IaLGUSt56t5A2myAYXA1jXbh0xL/YJxZuAHV6rYUtOVDQet8oY3tgxjSQxFq3O3TMSnNI8hlWoGU8JH9CqBQIDAQAB";

fn about(put: &Json) -> Json {
    let imported = put.get("EncryptedKeyMaterial").is_some();
    let mut about = json!({
        "KeyId": "k1", "Arn": "arn:aws:kms:eu-west-1:123456789012:key/k1", "KeyManager": "CUSTOMER", "Origin": "EXTERNAL", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
        "Description": put["Description"], "Enabled": imported, "KeyState": if imported { "Enabled" } else { "PendingImport" },
    });
    if imported {
        let told = json!({"ExpirationModel": put["ExpirationModel"], "ValidTo": put["ValidTo"]});
        about = with(&about, &[], &told);
    }
    about
}

/// What only the provider knows of keys whose material is brought along.
const OWN: &[&str] = &[
    "key_material_base64",
    "deletion_window_in_days",
    "bypass_policy_lockout_safety_check",
];

/// Material is packed for KMS alone, with the token that came with the key for it; until it is there, the key is not used.
#[tokio::test]
async fn material_is_imported() {
    let key = Service {
        type_name: "aws_kms_external_key",
        create: "CreateKey",
        update: &["ImportKeyMaterial", "UpdateKeyDescription"],
        delete: "ScheduleKeyDeletion",
        shown: |operation, put| match operation {
            "CreateKey" | "DescribeKey" => json!({"KeyMetadata": about(put)}),
            "ListKeys" => json!({"Keys": [{"KeyId": "k1"}]}),
            "GetKeyPolicy" => json!({"Policy": "{}"}),
            "GetParametersForImport" => {
                json!({"KeyId": "k1", "PublicKey": WRAPPING, "ImportToken": "dG9rZW4="})
            }
            "ListResourceTags" => json!({"Tags": []}),
            _ => json!({}),
        },
        gone: Some("NotFoundException"),
    };
    let config = |until: &str| json!({"description": "d", "key_material_base64": "Wblj06fduthWggmsT0cLVoIMOkeLbc2kVfMud77i/JY=", "valid_to": until, "policy": "{}"});
    let life = Life {
        config: config("2030-01-01T00:00:00Z"),
        other: config("2031-01-01T00:00:00Z"),
        renewed: vec![(
            json!({"key_material_base64": "AAAA"}),
            "key_material_base64",
        )],
        import: "k1",
        unknown: OWN,
        sent: vec![
            ("CreateKey", "/Origin", json!("EXTERNAL")),
            (
                "GetParametersForImport",
                "/WrappingAlgorithm",
                json!("RSAES_OAEP_SHA_256"),
            ),
            ("ImportKeyMaterial", "/ImportToken", json!("dG9rZW4=")),
            (
                "ImportKeyMaterial",
                "/ExpirationModel",
                json!("KEY_MATERIAL_EXPIRES"),
            ),
            (
                "ImportKeyMaterial",
                "/ValidTo",
                json!("2031-01-01T00:00:00Z"),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(key, life).await;
}

/// A replica of such a key has material of its own.
#[tokio::test]
async fn replicas_take_material_too() {
    let key = Service {
        type_name: "aws_kms_replica_external_key",
        create: "ReplicateKey",
        update: &["ImportKeyMaterial", "UpdateKeyDescription"],
        delete: "ScheduleKeyDeletion",
        shown: |operation, put| match operation {
            "ReplicateKey" => json!({"ReplicaKeyMetadata": about(put)}),
            "DescribeKey" => {
                let primary = json!({"MultiRegionKeyType": "REPLICA", "PrimaryKey": {"Arn": PRIMARY, "Region": "eu-west-2"}});
                let told = json!({"MultiRegion": true, "MultiRegionConfiguration": primary});
                json!({"KeyMetadata": with(&about(put), &[], &told)})
            }
            "ListKeys" => json!({"Keys": [{"KeyId": "k1"}]}),
            "GetKeyPolicy" => json!({"Policy": "{}"}),
            "GetParametersForImport" => {
                json!({"KeyId": "k1", "PublicKey": WRAPPING, "ImportToken": "dG9rZW4="})
            }
            "ListResourceTags" => json!({"Tags": []}),
            _ => json!({}),
        },
        gone: Some("NotFoundException"),
    };
    let config = |description: &str| json!({"description": description, "primary_key_arn": PRIMARY, "key_material_base64": "Wblj06fduthWggmsT0cLVoIMOkeLbc2kVfMud77i/JY=", "policy": "{}"});
    let life = Life {
        config: config("d"),
        other: config("e"),
        renewed: vec![(
            json!({"key_material_base64": "AAAA"}),
            "key_material_base64",
        )],
        import: "k1",
        unknown: OWN,
        sent: vec![
            ("ReplicateKey", "/KeyId", json!("mrk-1")),
            ("ReplicateKey", "/ReplicaRegion", json!("eu-west-1")),
            (
                "ImportKeyMaterial",
                "/ExpirationModel",
                json!("KEY_MATERIAL_DOES_NOT_EXPIRE"),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(key, life).await;
}

const PRIMARY: &str = "arn:aws:kms:eu-west-2:123456789012:key/mrk-1";
