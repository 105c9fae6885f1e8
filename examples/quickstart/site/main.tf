terraform {
  required_providers {
    local = {
      source = "hashicorp/local"
    }
  }
}

variable "name" {
  type = string
}

variable "title" {
  type = string
}

variable "links" {
  type    = list(string)
  default = []
}

variable "deployment" {
  type = string
}

variable "folder" {
  type = string
}

resource "local_file" "page" {
  filename = "${var.folder}/${var.name}.html"
  content = templatefile("${path.module}/page.html.tftpl", {
    title      = var.title
    links      = sort(var.links)
    deployment = var.deployment
  })
  file_permission = "0644"
}

output "path" {
  value = trimprefix(local_file.page.filename, "./")
}

output "title" {
  value = var.title
}

output "link_count" {
  value = length(var.links)
}
