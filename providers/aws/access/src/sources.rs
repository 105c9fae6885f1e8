//! Where keys come from before any role is assumed that settings of the house name.

use crate::Connector;
use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use std::path::PathBuf;

/// Where keys come from: those that are given; else a profile of the shared files, a token of the environment
/// (`AWS_WEB_IDENTITY_TOKEN_FILE`), then what the SDK looks at by itself, at last the machine. Where a profile is named, only the machine comes after it: keys of
/// the environment or of the profile `default` may be those of another account.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Keys that are written down, which come before everything else.
    pub keys: Option<Credentials>,
    /// The profile; `None`: what `AWS_PROFILE` says, else `default`.
    pub profile: Option<String>,
    /// Files of settings in place of the usual one.
    pub config_files: Vec<PathBuf>,
    /// Files of keys in place of the usual one.
    pub credentials_files: Vec<PathBuf>,
    /// The machine is not asked, nor anything else but profile and token.
    pub skip_machine: bool,
    /// Address of the metadata service.
    pub metadata_endpoint: Option<String>,
    /// The metadata service is reached over IPv6.
    pub metadata_ipv6: bool,
}

impl Sources {
    /// The shared files; the usual ones where none are named.
    #[must_use]
    pub fn profile_files(&self) -> EnvConfigFiles {
        let mut files = EnvConfigFiles::builder()
            .include_default_config_file(self.config_files.is_empty())
            .include_default_credentials_file(self.credentials_files.is_empty());
        for file in &self.config_files {
            files = files.with_file(EnvConfigFileKind::Config, file);
        }
        for file in &self.credentials_files {
            files = files.with_file(EnvConfigFileKind::Credentials, file);
        }
        files.build()
    }

    /// Asks them in their order, when it is asked. The region is the one of STS, for profiles with roles.
    pub async fn provider(
        &self,
        http: Connector,
        region: Option<Region>,
    ) -> SharedCredentialsProvider {
        if let Some(keys) = &self.keys {
            return SharedCredentialsProvider::new(keys.clone());
        }
        let config = ProviderConfig::empty()
            .with_http_client(http)
            .with_region(region.clone());
        let config = &config;
        let mut profile = ProfileFileCredentialsProvider::builder()
            .configure(config)
            .profile_files(self.profile_files());
        if let Some(name) = &self.profile {
            profile = profile.profile_name(name);
        }
        let first = CredentialsProviderChain::first_try("Profile", profile.build());
        if self.profile.is_some() {
            return SharedCredentialsProvider::new(match self.skip_machine {
                true => first,
                false => self.or_machine(first, config),
            });
        }
        let web = WebIdentityTokenCredentialsProvider::builder()
            .configure(config)
            .build();
        let first = first.or_else("WebIdentity", web);
        if self.skip_machine {
            return SharedCredentialsProvider::new(first);
        }
        let rest = DefaultCredentialsChain::builder()
            .configure(config.clone())
            .imds_client(self.metadata(config))
            // Else it looks for one itself, on the machine at last, which takes a second where there is none.
            .region(region)
            .build()
            .await;
        SharedCredentialsProvider::new(first.or_else("Machine", rest))
    }

    /// The container, or the machine, that this runs on.
    fn or_machine(
        &self,
        first: CredentialsProviderChain,
        config: &ProviderConfig,
    ) -> CredentialsProviderChain {
        let container = EcsCredentialsProvider::builder().configure(config).build();
        let machine = imds::credentials::ImdsCredentialsProvider::builder()
            .configure(config)
            .imds_client(self.metadata(config))
            .build();
        first
            .or_else("Container", container)
            .or_else("Machine", machine)
    }

    fn metadata(&self, config: &ProviderConfig) -> imds::Client {
        let plain = || imds::Client::builder().configure(config);
        let mut builder = plain();
        if let Some(endpoint) = &self.metadata_endpoint
            // One that is no address is found out when it is used.
            && let Ok(with) = plain().endpoint(endpoint)
        {
            builder = with;
        }
        if self.metadata_ipv6 {
            builder = builder.endpoint_mode(imds::client::EndpointMode::IpV6);
        }
        builder.build()
    }
}
