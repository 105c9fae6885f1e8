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

variable "zones" {
  type = list(string)
}

variable "services" {
  type = map(object({
    instances = number
    ports     = map(number)
    regions   = set(string)
  }))
}

variable "fleet" {
  type = string
}

variable "rotation" {
  type = string
}

resource "null_resource" "network" {
  count = length(var.zones)

  triggers = {
    zone = "${var.name}-${var.zones[count.index]}"
  }
}

module "service" {
  source   = "../service"
  for_each = var.services

  name      = each.key
  region    = var.name
  instances = each.value.instances
  ports     = each.value.ports
  networks  = null_resource.network[*].id
  rotation  = var.rotation
}

output "instances" {
  value = sum(concat([0], [for service in module.service : service.instances]))
}

output "endpoints" {
  value = sort(flatten([for name, service in module.service : service.endpoints]))
}
