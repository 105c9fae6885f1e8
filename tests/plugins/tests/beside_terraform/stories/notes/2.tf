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

resource "notes_note" "shopping" {
  title = "other"
  text  = "milk"
}

resource "notes_note" "empty" {
  title = "empty"
  text  = "now full"
}

data "notes_count" "all" {
  depends_on = [notes_note.shopping, notes_note.empty]
}

output "total" {
  value = data.notes_count.all.total
}
