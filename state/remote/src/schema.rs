//! The arguments of the backends: names, types and meaning as the peers have them.

use std::sync::{Arc, OnceLock};
use terrane_model::schema::{Attribute, Block, Nesting};
use terrane_value::Type;

fn text(about: &str) -> Attribute {
    Attribute::string().optional().described(about)
}

fn flag(about: &str) -> Attribute {
    Attribute::bool().optional().described(about)
}

fn number(about: &str) -> Attribute {
    Attribute::number().optional().described(about)
}

fn texts(about: &str) -> Attribute {
    Attribute::new(Type::set(Type::String))
        .optional()
        .described(about)
}

fn map(about: &str) -> Attribute {
    Attribute::string_map().optional().described(about)
}

fn made_once(cell: &OnceLock<Arc<Block>>, make: impl FnOnce() -> Block) -> Arc<Block> {
    Arc::clone(cell.get_or_init(|| Arc::new(make())))
}

/// Of `backend "local"`.
pub(crate) fn local() -> Arc<Block> {
    static SCHEMA: OnceLock<Arc<Block>> = OnceLock::new();
    made_once(&SCHEMA, || {
        Block::new()
            .described("The state is a file on a disk.")
            .attr(
                "path",
                text("The state file of the workspace `default`: `terraform.tfstate`, unless said otherwise"),
            )
            .attr(
                "workspace_dir",
                text("The folder with the states of the other workspaces: `terraform.tfstate.d`, unless said otherwise"),
            )
    })
}

/// Of `backend "http"`.
pub(crate) fn http() -> Arc<Block> {
    static SCHEMA: OnceLock<Arc<Block>> = OnceLock::new();
    made_once(&SCHEMA, || {
        Block::new()
            .described("The state is fetched, stored and locked by requests to an HTTP server.")
            .attr("address", text("Where the state is (TF_HTTP_ADDRESS)"))
            .attr(
                "update_method",
                text("The method that stores a state: `POST`, unless said otherwise (TF_HTTP_UPDATE_METHOD)"),
            )
            .attr(
                "lock_address",
                text("Where locks are taken; nothing is locked if it is not set (TF_HTTP_LOCK_ADDRESS)"),
            )
            .attr(
                "lock_method",
                text("The method that locks: `LOCK`, unless said otherwise (TF_HTTP_LOCK_METHOD)"),
            )
            .attr(
                "unlock_address",
                text("Where locks are given back (TF_HTTP_UNLOCK_ADDRESS)"),
            )
            .attr(
                "unlock_method",
                text("The method that unlocks: `UNLOCK`, unless said otherwise (TF_HTTP_UNLOCK_METHOD)"),
            )
            .attr("username", text("For basic authentication (TF_HTTP_USERNAME)"))
            .attr(
                "password",
                text("For basic authentication (TF_HTTP_PASSWORD)").sensitive(),
            )
            .attr(
                "headers",
                map("More headers of each request").sensitive(),
            )
            .attr(
                "skip_cert_verification",
                flag("Whether the certificate of the server is not checked (false)"),
            )
            .attr(
                "retry_max",
                number("How often a request is tried again: 2, unless said otherwise (TF_HTTP_RETRY_MAX)"),
            )
            .attr(
                "retry_wait_min",
                number("The shortest wait before that, in seconds: 1, unless said otherwise (TF_HTTP_RETRY_WAIT_MIN)"),
            )
            .attr(
                "retry_wait_max",
                number("The longest wait before that, in seconds: 30, unless said otherwise (TF_HTTP_RETRY_WAIT_MAX)"),
            )
            .attr(
                "client_ca_certificate_pem",
                text("Certificates (PEM) of the authorities that the server's is checked with (TF_HTTP_CLIENT_CA_CERTIFICATE_PEM)"),
            )
            .attr(
                "client_certificate_pem",
                text("A certificate (PEM) that the client shows (TF_HTTP_CLIENT_CERTIFICATE_PEM)"),
            )
            .attr(
                "client_private_key_pem",
                text("Its key (PEM) (TF_HTTP_CLIENT_PRIVATE_KEY_PEM)").sensitive(),
            )
    })
}

/// Of `backend "s3"`.
pub(crate) fn s3() -> Arc<Block> {
    static SCHEMA: OnceLock<Arc<Block>> = OnceLock::new();
    made_once(&SCHEMA, || {
        let block = Block::new().described("The state is an object in an S3 bucket.");
        let block = s3_place(block);
        let block = s3_access(block);
        let block = s3_requests(block);
        s3_deprecated(block)
    })
}

/// What is stored where, and how.
fn s3_place(block: Block) -> Block {
    block
        .attr(
            "bucket",
            Attribute::string().required().described("The name of the bucket"),
        )
        .attr(
            "key",
            Attribute::string()
                .required()
                .described("The key of the state of the workspace `default`"),
        )
        .attr(
            "workspace_key_prefix",
            text("What the keys of other workspaces begin with: `env:`, unless said otherwise"),
        )
        .attr("acl", text("The canned ACL of the state"))
        .attr("encrypt", flag("Whether S3 encrypts the state on its side"))
        .attr("kms_key_id", text("The KMS key that it does that with"))
        .attr(
            "sse_customer_key",
            text("A key of your own that it does that with: 32 bytes in base64 (AWS_SSE_CUSTOMER_KEY)").sensitive(),
        )
        .attr("state_tags", map("Tags of the state"))
        .attr("lock_tags", map("Tags of the lock file"))
        .attr(
            "use_lockfile",
            flag("Whether an object beside the state is the lock"),
        )
        .attr(
            "dynamodb_table",
            text("A DynamoDB table for locks and digests, with the key `LockID`"),
        )
        .attr(
            "skip_s3_checksum",
            flag("Whether no SHA-256 checksum is sent, for services that don't know it"),
        )
}

/// A role: `more` is for one that is assumed with credentials, else with a web identity.
fn role(more: bool) -> Attribute {
    let mut attributes = vec![
        (
            "role_arn",
            if more {
                Attribute::string().required().described("The role")
            } else {
                text("The role (AWS_ROLE_ARN)")
            },
        ),
        (
            "duration",
            text("How long the session lasts, from `15m` to `12h`"),
        ),
        ("policy", text("A policy (JSON) that narrows the session")),
        ("policy_arns", texts("Policies that narrow the session")),
        ("session_name", text("The name of the session")),
    ];
    if more {
        attributes.extend([
            ("external_id", text("The external identifier")),
            ("source_identity", text("The source identity")),
            ("tags", map("Tags of the session")),
            (
                "transitive_tag_keys",
                texts("Keys of tags that sessions made from this one get, too"),
            ),
        ]);
    } else {
        attributes.extend([
            (
                "web_identity_token",
                text("The token of the web identity").sensitive(),
            ),
            (
                "web_identity_token_file",
                text("The file that holds it (AWS_WEB_IDENTITY_TOKEN_FILE)"),
            ),
        ]);
    }
    Attribute::objects(Nesting::Single, attributes).optional()
}

/// Who asks.
fn s3_access(block: Block) -> Block {
    block
        .attr(
            "region",
            text("The region of the bucket (AWS_REGION, AWS_DEFAULT_REGION)"),
        )
        .attr("access_key", text("The id of an access key"))
        .attr("secret_key", text("Its secret").sensitive())
        .attr("token", text("Its session token").sensitive())
        .attr(
            "profile",
            text("The profile of the shared files (AWS_PROFILE)"),
        )
        .attr(
            "shared_credentials_files",
            texts("Files with credentials, in place of `~/.aws/credentials`"),
        )
        .attr(
            "shared_config_files",
            texts("Files with profiles, in place of `~/.aws/config`"),
        )
        .attr(
            "assume_role",
            role(true).described("A role to be assumed with these credentials"),
        )
        .attr(
            "assume_role_with_web_identity",
            role(false).described("A role to be assumed with a web identity"),
        )
        .attr(
            "allowed_account_ids",
            texts("Accounts that alone may be used"),
        )
        .attr(
            "forbidden_account_ids",
            texts("Accounts that may not be used"),
        )
        .attr(
            "skip_credentials_validation",
            flag("Whether STS is not asked if the credentials hold"),
        )
        .attr(
            "skip_requesting_account_id",
            flag("Whether the account is not asked for"),
        )
        .attr(
            "skip_metadata_api_check",
            flag("Whether the metadata service of EC2 is not asked for credentials"),
        )
        .attr(
            "skip_region_validation",
            flag("Whether the name of the region is not checked"),
        )
        .attr(
            "ec2_metadata_service_endpoint",
            text("The address of the metadata service (AWS_EC2_METADATA_SERVICE_ENDPOINT)"),
        )
        .attr(
            "ec2_metadata_service_endpoint_mode",
            text("`IPv4` or `IPv6` (AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE)"),
        )
}

/// How requests are made.
fn s3_requests(block: Block) -> Block {
    let endpoints = ["dynamodb", "iam", "s3", "sso", "sts"].map(|name| {
        let var = name.to_uppercase();
        (
            name,
            text(&format!(
                "The address of this service (AWS_ENDPOINT_URL_{var})"
            )),
        )
    });
    block
        .attr(
            "endpoints",
            Attribute::objects(Nesting::Single, endpoints)
                .optional()
                .described("Addresses of services, in place of those of AWS"),
        )
        .attr("sts_region", text("The region of STS"))
        .attr(
            "use_path_style",
            flag("Whether the bucket is part of the path, not of the host name"),
        )
        .attr("use_dualstack_endpoint", flag("Whether IPv6 is used, too"))
        .attr("use_fips_endpoint", flag("Whether FIPS endpoints are used"))
        .attr(
            "max_retries",
            number(
                "How often a request is tried again: 5, unless said otherwise (AWS_MAX_ATTEMPTS)",
            ),
        )
        .attr(
            "retry_mode",
            text("`standard` or `adaptive` (AWS_RETRY_MODE)"),
        )
        .attr(
            "custom_ca_bundle",
            text("A file with certificates of authorities (AWS_CA_BUNDLE)"),
        )
        .attr(
            "http_proxy",
            text("A proxy for plain requests (HTTP_PROXY)"),
        )
        .attr("https_proxy", text("A proxy for TLS (HTTPS_PROXY)"))
        .attr(
            "no_proxy",
            text("Hosts that no proxy is used for (NO_PROXY)"),
        )
        .attr("insecure", flag("Whether certificates are not checked"))
}

/// Old names.
fn s3_deprecated(mut block: Block) -> Block {
    let old = [
        ("endpoint", "Use `endpoints.s3`."),
        ("dynamodb_endpoint", "Use `endpoints.dynamodb`."),
        ("iam_endpoint", "Use `endpoints.iam`."),
        ("sts_endpoint", "Use `endpoints.sts`."),
        ("shared_credentials_file", "Use `shared_credentials_files`."),
        ("role_arn", "Use `assume_role.role_arn`."),
        ("session_name", "Use `assume_role.session_name`."),
        ("external_id", "Use `assume_role.external_id`."),
        ("assume_role_policy", "Use `assume_role.policy`."),
    ];
    for (name, instead) in old {
        block = block.attr(name, text(instead).deprecated(instead));
    }
    for (name, instead) in [
        ("assume_role_policy_arns", "Use `assume_role.policy_arns`."),
        (
            "assume_role_transitive_tag_keys",
            "Use `assume_role.transitive_tag_keys`.",
        ),
    ] {
        block = block.attr(name, texts(instead).deprecated(instead));
    }
    block
        .attr(
            "assume_role_tags",
            map("Use `assume_role.tags`.").deprecated("Use `assume_role.tags`."),
        )
        .attr(
            "assume_role_duration_seconds",
            number("Use `assume_role.duration`.").deprecated("Use `assume_role.duration`."),
        )
        .attr(
            "force_path_style",
            flag("Use `use_path_style`.").deprecated("Use `use_path_style`."),
        )
}
