//! Sources of data of services that need more than one call, or something made of the answer.

use super::{ask, filled, written_filters};
use crate::cx::{Cx, partition};
use crate::facts::TypeFacts;
use crate::json;
use crate::read::Reader;
use crate::shape::Names;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::Digest as _;
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{Type, Value};

/// What is asked of one source.
struct Asked<'a> {
    cx: &'a Cx,
    name: &'a str,
    region: &'a str,
    config: &'a Value,
}

impl Asked<'_> {
    async fn ask(&self, service: &str, operation: &str, input: Json) -> Answered<Json> {
        ask(self.cx, service, operation, self.region, input, self.name).await
    }

    fn text(&self, name: &str) -> String {
        args::string(self.config, name)
            .unwrap_or_default()
            .to_owned()
    }

    fn flag(&self, name: &str) -> bool {
        args::bool(self.config, name) == Some(true)
    }

    fn with(&self, changes: Vec<(&str, Value)>) -> Value {
        args::with_all(self.config, changes)
    }
}

/// What an answer says, in the attributes of a source.
fn read_by(
    (facts, schema): (&TypeFacts, &Schema),
    renames: &[(&'static str, &'static str)],
    found: &Json,
    config: &Value,
) -> Value {
    let names = Names {
        nouns: Vec::new(),
        renames: renames.to_vec(),
    };
    let reader = Reader {
        names: &names,
        local: &["filter"],
        quiet: &[],
        empties: false,
        lasting: false,
    };
    let state = reader.root((&facts.block, &schema.block), None, found, config, &[]);
    filled(&state, schema)
}

/// Reads a source; `None`: it is none of these.
pub(super) async fn read(
    cx: &Cx,
    name: &str,
    region: &str,
    about: (&TypeFacts, &Schema),
    config: &Value,
) -> Answered<Option<Value>> {
    let asked = Asked {
        cx,
        name,
        region,
        config,
    };
    let state = match name {
        "aws_canonical_user_id" => canonical_user(&asked).await?,
        "aws_ec2_managed_prefix_list" => prefix_list(&asked, about).await?,
        "aws_ecr_authorization_token" => ecr_token(&asked).await?,
        "aws_ecrpublic_authorization_token" => public_token(&asked).await?,
        "aws_eks_addon_version" => addon_version(&asked).await?,
        "aws_iam_session_context" => session_context(&asked).await?,
        "aws_identitystore_group" => group(&asked, about).await?,
        "aws_kms_public_key" => public_key(&asked, about).await?,
        "aws_lambda_alias" => lambda_alias(&asked, about).await?,
        "aws_lambda_function" => lambda_function(&asked, about).await?,
        "aws_lambda_invocation" => lambda_invocation(&asked).await?,
        "aws_outposts_outpost" => outpost(&asked, about).await?,
        "aws_organizations_organization" => organization(&asked, about).await?,
        "aws_rds_engine_version" => engine_version(&asked, about).await?,
        _ => return Ok(None),
    };
    Ok(Some(state))
}

fn text(text: impl AsRef<str>) -> Value {
    Value::string(text.as_ref())
}

async fn canonical_user(asked: &Asked<'_>) -> Answered<Value> {
    let answer = asked
        .ask("s3", "ListBuckets", json!({"MaxBuckets": 1}))
        .await?;
    let of = |path: &str| text(json::text_at(&answer, path).unwrap_or_default());
    Ok(asked.with(vec![
        ("id", of("Owner.ID")),
        ("display_name", of("Owner.DisplayName")),
    ]))
}

async fn ecr_token(asked: &Asked<'_>) -> Answered<Value> {
    let registry = asked.text("registry_id");
    let input = match registry.is_empty() {
        true => json!({}),
        false => json!({"registryIds": [registry]}),
    };
    let answer = asked.ask("ecr", "GetAuthorizationToken", input).await?;
    let given = "authorizationData.0";
    let proxy = json::text_at(&answer, &format!("{given}.proxyEndpoint")).unwrap_or_default();
    let mut values = access(asked, &answer, given);
    values.push(("proxy_endpoint", text(proxy)));
    Ok(asked.with(values))
}

/// A token for the registry of everybody, which is in one region only.
async fn public_token(asked: &Asked<'_>) -> Answered<Value> {
    let answer = asked
        .ask("ecr-public", "GetAuthorizationToken", json!({}))
        .await?;
    Ok(asked.with(access(asked, &answer, "authorizationData")))
}

/// What a token opens a registry with: name and password are what it says, in Base64.
fn access(asked: &Asked<'_>, answer: &Json, given: &str) -> Vec<(&'static str, Value)> {
    let of = |name: &str| json::text_at(answer, &format!("{given}.{name}")).unwrap_or_default();
    let token = of("authorizationToken");
    let plain = STANDARD.decode(&token).unwrap_or_default();
    let plain = String::from_utf8_lossy(&plain).into_owned();
    let (user, password) = plain.split_once(':').unwrap_or((&plain, ""));
    vec![
        ("id", text(asked.region)),
        ("user_name", text(user)),
        ("password", text(password)),
        ("expires_at", text(of("expiresAt"))),
        ("authorization_token", text(token)),
    ]
}

/// A group of an identity store, by its id or by what else it is known by.
async fn group(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let store = asked.text("identity_store_id");
    let mut id = asked.text("group_id");
    if id.is_empty() {
        let blocks = args::get(asked.config, "alternate_identifier");
        let other = blocks.children().first().cloned().unwrap_or(Value::NULL);
        let of = |block: &str, name: &str| {
            let blocks = args::get(&other, block);
            let inner = blocks.children().first().cloned()?;
            args::string(&inner, name).map(str::to_owned)
        };
        let known = match of("unique_attribute", "attribute_path") {
            Some(path) => {
                let value = of("unique_attribute", "attribute_value");
                json!({"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}})
            }
            None => {
                json!({"ExternalId": {"Id": of("external_id", "id"), "Issuer": of("external_id", "issuer")}})
            }
        };
        let input = json!({"IdentityStoreId": store, "AlternateIdentifier": known});
        let answer = asked.ask("identitystore", "GetGroupId", input).await?;
        id = json::text_at(&answer, "GroupId").unwrap_or_default();
    }
    let input = json!({"IdentityStoreId": store, "GroupId": id});
    let answer = asked.ask("identitystore", "DescribeGroup", input).await?;
    let state = read_by(about, &[], &answer, asked.config);
    Ok(args::with(&state, "id", text(id)))
}

/// The one of all that is meant, or why there is none.
fn only_one<'j>(name: &str, all: &[&'j Json]) -> Answered<&'j Json> {
    match all {
        [one] => Ok(one),
        [] => Err(Refusal::error(
            format!("Reading {name}"),
            format!("{name}: no matching object was found."),
        )),
        _ => Err(Refusal::error(
            format!("Reading {name}"),
            format!("{name}: more than one object matches: narrow the search."),
        )),
    }
}

async fn outpost(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let answer = asked.ask("outposts", "ListOutposts", json!({})).await?;
    let wanted = [
        ("id", "OutpostId"),
        ("name", "Name"),
        ("arn", "OutpostArn"),
        ("owner_id", "OwnerId"),
    ];
    let meant = |one: &&Json| {
        wanted.iter().all(|(attribute, member)| {
            let wanted = asked.text(attribute);
            wanted.is_empty() || json::text_at(one, member).as_deref() == Some(&wanted)
        })
    };
    let all = answer.get("Outposts").and_then(Json::as_array);
    let all: Vec<&Json> = all.into_iter().flatten().filter(meant).collect();
    let found = only_one(asked.name, &all)?;
    let state = read_by(about, &[("arn", "OutpostArn")], found, asked.config);
    let tags = found.get("Tags").map(crate::read::entries);
    let tags = tags.into_iter().flatten();
    let tags = tags.map(|(key, value)| (key, json::text(value))).collect();
    let id = json::text_at(found, "OutpostId").unwrap_or_default();
    Ok(args::with_all(
        &state,
        [("id", text(id)), ("tags", crate::run::from_map(&tags))],
    ))
}

async fn prefix_list(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let mut filters = written_filters(asked.config);
    let name = asked.text("name");
    if !name.is_empty() {
        filters.push(json!({"Name": "prefix-list-name", "Values": [name]}));
    }
    for (key, value) in crate::run::to_map(&args::get(asked.config, "tags")) {
        filters.push(json!({"Name": format!("tag:{key}"), "Values": [value]}));
    }
    let mut input = json!({});
    if !filters.is_empty() {
        json::put(&mut input, "Filters", filters.into());
    }
    let id = asked.text("id");
    if !id.is_empty() {
        json::put(&mut input, "PrefixListIds", json!([id]));
    }
    let answer = asked
        .ask("ec2", "DescribeManagedPrefixLists", input)
        .await?;
    let all = answer.get("PrefixLists").and_then(Json::as_array);
    let all: Vec<&Json> = all.into_iter().flatten().collect();
    let mut found = only_one(asked.name, &all)?.clone();
    let id = json::text_at(&found, "PrefixListId").unwrap_or_default();
    let input = json!({"PrefixListId": id});
    let entries = asked
        .ask("ec2", "GetManagedPrefixListEntries", input)
        .await?;
    json::put(&mut found, "Entries", entries["Entries"].clone());
    let renames = [
        ("arn", "PrefixListArn"),
        ("name", "PrefixListName"),
        ("entries", "Entries"),
    ];
    let state = read_by(about, &renames, &found, asked.config);
    let tags = found.get("Tags").map(crate::read::entries);
    let tags = tags.into_iter().flatten();
    let tags = tags.map(|(key, value)| (key, json::text(value))).collect();
    Ok(args::with_all(
        &state,
        [("id", text(id)), ("tags", crate::run::from_map(&tags))],
    ))
}

async fn addon_version(asked: &Asked<'_>) -> Answered<Value> {
    let (addon, wanted) = (asked.text("addon_name"), asked.text("kubernetes_version"));
    let input = json!({"addonName": addon, "kubernetesVersion": wanted});
    let answer = asked.ask("eks", "DescribeAddonVersions", input).await?;
    let versions = json::get(&answer, "addons.0.addonVersions").and_then(Json::as_array);
    // From the newest to the oldest.
    let is_usual = |version: &&Json| {
        let all = version.get("compatibilities").and_then(Json::as_array);
        let mut all = all.into_iter().flatten();
        all.any(|one| one["clusterVersion"] == wanted.as_str() && one["defaultVersion"] == true)
    };
    let mut versions = versions.into_iter().flatten();
    let found = match asked.flag("most_recent") {
        true => versions.next(),
        false => versions.find(is_usual),
    };
    let version = found.and_then(|version| json::text_at(version, "addonVersion"));
    let Some(version) = version else {
        return Err(Refusal::error(
            "No such version",
            format!("There is no version of the add-on {addon} for Kubernetes {wanted}."),
        ));
    };
    Ok(asked.with(vec![("id", text(addon)), ("version", text(version))]))
}

async fn session_context(asked: &Asked<'_>) -> Answered<Value> {
    let arn = asked.text("arn");
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let assumed = arn
        .split_once(":assumed-role/")
        .and_then(|(_, rest)| rest.rsplit_once('/'));
    let Some((role, session)) = assumed.filter(|_| arn.contains(":sts::")) else {
        return Ok(asked.with(vec![
            ("id", text(&arn)),
            ("issuer_arn", text(&arn)),
            ("issuer_id", text("")),
            ("issuer_name", text("")),
            ("session_name", text("")),
        ]));
    };
    let role = role.rsplit('/').next().unwrap_or(role);
    let answer = asked
        .ask("iam", "GetRole", json!({"RoleName": role}))
        .await?;
    let of = |path: &str| text(json::text_at(&answer, path).unwrap_or_default());
    Ok(asked.with(vec![
        ("id", text(&arn)),
        ("issuer_arn", of("Role.Arn")),
        ("issuer_id", of("Role.RoleId")),
        ("issuer_name", of("Role.RoleName")),
        ("session_name", text(session)),
    ]))
}

async fn public_key(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let tokens = args::strings(asked.config, "grant_tokens").unwrap_or_default();
    let mut input = json!({"KeyId": asked.text("key_id")});
    if !tokens.is_empty() {
        let tokens: Vec<&str> = tokens.iter().map(|token| token.as_str()).collect();
        json::put(&mut input, "GrantTokens", json!(tokens));
    }
    let answer = asked.ask("kms", "GetPublicKey", input).await?;
    let of = |path: &str| json::text_at(&answer, path).unwrap_or_default();
    let state = read_by(
        about,
        &[("key_id", ""), ("arn", "KeyId")],
        &answer,
        asked.config,
    );
    let packed = of("PublicKey");
    let bytes = packed.as_bytes();
    let lines = bytes
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned());
    let lines: Vec<String> = lines.collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    );
    Ok(args::with_all(
        &state,
        [("id", text(of("KeyId"))), ("public_key_pem", text(pem))],
    ))
}

/// The address by which an API calls a function.
fn invoke_arn(region: &str, arn: &str) -> Value {
    text(format!(
        "arn:{}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        partition(region)
    ))
}

async fn lambda_alias(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let input = json!({"FunctionName": asked.text("function_name"), "Name": asked.text("name")});
    let answer = asked.ask("lambda", "GetAlias", input).await?;
    let state = read_by(about, &[("arn", "AliasArn")], &answer, asked.config);
    let arn = json::text_at(&answer, "AliasArn").unwrap_or_default();
    Ok(args::with_all(
        &state,
        [
            ("id", text(&arn)),
            ("invoke_arn", invoke_arn(asked.region, &arn)),
        ],
    ))
}

async fn lambda_function(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let name = asked.text("function_name");
    let mut qualifier = asked.text("qualifier");
    if qualifier.is_empty() {
        let input = json!({"FunctionName": name});
        let answer = asked.ask("lambda", "ListVersionsByFunction", input).await?;
        let all = answer.get("Versions").and_then(Json::as_array);
        let newest = all.and_then(|all| all.last()).cloned().unwrap_or_default();
        qualifier = json::text_at(&newest, "Version").unwrap_or_default();
    }
    let mut input = json!({"FunctionName": name});
    if !qualifier.is_empty() && qualifier != "$LATEST" {
        json::put(&mut input, "Qualifier", qualifier.as_str().into());
    }
    let mut answer = asked.ask("lambda", "GetFunction", input).await?;
    crate::resources::function_answer(&mut answer);
    let of = |path: &str| json::text_at(&answer, path).unwrap_or_default();
    let state = read_by(
        about,
        crate::resources::FUNCTION_NAMES,
        &answer,
        asked.config,
    );
    let qualified = of("Configuration.FunctionArn");
    let arn = match qualified.strip_suffix(&format!(":{qualifier}")) {
        Some(bare) if !qualifier.is_empty() => bare.to_owned(),
        _ => qualified.clone(),
    };
    let own = partition(asked.region);
    let region = asked.region;
    let streaming = format!(
        "arn:{own}:apigateway:{region}:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations"
    );
    let tags = answer
        .get("Tags")
        .map(crate::read::entries)
        .unwrap_or_default();
    let tags = tags
        .into_iter()
        .map(|(key, value)| (key, json::text(value)));
    Ok(args::with_all(
        &state,
        [
            ("id", text(&name)),
            ("function_name", text(&name)),
            ("invoke_arn", invoke_arn(region, &arn)),
            ("qualified_invoke_arn", invoke_arn(region, &qualified)),
            ("qualified_arn", text(&qualified)),
            ("response_streaming_invoke_arn", text(streaming)),
            ("arn", text(arn)),
            ("source_code_hash", text(of("Configuration.CodeSha256"))),
            ("version", text(of("Configuration.Version"))),
            ("tags", crate::run::from_map(&tags.collect())),
        ],
    ))
}

async fn lambda_invocation(asked: &Asked<'_>) -> Answered<Value> {
    let (name, body) = (asked.text("function_name"), asked.text("input"));
    let mut input = json!({
        "FunctionName": name,
        "InvocationType": "RequestResponse",
        "Payload": STANDARD.encode(&body),
    });
    let qualifier = asked.text("qualifier");
    if !qualifier.is_empty() {
        json::put(&mut input, "Qualifier", qualifier.as_str().into());
    }
    let answer = asked.ask("lambda", "Invoke", input).await?;
    let of = |path: &str| json::text_at(&answer, path).unwrap_or_default();
    let result = STANDARD.decode(of("Payload")).unwrap_or_default();
    let result = String::from_utf8_lossy(&result).into_owned();
    if !of("FunctionError").is_empty() {
        return Err(Refusal::error(
            "The function failed",
            format!("{name}: {}: {result}", of("FunctionError")),
        ));
    }
    let mut digest = hex::encode(sha2::Sha256::digest(&body));
    digest.truncate(32);
    let id = format!("{name}_{qualifier}_{digest}");
    Ok(asked.with(vec![("id", text(id)), ("result", text(result))]))
}

async fn organization(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let service = "organizations";
    let answer = asked
        .ask(service, "DescribeOrganization", json!({}))
        .await?;
    let mut found = answer.get("Organization").cloned().unwrap_or_default();
    let master = json::text_at(&found, "MasterAccountId").unwrap_or_default();
    if !asked.flag("return_organization_only") {
        let list = |answer: &Json, name: &str| {
            answer
                .get(name)
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let answer = asked.ask(service, "ListAccounts", json!({})).await?;
        let accounts = list(&answer, "Accounts");
        let others = accounts
            .iter()
            .filter(|account| account["Id"] != master.as_str());
        let others: Vec<Json> = others.cloned().collect();
        let own = accounts
            .iter()
            .find(|account| account["Id"] == master.as_str());
        let own = own.and_then(|account| json::text_at(account, "Name"));
        let answer = asked.ask(service, "ListRoots", json!({})).await?;
        let roots = list(&answer, "Roots");
        let kinds = roots
            .first()
            .and_then(|root| root["PolicyTypes"].as_array().cloned());
        let kinds: Vec<Json> = kinds
            .unwrap_or_default()
            .iter()
            .filter(|kind| kind["Status"] == "ENABLED")
            .map(|kind| kind["Type"].clone())
            .collect();
        let input = json!({});
        let answer = asked
            .ask(service, "ListAWSServiceAccessForOrganization", input)
            .await?;
        let principals = list(&answer, "EnabledServicePrincipals");
        let principals = principals.iter().map(|one| one["ServicePrincipal"].clone());
        let principals: Vec<Json> = principals.collect();
        for (member, value) in [
            ("Accounts", json!(accounts)),
            ("NonMasterAccounts", json!(others)),
            ("MasterAccountName", json!(own)),
            ("Roots", json!(roots)),
            ("EnabledPolicyTypes", json!(kinds)),
            ("AwsServiceAccessPrincipals", json!(principals)),
        ] {
            json::put(&mut found, member, value);
        }
    }
    let state = read_by(about, &[], &found, asked.config);
    let id = json::text_at(&found, "Id").unwrap_or_default();
    Ok(args::with(&state, "id", text(id)))
}

const ENGINE: &[(&str, &str)] = &[
    (
        "default_character_set",
        "DefaultCharacterSet.CharacterSetName",
    ),
    ("engine_description", "DBEngineDescription"),
    ("parameter_group_family", "DBParameterGroupFamily"),
    (
        "supports_certificate_rotation_without_restart",
        "SupportsCertificateRotationWithoutRestart",
    ),
    ("supports_limitless_database", "SupportsLimitlessDatabase"),
    ("version", "EngineVersion"),
    ("version_actual", "EngineVersion"),
    ("version_description", "DBEngineVersionDescription"),
];

/// What is asked for: versions of an engine.
fn engines(asked: &Asked<'_>, preferred: &[String]) -> Json {
    let mut input = json!({"Engine": asked.text("engine"), "ListSupportedCharacterSets": true, "ListSupportedTimezones": true});
    for (name, member) in [
        ("version", "EngineVersion"),
        ("parameter_group_family", "DBParameterGroupFamily"),
    ] {
        if !asked.text(name).is_empty() {
            json::put(&mut input, member, asked.text(name).into());
        }
    }
    for (name, member) in [
        ("default_only", "DefaultOnly"),
        ("include_all", "IncludeAll"),
    ] {
        if asked.flag(name) {
            json::put(&mut input, member, true.into());
        }
    }
    if let (Some(one), true) = (preferred.first(), preferred.len() == 1) {
        json::put(&mut input, "EngineVersion", one.as_str().into());
    }
    let filters: Vec<Json> = written_filters(asked.config);
    if !filters.is_empty() {
        json::put(&mut input, "Filters", Json::Array(filters));
    }
    input
}

/// Lists of objects as lists of names.
fn named_lists(found: &mut Json) {
    for (member, list, name) in [
        (
            "SupportedCharacterSets",
            "SupportedCharacterSets",
            "CharacterSetName",
        ),
        ("SupportedTimezones", "SupportedTimezones", "TimezoneName"),
        ("SupportedModes", "SupportedEngineModes", ""),
    ] {
        let items = found
            .get(list)
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let items = items.iter().map(|item| match name {
            "" => item.clone(),
            name => item.get(name).cloned().unwrap_or_default(),
        });
        let items: Vec<Json> = items.collect();
        json::put(found, member, Json::Array(items));
    }
}

async fn engine_version(asked: &Asked<'_>, about: (&TypeFacts, &Schema)) -> Answered<Value> {
    let texts = |name: &str| -> Vec<String> {
        let texts = args::strings(asked.config, name).unwrap_or_default();
        texts.iter().map(ToString::to_string).collect()
    };
    let preferred = texts("preferred_versions");
    let input = engines(asked, &preferred);
    let answer = asked.ask("rds", "DescribeDBEngineVersions", input).await?;
    let all = answer.get("DBEngineVersions").and_then(Json::as_array);
    let mut all: Vec<Json> = all.cloned().unwrap_or_default();
    let targets = |version: &Json, major: Option<bool>| -> Vec<String> {
        let all = version.get("ValidUpgradeTarget").and_then(Json::as_array);
        let all = all.into_iter().flatten();
        let all = all.filter(|one| major.is_none_or(|major| one["IsMajorVersionUpgrade"] == major));
        all.filter_map(|one| json::text_at(one, "EngineVersion"))
            .collect()
    };
    for (name, major) in [("has_major_target", true), ("has_minor_target", false)] {
        if asked.flag(name) {
            all.retain(|version| !targets(version, Some(major)).is_empty());
        }
    }
    for (name, major) in [
        ("preferred_major_targets", Some(true)),
        ("preferred_upgrade_targets", None),
    ] {
        let wanted = texts(name);
        if !wanted.is_empty() {
            all.retain(|version| targets(version, major).iter().any(|to| wanted.contains(to)));
        }
    }
    let version_of = |version: &Json| json::text_at(version, "EngineVersion").unwrap_or_default();
    let found = match preferred
        .iter()
        .find_map(|wanted| all.iter().find(|version| version_of(version) == *wanted))
    {
        Some(found) => Some(found.clone()),
        None if asked.flag("latest") || all.len() == 1 => all.last().cloned(),
        None => None,
    };
    let Some(mut found) = found else {
        let what = if all.is_empty() {
            "no version matches"
        } else {
            "more than one version matches: narrow the search, or say latest = true"
        };
        return Err(Refusal::error(
            "No engine version",
            format!("{}: {what}.", asked.text("engine")),
        ));
    };
    named_lists(&mut found);
    let state = read_by(about, ENGINE, &found, asked.config);
    let set = |texts: Vec<String>| {
        Value::set(Type::String, texts.into_iter().map(Value::string).collect())
    };
    Ok(args::with_all(
        &state,
        [
            ("id", text(version_of(&found))),
            ("valid_upgrade_targets", set(targets(&found, None))),
            ("valid_major_targets", set(targets(&found, Some(true)))),
            ("valid_minor_targets", set(targets(&found, Some(false)))),
        ],
    ))
}
