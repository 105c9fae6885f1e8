# fails
terraform {
  required_providers {
    legacy = {
      source = "example/legacy"
    }
  }
}

resource "legacy_thing" "half" {
  name = "half"
}
