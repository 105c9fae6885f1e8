terraform {
  required_providers {
    modern = {
      source = "example/modern"
    }
  }
}

resource "modern_thing" "one" {
  name = "renamed"
  zone = "b"
}

resource "modern_thing" "many" {
  count = 1
  name  = "many-${count.index}"
  size  = 11
  note  = "fixed"
  any   = { now = "an object" }
  disk = {
    size = 6
    fast = true
  }
  ports = [{ number = 443, name = "tls" }]
  users = [{ name = "v", admin = false }, { name = "w" }]
  labels = {
    x = { text = "z" }
    w = { text = "fixed" }
  }
  rule {
    port   = 2
    source = "fixed"
  }
  step {
    run = "second"
  }
  step {
    run = "first"
  }
}

resource "modern_thing" "secretive" {
  name           = "secretive"
  secret         = "longer than before"
  secret_version = 2
}

data "modern_lookup" "l" {
  name = modern_thing.one.id
}
