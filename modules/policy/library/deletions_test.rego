package terrane.deletions_test

import data.terrane.deletions
import rego.v1

gone(address, type) := {"address": address, "type": type, "mode": "managed", "change": {"actions": ["delete"], "before": {}, "after": null}}

kept(type, after) := {"address": concat("", [type, ".x"]), "type": type, "mode": "managed", "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": {}}}

settings := {"data_types": ["aws_db_instance"], "most_deletions": 1}

test_data_is_not_deleted_by_one_alone if {
	results := deletions.require_approval_data with input as {"resource_changes": [gone("aws_db_instance.main", "aws_db_instance")]}
		with data.settings as settings
	some result in results
	result.address == "aws_db_instance.main"
}

test_replacement_loses_data_too if {
	change := json.patch(gone("aws_db_instance.main", "aws_db_instance"), [{"op": "replace", "path": "/change/actions", "value": ["delete", "create"]}])
	count(deletions.require_approval_data) == 1 with input as {"resource_changes": [change]}
		with data.settings as settings
}

test_one_deletion_is_fine if {
	count(deletions.deny_many) == 0 with input as {"resource_changes": [gone("null_resource.a", "null_resource")]}
		with data.settings as settings
}

test_two_are_too_many if {
	count(deletions.deny_many) == 1 with input as {"resource_changes": [gone("null_resource.a", "null_resource"), gone("null_resource.b", "null_resource")]}
		with data.settings as settings
}

test_production_is_protected if {
	count(deletions.deny_unprotected) == 1 with input as {"resource_changes": [kept("aws_db_instance", {"tags": {"environment": "prod"}, "deletion_protection": false})]}
}

test_protection_is_enough if {
	count(deletions.deny_unprotected) == 0 with input as {"resource_changes": [kept("aws_lb", {"tags": {"environment": "prod"}, "enable_deletion_protection": true})]}
}

test_elsewhere_it_is_not_asked_for if {
	count(deletions.deny_unprotected) == 0 with input as {"resource_changes": [kept("aws_db_instance", {"tags": {"environment": "dev"}})]}
}
