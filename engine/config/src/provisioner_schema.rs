//! Schemas of what is built into the language: provisioners and connections.

use std::sync::{Arc, OnceLock};
use terrane_model::schema::{Attribute, AttributeType, Block};
use terrane_value::Type;

/// The schema of a provisioner; `None`: there is no such provisioner.
#[must_use]
pub fn provisioner_schema(type_name: &str) -> Option<Arc<Block>> {
    static LOCAL_EXEC: OnceLock<Arc<Block>> = OnceLock::new();
    static REMOTE_EXEC: OnceLock<Arc<Block>> = OnceLock::new();
    static FILE: OnceLock<Arc<Block>> = OnceLock::new();
    let strings = || Type::list(Type::String);
    Some(match type_name {
        "local-exec" => LOCAL_EXEC
            .get_or_init(|| {
                block(&[
                    ("command", Type::String, true),
                    ("interpreter", strings(), false),
                    ("working_dir", Type::String, false),
                    ("environment", Type::map(Type::String), false),
                    ("quiet", Type::Bool, false),
                ])
            })
            .clone(),
        "remote-exec" => REMOTE_EXEC
            .get_or_init(|| {
                block(&[
                    ("inline", strings(), false),
                    ("script", Type::String, false),
                    ("scripts", strings(), false),
                ])
            })
            .clone(),
        "file" => FILE
            .get_or_init(|| {
                block(&[
                    ("source", Type::String, false),
                    ("content", Type::String, false),
                    ("destination", Type::String, true),
                ])
            })
            .clone(),
        _ => return None,
    })
}

/// The schema of `connection` blocks.
#[must_use]
pub fn connection_schema() -> Arc<Block> {
    static CONNECTION: OnceLock<Arc<Block>> = OnceLock::new();
    const TEXTS: [&str; 19] = [
        "type",
        "user",
        "password",
        "timeout",
        "script_path",
        "target_platform",
        "private_key",
        "certificate",
        "host_key",
        "agent_identity",
        "proxy_scheme",
        "proxy_host",
        "proxy_user_name",
        "proxy_user_password",
        "bastion_user",
        "bastion_password",
        "bastion_host",
        "bastion_host_key",
        "bastion_private_key",
    ];
    CONNECTION
        .get_or_init(|| {
            let mut attributes: Vec<(&str, Type, bool)> = TEXTS
                .iter()
                .map(|name| (*name, Type::String, false))
                .collect();
            attributes.extend([
                ("host", Type::String, true),
                ("port", Type::Number, false),
                ("agent", Type::Bool, false),
                ("proxy_port", Type::Number, false),
                ("bastion_port", Type::Number, false),
                ("bastion_certificate", Type::String, false),
                ("https", Type::Bool, false),
                ("insecure", Type::Bool, false),
                ("use_ntlm", Type::Bool, false),
                ("cacert", Type::String, false),
            ]);
            block(&attributes)
        })
        .clone()
}

fn block(attributes: &[(&str, Type, bool)]) -> Arc<Block> {
    let attributes = attributes
        .iter()
        .map(|(name, ty, required)| {
            let attribute = Attribute {
                ty: AttributeType::Plain(ty.clone()),
                required: *required,
                optional: !required,
                computed: false,
                sensitive: false,
                write_only: false,
                deprecated: None,
                description: "".into(),
            };
            ((*name).into(), attribute)
        })
        .collect();
    Arc::new(Block {
        attributes,
        ..Block::default()
    })
}
