package terrane.sizes_test

import data.terrane.sizes
import rego.v1

settings := {"allowed_instance_types": ["t3.*", "m6i.large"]}

plan(type, after) := {"resource_changes": [{"address": concat("", [type, ".x"]), "type": type, "mode": "managed", "change": {"actions": ["create"], "after": after, "after_unknown": {}}}]}

test_small if {
	count(sizes.require_approval) == 0 with input as plan("aws_instance", {"instance_type": "t3.micro"})
		with data.settings as settings
}

test_large if {
	count(sizes.require_approval) == 1 with input as plan("aws_instance", {"instance_type": "p5.48xlarge"})
		with data.settings as settings
}

test_database if {
	count(sizes.require_approval) == 0 with input as plan("aws_db_instance", {"instance_class": "db.m6i.large"})
		with data.settings as settings
}
