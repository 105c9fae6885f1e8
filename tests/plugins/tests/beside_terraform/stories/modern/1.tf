terraform {
  required_providers {
    modern = {
      source = "example/modern"
    }
  }
}

resource "modern_thing" "one" {
  name = provider::modern::join("-", "the", "one")
}

resource "modern_thing" "many" {
  count = 2
  name  = "many-${count.index}"
  size  = 10 + count.index
  note  = modern_thing.one.id
  tags  = { a = "1", b = modern_thing.one.id }
  any   = [1, "two", { three = true }]
  disk = {
    size = 5
  }
  ports = [{ number = 80 }, { number = 443, name = "tls" }]
  users = [{ name = "u" }, { name = "v", admin = true }]
  labels = {
    x = { text = "y" }
  }
  rule {
    port = 1
  }
  rule {
    port   = 2
    source = modern_thing.one.id
  }
  step {
    run = "first"
  }
  timeouts {
    create = "1m"
  }
}

ephemeral "modern_token" "t" {
  length = 4
}

resource "modern_thing" "secretive" {
  name           = "secretive"
  secret         = ephemeral.modern_token.t.value
  secret_version = 1
}

data "modern_lookup" "l" {
  name = "abc"
}

output "upper" {
  value = data.modern_lookup.l.upper
}

output "revision" {
  value = modern_thing.secretive.revision
}
