//! Listeners, their rules and certificates.

use crate::json;
use crate::read::is_empty;
use crate::run::{Run, Trouble};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

/// Settings of listeners, and their keys.
const SETTINGS: &[(&str, &str)] = &[
    ("tcp_idle_timeout_seconds", "tcp.idle_timeout.seconds"),
    (
        "routing_http_request_x_amzn_mtls_clientcert_header_name",
        "routing.http.request.x_amzn_mtls_clientcert.header_name",
    ),
    (
        "routing_http_request_x_amzn_mtls_clientcert_issuer_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
    ),
    (
        "routing_http_request_x_amzn_mtls_clientcert_leaf_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
    ),
    (
        "routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
    ),
    (
        "routing_http_request_x_amzn_mtls_clientcert_subject_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
    ),
    (
        "routing_http_request_x_amzn_mtls_clientcert_validity_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
    ),
    (
        "routing_http_request_x_amzn_tls_cipher_suite_header_name",
        "routing.http.request.x_amzn_tls_cipher_suite.header_name",
    ),
    (
        "routing_http_request_x_amzn_tls_version_header_name",
        "routing.http.request.x_amzn_tls_version.header_name",
    ),
    (
        "routing_http_response_access_control_allow_credentials_header_value",
        "routing.http.response.access_control_allow_credentials.header_value",
    ),
    (
        "routing_http_response_access_control_allow_headers_header_value",
        "routing.http.response.access_control_allow_headers.header_value",
    ),
    (
        "routing_http_response_access_control_allow_methods_header_value",
        "routing.http.response.access_control_allow_methods.header_value",
    ),
    (
        "routing_http_response_access_control_allow_origin_header_value",
        "routing.http.response.access_control_allow_origin.header_value",
    ),
    (
        "routing_http_response_access_control_expose_headers_header_value",
        "routing.http.response.access_control_expose_headers.header_value",
    ),
    (
        "routing_http_response_access_control_max_age_header_value",
        "routing.http.response.access_control_max_age.header_value",
    ),
    (
        "routing_http_response_content_security_policy_header_value",
        "routing.http.response.content_security_policy.header_value",
    ),
    (
        "routing_http_response_server_enabled",
        "routing.http.response.server.enabled",
    ),
    (
        "routing_http_response_strict_transport_security_header_value",
        "routing.http.response.strict_transport_security.header_value",
    ),
    (
        "routing_http_response_x_content_type_options_header_value",
        "routing.http.response.x_content_type_options.header_value",
    ),
    (
        "routing_http_response_x_frame_options_header_value",
        "routing.http.response.x_frame_options.header_value",
    ),
];

/// The names of actions, within a block.
macro_rules! actions {
    ($block:literal, $list:literal) => {
        &[
            ($block, $list),
            (
                concat!($block, ".authenticate_cognito"),
                "AuthenticateCognitoConfig",
            ),
            (
                concat!($block, ".authenticate_oidc"),
                "AuthenticateOidcConfig",
            ),
            (concat!($block, ".fixed_response"), "FixedResponseConfig"),
            (concat!($block, ".redirect"), "RedirectConfig"),
            (concat!($block, ".jwt_validation"), "JwtValidationConfig"),
            (concat!($block, ".forward"), "ForwardConfig"),
            (concat!($block, ".forward.target_group"), "TargetGroups"),
            (
                concat!($block, ".forward.target_group.arn"),
                "TargetGroupArn",
            ),
            (
                concat!($block, ".forward.stickiness"),
                "TargetGroupStickinessConfig",
            ),
            (
                concat!($block, ".forward.stickiness.duration"),
                "DurationSeconds",
            ),
        ]
    };
}

pub(super) fn listener(name: &'static str) -> Table {
    Table::new(name, "elbv2")
        .names(actions!("default_action", "DefaultActions"))
        .names(&[
            ("arn", "ListenerArn"),
            ("certificate_arn", "Certificates.0.CertificateArn"),
        ])
        .create(op("CreateListener"))
        .id_out("Listeners.0.ListenerArn")
        .read(
            op("DescribeListeners")
                .set("ListenerArns", "{id}")
                .at("Listeners.0"),
        )
        .read(
            op("DescribeListenerAttributes")
                .set("ListenerArn", "{id}")
                .at("Attributes")
                .bag(SETTINGS),
        )
        .update(op("ModifyListener").set("ListenerArn", "{id}"))
        .also(
            op("ModifyListenerAttributes")
                .bare()
                .set("ListenerArn", "{id}")
                .map("Attributes", SETTINGS),
        )
        .input(|_, input, _| numbered(input, "DefaultActions"))
        .hooks(Forwarding {
            block: "default_action",
        })
        .delete(op("DeleteListener").set("ListenerArn", "{id}"))
        .tag_calls(
            "DescribeTags",
            ("AddTags", "RemoveTags"),
            "ResourceArns",
            "{id}",
        )
        .not_found(&["ListenerNotFound"])
        .retry(
            &[Phase::Create, Phase::Update],
            "CertificateNotFound",
            "",
            300,
        )
        .bulk(20)
}

/// Actions are carried out in the order in which they are written.
fn numbered(input: &mut Json, list: &str) {
    if let Some(Json::Array(actions)) = input.get_mut(list) {
        for (at, action) in actions.iter_mut().enumerate() {
            if action.get("Order").and_then(Json::as_i64).unwrap_or(0) == 0 {
                json::put(action, "Order", (at + 1).into());
            }
        }
    }
}

/// Where requests go to is said in one of two ways: it is kept in the one that is written.
#[derive(Debug)]
struct Forwarding {
    block: &'static str,
}

impl Forwarding {
    fn as_written(&self, object: &Value, prior: &Value) -> Value {
        let before = args::get(prior, self.block);
        let actions = args::get(object, self.block).map_children(|at, action| {
            let written = before.children().get(at);
            let of = |name: &str| written.map(|before| args::get(before, name));
            let forward = args::get(action, "forward");
            let plain = forward
                .children()
                .iter()
                .all(|forward| args::get(forward, "target_group").children().len() <= 1);
            let long = match (of("forward"), of("target_group_arn")) {
                (Some(forward), Some(arn)) => !is_empty(&forward) || is_empty(&arn),
                _ => !plain,
            };
            if is_empty(&forward) {
                action.clone()
            } else if long {
                let short = of("target_group_arn").filter(is_empty);
                match short.or_else(|| {
                    written
                        .is_none()
                        .then(|| Value::null(terrane_value::Type::String))
                }) {
                    Some(none) => args::with(action, "target_group_arn", none),
                    None => action.clone(),
                }
            } else {
                let element = forward
                    .ty()
                    .element()
                    .cloned()
                    .unwrap_or(terrane_value::Type::Dynamic);
                args::with(action, "forward", Value::list(element, Vec::new()))
            }
        });
        args::with(object, self.block, actions)
    }
}

/// The priority after those of the rules that there are.
async fn next(run: &Run<'_>, planned: &Value) -> Answered<i64> {
    let listener = run.text("{listener_arn}", planned);
    let answer = run
        .ask("DescribeRules", json!({"ListenerArn": listener}))
        .await?;
    let rules = json::get(&answer, "Rules").and_then(Json::as_array);
    let all = rules.into_iter().flatten();
    let last = all
        .filter_map(|rule| json::text_at(rule, "Priority")?.parse::<i64>().ok())
        .max();
    Ok(last.unwrap_or(0) + 1)
}

#[async_trait]
impl Hooks for Forwarding {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let left = planned
            .get("priority")
            .is_some_and(|priority| !priority.is_known() || priority.is_null());
        let (true, Some(step)) = (left, &run.table.create) else {
            return Ok(None);
        };
        let started = Instant::now();
        let mut attempt = 0;
        let (wanted, answer) = loop {
            let wanted = args::with(
                planned,
                "priority",
                Value::number(next(run, planned).await?),
            );
            match run.call_step(step, &wanted).await {
                Ok(answer) => break (wanted, answer),
                // Another rule was faster.
                Err(Trouble::Api(error)) if error.is(&["PriorityInUse"]) => {
                    attempt += 1;
                    if run.is_late(started, Duration::from_secs(300), attempt) {
                        return Err(Trouble::Api(error).refusal(&run.what(planned)));
                    }
                }
                Err(trouble) => return Err(trouble.refusal(&run.what(planned))),
            }
        };
        let id = json::text_at(&answer, "Rules.0.RuleArn")
            .ok_or_else(|| Refusal::error("No answer", "The answer to CreateRule has no ARN."))?;
        Ok(Some((id, wanted)))
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        Ok(self.as_written(&object, prior))
    }
}

pub(super) fn rule(name: &'static str) -> Table {
    Table::new(name, "elbv2")
        .names(actions!("action", "Actions"))
        .names(&[
            ("arn", "RuleArn"),
            ("condition", "Conditions"),
            ("condition.host_header", "HostHeaderConfig"),
            ("condition.http_header", "HttpHeaderConfig"),
            ("condition.http_request_method", "HttpRequestMethodConfig"),
            ("condition.path_pattern", "PathPatternConfig"),
            ("condition.query_string", "QueryStringConfig.Values"),
            ("condition.source_ip", "SourceIpConfig"),
        ])
        .create(op("CreateRule").set("ListenerArn", "{listener_arn}"))
        .id_out("Rules.0.RuleArn")
        .local(&["listener_arn"])
        .read(op("DescribeRules").set("RuleArns", "{id}").at("Rules.0"))
        .update(
            op("SetRulePriorities")
                .bare()
                .set("RulePriorities.0.RuleArn", "{id}")
                .set("RulePriorities.0.Priority", "{priority}"),
        )
        .update(op("ModifyRule").set("RuleArn", "{id}"))
        .input(rule_input)
        .found(|_, found, _| {
            // A listener is what the rule is of: its ARN is the rule's without the last part.
            let of = args::string(&found, "id").and_then(|id| id.rsplit_once('/'));
            let listener =
                of.map(|(listener, _)| listener.replace(":listener-rule/", ":listener/"));
            match listener {
                Some(listener) => args::with(&found, "listener_arn", Value::string(listener)),
                None => found,
            }
        })
        .hooks(Forwarding { block: "action" })
        .delete(op("DeleteRule").set("RuleArn", "{id}"))
        .tag_calls(
            "DescribeTags",
            ("AddTags", "RemoveTags"),
            "ResourceArns",
            "{id}",
        )
        .not_found(&["RuleNotFound"])
        .bulk(20)
}

/// What conditions look at, and the members that say it.
const FIELDS: &[(&str, &str)] = &[
    ("host-header", "HostHeaderConfig"),
    ("http-header", "HttpHeaderConfig"),
    ("http-request-method", "HttpRequestMethodConfig"),
    ("path-pattern", "PathPatternConfig"),
    ("query-string", "QueryStringConfig"),
    ("source-ip", "SourceIpConfig"),
];

fn rule_input(_operation: &str, input: &mut Json, _object: &Value) {
    numbered(input, "Actions");
    if let Some(Json::Array(conditions)) = input.get_mut("Conditions") {
        for condition in conditions {
            let field = FIELDS.iter().find(|(_, member)| {
                condition
                    .get(*member)
                    .is_some_and(|config| !config.is_null())
            });
            if let Some((field, _)) = field {
                json::put(condition, "Field", (*field).into());
            }
        }
    }
}

pub(super) fn certificate(name: &'static str) -> Table {
    let put = |operation| {
        op(operation)
            .bare()
            .set("ListenerArn", "{listener_arn}")
            .set("Certificates.0.CertificateArn", "{certificate_arn}")
    };
    Table::new(name, "elbv2")
        .local(&["listener_arn", "certificate_arn"])
        .create(put("AddListenerCertificates"))
        .id("{listener_arn}_{certificate_arn}")
        .read(
            op("DescribeListenerCertificates")
                .set("ListenerArn", "{listener_arn}")
                .at("Certificates[CertificateArn={certificate_arn}]"),
        )
        .delete(put("RemoveListenerCertificates"))
        .not_found(&["ListenerNotFound"])
        .retry(&[Phase::Create], "CertificateNotFound", "", 300)
}
