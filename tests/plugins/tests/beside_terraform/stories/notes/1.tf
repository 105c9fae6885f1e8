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
  title = provider::notes::slug("Shopping List")
  text  = "milk"
}

resource "notes_note" "empty" {
  title = "empty"
}

data "notes_count" "all" {
  depends_on = [notes_note.shopping, notes_note.empty]
}

output "total" {
  value = data.notes_count.all.total
}
