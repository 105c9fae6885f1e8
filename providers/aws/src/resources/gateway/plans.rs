//! Usage plans, and names of one's own for REST APIs.

use super::patch::Patched;
use super::rest::tagged;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn usage_plan() -> Table {
    tagged(Table::new("aws_api_gateway_usage_plan", "apigateway"))
        .names(&[
            ("quota_settings", "quota"),
            ("throttle_settings", "throttle"),
        ])
        .by_function(&[
            "api_stages",
            "description",
            "name",
            "product_code",
            "quota_settings",
            "throttle_settings",
        ])
        .create(op("CreateUsagePlan").except(&["api_stages"]))
        .input(|operation, input, object| {
            if operation == "CreateUsagePlan" {
                let stages = args::get(object, "api_stages");
                let stages: Vec<Json> = stages.children().iter().map(stage).collect();
                if !stages.is_empty() {
                    json::put(input, "apiStages", stages.into());
                }
            }
        })
        .id_out("id")
        .read(op("GetUsagePlan").set("usagePlanId", "{id}"))
        .answer(|_, found| {
            let stages = found.get_mut("apiStages").and_then(Json::as_array_mut);
            for one in stages.into_iter().flatten() {
                // Limits are told by path.
                if let Some(Json::Object(limits)) = one.get("throttle").cloned() {
                    let limits = limits.into_iter().map(|(path, mut limit)| {
                        json::put(&mut limit, "path", path.into());
                        limit
                    });
                    json::put(one, "throttle", limits.collect());
                }
            }
        })
        .delete(op("DeleteUsagePlan").set("usagePlanId", "{id}"))
        .arn("arn:{partition}:apigateway:{region}::/usageplans/{id}")
        .hooks(Plan)
}

/// A stage as a creation takes it.
fn stage(block: &Value) -> Json {
    let text = |name: &str| args::string(block, name).unwrap_or_default().to_owned();
    let mut made = json!({"apiId": text("api_id"), "stage": text("stage")});
    for limit in args::get(block, "throttle").children() {
        let path = args::string(limit, "path").unwrap_or_default();
        made["throttle"][path] = limits(limit);
    }
    made
}

/// How many requests at once, and in a second.
fn limits(block: &Value) -> Json {
    let mut made = json!({"burstLimit": args::int(block, "burst_limit").unwrap_or(0)});
    let rate = args::get(block, "rate_limit");
    if let Some(number) = rate.as_number() {
        let number: Option<serde_json::Number> = number.to_string().parse().ok();
        json::put(
            &mut made,
            "rateLimit",
            number.map_or(Json::Null, Json::Number),
        );
    }
    made
}

#[derive(Debug)]
struct Plan;

impl Plan {
    #[expect(clippy::too_many_lines, reason = "one path after the other")]
    fn patches(prior: &Value, planned: &Value) -> Vec<Json> {
        let changed = |name: &str| !same_at(prior, planned, name);
        let block =
            |object: &Value, name: &str| args::get(object, name).children().first().cloned();
        let one = |op: &str, path: &str, value: Option<Json>| {
            let mut made = json!({"op": op, "path": path});
            if let Some(value) = value {
                json::put(&mut made, "value", json::text(&value).into());
            }
            made
        };
        let mut all = Vec::new();
        for (name, path) in [
            ("name", "/name"),
            ("description", "/description"),
            ("product_code", "/productCode"),
        ] {
            if changed(name) {
                let text = args::string(planned, name).unwrap_or_default();
                all.push(one("replace", path, Some(text.into())));
            }
        }
        for (name, path, members) in [
            (
                "throttle_settings",
                "/throttle",
                &[("rate_limit", "rateLimit"), ("burst_limit", "burstLimit")][..],
            ),
            (
                "quota_settings",
                "/quota",
                &[
                    ("limit", "limit"),
                    ("offset", "offset"),
                    ("period", "period"),
                ][..],
            ),
        ] {
            if !changed(name) {
                continue;
            }
            let Some(after) = block(planned, name) else {
                all.push(one("remove", path, None));
                continue;
            };
            let op = if block(prior, name).is_some() {
                "replace"
            } else {
                "add"
            };
            for (attribute, member) in members {
                let value = args::get(&after, attribute);
                let text = match value.as_number() {
                    Some(number) => number.to_string(),
                    None => value.as_str().unwrap_or("0").to_owned(),
                };
                all.push(one(op, &format!("{path}/{member}"), Some(text.into())));
            }
        }
        if changed("api_stages") {
            let keys = |object: &Value| -> Vec<(String, Json)> {
                let stages = args::get(object, "api_stages");
                let all = stages.children().iter().map(stage);
                all.map(|one| {
                    (
                        format!(
                            "{}:{}",
                            json::text(&one["apiId"]),
                            json::text(&one["stage"])
                        ),
                        one,
                    )
                })
                .collect()
            };
            let (before, after) = (keys(prior), keys(planned));
            for (key, _) in before.iter().filter(|stage| !after.contains(stage)) {
                all.push(one("remove", "/apiStages", Some(key.as_str().into())));
            }
            for (key, stage) in after.iter().filter(|stage| !before.contains(stage)) {
                all.push(one("add", "/apiStages", Some(key.as_str().into())));
                let throttled = stage.get("throttle").and_then(Json::as_object);
                for (path, limit) in throttled.into_iter().flatten() {
                    for (member, value) in limit.as_object().into_iter().flatten() {
                        let path = format!("/apiStages/{key}/throttle/{path}/{member}");
                        all.push(one("replace", &path, Some(value.clone())));
                    }
                }
            }
        }
        all
    }
}

#[async_trait]
impl Hooks for Plan {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        // A product code is taken by a change only.
        let Some(code) = args::string(object, "product_code").filter(|code| !code.is_empty())
        else {
            return Ok(());
        };
        let patch = json!([{"op": "add", "path": "/productCode", "value": code}]);
        let input = json!({"usagePlanId": run.text("{id}", object), "patchOperations": patch});
        run.ask("UpdateUsagePlan", input).await.map(drop)
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let patches = Self::patches(prior, planned);
        if patches.is_empty() {
            return Ok(());
        }
        let input = json!({"usagePlanId": run.text("{id}", prior), "patchOperations": patches});
        run.ask("UpdateUsagePlan", input).await.map(drop)
    }

    /// Stages leave before the plan goes.
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let none = args::with(object, "api_stages", Value::NULL);
        let patches = Self::patches(object, &none);
        if !patches.is_empty() {
            let input =
                json!({"usagePlanId": run.text("{id}", object), "patchOperations": patches});
            run.ask_unless("UpdateUsagePlan", input, &["NotFoundException"])
                .await?;
        }
        Ok(false)
    }
}

pub(super) fn domain_name() -> Table {
    tagged(Table::new("aws_api_gateway_domain_name", "apigateway"))
        .names(&[
            ("cloudfront_domain_name", "distributionDomainName"),
            ("cloudfront_zone_id", "distributionHostedZoneId"),
            ("regional_zone_id", "regionalHostedZoneId"),
        ])
        .by_function(&[
            "certificate_arn",
            "certificate_name",
            "endpoint_access_mode",
            "ownership_verification_certificate_arn",
            "regional_certificate_arn",
            "regional_certificate_name",
            "routing_mode",
            "security_policy",
        ])
        .unsupported(&["policy"])
        .create(op("CreateDomainName"))
        .id("{domain_name}")
        .read(op("GetDomainName").set("domainName", "{domain_name}"))
        .replaced_by(&["endpoint_configuration", "mutual_tls_authentication"])
        .delete(op("DeleteDomainName").set("domainName", "{domain_name}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "domainNameStatus",
            &["AVAILABLE", ""],
            &["UPDATING", "PENDING"],
        )
        .arn("arn:{partition}:apigateway:{region}::/domainnames/{domain_name}")
        .hooks(Patched {
            operation: "UpdateDomainName",
            of: &[("domainName", "{domain_name}")],
            paths: &[
                ("certificate_arn", "/certificateArn"),
                ("certificate_name", "/certificateName"),
                ("endpoint_access_mode", "/endpointAccessMode"),
                (
                    "ownership_verification_certificate_arn",
                    "/ownershipVerificationCertificateArn",
                ),
                ("regional_certificate_arn", "/regionalCertificateArn"),
                ("regional_certificate_name", "/regionalCertificateName"),
                ("routing_mode", "/routingMode"),
                ("security_policy", "/securityPolicy"),
            ],
            import: &["domain_name"],
        })
}

pub(super) fn base_path_mapping() -> Table {
    // The API's word for "no path".
    let key = |operation: &'static str| {
        op(operation)
            .set("domainName", "{domain_name}")
            .set("basePath", "{base_path}")
    };
    Table::new("aws_api_gateway_base_path_mapping", "apigateway")
        .names(&[("api_id", "restApiId"), ("stage_name", "stage")])
        .local(&["domain_name", "domain_name_id", "base_path"])
        .unsupported(&["domain_name_id"])
        .by_function(&["api_id", "stage_name"])
        .create(key("CreateBasePathMapping"))
        .input(|operation, input, object| {
            let none = args::string(object, "base_path").is_none_or(str::is_empty);
            if none && operation != "CreateBasePathMapping" {
                json::put(input, "basePath", "(none)".into());
            }
        })
        .id("{domain_name}/{base_path}")
        .replaced_by(&["base_path"])
        .read(key("GetBasePathMapping"))
        .delete(key("DeleteBasePathMapping"))
        .hooks(Mapping)
}

#[derive(Debug)]
struct Mapping;

#[async_trait]
impl Hooks for Mapping {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let patch = |name: &str, path: &str| {
            let text = args::string(planned, name).unwrap_or_default();
            let change = !same_at(prior, planned, name);
            change.then(|| json!({"op": "replace", "path": path, "value": text}))
        };
        let patches: Vec<Json> = [patch("api_id", "/restapiId"), patch("stage_name", "/stage")]
            .into_iter()
            .flatten()
            .collect();
        if patches.is_empty() {
            return Ok(());
        }
        let path = args::string(prior, "base_path").filter(|path| !path.is_empty());
        let input = json!({
            "domainName": run.text("{domain_name}", prior),
            "basePath": path.unwrap_or("(none)"),
            "patchOperations": patches,
        });
        run.ask("UpdateBasePathMapping", input).await.map(drop)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (domain, path) = id.split_once('/')?;
        let mut known = vec![("id", id.to_owned()), ("domain_name", domain.to_owned())];
        if !path.is_empty() {
            known.push(("base_path", path.to_owned()));
        }
        Some(known)
    }
}
