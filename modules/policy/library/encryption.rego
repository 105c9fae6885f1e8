# What holds data is encrypted at rest.
package terrane.encryption

import data.lib.changes
import rego.v1

# The attribute that says so, where it is one.
switches := {
	"aws_db_instance": "storage_encrypted",
	"aws_rds_cluster": "storage_encrypted",
	"aws_ebs_volume": "encrypted",
	"aws_efs_file_system": "encrypted",
	"aws_elasticache_replication_group": "at_rest_encryption_enabled",
	"aws_redshift_cluster": "encrypted",
	"aws_docdb_cluster": "storage_encrypted",
	"aws_neptune_cluster": "storage_encrypted",
}

deny contains result if {
	some change in changes.kept
	switch := switches[change.type]
	not changes.attribute(change, switch) == true
	not changes.unknown(change, switch)
	result := {
		"msg": sprintf("%s is not encrypted: %s must be true", [change.address, switch]),
		"address": change.address,
	}
}

deny contains result if {
	some change in changes.kept
	change.type in {"aws_instance", "aws_launch_template"}
	some name in ["root_block_device", "ebs_block_device"]
	some block in changes.blocks(change, name)
	block.encrypted == false
	result := {
		"msg": sprintf("a disk of %s is not encrypted (%s)", [change.address, name]),
		"address": change.address,
	}
}

warn_queue contains result if {
	some change in changes.kept
	change.type == "aws_sqs_queue"
	changes.attribute(change, "kms_master_key_id") == null
	not changes.unknown(change, "kms_master_key_id")
	changes.attribute(change, "sqs_managed_sse_enabled") == false
	result := {
		"msg": sprintf("%s keeps messages unencrypted", [change.address]),
		"address": change.address,
	}
}
