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
  name = "plain"
}

resource "legacy_thing" "full" {
  name   = "full"
  zone   = "z"
  size   = 0
  weight = 1.5
  ready  = false
  secret = "s"
  key    = "k"
  tags   = { a = "1", b = legacy_thing.plain.id }
  words  = ["b", "a"]
  groups = ["b", "a", legacy_thing.plain.id]
  rule {
    port = 1
  }
  rule {
    port   = 2
    source = legacy_thing.plain.id
  }
  step {
    run = "first"
  }
  timeouts {
    create = "1m"
  }
}

data "legacy_lookup" "l" {
  name = legacy_thing.plain.id
}

output "upper" {
  value = data.legacy_lookup.l.upper
}
