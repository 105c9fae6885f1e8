# import legacy_thing.found some-id
terraform {
  required_providers {
    legacy = {
      source = "example/legacy"
    }
  }
}

resource "legacy_thing" "found" {
  name = "found"
}

resource "legacy_thing" "plain" {
  name = "plain"
  size = 3
  color = ""
}
