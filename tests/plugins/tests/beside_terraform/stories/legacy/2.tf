terraform {
  required_providers {
    legacy = {
      source = "example/legacy"
    }
  }
}

provider "legacy" {
  prefix = "x"
}

resource "legacy_thing" "plain" {
  name = "PLAIN"
  size = 3
}

resource "legacy_thing" "full" {
  name   = "full"
  zone   = "y"
  size   = 1
  words  = []
  groups = ["c"]
  rule {
    port   = 2
    source = "s"
  }
  single {
    on = true
  }
}
