# Everything that can have tags says whose it is.
package terrane.tags

import data.lib.changes
import rego.v1

deny contains result if {
	some change in changes.kept
	not change.type in data.settings.untagged_types
	given := tags(change)
	missing := [tag | some tag in data.settings.required_tags; blank(given, tag)]
	count(missing) > 0
	result := {
		"msg": sprintf("%s has no tag %s", [change.address, concat(", ", missing)]),
		"address": change.address,
	}
}

blank(given, tag) if not given[tag]

blank(given, tag) if given[tag] == ""

# Tags of the provider's defaults count; where it is not known what there will be, nothing is said.
tags(change) := value if {
	not partly_unknown(change, "tags_all")
	value := changes.attribute(change, "tags_all")
	is_object(value)
} else := value if {
	some name in ["tags", "labels"]
	not partly_unknown(change, name)
	not partly_unknown(change, "tags_all")
	name in object.keys(change.change.after)
	value := non_null(changes.attribute(change, name))
}

partly_unknown(change, name) if changes.unknown(change, name)

partly_unknown(change, name) if {
	some _, is_unknown in change.change.after_unknown[name]
	is_unknown == true
}

non_null(value) := value if is_object(value)

non_null(value) := {} if not is_object(value)
