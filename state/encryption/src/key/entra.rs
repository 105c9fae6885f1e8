//! Who asks Azure: tokens of Entra ID for applications (secret or federated token), workloads, machines, and for who is logged in with `az`.

use crate::Surroundings;
use crate::arguments::Arguments;
use crate::http::{Request, Token, TokenMemory, escaped, form, send};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use crate::settings::MistakeKind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;
use zeroize::Zeroizing;

/// How often a request is sent again.
const RETRIES: u32 = 2;
/// How long a token is good where nothing is said about that.
const LIFETIME: Duration = Duration::from_secs(300);
/// The longest file with a token, in bytes.
const LONGEST: u64 = 1 << 20;
const FORM: &str = "application/x-www-form-urlencoded";

/// A cloud of Azure's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cloud {
    Public,
    China,
    UsGovernment,
}

impl Cloud {
    fn authority(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::China => "https://login.chinacloudapi.cn",
            Self::UsGovernment => "https://login.microsoftonline.us",
        }
    }

    /// Whom tokens for its vaults are for.
    fn resource(self) -> &'static str {
        match self {
            Self::Public => "https://vault.azure.net",
            Self::China => "https://vault.azure.cn",
            Self::UsGovernment => "https://vault.usgovcloudapi.net",
        }
    }
}

/// Who asks.
#[derive(Debug)]
pub(super) struct Entra {
    authority: String,
    resource: String,
    tenant: Option<String>,
    client: Option<String>,
    client_file: Option<String>,
    way: Vec<Way>,
    env: BTreeMap<String, String>,
    memory: TokenMemory,
}

/// A way to come by a token.
#[derive(Debug)]
enum Way {
    /// An application's secret.
    Secret(Secret),
    /// An application's secret in a file.
    SecretFile(String),
    /// A token of somebody whom the application trusts.
    Oidc(Oidc),
    /// The token that Kubernetes leaves in a file.
    Workload,
    /// What the machine is.
    Machine,
    /// Who is logged in with `az`.
    Cli,
}

/// A token of somebody whom the application trusts.
#[derive(Debug)]
struct Oidc {
    token: Option<Secret>,
    file: Option<String>,
    request: Option<(String, Secret)>,
}

/// The arguments, where they are not given out of the environment.
struct Reader<'a, 'b> {
    arguments: &'a mut Arguments<'b>,
    env: &'a BTreeMap<String, String>,
}

impl Reader<'_, '_> {
    fn var(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| self.env.get(*name).filter(|value| !value.is_empty()))
            .cloned()
    }

    fn text(&mut self, name: &'static str, vars: &[&str]) -> Option<String> {
        self.arguments
            .text(name)
            .filter(|text| !text.is_empty())
            .or_else(|| self.var(vars))
    }

    fn secret(&mut self, name: &'static str, vars: &[&str]) -> Option<Secret> {
        self.text(name, vars).map(Secret::new)
    }

    fn flag(&mut self, name: &'static str, var: &str, default: bool) -> bool {
        self.arguments.flag(name).unwrap_or_else(|| {
            self.var(&[var]).map_or(default, |text| {
                matches!(text.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True")
            })
        })
    }
}

impl Entra {
    /// From the arguments, which are those of the `azurerm` backend, and the environment. `vault`: the address of the vault.
    pub(super) fn new(
        arguments: &mut Arguments<'_>,
        surroundings: &Surroundings,
        vault: &str,
    ) -> Self {
        let mut read = Reader {
            arguments,
            env: &surroundings.env,
        };
        let cloud = cloud(&mut read);
        let tenant = read.text("tenant_id", &["ARM_TENANT_ID"]);
        let client = read.text("client_id", &["ARM_CLIENT_ID"]);
        let client_file = read.text("client_id_file_path", &["ARM_CLIENT_ID_FILE_PATH"]);
        // No token is bound to a subscription: taken, as it is in the environment of many.
        read.text("subscription_id", &[]);
        certificates(&mut read);
        let way = ways(&mut read);
        let host = vault
            .strip_prefix("https://")
            .unwrap_or("")
            .trim_end_matches('/');
        // Managed HSMs want tokens of their own kind: the domain that the host belongs to says which.
        let resource = match host.split_once('.') {
            Some((_, domain)) if domain.starts_with("managedhsm.") => format!("https://{domain}"),
            _ => cloud.resource().to_owned(),
        };
        Self {
            authority: read.var(&["AZURE_AUTHORITY_HOST"]).map_or_else(
                || cloud.authority().to_owned(),
                |host| host.trim_end_matches('/').to_owned(),
            ),
            resource,
            tenant,
            client,
            client_file,
            way,
            env: surroundings.env.clone(),
            memory: TokenMemory::default(),
        }
    }

    /// A token.
    pub(super) fn token(&self) -> Result<Secret> {
        self.memory.token(|| {
            let Some(way) = self.way.first() else {
                return fail(
                    "there are no credentials: set \"client_id\", \"tenant_id\" and \"client_secret\" (or ARM_CLIENT_ID, ARM_TENANT_ID and ARM_CLIENT_SECRET), or use_oidc, use_msi, use_aks_workload_identity or use_cli",
                );
            };
            match way {
                Way::Secret(secret) => self.application(&[("client_secret", secret.text()?)]),
                Way::SecretFile(path) => {
                    let secret = contents(path)?;
                    self.application(&[("client_secret", secret.trim())])
                }
                Way::Oidc(oidc) => self.federated(oidc.token()?.text()?),
                Way::Workload => {
                    let path = self.env.get("AZURE_FEDERATED_TOKEN_FILE").map_or(
                        "/var/run/secrets/azure/tokens/azure-identity-token",
                        String::as_str,
                    );
                    self.federated(contents(path)?.trim())
                }
                Way::Machine => self.of_machine(),
                Way::Cli => self.of_cli(),
            }
        })
    }

    fn client(&self) -> Result<Option<String>> {
        match (&self.client, &self.client_file) {
            (Some(client), _) => Ok(Some(client.clone())),
            (None, Some(path)) => Ok(Some(contents(path)?.trim().to_owned())),
            (None, None) => Ok(None),
        }
    }

    fn federated(&self, assertion: &str) -> Result<Token> {
        self.application(&[
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ])
    }

    /// A token of an application that shows that it is the one.
    fn application(&self, proof: &[(&str, &str)]) -> Result<Token> {
        let var = |name: &str| self.env.get(name).filter(|value| !value.is_empty());
        let tenant = self.tenant.as_ref().or_else(|| var("AZURE_TENANT_ID"));
        let Some(tenant) = tenant else {
            return fail("the tenant is not known: set \"tenant_id\", or ARM_TENANT_ID");
        };
        let client = self.client()?.or_else(|| var("AZURE_CLIENT_ID").cloned());
        let Some(client) = client else {
            return fail("the application is not known: set \"client_id\", or ARM_CLIENT_ID");
        };
        let scope = format!("{}/.default", self.resource);
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client.as_str()),
            ("scope", scope.as_str()),
        ];
        fields.extend_from_slice(proof);
        given(
            &Request {
                url: &format!("{}/{}/oauth2/v2.0/token", self.authority, escaped(tenant)),
                content_type: FORM,
                body: Some(form(&fields)),
                retries: RETRIES,
                ..Request::default()
            },
            "Entra ID",
        )
    }

    /// A token of the machine: of an app service where the environment says so, else of a virtual machine.
    fn of_machine(&self) -> Result<Token> {
        let var = |name: &str| self.env.get(name).filter(|value| !value.is_empty());
        let resource = escaped(&self.resource);
        let client = self
            .client()?
            .map(|client| format!("&client_id={}", escaped(&client)))
            .unwrap_or_default();
        if let (Some(endpoint), Some(header)) = (var("IDENTITY_ENDPOINT"), var("IDENTITY_HEADER")) {
            return given(
                &Request {
                    url: &format!("{endpoint}?api-version=2019-08-01&resource={resource}{client}"),
                    headers: &[("x-identity-header", header)],
                    direct: true,
                    retries: RETRIES,
                    ..Request::default()
                },
                "the machine",
            );
        }
        let host = var("AZURE_POD_IDENTITY_AUTHORITY_HOST")
            .map_or("http://169.254.169.254", |host| host.trim_end_matches('/'));
        let url = var("MSI_ENDPOINT").map_or_else(
            || format!("{host}/metadata/identity/oauth2/token"),
            Clone::clone,
        );
        given(
            &Request {
                url: &format!("{url}?api-version=2018-02-01&resource={resource}{client}"),
                headers: &[("metadata", "true")],
                direct: true,
                retries: RETRIES,
                ..Request::default()
            },
            "the machine",
        )
    }

    /// A token of who is logged in with Azure's program.
    fn of_cli(&self) -> Result<Token> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Said {
            access_token: Zeroizing<String>,
        }
        let mut command = Command::new("az");
        command
            .args([
                "account",
                "get-access-token",
                "--output",
                "json",
                "--resource",
            ])
            .arg(&self.resource)
            .stdin(Stdio::null());
        if let Some(tenant) = &self.tenant {
            command.arg("--tenant").arg(tenant);
        }
        let output = command.output().map_err(|error| {
            Problem(format!(
                "there are no credentials: set client_id, tenant_id and client_secret, use_oidc, use_msi or use_aks_workload_identity, or log in with `az login` (`az` can't be started: {error})"
            ))
        })?;
        let stdout = Zeroizing::new(output.stdout);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: String = said.trim().chars().take(500).collect();
            return fail(format!(
                "`az account get-access-token` failed ({}): {said}",
                output.status
            ));
        }
        let said: Said = serde_json::from_slice(&stdout).map_err(|_| {
            Problem(String::from(
                "what `az account get-access-token` says can't be understood",
            ))
        })?;
        Ok(Token {
            secret: Secret::new(said.access_token.as_bytes()),
            lifetime: LIFETIME,
        })
    }
}

fn cloud(read: &mut Reader<'_, '_>) -> Cloud {
    // Describes clouds of one's own, which have other addresses: nothing here would go there.
    if read.text("metadata_host", &[]).is_some() {
        read.arguments.mistake(
            MistakeKind::NotAvailable,
            Some("metadata_host"),
            "Clouds of Azure Stack are not known here: \"environment\" takes public, china and usgovernment.",
        );
    }
    match read.text("environment", &["ARM_ENVIRONMENT"]).as_deref() {
        None | Some("public") => Cloud::Public,
        Some("china") => Cloud::China,
        Some("usgovernment") => Cloud::UsGovernment,
        Some(_) => {
            read.arguments.invalid(
                "environment",
                "The argument \"environment\" must be public, china or usgovernment.",
            );
            Cloud::Public
        }
    }
}

/// Certificates of applications come as PKCS#12, which nothing here reads.
fn certificates(read: &mut Reader<'_, '_>) {
    read.text("client_certificate_password", &[]);
    for (name, var) in [
        ("client_certificate", "ARM_CLIENT_CERTIFICATE"),
        ("client_certificate_path", "ARM_CLIENT_CERTIFICATE_PATH"),
    ] {
        if read.text(name, &[var]).is_some() {
            read.arguments.mistake(
                MistakeKind::NotAvailable,
                Some(name),
                format!("Applications can't show a certificate ({name}, {var}) in this version of terrane: use a secret, a federated token (use_oidc), a managed identity (use_msi) or `az login`."),
            );
        }
    }
}

/// The ways that are configured, the first one counts.
fn ways(read: &mut Reader<'_, '_>) -> Vec<Way> {
    let mut ways = Vec::new();
    if let Some(secret) = read.secret("client_secret", &["ARM_CLIENT_SECRET"]) {
        ways.push(Way::Secret(secret));
    }
    if let Some(path) = read.text("client_secret_file_path", &["ARM_CLIENT_SECRET_FILE_PATH"]) {
        ways.push(Way::SecretFile(path));
    }
    let url = read.text(
        "oidc_request_url",
        &["ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"],
    );
    let bearer = read.secret(
        "oidc_request_token",
        &["ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
    );
    let oidc = Oidc {
        token: read.secret("oidc_token", &["ARM_OIDC_TOKEN"]),
        file: read.text("oidc_token_file_path", &["ARM_OIDC_TOKEN_FILE_PATH"]),
        request: url.zip(bearer),
    };
    if read.flag("use_oidc", "ARM_USE_OIDC", false) {
        ways.push(Way::Oidc(oidc));
    }
    if read.flag(
        "use_aks_workload_identity",
        "ARM_USE_AKS_WORKLOAD_IDENTITY",
        false,
    ) {
        ways.push(Way::Workload);
    }
    if read.flag("use_msi", "ARM_USE_MSI", false) {
        ways.push(Way::Machine);
    }
    if read.flag("use_cli", "ARM_USE_CLI", true) {
        ways.push(Way::Cli);
    }
    ways
}

impl Oidc {
    fn token(&self) -> Result<Secret> {
        #[derive(Deserialize)]
        struct Said {
            value: Zeroizing<String>,
        }
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        if let Some(path) = &self.file {
            return Ok(Secret::new(contents(path)?.trim()));
        }
        let Some((url, bearer)) = &self.request else {
            return fail(
                "use_oidc is set, but there is no token: set oidc_token, oidc_token_file_path, or oidc_request_url and oidc_request_token",
            );
        };
        let bearer = Zeroizing::new(format!("Bearer {}", bearer.text()?));
        let separator = if url.contains('?') { '&' } else { '?' };
        let answer = send(&Request {
            url: &format!("{url}{separator}audience=api%3A%2F%2FAzureADTokenExchange"),
            headers: &[("authorization", &bearer), ("accept", "application/json")],
            retries: RETRIES,
            ..Request::default()
        })
        .map_err(|problem| problem.within("asking for the federated token"))?;
        if answer.status != 200 {
            return fail(format!(
                "the federated token was not given: {}",
                answer.reason()
            ));
        }
        let said: Said = answer.json("a token service")?;
        Ok(Secret::new(said.value.as_bytes()))
    }
}

/// The token that is in the answer to a request.
fn given(request: &Request<'_>, whose: &str) -> Result<Token> {
    /// Machines write numbers as texts.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(u64),
        Text(String),
    }
    #[derive(Deserialize)]
    struct Given {
        access_token: Zeroizing<String>,
        #[serde(default)]
        expires_in: Option<Seconds>,
    }
    let answer = send(request).map_err(|problem| problem.within("asking for a token"))?;
    if answer.status != 200 {
        return fail(format!("{whose} gave no token: {}", answer.reason()));
    }
    let given: Given = answer.json("a token service")?;
    let lifetime = match given.expires_in {
        Some(Seconds::Number(seconds)) => Duration::from_secs(seconds),
        Some(Seconds::Text(text)) => text.parse().map_or(LIFETIME, Duration::from_secs),
        None => LIFETIME,
    };
    Ok(Token {
        secret: Secret::new(given.access_token.as_bytes()),
        lifetime,
    })
}

/// The text of a file, if it is not too long.
fn contents(path: &str) -> Result<Zeroizing<String>> {
    let read = || -> std::io::Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::new());
        std::fs::File::open(path)?
            .take(LONGEST)
            .read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| Problem(format!("{path} can't be read: {error}")))
}
