# fails
terraform {
  required_providers {
    modern = {
      source = "example/modern"
    }
  }
}

resource "modern_thing" "half" {
  name = "half"
}

resource "modern_thing" "after" {
  name = modern_thing.half.id
}
