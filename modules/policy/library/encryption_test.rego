package terrane.encryption_test

import data.terrane.encryption
import rego.v1

plan(type, after, unknown) := {"resource_changes": [{"address": concat("", [type, ".x"]), "type": type, "mode": "managed", "change": {"actions": ["create"], "after": after, "after_unknown": unknown}}]}

test_database if {
	count(encryption.deny) == 1 with input as plan("aws_db_instance", {"storage_encrypted": false}, {})
}

test_database_that_does_not_say if {
	count(encryption.deny) == 1 with input as plan("aws_db_instance", {}, {})
}

test_encrypted_database if {
	count(encryption.deny) == 0 with input as plan("aws_db_instance", {"storage_encrypted": true}, {})
}

test_what_is_unknown_is_not_denied if {
	count(encryption.deny) == 0 with input as plan("aws_ebs_volume", {}, {"encrypted": true})
}

test_disk_of_an_instance if {
	count(encryption.deny) == 1 with input as plan("aws_instance", {"root_block_device": [{"encrypted": false}]}, {})
}

test_queue if {
	count(encryption.warn_queue) == 1 with input as plan("aws_sqs_queue", {"sqs_managed_sse_enabled": false}, {})
}
