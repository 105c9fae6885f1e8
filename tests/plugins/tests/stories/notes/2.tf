# import notes_note.again empty
terraform {
  required_providers {
    notes = {
      source = "example/notes"
    }
  }
}

provider "notes" {
  folder = "notes"
}

removed {
  from = notes_note.empty
  lifecycle {
    destroy = false
  }
}

resource "notes_note" "shopping" {
  title = "other"
  text  = "milk"
}

resource "notes_note" "again" {
  title = "empty"
  text  = "now full"
}
