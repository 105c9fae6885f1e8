terraform {
  required_providers {
    random = {
      source = "hashicorp/random"
    }
  }
}

variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "instances" {
  type = number

  validation {
    condition     = var.instances >= 0 && floor(var.instances) == var.instances
    error_message = "The number of instances must be a whole number."
  }
}

variable "ports" {
  type = map(number)
}

variable "networks" {
  type = list(string)
}

variable "rotation" {
  type = string
}

resource "random_password" "token" {
  length = 32

  keepers = {
    rotation = var.rotation
  }
}

# Instances are spread over the networks of the region.
resource "terraform_data" "instance" {
  count = var.instances

  input = {
    name    = format("%s-%s-%02d", var.name, var.region, count.index + 1)
    network = element(var.networks, count.index)
    ports   = var.ports
  }

  triggers_replace = [random_password.token.keepers]
}

output "instances" {
  value = length(terraform_data.instance)
}

output "endpoints" {
  value = [for port, number in var.ports : "${var.name}.${var.region}:${number} (${port})"]
}
