package terrane.regions_test

import data.terrane.regions
import rego.v1

settings := {"allowed_regions": ["eu-west-1"]}

test_provider if {
	count(regions.deny) == 1 with input as {"configuration": {"provider_config": {"aws": {"expressions": {"region": {"constant_value": "us-east-1"}}}}}}
		with data.settings as settings
}

test_provider_by_a_variable if {
	count(regions.deny) == 1 with input as {
		"variables": {"region": {"value": "us-east-1"}},
		"configuration": {"provider_config": {"aws": {"expressions": {"region": {"references": ["var.region"]}}}}},
	}
		with data.settings as settings
}

test_allowed_provider if {
	count(regions.deny) == 0 with input as {"configuration": {"provider_config": {"aws": {"expressions": {"region": {"constant_value": "eu-west-1"}}}}}}
		with data.settings as settings
}

test_resource if {
	count(regions.deny) == 1 with input as {"resource_changes": [{"address": "aws_vpc.x", "type": "aws_vpc", "mode": "managed", "change": {"actions": ["create"], "after": {"region": "us-east-1"}, "after_unknown": {}}}]}
		with data.settings as settings
}
