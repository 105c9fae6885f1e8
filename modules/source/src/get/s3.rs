//! Archives in S3, by plain HTTP: signed where there are keys, else as they are open to everybody.

use super::{Context, GetError, Progress, http};
use crate::address::Package;
use aws_config::Region;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use terrane_aws_access::{Connector, Sources, chain};
use terrane_fetch::Url;
use terrane_fetch::header::HeaderName;

/// Arguments of the address that are about access.
const OURS: [&str; 6] = [
    "region",
    "aws_access_key_id",
    "aws_access_key_secret",
    "aws_access_token",
    "aws_profile",
    "version",
];

pub(super) async fn get(
    ctx: &Context,
    package: &Package,
    folders: (&Path, &Path),
    progress: Progress<'_>,
) -> Result<(), GetError> {
    let Some(format) = http::format(package)? else {
        return Err(http::only_archives("s3"));
    };
    let bare = Package {
        query: package.query.without(&OURS),
        ..package.clone()
    };
    let mut url = http::address(&bare)?;
    if let Some(version) = package.query.get("version") {
        url.query_pairs_mut().append_pair("versionId", &version);
    }
    let region = package
        .query
        .get("region")
        .or_else(|| region(url.host_str().unwrap_or_default()))
        .or_else(|| variable(&ctx.env, "AWS_REGION"))
        .or_else(|| variable(&ctx.env, "AWS_DEFAULT_REGION"))
        .unwrap_or_else(|| String::from("us-east-1"));
    // An address in the clear was written down by the user: an endpoint of a network of one's own.
    let plain = url.scheme() == "http";
    let mut request = ctx.client.get(url.clone()).plain(plain);
    if let Some(keys) = keys(package, &ctx.env, &region).await? {
        for (name, value) in signed(&url, &region, keys, SystemTime::now())? {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|error| GetError::Address(error.to_string()))?;
            request = request.secret_header(name, &value);
        }
    }
    http::archive(request, package, format, folders, progress).await
}

/// The region in the name of a host: `s3-eu-west-1.…`, `s3.eu-west-1.…`, with the bucket before it or not.
fn region(host: &str) -> Option<String> {
    let name = host.strip_suffix(".amazonaws.com")?;
    let parts: Vec<&str> = name.split('.').collect();
    let at = parts
        .iter()
        .rposition(|part| *part == "s3" || part.starts_with("s3-"))?;
    let part = parts.get(at).copied().unwrap_or_default();
    let found = match part.strip_prefix("s3-") {
        Some(region) => Some(region),
        None => parts
            .get(at + 1)
            .copied()
            .filter(|part| *part != "dualstack"),
    };
    found.map(str::to_owned)
}

/// Keys of the address; of the environment, if the address names no profile; else of the profile, which may have a role, SSO or a program, of a token,
/// or of the machine. `None`: there are none anywhere, and none were asked for.
async fn keys(
    package: &Package,
    env: &BTreeMap<String, String>,
    region: &str,
) -> Result<Option<Credentials>, GetError> {
    let query = |name: &str| package.query.get(name);
    if let (Some(id), Some(secret)) = (query("aws_access_key_id"), query("aws_access_key_secret")) {
        let token = query("aws_access_token");
        return Ok(Some(Credentials::new(id, secret, token, None, "address")));
    }
    let profile = query("aws_profile");
    if profile.is_none()
        && let (Some(id), Some(secret)) = (
            variable(env, "AWS_ACCESS_KEY_ID"),
            variable(env, "AWS_SECRET_ACCESS_KEY"),
        )
    {
        let token = variable(env, "AWS_SESSION_TOKEN");
        let found = Credentials::new(id, secret, token, None, "environment");
        return Ok(Some(found));
    }
    let profile = profile.or_else(|| variable(env, "AWS_PROFILE"));
    let file = |name: &str| variable(env, name).map(PathBuf::from).into_iter().collect();
    let sources = Sources {
        profile: profile.clone(),
        config_files: file("AWS_CONFIG_FILE"),
        credentials_files: file("AWS_SHARED_CREDENTIALS_FILE"),
        ..Sources::default()
    };
    let http = Connector::usual().map_err(GetError::Address)?;
    let region = Region::new(region.to_owned());
    let provider = sources.provider(http, Some(region)).await;
    match provider.provide_credentials().await {
        Ok(found) => Ok(Some(found)),
        // It may be open to everybody.
        Err(CredentialsError::CredentialsNotLoaded(_)) if profile.is_none() => Ok(None),
        Err(error) => {
            let whose =
                profile.map_or_else(String::new, |name| format!(" of the profile {name:?}"));
            Err(GetError::Address(format!(
                "the AWS credentials{whose} can't be had: {}",
                chain(&error)
            )))
        }
    }
}

/// The headers that sign a GET.
fn signed(
    url: &Url,
    region: &str,
    keys: Credentials,
    now: SystemTime,
) -> Result<Vec<(String, String)>, GetError> {
    let failed = |why: String| GetError::Address(format!("the request can't be signed: {why}"));
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let identity = keys.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("s3")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| failed(error.to_string()))?
        .into();
    let body = SignableBody::Bytes(b"");
    let request = SignableRequest::new("GET", url.as_str(), std::iter::empty(), body)
        .map_err(|error| failed(error.to_string()))?;
    let output = sign(request, &params).map_err(|error| failed(error.to_string()))?;
    let (instructions, _signature) = output.into_parts();
    Ok(instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn variable(env: &BTreeMap<String, String>, name: &str) -> Option<String> {
    env.get(name).filter(|value| !value.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use super::{keys, region, signed};
    use crate::address::Package;
    use aws_credential_types::Credentials;
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};
    use terrane_fetch::Url;

    #[test]
    fn regions() {
        for (host, expect) in [
            ("s3.amazonaws.com", None),
            ("s3-eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("s3.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("bucket.s3.amazonaws.com", None),
            ("bucket.s3-eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("my.bucket.s3.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("minio.example.com", None),
        ] {
            assert_eq!(region(host).as_deref(), expect, "{host}");
        }
    }

    fn package(query: &str) -> Package {
        let address = format!("s3::https://s3.amazonaws.com/bucket/x.zip?{query}");
        crate::address::remote(&address).unwrap().package
    }

    /// Keys of the address come first, then those of the environment, unless a profile is named.
    #[tokio::test]
    async fn who_asks() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let credentials = "[default]\naws_access_key_id = A\naws_secret_access_key=B\n[other]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n";
        let config = "[profile program]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"P\", \"SecretAccessKey\": \"Q\"}'\n";
        let mut env = BTreeMap::from([
            (
                "AWS_SHARED_CREDENTIALS_FILE".to_owned(),
                write("credentials", credentials),
            ),
            ("AWS_CONFIG_FILE".to_owned(), write("config", config)),
        ]);
        let ask = async |query: &str, env: &BTreeMap<String, String>| {
            let found = keys(&package(query), env, "eu-west-1").await;
            found.map(|found| found.map(|keys| keys.access_key_id().to_owned()))
        };
        assert_eq!(ask("", &env).await.unwrap().as_deref(), Some("A"));
        for (profile, id) in [("other", "C"), ("program", "P")] {
            let query = format!("aws_profile={profile}");
            assert_eq!(ask(&query, &env).await.unwrap().as_deref(), Some(id));
        }
        let problem = ask("aws_profile=none", &env).await.unwrap_err().to_string();
        assert!(problem.contains("of the profile \"none\""), "{problem}");
        env.insert("AWS_ACCESS_KEY_ID".to_owned(), "X".to_owned());
        env.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "Y".to_owned());
        let address = "aws_access_key_id=K&aws_access_key_secret=L";
        for (query, id) in [("", "X"), ("aws_profile=other", "C"), (address, "K")] {
            assert_eq!(
                ask(query, &env).await.unwrap().as_deref(),
                Some(id),
                "{query}"
            );
        }
    }

    /// The example of the documentation of S3: "GET Object", without its `Range` header, which nobody sends here.
    #[test]
    fn signatures_have_all_their_parts() {
        let keys = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "test",
        );
        let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        let headers = signed(&url, "us-east-1", keys, now).unwrap();
        let get = |name: &str| {
            let found = headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap()
        };
        assert_eq!(get("x-amz-date"), "20130524T000000Z");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(get("x-amz-content-sha256"), empty);
        let start = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=";
        assert!(get("authorization").starts_with(start), "{headers:?}");
    }
}
