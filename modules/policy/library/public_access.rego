# Nothing is open to everybody by accident.
package terrane.public_access

import data.lib.changes
import rego.v1

everybody := {"0.0.0.0/0", "::/0"}

# Ports that are for everybody.
open_ports := {80, 443}

deny_bucket contains result if {
	some change in changes.kept
	change.type in {"aws_s3_bucket", "aws_s3_bucket_acl"}
	acl := changes.attribute(change, "acl")
	startswith(acl, "public-")
	result := {
		"msg": sprintf("%s can be read by everybody: acl is %q", [change.address, acl]),
		"address": change.address,
	}
}

deny_bucket contains result if {
	some change in changes.kept
	change.type == "aws_s3_bucket_public_access_block"
	some name in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	not changes.attribute(change, name) == true
	not changes.unknown(change, name)
	result := {
		"msg": sprintf("%s leaves the bucket open: %s must be true", [change.address, name]),
		"address": change.address,
	}
}

deny_ingress contains result if {
	some change in changes.kept
	some rule in rules(change)
	some cidr in rule.cidrs
	cidr in everybody
	not only_open_ports(rule)
	result := {
		"msg": sprintf("%s lets everybody (%s) in on the ports %v to %v", [change.address, cidr, rule.from, rule.to]),
		"address": change.address,
	}
}

deny_database contains result if {
	some change in changes.kept
	change.type in {"aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster"}
	changes.attribute(change, "publicly_accessible") == true
	result := {
		"msg": sprintf("%s can be reached from everywhere", [change.address]),
		"address": change.address,
	}
}

only_open_ports(rule) if {
	rule.from == rule.to
	rule.from in open_ports
}

rules(change) := [rule |
	change.type in {"aws_security_group", "aws_default_security_group"}
	some block in changes.blocks(change, "ingress")
	rule := {"from": block.from_port, "to": block.to_port, "cidrs": array.concat(list(block, "cidr_blocks"), list(block, "ipv6_cidr_blocks"))}
] if {
	change.type in {"aws_security_group", "aws_default_security_group"}
} else := [rule] if {
	change.type == "aws_security_group_rule"
	changes.attribute(change, "type") == "ingress"
	after := change.change.after
	rule := {"from": after.from_port, "to": after.to_port, "cidrs": array.concat(list(after, "cidr_blocks"), list(after, "ipv6_cidr_blocks"))}
} else := [rule] if {
	change.type == "aws_vpc_security_group_ingress_rule"
	after := change.change.after
	cidrs := [cidr | some name in ["cidr_ipv4", "cidr_ipv6"]; cidr := after[name]; is_string(cidr)]
	rule := {"from": object.get(after, "from_port", null), "to": object.get(after, "to_port", null), "cidrs": cidrs}
} else := []

list(block, name) := value if {
	value := object.get(block, name, [])
	is_array(value)
} else := []
