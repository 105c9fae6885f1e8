# What the rules of this library share: the changes of a plan, and what is asked for.
package lib.changes

import rego.v1

# All changes that leave an object behind, of managed resources.
kept contains change if {
	some change in input.resource_changes
	change.mode == "managed"
	is_object(change.change.after)
}

# All changes after which an object is gone: deletions, and replacements.
lost contains change if {
	some change in input.resource_changes
	change.mode == "managed"
	"delete" in change.change.actions
}

# All changes after which an object is gone for good.
deleted contains change if {
	some change in lost
	not "create" in change.change.actions
}

# Whether an attribute is only known after apply.
unknown(change, name) if change.change.after_unknown[name] == true

# An attribute that may be null, or not be there at all.
attribute(change, name) := object.get(change.change.after, name, null)

# The blocks of this type: one, many or none.
blocks(change, name) := value if {
	value := attribute(change, name)
	is_array(value)
} else := [value] if {
	value := attribute(change, name)
	is_object(value)
} else := []
