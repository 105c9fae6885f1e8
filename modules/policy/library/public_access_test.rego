package terrane.public_access_test

import data.terrane.public_access
import rego.v1

plan(type, after) := {"resource_changes": [{"address": concat("", [type, ".x"]), "type": type, "mode": "managed", "change": {"actions": ["create"], "after": after, "after_unknown": {}}}]}

block(from, to, cidr) := {"ingress": [{"from_port": from, "to_port": to, "cidr_blocks": [cidr], "ipv6_cidr_blocks": null}]}

test_public_bucket if {
	count(public_access.deny_bucket) == 1 with input as plan("aws_s3_bucket", {"acl": "public-read"})
}

test_private_bucket if {
	count(public_access.deny_bucket) == 0 with input as plan("aws_s3_bucket", {"acl": "private"})
}

test_block_that_leaves_something_open if {
	count(public_access.deny_bucket) == 3 with input as plan("aws_s3_bucket_public_access_block", {"block_public_acls": true})
}

test_ssh_for_everybody if {
	count(public_access.deny_ingress) == 1 with input as plan("aws_security_group", block(22, 22, "0.0.0.0/0"))
}

test_a_range_with_an_open_port if {
	count(public_access.deny_ingress) == 1 with input as plan("aws_security_group", block(80, 443, "0.0.0.0/0"))
}

test_web_for_everybody if {
	count(public_access.deny_ingress) == 0 with input as plan("aws_security_group", block(443, 443, "0.0.0.0/0"))
}

test_ssh_from_inside if {
	count(public_access.deny_ingress) == 0 with input as plan("aws_security_group", block(22, 22, "10.0.0.0/8"))
}

test_rule_of_its_own if {
	count(public_access.deny_ingress) == 1 with input as plan("aws_vpc_security_group_ingress_rule", {"from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"})
}

test_all_ports_by_a_rule if {
	count(public_access.deny_ingress) == 1 with input as plan("aws_security_group_rule", {"type": "ingress", "from_port": 0, "to_port": 65535, "cidr_blocks": ["::/0"]})
}

test_what_goes_out_is_not_asked if {
	count(public_access.deny_ingress) == 0 with input as plan("aws_security_group_rule", {"type": "egress", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]})
}

test_database if {
	count(public_access.deny_database) == 1 with input as plan("aws_db_instance", {"publicly_accessible": true})
}
