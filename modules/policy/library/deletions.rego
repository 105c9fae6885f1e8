# What is lost with a deletion does not come back: who deletes what holds data needs somebody's approval, and nobody deletes much at once.
package terrane.deletions

import data.lib.changes
import rego.v1

require_approval_data contains result if {
	some change in changes.lost
	change.type in data.settings.data_types
	result := {
		"msg": sprintf("%s holds data, which its deletion destroys", [change.address]),
		"address": change.address,
	}
}

deny_many contains msg if {
	count(changes.deleted) > data.settings.most_deletions
	msg := sprintf("the plan deletes %d resources; at most %d may go at once", [count(changes.deleted), data.settings.most_deletions])
}

deny_unprotected contains result if {
	some change in changes.kept
	change.type in {"aws_db_instance", "aws_rds_cluster", "aws_lb"}
	protection := {"aws_lb": "enable_deletion_protection"}
	name := object.get(protection, change.type, "deletion_protection")
	not changes.attribute(change, name) == true
	not changes.unknown(change, name)
	production(change)
	result := {
		"msg": sprintf("%s is in production and has no %s", [change.address, name]),
		"address": change.address,
	}
}

production(change) if {
	tags := changes.attribute(change, "tags")
	lower(tags.environment) in {"prod", "production"}
}
