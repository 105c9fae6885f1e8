# Everything is made where it may be.
package terrane.regions

import data.lib.changes
import rego.v1

deny contains result if {
	some change in changes.kept
	some name in ["region", "location"]
	region := changes.attribute(change, name)
	is_string(region)
	not region in data.settings.allowed_regions
	result := {
		"msg": sprintf("%s is in %s; allowed: %s", [change.address, region, concat(", ", data.settings.allowed_regions)]),
		"address": change.address,
	}
}

# A provider whose region is written down.
deny contains msg if {
	some name, provider in input.configuration.provider_config
	region := provider.expressions.region.constant_value
	not region in data.settings.allowed_regions
	msg := sprintf("the provider %s works in %s; allowed: %s", [name, region, concat(", ", data.settings.allowed_regions)])
}

# One whose region is a variable.
deny contains msg if {
	some name, provider in input.configuration.provider_config
	some reference in provider.expressions.region.references
	startswith(reference, "var.")
	region := input.variables[trim_prefix(reference, "var.")].value
	not region in data.settings.allowed_regions
	msg := sprintf("the provider %s works in %s; allowed: %s", [name, region, concat(", ", data.settings.allowed_regions)])
}
