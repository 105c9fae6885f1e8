terraform {
  required_providers {
    notes = {
      source = "example/notes"
    }
  }
}

provider "notes" {
  folder = var.folder
}

variable "folder" {
  default = "notes"
}

variable "text" {
  default = "milk, bread"
}

resource "notes_note" "shopping" {
  title = provider::notes::slug("Shopping List")
  text  = var.text
}

data "notes_count" "all" {
  depends_on = [notes_note.shopping]
}

output "length" {
  value = notes_note.shopping.length
}

output "total" {
  value = data.notes_count.all.total
}
