//! Sources of data that no emulator has.

use crate::script::Script;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_value::Value;

async fn read(
    operation: &'static str,
    answer: Json,
    (name, config): (&str, Json),
) -> (Value, Vec<Json>) {
    let (world, script) = Script::world([(operation, vec![Ok(answer)])], json!({})).await;
    let state = world.data(name, config).await;
    (state, script.inputs(operation))
}

#[tokio::test]
async fn outposts_are_found_by_what_is_said_of_them() {
    let outpost = |id: &str, owner: &str| json!({"OutpostId": id, "OutpostArn": format!("arn:{id}"), "OwnerId": owner, "Name": "n", "AvailabilityZone": "eu-west-1a", "Tags": {"a": "b"}});
    let all = json!({"Outposts": [outpost("op-1", "1"), outpost("op-2", "2")]});
    let config = json!({"name": "n", "owner_id": "2"});
    let (found, _) = read("ListOutposts", all, ("aws_outposts_outpost", config)).await;
    assert_eq!(args::string(&found, "id"), Some("op-2"));
    assert_eq!(args::string(&found, "arn"), Some("arn:op-2"));
    assert_eq!(
        args::string(&found, "availability_zone"),
        Some("eu-west-1a")
    );
    let tags = args::get(&found, "tags");
    assert_eq!(args::string(&tags, "a"), Some("b"));
}

#[tokio::test]
async fn groups_are_found_by_name() {
    let told =
        json!({"GroupId": "g-1", "IdentityStoreId": "d-1", "DisplayName": "n", "Description": "d"});
    let answers = [
        (
            "GetGroupId",
            vec![Ok(json!({"GroupId": "g-1", "IdentityStoreId": "d-1"}))],
        ),
        ("DescribeGroup", vec![Ok(told)]),
    ];
    let (world, script) = Script::world(answers, json!({})).await;
    let known =
        json!({"unique_attribute": {"attribute_path": "DisplayName", "attribute_value": "n"}});
    let config = json!({"identity_store_id": "d-1", "alternate_identifier": known});
    let found = world.data("aws_identitystore_group", config).await;
    assert_eq!(args::string(&found, "group_id"), Some("g-1"));
    assert_eq!(args::string(&found, "description"), Some("d"));
    let asked = &script.inputs("GetGroupId")[0];
    assert_eq!(
        asked["AlternateIdentifier"]["UniqueAttribute"]["AttributeValue"],
        "n"
    );
}

#[tokio::test]
async fn tokens_are_taken_apart() {
    // AWS:secret
    let answer = json!({"authorizationData": {"authorizationToken": "QVdTOnNlY3JldA==", "expiresAt": "2026-01-01T00:00:00Z"}});
    let name = "aws_ecrpublic_authorization_token";
    let (found, _) = read("GetAuthorizationToken", answer, (name, json!({}))).await;
    assert_eq!(args::string(&found, "user_name"), Some("AWS"));
    assert_eq!(args::string(&found, "password"), Some("secret"));
}

#[tokio::test]
async fn lists_of_what_there_is() {
    let answer = json!({"Instances": [{"InstanceArn": "arn:i", "IdentityStoreId": "d-1"}]});
    let (found, _) = read(
        "ListInstances",
        answer,
        ("aws_ssoadmin_instances", json!({})),
    )
    .await;
    assert_eq!(args::strings(&found, "arns").unwrap(), ["arn:i"]);
    assert_eq!(
        args::strings(&found, "identity_store_ids").unwrap(),
        ["d-1"]
    );
    let answer = json!({"Regions": [{"RegionName": "eu-west-1"}, {"RegionName": "eu-west-2"}]});
    let asked = ("aws_regions", json!({"all_regions": true}));
    let (found, inputs) = read("DescribeRegions", answer, asked).await;
    assert_eq!(args::strings(&found, "names").unwrap().len(), 2);
    assert_eq!(inputs[0]["AllRegions"], true);
    let answer = json!({"clusterVersions": [{"clusterVersion": "1.33", "defaultVersion": true, "clusterType": "eks"}]});
    let config = json!({"default_only": true, "cluster_type": "eks"});
    let asked = ("aws_eks_cluster_versions", config);
    let (found, inputs) = read("DescribeClusterVersions", answer, asked).await;
    let versions = args::get(&found, "cluster_versions");
    let first = versions.children().first().unwrap();
    assert_eq!(args::string(first, "cluster_version"), Some("1.33"));
    assert_eq!(
        inputs[0],
        json!({"clusterType": "eks", "defaultOnly": true})
    );
    assert_eq!(found.get("id"), None, "the source has none");
}
