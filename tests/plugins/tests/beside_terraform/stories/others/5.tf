terraform {
  required_providers {
    others = {
      source = "example/others"
    }
  }
}

resource "others_note" "moved" {
  name  = "a"
  shelf = "attic"
  page {
    text = "all that is left"
  }
}

moved {
  from = others_note.a
  to   = others_note.moved
}
