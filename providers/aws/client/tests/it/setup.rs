//! What the provider's settings mean.

use super::moto::Moto;
use super::{ask, settings};
use serde_json::json;
use std::path::PathBuf;
use terrane_aws_client::{Client, Role, SetupError, WebRole, WebToken};

#[tokio::test]
async fn roles_are_assumed_one_with_the_other() {
    let Some(moto) = Moto::start() else { return };
    let mut settings = settings(&moto.endpoint(), "");
    settings.headers.clear();
    let role = |account: &str| Role {
        arn: format!("arn:aws:iam::{account}:role/deploy"),
        session_name: Some("s".into()),
        ..Role::default()
    };
    settings.access.roles = vec![role("300000000001"), role("300000000002")];
    let (client, identity) = Client::connect(settings.clone()).await.unwrap();
    let identity = identity.unwrap();
    assert_eq!(identity.account, "300000000002");
    assert_eq!(identity.partition, "aws");
    assert_eq!(
        identity.arn,
        "arn:aws:sts::300000000002:assumed-role/deploy/s"
    );
    let topic = ask(&client, "sns", "CreateTopic", json!({"Name": "t"})).await;
    assert_eq!(topic["TopicArn"], "arn:aws:sns:eu-central-1:300000000002:t");
    settings.access.web_role = Some(WebRole {
        role: role("300000000003"),
        token: WebToken::Text("token".into()),
    });
    settings.access.roles.clear();
    let (_, identity) = Client::connect(settings).await.unwrap();
    assert_eq!(identity.unwrap().account, "300000000003");
}

#[tokio::test]
async fn accounts_are_looked_up_in_the_lists() {
    let Some(moto) = Moto::start() else { return };
    let of = |allowed: &[&str], forbidden: &[&str]| {
        let mut settings = settings(&moto.endpoint(), "300000000004");
        settings.skip_requesting_account_id = true;
        settings.allowed_account_ids = allowed.iter().map(|id| (*id).to_owned()).collect();
        settings.forbidden_account_ids = forbidden.iter().map(|id| (*id).to_owned()).collect();
        Client::connect(settings)
    };
    assert!(of(&["300000000004"], &[]).await.is_ok());
    assert!(of(&[], &["1"]).await.is_ok());
    for (allowed, forbidden) in [(&["1"][..], &[][..]), (&[], &["300000000004"])] {
        let error = of(allowed, forbidden).await.unwrap_err();
        assert!(matches!(error, SetupError::WrongAccount(account) if account == "300000000004"));
    }
}

#[tokio::test]
async fn regions_are_checked() {
    let of = |region: Option<&str>, skip: bool| {
        let mut settings = settings("http://127.0.0.1:9", "1");
        settings.region = region.map(str::to_owned);
        settings.skip_region_validation = skip;
        settings.access.skip_metadata_api_check = Some(true);
        settings.access.config_files = vec![PathBuf::from("/nonexistent")];
        settings.access.credentials_files = vec![PathBuf::from("/nonexistent")];
        Client::new(settings)
    };
    assert!(of(Some("eu-west-1"), false).await.is_ok());
    assert!(of(Some("moon-1"), true).await.is_ok());
    assert!(matches!(
        of(Some("moon-1"), false).await,
        Err(SetupError::UnknownRegion(_))
    ));
    assert!(matches!(of(None, false).await, Err(SetupError::NoRegion)));
}

/// The block comes before variables, and those of a service before those of all.
#[tokio::test]
async fn addresses_come_from_blocks_variables_and_profiles() {
    let Some(moto) = Moto::start() else { return };
    let nowhere = "http://127.0.0.1:9";
    let good = moto.endpoint();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(
        &config,
        format!("[profile p]\nregion = eu-west-3\nmax_attempts = 1\nendpoint_url = {nowhere}\nservices = s\n[services s]\nsqs =\n  endpoint_url = {good}\n"),
    )
    .unwrap();
    let mut settings = settings(nowhere, "300000000005");
    settings.max_retries = Some(0);
    let works = async |settings: terrane_aws_client::Settings| {
        let client = Client::new(settings).await.unwrap();
        super::call(&client, "sqs", "ListQueues", json!({}))
            .await
            .is_ok()
    };
    assert!(!works(settings.clone()).await);
    let mut with = settings.clone();
    with.environment
        .insert("AWS_ENDPOINT_URL_SQS".into(), good.clone());
    assert!(works(with.clone()).await);
    with.endpoints.insert("sqs".into(), nowhere.into());
    assert!(!works(with.clone()).await, "the block comes first");
    let mut with = settings.clone();
    with.environment
        .insert("TF_AWS_SQS_ENDPOINT".into(), good.clone());
    assert!(works(with).await);
    let mut with = settings.clone();
    with.environment.clear();
    with.region = None;
    with.access.profile = Some("p".into());
    with.access.config_files = vec![config.clone()];
    with.access.credentials_files = vec![config];
    let client = Client::new(with.clone()).await.unwrap();
    assert_eq!(client.region(), "eu-west-3");
    assert!(works(with).await, "the profile's address for the service");
}

/// A profile that is named and has no keys is not replaced by the keys of the environment, which may be those of another account. The environment of a process
/// is changed from outside only: the test runs itself.
#[tokio::test]
async fn a_named_profile_is_not_replaced_by_the_environment() {
    if std::env::var_os("TERRANE_TEST_PROFILE").is_none() {
        let name = "setup::a_named_profile_is_not_replaced_by_the_environment";
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env("TERRANE_TEST_PROFILE", "1")
            .env("AWS_ACCESS_KEY_ID", "OTHER")
            .env("AWS_SECRET_ACCESS_KEY", "OTHER")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, "[profile prod]\nregion = eu-west-1\n").unwrap();
    let mut settings = settings("http://127.0.0.1:9", "1");
    settings.access.keys = None;
    settings.access.profile = Some("prod".into());
    settings.access.config_files = vec![file.clone()];
    settings.access.credentials_files = vec![file];
    settings.skip_requesting_account_id = true;
    settings.skip_credentials_validation = true;
    let client = Client::new(settings).await.unwrap();
    let error = super::call(&client, "sqs", "ListQueues", json!({})).await;
    assert_eq!(error.unwrap_err().code, "NoCredentials");
}
