//! Resolvers of Route 53: where names of other networks are asked for, and what is kept of questions.

use super::Family;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::Value as Json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_route53_resolver_endpoint", endpoint),
    ("aws_route53_resolver_rule", rule),
    ("aws_route53_resolver_rule_association", rule_association),
    ("aws_route53_resolver_query_log_config", query_log),
    (
        "aws_route53_resolver_query_log_config_association",
        query_log_association,
    ),
    ("aws_route53_resolver_firewall_domain_list", domain_list),
    ("aws_route53_resolver_firewall_rule_group", rule_group),
    ("aws_route53_resolver_firewall_rule", firewall_rule),
];

fn table(name: &'static str) -> Table {
    Table::new(name, "route53resolver").not_found(&["ResourceNotFoundException"])
}

fn tagged(table: Table) -> Table {
    table.tag_calls(
        "ListTagsForResource",
        ("TagResource", "UntagResource"),
        "ResourceArn",
        "{arn}",
    )
}

fn endpoint() -> Table {
    let one = |operation| op(operation).set("ResolverEndpointId", "{id}");
    tagged(table("aws_route53_resolver_endpoint"))
        .names(&[("ip_address", "IpAddresses"), ("host_vpc_id", "HostVPCId")])
        .create(op("CreateResolverEndpoint").set("CreatorRequestId", "{token}"))
        .id_out("ResolverEndpoint.Id")
        .read(one("GetResolverEndpoint").at("ResolverEndpoint"))
        .read(one("ListResolverEndpointIpAddresses").only(&["ip_address"]))
        .update(one("UpdateResolverEndpoint").partial())
        .members(
            "ip_address",
            one("AssociateResolverEndpointIpAddress"),
            one("DisassociateResolverEndpointIpAddress").none_when(&["ResourceNotFoundException"]),
            "IpAddress",
        )
        .delete(one("DeleteResolverEndpoint"))
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["OPERATIONAL"],
            &["CREATING", "UPDATING"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
}

fn rule() -> Table {
    let one = |operation| op(operation).set("ResolverRuleId", "{id}");
    tagged(table("aws_route53_resolver_rule"))
        .create(op("CreateResolverRule").set("CreatorRequestId", "{token}"))
        .id_out("ResolverRule.Id")
        .read(one("GetResolverRule").at("ResolverRule"))
        .answer(|operation, found| {
            // Names are told with the dot at their end.
            let name = json::text_at(found, "DomainName").unwrap_or_default();
            if operation == "GetResolverRule"
                && let Some(bare) = name.strip_suffix('.').filter(|bare| !bare.is_empty())
            {
                json::put(found, "DomainName", bare.into());
            }
        })
        .update(one("UpdateResolverRule").inside("Config").only(&[
            "name",
            "resolver_endpoint_id",
            "target_ip",
        ]))
        .delete(one("DeleteResolverRule"))
        .planned(endpoint_stays)
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["COMPLETE"],
            &["UPDATING"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
}

/// Names end without a dot here; an endpoint can be changed for another one, not for none.
fn endpoint_stays(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    let name = args::string(&response.planned, "domain_name").unwrap_or_default();
    if let Some(bare) = name.strip_suffix('.').filter(|bare| !bare.is_empty()) {
        let bare = Value::string(bare);
        response.planned = args::with(&response.planned, "domain_name", bare);
    }
    let attribute = "resolver_endpoint_id";
    let set = |object: &Value| args::string(object, attribute).is_some_and(|id| !id.is_empty());
    let unknown = !args::get(&response.planned, attribute).is_known();
    if set(prior) && !set(&response.planned) && !unknown {
        response
            .requires_replace
            .push(terrane_value::Path::new().attr(attribute));
    }
}

fn rule_association() -> Table {
    table("aws_route53_resolver_rule_association")
        .create(op("AssociateResolverRule"))
        .id_out("ResolverRuleAssociation.Id")
        .read(
            op("GetResolverRuleAssociation")
                .set("ResolverRuleAssociationId", "{id}")
                .at("ResolverRuleAssociation"),
        )
        .delete(
            op("DisassociateResolverRule")
                .set("ResolverRuleId", "{resolver_rule_id}")
                .set("VPCId", "{vpc_id}"),
        )
        .wait(&[Phase::Create], "Status", &["COMPLETE"], &["CREATING"])
        .wait(&[Phase::Delete], "Status", &[], &[])
}

fn query_log() -> Table {
    let one = |operation| op(operation).set("ResolverQueryLogConfigId", "{id}");
    tagged(table("aws_route53_resolver_query_log_config"))
        .create(op("CreateResolverQueryLogConfig").set("CreatorRequestId", "{token}"))
        .id_out("ResolverQueryLogConfig.Id")
        .read(one("GetResolverQueryLogConfig").at("ResolverQueryLogConfig"))
        .delete(one("DeleteResolverQueryLogConfig"))
        .wait(&[Phase::Create], "Status", &["CREATED"], &["CREATING"])
        .wait(&[Phase::Delete], "Status", &[], &[])
}

fn query_log_association() -> Table {
    table("aws_route53_resolver_query_log_config_association")
        .create(op("AssociateResolverQueryLogConfig"))
        .id_out("ResolverQueryLogConfigAssociation.Id")
        .read(
            op("GetResolverQueryLogConfigAssociation")
                .set("ResolverQueryLogConfigAssociationId", "{id}")
                .at("ResolverQueryLogConfigAssociation"),
        )
        .delete(
            op("DisassociateResolverQueryLogConfig")
                .set("ResolverQueryLogConfigId", "{resolver_query_log_config_id}")
                .set("ResourceId", "{resource_id}"),
        )
        .wait(&[Phase::Create], "Status", &["ACTIVE"], &["CREATING"])
        .wait(&[Phase::Delete], "Status", &[], &[])
}

fn domain_list() -> Table {
    let one = |operation| op(operation).set("FirewallDomainListId", "{id}");
    tagged(table("aws_route53_resolver_firewall_domain_list"))
        .create(op("CreateFirewallDomainList").set("CreatorRequestId", "{token}"))
        .id_out("FirewallDomainList.Id")
        .read(one("GetFirewallDomainList").at("FirewallDomainList"))
        .read(one("ListFirewallDomains").only(&["domains"]))
        .answer(|operation, found| {
            // Names are told with the dot at their end, with the one that a configuration may write.
            let names = found.get_mut("Domains").and_then(Json::as_array_mut);
            if operation == "ListFirewallDomains" {
                for name in names.into_iter().flatten() {
                    let bare = json::text(name);
                    *name = bare.strip_suffix('.').unwrap_or(&bare).into();
                }
            }
        })
        .also(
            one("UpdateFirewallDomains")
                .only(&["domains"])
                .set("Operation", "REPLACE"),
        )
        .input(|operation, input, _| {
            // Nothing is put by taking away what is there.
            if operation == "UpdateFirewallDomains" && input.get("Domains").is_none() {
                json::put(input, "Domains", serde_json::json!([]));
            }
        })
        .delete(one("DeleteFirewallDomainList"))
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["COMPLETE", "COMPLETE_IMPORT_FAILED"],
            &["UPDATING", "IMPORTING"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
}

fn rule_group() -> Table {
    let one = |operation| op(operation).set("FirewallRuleGroupId", "{id}");
    tagged(table("aws_route53_resolver_firewall_rule_group"))
        .create(op("CreateFirewallRuleGroup").set("CreatorRequestId", "{token}"))
        .id_out("FirewallRuleGroup.Id")
        .read(one("GetFirewallRuleGroup").at("FirewallRuleGroup"))
        .delete(one("DeleteFirewallRuleGroup"))
        .wait(&[Phase::Delete], "Status", &[], &[])
}

/// A rule of a list of names, or of a threat that AWS knows by itself.
fn firewall_rule() -> Table {
    let one = |operation| {
        op(operation)
            .set("FirewallRuleGroupId", "{firewall_rule_group_id}")
            .set("FirewallDomainListId", "{firewall_domain_list_id}")
            .set(
                "FirewallThreatProtectionId",
                "{firewall_threat_protection_id}",
            )
    };
    table("aws_route53_resolver_firewall_rule")
        .names(&[("q_type", "Qtype")])
        .create(
            op("CreateFirewallRule")
                .set("CreatorRequestId", "{token}")
                .at("FirewallRule"),
        )
        .id("{firewall_rule_group_id}:{firewall_domain_list_id}{firewall_threat_protection_id}")
        .read(op("ListFirewallRules").set("FirewallRuleGroupId", "{firewall_rule_group_id}"))
        .update(one("UpdateFirewallRule"))
        .delete(one("DeleteFirewallRule").set("Qtype", "{q_type}"))
        .hooks(OfGroup)
}

/// A rule is one of those of its group.
#[derive(Debug)]
struct OfGroup;

#[async_trait]
impl Hooks for OfGroup {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let operation = run.operation(run.table.service, step.operation)?;
        let input = run.input(step, &operation, planned);
        let answer = run.ask(step.operation, input).await?;
        let of = |path: &str| json::text_at(&answer, &format!("FirewallRule.{path}"));
        let threat = of("FirewallThreatProtectionId").unwrap_or_default();
        let made = args::with(
            planned,
            "firewall_threat_protection_id",
            Value::string(threat.as_str()),
        );
        let list = of("FirewallDomainListId").filter(|list| !list.is_empty());
        let group = run.text("{firewall_rule_group_id}", planned);
        Ok(Some((format!("{group}:{}", list.unwrap_or(threat)), made)))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        id.contains(':').then(|| vec![("id", id.to_owned())])
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let id = run.text("{id}", object);
        let Some((group, own)) = id.split_once(':') else {
            return Ok(Some(None));
        };
        let known = args::with(object, "firewall_rule_group_id", Value::string(group));
        let Some((answer, _)) = run.raw(&known).await? else {
            return Ok(Some(None));
        };
        let rules = answer.get("FirewallRules").and_then(Json::as_array);
        let members = ["FirewallDomainListId", "FirewallThreatProtectionId"];
        let found = rules.into_iter().flatten().find(|rule| {
            members
                .iter()
                .any(|member| rule.get(*member).is_some_and(|id| *id == *own))
        });
        let (Some(found), Some(step)) = (found, run.table.read.first()) else {
            return Ok(Some(None));
        };
        let operation = run.operation(run.table.service, step.operation)?;
        let step = step.clone().at("FirewallRules.0");
        let found = run.merged(&step, &operation, Some(found.clone()), &known);
        Ok(Some(Some(found)))
    }
}
