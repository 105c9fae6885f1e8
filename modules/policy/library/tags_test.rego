package terrane.tags_test

import data.terrane.tags
import rego.v1

settings := {"required_tags": ["owner"], "untagged_types": ["aws_odd"]}

plan(type, after, unknown) := {"resource_changes": [{"address": concat("", [type, ".x"]), "type": type, "mode": "managed", "change": {"actions": ["create"], "after": after, "after_unknown": unknown}}]}

test_missing if {
	count(tags.deny) == 1 with input as plan("aws_vpc", {"tags": {"name": "x"}}, {})
		with data.settings as settings
}

test_none_at_all if {
	count(tags.deny) == 1 with input as plan("aws_vpc", {"tags": null}, {})
		with data.settings as settings
}

test_empty if {
	count(tags.deny) == 1 with input as plan("aws_vpc", {"tags": {"owner": ""}}, {})
		with data.settings as settings
}

test_given if {
	count(tags.deny) == 0 with input as plan("aws_vpc", {"tags": {"owner": "net"}}, {})
		with data.settings as settings
}

test_given_by_the_provider if {
	count(tags.deny) == 0 with input as plan("aws_vpc", {"tags": null, "tags_all": {"owner": "net"}}, {})
		with data.settings as settings
}

test_unknown if {
	count(tags.deny) == 0 with input as plan("aws_vpc", {"tags": {}}, {"tags": {"owner": true}})
		with data.settings as settings
}

test_what_has_no_tags if {
	count(tags.deny) == 0 with input as plan("null_resource", {"triggers": null}, {})
		with data.settings as settings
}

test_left_out if {
	count(tags.deny) == 0 with input as plan("aws_odd", {"tags": {}}, {})
		with data.settings as settings
}
