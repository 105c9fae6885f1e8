//! Modules from S3: whose keys sign the request. The server plays S3, STS and SSO.

#[path = "../../../modules/fetch/src/testserver.rs"]
mod testserver;

use super::folder::{Folder, Ran};
use std::io::{Cursor, Write as _};
use testserver::{Asked, Server, reply};
use zip::write::SimpleFileOptions;

/// SHA-1 of the start page: by that the SDK and the command line of AWS name what they keep of a login.
const SSO_CACHE: &str = "home/.aws/sso/cache/40169cea58ca6cbf23fb27b2542923fb5f524af0.json";

const CONFIG: &str = "[profile deploy]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = base
[profile base]
aws_access_key_id = BASE
aws_secret_access_key = S
[profile sso]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
[profile broken]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = nobody
";

fn keys_in_xml(id: &str) -> String {
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/deploy/s</Arn><AssumedRoleId>b</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
    )
}

fn cloud() -> Server {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("main.tf", options).unwrap();
    archive
        .write_all(b"output \"o\" {\n  value = 1\n}\n")
        .unwrap();
    let archive = archive.finish().unwrap().into_inner();
    Server::start(move |asked: &Asked| {
        if asked.path.ends_with("/m.zip") {
            return reply(200, archive.clone());
        }
        if asked.path.starts_with("/federation/credentials") {
            let known = asked.headers.get("x-amz-sso_bearer_token");
            assert_eq!(known.map(String::as_str), Some("logged in"));
            return reply(
                200,
                r#"{"roleCredentials":{"accessKeyId":"BYSSO","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}"#,
            )
            .with("Content-Type", "application/json");
        }
        reply(200, keys_in_xml("BYROLE")).with("Content-Type", "text/xml")
    })
}

/// Who signed the request for the archive, if anybody.
fn signer(server: &Server) -> Option<String> {
    let asked = server.asked();
    let archive = asked.iter().find(|asked| asked.path.ends_with("/m.zip"));
    let signature = archive.unwrap().headers.get("authorization")?;
    let (_, rest) = signature.split_once("Credential=")?;
    Some(rest.split('/').next()?.to_owned())
}

type Variable = (&'static str, &'static str);

fn init(server: &Server, query: &str, variables: &[(&str, &str)]) -> Ran {
    let source = format!("s3::{}", server.url("/bucket/m.zip"));
    let config = format!("module \"m\" {{\n  source = \"{source}{query}\"\n}}\n");
    let token = r#"{"accessToken":"logged in","expiresAt":"2099-01-01T00:00:00Z","region":"eu-west-1","startUrl":"https://acme.awsapps.com/start"}"#;
    let folder = Folder::new(&[
        ("main.tf", &config),
        ("home/.aws/config", CONFIG),
        (SSO_CACHE, token),
    ]);
    let home = folder.path().join("home").display().to_string();
    let endpoint = server.url("");
    let mut all = vec![
        ("HOME", home.as_str()),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    all.extend_from_slice(variables);
    folder.run_with(&["init"], &all, "")
}

#[test]
fn keys_come_from_roles_logins_and_the_environment() {
    const VARIABLES: &[Variable] = &[
        ("AWS_ACCESS_KEY_ID", "BYENV"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    type Case = (&'static str, &'static [Variable], Option<&'static str>);
    let cases: [Case; 5] = [
        ("?aws_profile=deploy", &[], Some("BYROLE")),
        ("?aws_profile=sso", VARIABLES, Some("BYSSO")),
        ("", &[("AWS_PROFILE", "sso")], Some("BYSSO")),
        ("", VARIABLES, Some("BYENV")),
        // It may be open to everybody.
        ("", &[], None),
    ];
    for (query, variables, expect) in cases {
        let server = cloud();
        init(&server, query, variables).ok();
        assert_eq!(
            signer(&server).as_deref(),
            expect,
            "{query:?} {variables:?}"
        );
    }
}

/// Who names a profile does not want to ask as nobody.
#[test]
fn a_profile_without_keys_is_an_error() {
    for (profile, why) in [("none", "none"), ("broken", "nobody")] {
        let server = cloud();
        init(&server, &format!("?aws_profile={profile}"), &[])
            .exits(1)
            .says(&format!(
                "the AWS credentials of the profile \"{profile}\" can't be had"
            ))
            .says(why);
        assert!(server.asked().is_empty());
    }
}
