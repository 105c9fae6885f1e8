terraform {
  required_providers {
    null = {
      source = "hashicorp/null"
    }
  }
}

variable "name" {
  type = string
}

variable "position" {
  type = number
}

variable "artefact" {
  type = string
}

resource "null_resource" "rollout" {
  triggers = {
    artefact = var.artefact
    position = var.position
  }
}

output "state" {
  value = "${null_resource.rollout.triggers.artefact} at position ${null_resource.rollout.triggers.position + 1}"
}
