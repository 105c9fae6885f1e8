# import modern_thing.found imported-thing
terraform {
  required_providers {
    modern = {
      source = "example/modern"
    }
  }
}

resource "modern_heir" "heir" {
  name = "one"
}

moved {
  from = modern_thing.one
  to   = modern_heir.heir
}

resource "modern_thing" "found" {
  name = "thing"
}
