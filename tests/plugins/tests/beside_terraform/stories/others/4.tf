# fails
terraform {
  required_providers {
    others = {
      source = "example/others"
    }
  }
}

resource "others_note" "a" {
  name = ""
}
