//! Directories: of AWS's own making, of Microsoft's, and ways to those that are elsewhere.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

pub(super) const TYPES: Family = &[("aws_directory_service_directory", directory)];

/// What one is made with, by its type.
const MAKERS: &[(&str, &str)] = &[
    ("SimpleAD", "CreateDirectory"),
    ("ADConnector", "ConnectDirectory"),
    ("MicrosoftAD", "CreateMicrosoftAD"),
];

fn directory() -> Table {
    Table::new("aws_directory_service_directory", "ds")
        .names(&[
            ("connect_settings.customer_username", "CustomerUserName"),
            ("dns_ip_addresses", "DnsIpAddrs"),
            ("enable_sso", "SsoEnabled"),
            ("security_group_id", "VpcSettings.SecurityGroupId"),
            ("security_group_id", "ConnectSettings.SecurityGroupId"),
        ])
        .local(&["password"])
        .at_first(&[
            "alias",
            "connect_settings",
            "description",
            "edition",
            "name",
            "password",
            "short_name",
            "size",
            "type",
            "vpc_settings",
        ])
        .by_function(&[
            "desired_number_of_domain_controllers",
            "enable_directory_data_access",
            "enable_sso",
        ])
        .id_out("DirectoryId")
        .read(
            op("DescribeDirectories")
                .set("DirectoryIds", "{id}")
                .at("DirectoryDescriptions.0"),
        )
        .answer(|operation, found| {
            if operation != "DescribeDirectories" {
                return;
            }
            // The addresses of a way to another directory are those of that one.
            let path = if json::text_at(found, "Type").as_deref() == Some("ADConnector") {
                let ips = json::get(found, "ConnectSettings.ConnectIps").cloned();
                let dns = json::get(found, "DnsIpAddrs").cloned();
                json::put(
                    found,
                    "ConnectSettings.CustomerDnsIps",
                    dns.unwrap_or_default(),
                );
                json::put(found, "DnsIpAddrs", ips.unwrap_or_default());
                "VpcSettings"
            } else {
                "ConnectSettings"
            };
            if let Some(members) = found.as_object_mut() {
                members.remove(path);
            }
        })
        .delete(op("DeleteDirectory").set("DirectoryId", "{id}"))
        .gone_when("Stage", &["Deleted"])
        .wait(
            &[Phase::Create],
            "Stage",
            &["Active"],
            &["Requested", "Creating", "Created"],
        )
        .wait(&[Phase::Delete], "Stage", &[], &[])
        .tag_calls(
            "ListTagsForResource",
            ("AddTagsToResource", "RemoveTagsFromResource"),
            "ResourceId",
            "{id}",
        )
        .not_found(&["EntityDoesNotExistException"])
        .retry(
            &[Phase::Delete],
            "ClientException",
            "authorized applications",
            120,
        )
        .hooks(Directory)
}

#[derive(Debug)]
struct Directory;

/// How many answers are looked at while a state is waited for.
const STATES: u64 = 60 * 60;

impl Directory {
    /// Waits until what an operation says is as it is to be.
    async fn until(
        run: &Run<'_>,
        object: &Value,
        operation: &str,
        is_so: impl Fn(&Json) -> bool + Send,
    ) -> Answered<()> {
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            let input = json!({"DirectoryId": run.text("{id}", object)});
            if is_so(&run.ask(operation, input).await?) {
                return Ok(());
            }
            attempt += 1;
            if run.is_late(started, Duration::from_secs(STATES), attempt) {
                let what = run.what(object);
                return Err(Refusal::error("Timed out", format!("{what}: {operation}")));
            }
            run.cx.pause(Duration::from_secs(10)).await;
        }
    }

    async fn controllers(run: &Run<'_>, object: &Value, wanted: i64) -> Answered<()> {
        let input = json!({"DirectoryId": run.text("{id}", object), "DesiredNumber": wanted});
        run.ask("UpdateNumberOfDomainControllers", input).await?;
        Self::until(run, object, "DescribeDomainControllers", |answer| {
            let all = answer.get("DomainControllers").and_then(Json::as_array);
            let mut all = all.into_iter().flatten();
            all.all(|one| !matches!(one["Status"].as_str(), Some("Creating" | "Deleting")))
        })
        .await
    }

    async fn sign_on(run: &Run<'_>, object: &Value, on: bool) -> Answered<()> {
        let operation = if on { "EnableSso" } else { "DisableSso" };
        let input = json!({"DirectoryId": run.text("{id}", object)});
        run.ask(operation, input).await.map(drop)
    }

    async fn access(run: &Run<'_>, object: &Value, on: bool) -> Answered<()> {
        let (operation, wanted) = if on {
            ("EnableDirectoryDataAccess", "Enabled")
        } else {
            ("DisableDirectoryDataAccess", "Disabled")
        };
        let input = json!({"DirectoryId": run.text("{id}", object)});
        run.ask(operation, input).await?;
        Self::until(run, object, "DescribeDirectoryDataAccess", |answer| {
            answer["DataAccessStatus"] == wanted
        })
        .await
    }
}

#[async_trait]
impl Hooks for Directory {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let kind = args::string(planned, "type").unwrap_or("SimpleAD");
        let Some((_, operation)) = MAKERS.iter().find(|(known, _)| *known == kind) else {
            return Err(Refusal::error("Invalid type", format!("type: {kind:?}")));
        };
        let form = run.operation("ds", operation)?;
        let step = op(operation).set("Password", "{password}");
        let mut input = run.input(&step, &form, planned);
        run.put_tags(&form.input, &crate::run::all_tags(planned), &mut input);
        let needs_size = form.input.member("Size").is_some() && input.get("Size").is_none();
        if needs_size {
            json::put(&mut input, "Size", "Large".into());
        }
        let answer = run.ask(operation, input).await?;
        let id = json::text_at(&answer, "DirectoryId").unwrap_or_default();
        Ok(Some((id, planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if let Some(alias) = args::string(object, "alias").filter(|alias| !alias.is_empty()) {
            let input = json!({"DirectoryId": run.text("{id}", object), "Alias": alias});
            run.ask("CreateAlias", input).await?;
        }
        // Two is what every directory begins with.
        match args::int(object, "desired_number_of_domain_controllers") {
            Some(wanted) if wanted > 2 => Self::controllers(run, object, wanted).await?,
            _ => {}
        }
        if args::bool(object, "enable_sso") == Some(true) {
            Self::sign_on(run, object, true).await?;
        }
        if args::bool(object, "enable_directory_data_access") == Some(true) {
            Self::access(run, object, true).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        // Only some directories have data that is reached from outside.
        if args::string(&object, "type") != Some("MicrosoftAD") {
            return Ok(args::with(
                &object,
                "enable_directory_data_access",
                Value::bool(false),
            ));
        }
        let input = json!({"DirectoryId": run.text("{id}", &object)});
        let none = ["UnsupportedOperationException"];
        let answer = run
            .ask_unless("DescribeDirectoryDataAccess", input, &none)
            .await?;
        let on = answer.is_some_and(|answer| answer["DataAccessStatus"] == "Enabled");
        Ok(args::with(
            &object,
            "enable_directory_data_access",
            Value::bool(on),
        ))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let changed = |name: &str| !same_at(prior, planned, name);
        let on = |name: &str| args::bool(planned, name) == Some(true);
        if changed("desired_number_of_domain_controllers")
            && let Some(wanted) = args::int(planned, "desired_number_of_domain_controllers")
        {
            Self::controllers(run, prior, wanted).await?;
        }
        if changed("enable_sso") {
            Self::sign_on(run, prior, on("enable_sso")).await?;
        }
        if changed("enable_directory_data_access") {
            Self::access(run, prior, on("enable_directory_data_access")).await?;
        }
        Ok(())
    }
}
