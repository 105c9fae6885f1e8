terraform {
  required_providers {
    others = {
      source = "example/others"
    }
  }
}

resource "others_note" "a" {
  name   = "a"
  labels = { one = "1" }
  page {
    text   = "a few words"
    number = 1
  }
  page {
    text = others_note.b.id
  }
}

resource "others_note" "b" {
  name = "b"
}

data "others_joined" "now" {
  parts = ["x", "y"]
}

data "others_joined" "later" {
  parts = [others_note.a.id, data.others_joined.now.text]
}

output "words" {
  value = others_note.a.words
}

output "joined" {
  value = data.others_joined.later.text
}

output "sum" {
  value = provider::others::add(40, 2)
}
