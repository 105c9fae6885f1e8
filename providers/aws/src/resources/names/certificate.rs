//! Certificates, and their validation.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::{Kind, Type, Value};
use tokio::time::Instant;

pub(super) fn certificate() -> Table {
    Table::new("aws_acm_certificate", "acm")
        .names(&[
            ("arn", "CertificateArn"),
            ("certificate_authority_arn", "CertificateAuthorityArn"),
            ("validation_option", "DomainValidationOptions"),
            (
                "domain_validation_options.resource_record_name",
                "ResourceRecord.Name",
            ),
            (
                "domain_validation_options.resource_record_type",
                "ResourceRecord.Type",
            ),
            (
                "domain_validation_options.resource_record_value",
                "ResourceRecord.Value",
            ),
            (
                "renewal_summary.renewal_status_reason",
                "RenewalStatusReason",
            ),
        ])
        .local(&["private_key", "certificate_body", "certificate_chain"])
        .unsupported(&["early_renewal_duration"])
        .by_function(&["private_key", "certificate_body", "certificate_chain"])
        .replaced_by(&["domain_name", "subject_alternative_names"])
        .create(op("RequestCertificate"))
        .id_out("CertificateArn")
        .read(
            op("DescribeCertificate")
                .set("CertificateArn", "{id}")
                .at("Certificate"),
        )
        .answer(answer)
        .planned(planned)
        .update(
            op("UpdateCertificateOptions")
                .bare()
                .set("CertificateArn", "{id}")
                .set("Options", "{options}"),
        )
        .hooks(Certificate)
        .delete(op("DeleteCertificate").set("CertificateArn", "{id}"))
        .tag_calls(
            "ListTagsForCertificate",
            ("AddTagsToCertificate", "RemoveTagsFromCertificate"),
            "CertificateArn",
            "{id}",
        )
        .not_found(&["ResourceNotFoundException"])
        .retry(&[Phase::Delete], "ResourceInUseException", "", 600)
}

fn answer(operation: &str, found: &mut Json) {
    if operation != "DescribeCertificate" {
        return;
    }
    let options = found
        .get("DomainValidationOptions")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    let (records, others): (Vec<&Json>, Vec<&Json>) = options.iter().partition(|option| {
        option
            .get("ResourceRecord")
            .is_some_and(|record| !record.is_null())
    });
    let emails: Vec<Json> = others
        .iter()
        .filter_map(|option| option.get("ValidationEmails").and_then(Json::as_array))
        .flatten()
        .cloned()
        .collect();
    let key = json::text_at(found, "KeyAlgorithm").map(|text| text.replace('-', "_"));
    let method = options
        .iter()
        .find_map(|option| json::text_at(option, "ValidationMethod"))
        .unwrap_or_else(|| "NONE".to_owned());
    let records = json!(records);
    json::put(found, "ValidationEmails", emails.into());
    json::put(found, "ValidationMethod", method.into());
    json::put(found, "DomainValidationOptions", records);
    json::put(found, "PendingRenewal", false.into());
    if let Some(key) = key {
        json::put(found, "KeyAlgorithm", key.into());
    }
}

/// Which names are to be validated is known before it is known how: configurations go through them.
fn planned(prior: &Value, config: &Value, response: &mut PlanResponse) {
    let of = |name: &str| args::get(config, name);
    let domain = of("domain_name");
    let Some(domain) = domain.unmarked().as_str().map(str::to_owned) else {
        return;
    };
    let names = of("subject_alternative_names");
    let changed = |name: &str| !crate::run::same_at(prior, &response.planned, name);
    let asks = args::string(config, "validation_method");
    if !names.is_wholly_known() {
        return;
    }
    let mut all = vec![Value::string(domain.as_str())];
    all.extend(
        names
            .children()
            .iter()
            .filter(|name| name.as_str() != Some(&domain))
            .cloned(),
    );
    let whole = Value::set(Type::String, all.clone());
    if prior.is_null()
        || args::get(prior, "subject_alternative_names") == whole
        || changed("domain_name")
        || !names.is_null()
    {
        response.planned = args::with(&response.planned, "subject_alternative_names", whole);
    }
    let anew = prior.is_null()
        || !crate::run::same_at(prior, &response.planned, "domain_name")
        || !crate::run::same_at(prior, &response.planned, "subject_alternative_names");
    if !anew {
        return;
    }
    let ty = args::get(&response.planned, "domain_validation_options").ty();
    let Some(element) = ty.element().cloned() else {
        return;
    };
    let options = match (asks, &element) {
        (Some("DNS"), Type::Object(object)) => {
            let one = |name: &Value| {
                let attributes = object.attributes.iter().map(|(attribute, ty)| {
                    let value = match attribute.as_str() {
                        "domain_name" => name.clone(),
                        _ => Value::unknown(ty.clone()),
                    };
                    (attribute.clone(), value)
                });
                Value::object(attributes.collect::<Vec<_>>())
            };
            Value::set(element.clone(), all.iter().map(one).collect())
        }
        _ => Value::unknown(ty),
    };
    response.planned = args::with(&response.planned, "domain_validation_options", options);
}

#[derive(Debug)]
struct Certificate;

fn given(object: &Value, name: &str) -> Option<String> {
    let value = args::get(object, name);
    let text = value.unmarked().as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

async fn import(run: &Run<'_>, object: &Value, id: Option<&str>) -> Answered<Option<String>> {
    use base64::Engine as _;
    let (Some(body), Some(key)) = (
        given(object, "certificate_body"),
        given(object, "private_key").or_else(|| given(object, "private_key_wo")),
    ) else {
        return Ok(None);
    };
    let bytes = |text: &str| Json::from(base64::engine::general_purpose::STANDARD.encode(text));
    let mut input = json!({"Certificate": bytes(&body), "PrivateKey": bytes(&key)});
    if let Some(chain) = given(object, "certificate_chain") {
        json::put(&mut input, "CertificateChain", bytes(&chain));
    }
    match id {
        Some(id) => json::put(&mut input, "CertificateArn", id.into()),
        None => {
            let operation = run.operation("acm", "ImportCertificate")?;
            run.put_tags(&operation.input, &crate::run::all_tags(object), &mut input);
        }
    }
    let answer = run.ask("ImportCertificate", input).await?;
    Ok(json::text_at(&answer, "CertificateArn"))
}

#[async_trait]
impl Hooks for Certificate {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        Ok(import(run, planned, None)
            .await?
            .map(|id| (id, planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let asks = args::string(object, "validation_method")
            .unwrap_or_default()
            .to_owned();
        if !matches!(asks.as_str(), "DNS" | "EMAIL") {
            return Ok(());
        }
        // How it is validated is said a little later.
        let mut pause = std::time::Duration::from_millis(500);
        for _ in 0..200 {
            let Some((found, _)) = run.raw(object).await? else {
                break;
            };
            let said = match asks.as_str() {
                "DNS" => json::get(&found, "DomainValidationOptions")
                    .and_then(Json::as_array)
                    .is_some_and(|all| !all.is_empty()),
                _ => true,
            };
            if said || Instant::now() > run.deadline {
                break;
            }
            run.cx.pause(pause).await;
            pause = (pause * 2).min(std::time::Duration::from_secs(10));
        }
        Ok(())
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let names = [
            "certificate_body",
            "certificate_chain",
            "private_key",
            "private_key_wo_version",
        ];
        if names
            .iter()
            .all(|name| crate::run::same_at(prior, planned, name))
        {
            return Ok(());
        }
        let id = run.text("{id}", prior);
        match import(run, planned, Some(&id)).await? {
            Some(_) => Ok(()),
            None => Err(Refusal::error(
                "Certificate is not given",
                "A certificate that was imported needs certificate_body and private_key.",
            )),
        }
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        // What was imported has been asked for by nobody: names and options are what the certificate says.
        let imported = json::text_at(raw, "Type").as_deref() == Some("IMPORTED");
        let written = args::get(prior, "validation_option");
        let mut object = args::with(&object, "validation_option", written);
        if imported {
            let keep = args::get(prior, "validation_method");
            if !matches!(keep.kind(), Kind::Unknown(..)) && !keep.is_null() {
                object = args::with(&object, "validation_method", keep);
            }
        }
        Ok(object)
    }
}

pub(super) fn validation() -> Table {
    Table::new("aws_acm_certificate_validation", "acm")
        .local(&["certificate_arn", "validation_record_fqdns"])
        .create(
            op("DescribeCertificate")
                .bare()
                .set("CertificateArn", "{certificate_arn}"),
        )
        .id("{certificate_arn}")
        .read(
            op("DescribeCertificate")
                .set("CertificateArn", "{certificate_arn}")
                .at("Certificate"),
        )
        .wait(
            &[Phase::Create],
            "Status",
            &["ISSUED"],
            &["PENDING_VALIDATION"],
        )
        .not_found(&["ResourceNotFoundException"])
}
