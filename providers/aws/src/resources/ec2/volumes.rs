//! The volumes that instances come with.

use super::members;
use crate::json;
use crate::read::is_empty;
use crate::run::{Run, from_map, to_map};
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{Type, Value};

/// Arguments and members of a volume.
const VOLUME: &[(&str, &str)] = &[
    ("delete_on_termination", "DeleteOnTermination"),
    ("encrypted", "Encrypted"),
    ("iops", "Iops"),
    ("kms_key_id", "KmsKeyId"),
    ("snapshot_id", "SnapshotId"),
    ("throughput", "Throughput"),
    ("volume_size", "VolumeSize"),
    ("volume_type", "VolumeType"),
];

fn device(block: &Value) -> Json {
    let mut ebs = members(block, VOLUME);
    let kind = ebs
        .get("VolumeType")
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned();
    // What a type of volume does not have is an error, and so is an encryption that is not wanted of what is encrypted.
    ebs.retain(|name, value| match name.as_str() {
        "Iops" => matches!(kind.as_str(), "gp3" | "io1" | "io2") && value.as_i64() != Some(0),
        "Throughput" => kind == "gp3" && value.as_i64() != Some(0),
        "Encrypted" => value.as_bool() == Some(true),
        "VolumeSize" => value.as_i64() != Some(0),
        _ => true,
    });
    json!({"DeviceName": args::string(block, "device_name"), "Ebs": ebs})
}

/// The devices that an instance is to be made with.
pub(super) fn written(object: &Value) -> Vec<Json> {
    let blocks = |name: &str| args::get(object, name).children().to_vec();
    let mut devices: Vec<Json> = blocks("root_block_device")
        .iter()
        .filter(|block| args::string(block, "device_name").is_some_and(|name| !name.is_empty()))
        .map(device)
        .collect();
    devices.extend(blocks("ebs_block_device").iter().map(device));
    devices.extend(blocks("ephemeral_block_device").iter().map(|block| {
        let mut made = json!({"DeviceName": args::string(block, "device_name")});
        match args::bool(block, "no_device") {
            Some(true) => json::put(&mut made, "NoDevice", "".into()),
            _ => json::put(
                &mut made,
                "VirtualName",
                args::string(block, "virtual_name").into(),
            ),
        }
        made
    }));
    devices
}

/// With the name of the first device, which the image says.
pub(super) async fn with_root(run: &Run<'_>, planned: &Value) -> Answered<Value> {
    let root = args::get(planned, "root_block_device");
    let Some(block) = root.children().first().filter(|_| root.is_known()) else {
        return Ok(planned.clone());
    };
    let mut image = args::string(planned, "ami").unwrap_or_default().to_owned();
    if image.is_empty() {
        // The template says it.
        let template = args::get(planned, "launch_template");
        let template = template.children().first().cloned().unwrap_or(Value::NULL);
        let text = |name: &str| args::string(&template, name).filter(|text| !text.is_empty());
        let mut input = json!({"Versions": [text("version").unwrap_or("$Default")]});
        match (text("id"), text("name")) {
            (Some(id), _) => json::put(&mut input, "LaunchTemplateId", id.into()),
            (None, name) => json::put(&mut input, "LaunchTemplateName", name.into()),
        }
        let answer = run.ask("DescribeLaunchTemplateVersions", input).await?;
        image = json::text_at(
            &answer,
            "LaunchTemplateVersions.0.LaunchTemplateData.ImageId",
        )
        .unwrap_or_default();
    }
    let answer = run
        .ask("DescribeImages", json!({"ImageIds": [image]}))
        .await?;
    let Some(name) = json::text_at(&answer, "Images.0.RootDeviceName") else {
        return Err(Refusal::error(
            "No root device",
            format!("The image {image:?} does not say which device root_block_device is."),
        ));
    };
    let block = args::with(block, "device_name", Value::string(name));
    Ok(args::with(
        planned,
        "root_block_device",
        Value::list(block.ty(), vec![block]),
    ))
}

/// The volumes of an instance, as blocks.
pub(super) async fn found(
    run: &Run<'_>,
    prior: &Value,
    raw: &Json,
) -> Answered<Vec<(&'static str, Value)>> {
    let devices: Vec<&Json> = raw
        .get("BlockDeviceMappings")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .collect();
    let ids: Vec<String> = devices
        .iter()
        .filter_map(|device| json::text_at(device, "Ebs.VolumeId"))
        .collect();
    let answer = match ids.is_empty() {
        true => json!({}),
        false => run
            .ask_unless(
                "DescribeVolumes",
                json!({"VolumeIds": ids}),
                &["InvalidVolume.NotFound"],
            )
            .await?
            .unwrap_or_default(),
    };
    let volume = |id: &str| {
        let all = answer.get("Volumes").and_then(Json::as_array);
        let mut all = all.into_iter().flatten();
        all.find(|volume| json::text_at(volume, "VolumeId").as_deref() == Some(id))
    };
    let root_name = json::text_at(raw, "RootDeviceName").unwrap_or_default();
    let element = |name: &str| super::route::element(run, name);
    let (root_type, ebs_type) = (element("root_block_device"), element("ebs_block_device"));
    let (mut root, mut others) = (Vec::new(), Vec::new());
    for device in devices {
        let name = json::text_at(device, "DeviceName").unwrap_or_default();
        let id = json::text_at(device, "Ebs.VolumeId").unwrap_or_default();
        let Some(volume) = volume(&id) else { continue };
        let (list, ty, block) = match name == root_name {
            true => (&mut root, &root_type, "root_block_device"),
            false => (&mut others, &ebs_type, "ebs_block_device"),
        };
        let before = args::get(prior, block);
        let before = before
            .children()
            .iter()
            .find(|one| args::string(one, "device_name") == Some(name.as_str()))
            .cloned()
            .unwrap_or(Value::NULL);
        list.push(block_of(run, ty, (&name, &id), device, volume, &before));
    }
    Ok(vec![
        ("root_block_device", Value::list(root_type, root)),
        ("ebs_block_device", Value::set(ebs_type, others)),
    ])
}

fn block_of(
    run: &Run<'_>,
    ty: &Type,
    (name, id): (&str, &str),
    device: &Json,
    volume: &Json,
    before: &Value,
) -> Value {
    let Type::Object(object) = ty else {
        return Value::null(ty.clone());
    };
    let text = |path: &str| json::text_at(volume, path).unwrap_or_default();
    let number = |path: &str| text(path).parse::<i64>().unwrap_or(0);
    let tags = volume
        .get("Tags")
        .map(crate::read::entries)
        .unwrap_or_default();
    let tags: std::collections::BTreeMap<String, String> = tags
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .filter(|(key, _)| !run.cx.ignored.has(key))
        .collect();
    let own = to_map(&args::get(before, "tags"));
    let attributes = object.attributes.iter().map(|(attribute, ty)| {
        let value = match attribute.as_str() {
            "device_name" => Value::string(name),
            "volume_id" => Value::string(id),
            "delete_on_termination" => {
                let path = "Ebs.DeleteOnTermination";
                Value::bool(json::get(device, path).and_then(Json::as_bool) == Some(true))
            }
            "encrypted" => Value::bool(text("Encrypted") == "true"),
            "iops" => Value::number(number("Iops")),
            "throughput" => Value::number(number("Throughput")),
            "volume_size" => Value::number(number("Size")),
            "volume_type" => Value::string(text("VolumeType")),
            "kms_key_id" => Value::string(text("KmsKeyId")),
            "snapshot_id" => Value::string(text("SnapshotId")),
            // Tags that volume_tags or others have put there are not the block's.
            "tags" if own.is_empty() => args::get(before, "tags"),
            "tags" | "tags_all" => {
                let mut tags = tags.clone();
                tags.retain(|key, _| own.contains_key(key));
                from_map(&tags)
            }
            _ => Value::NULL,
        };
        let value = if value.is_of(ty) {
            value
        } else {
            Value::null(ty.clone())
        };
        (attribute.clone(), value)
    });
    Value::object(attributes.collect::<Vec<_>>())
}

/// Changes the first volume in place.
pub(super) async fn change_root(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let root = |object: &Value| {
        args::get(object, "root_block_device")
            .children()
            .first()
            .cloned()
    };
    let (Some(before), Some(after)) = (root(prior), root(planned)) else {
        return Ok(());
    };
    let mut input = json!({});
    for (name, member) in [
        ("volume_size", "Size"),
        ("volume_type", "VolumeType"),
        ("iops", "Iops"),
        ("throughput", "Throughput"),
    ] {
        let (old, new) = (args::get(&before, name), args::get(&after, name));
        if old != new && !is_empty(&new) {
            let value = match new.as_str() {
                Some(text) => text.into(),
                None => Json::from(args::int(&after, name)),
            };
            json::put(&mut input, member, value);
        }
    }
    if input != json!({}) {
        json::put(
            &mut input,
            "VolumeId",
            args::string(&before, "volume_id").into(),
        );
        run.ask("ModifyVolume", input).await?;
    }
    let keeps = |block: &Value| args::bool(block, "delete_on_termination");
    if let (old, Some(new)) = (keeps(&before), keeps(&after))
        && old != Some(new)
    {
        let input = json!({
            "InstanceId": run.text("{id}", prior),
            "BlockDeviceMappings": [{
                "DeviceName": args::string(&before, "device_name"),
                "Ebs": {"DeleteOnTermination": new},
            }],
        });
        run.ask("ModifyInstanceAttribute", input).await?;
    }
    Ok(())
}

/// Tags of volumes: those that are said of all, and those of each.
pub(super) async fn change_tags(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let of_blocks = |object: &Value| {
        ["root_block_device", "ebs_block_device"]
            .iter()
            .flat_map(|name| args::get(object, name).children().to_vec())
            .filter(|block| !is_empty(&args::get(block, "tags")))
            .collect::<Vec<Value>>()
    };
    let all = |object: &Value| to_map(&args::get(object, "volume_tags"));
    let (before, after) = (all(prior), all(planned));
    let blocks = of_blocks(planned);
    let same_blocks = !prior.is_null() && of_blocks(prior) == blocks;
    if before == after && (blocks.is_empty() || same_blocks) {
        return Ok(());
    }
    let Some((raw, _)) = run.raw(planned).await? else {
        return Ok(());
    };
    let devices: Vec<(String, String)> = raw
        .get("BlockDeviceMappings")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|device| {
            Some((
                json::text_at(device, "DeviceName")?,
                json::text_at(device, "Ebs.VolumeId")?,
            ))
        })
        .collect();
    let list = |tags: &std::collections::BTreeMap<String, String>| -> Vec<Json> {
        tags.iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect()
    };
    let ids: Vec<&String> = devices.iter().map(|(_, id)| id).collect();
    let gone: Vec<Json> = before
        .keys()
        .filter(|key| !after.contains_key(*key))
        .map(|key| json!({"Key": key}))
        .collect();
    if !gone.is_empty() && !ids.is_empty() {
        run.ask("DeleteTags", json!({"Resources": ids, "Tags": gone}))
            .await?;
    }
    if !after.is_empty() && !ids.is_empty() {
        run.ask(
            "CreateTags",
            json!({"Resources": ids, "Tags": list(&after)}),
        )
        .await?;
    }
    for block in blocks {
        let name = args::string(&block, "device_name").unwrap_or_default();
        let Some((_, id)) = devices.iter().find(|(device, _)| device == name) else {
            continue;
        };
        let tags = to_map(&args::get(&block, "tags"));
        run.ask(
            "CreateTags",
            json!({"Resources": [id], "Tags": list(&tags)}),
        )
        .await?;
    }
    Ok(())
}
