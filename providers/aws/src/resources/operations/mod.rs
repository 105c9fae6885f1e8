//! Keys, logs, alarms, parameters, secrets, events, images.

use super::Family;

mod events;
mod images;
mod keys;
mod logs;
mod replicas;
mod secrets;

pub(super) use keys::some_key;

pub(super) const TYPES: Family = &[
    ("aws_kms_key", keys::key),
    ("aws_kms_alias", keys::key_alias),
    ("aws_cloudwatch_log_group", logs::log_group),
    ("aws_cloudwatch_log_stream", logs::log_stream),
    ("aws_cloudwatch_log_metric_filter", logs::metric_filter),
    ("aws_cloudwatch_metric_alarm", logs::metric_alarm),
    ("aws_cloudwatch_dashboard", logs::dashboard),
    ("aws_ssm_parameter", secrets::parameter),
    ("aws_secretsmanager_secret", secrets::secret),
    ("aws_secretsmanager_secret_version", secrets::secret_version),
    ("aws_secretsmanager_secret_policy", secrets::secret_policy),
    ("aws_cloudwatch_event_rule", events::event_rule),
    ("aws_cloudwatch_event_bus", events::event_bus),
    ("aws_cloudwatch_event_target", events::event_target),
    ("aws_ecr_repository", images::repository),
    ("aws_ecr_repository_policy", images::repository_policy),
    ("aws_ecr_lifecycle_policy", images::lifecycle_policy),
];
