# fails
terraform {
  required_providers {
    others = {
      source = "example/others"
    }
  }
}

resource "others_note" "a" {
  name  = "a"
  shelf = "attic"
}

resource "others_note" "c" {
  name = "full"
  page {
    text = others_note.a.id
  }
}
