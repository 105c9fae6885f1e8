# Machines have sizes that were agreed on.
package terrane.sizes

import data.lib.changes
import rego.v1

# The attribute that says the size, and what its values begin with.
sizes := {
	"aws_instance": {"attribute": "instance_type", "prefix": ""},
	"aws_launch_template": {"attribute": "instance_type", "prefix": ""},
	"aws_db_instance": {"attribute": "instance_class", "prefix": "db."},
	"aws_rds_cluster_instance": {"attribute": "instance_class", "prefix": "db."},
	"aws_elasticache_cluster": {"attribute": "node_type", "prefix": "cache."},
}

require_approval contains result if {
	some change in changes.kept
	kind := sizes[change.type]
	value := changes.attribute(change, kind.attribute)
	is_string(value)
	size := trim_prefix(value, kind.prefix)
	not allowed(size)
	result := {
		"msg": sprintf("%s has the size %s, which was not agreed on", [change.address, value]),
		"address": change.address,
	}
}

allowed(size) if {
	some pattern in data.settings.allowed_instance_types
	glob.match(pattern, [], size)
}
