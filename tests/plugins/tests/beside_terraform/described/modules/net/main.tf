terraform {
  required_providers {
    cloud = {
      source  = "acme/cloud"
      version = ">= 3.29"
    }
  }

  provider_meta "cloud" {
    user_agent = ["net/1.2"]
  }
}

variable "name" {
  type = string
}

variable "cidr" {
  type    = string
  default = "10.0.0.0/16"
}

variable "subnets" {
  type = map(object({
    number = number
    access = optional(list(object({ port = number, from = optional(set(string)) })), [])
    label  = optional(string)
  }))
  default = {}
}

variable "rules" {
  type    = list(map(string))
  default = []
}

variable "peer" {
  type    = string
  default = null
}

variable "tags" {
  type    = map(string)
  default = {}
}

locals {
  peered = var.peer != null
  tags   = merge({ Name = var.name }, var.tags)
}

data "cloud_zones" "here" {
  state = "available"
}

resource "cloud_net" "this" {
  cidr = var.cidr
  dns  = local.peered ? null : null
  tags = local.tags

  dynamic "peering" {
    for_each = local.peered ? [var.peer] : []
    content {
      peer = peering.value
    }
  }

  timeouts {
    create = "10m"
  }

  lifecycle {
    ignore_changes = [tags["Owner"]]
  }
}

module "subnets" {
  source   = "./modules/subnets"
  for_each = var.subnets

  net    = cloud_net.this.id
  cidr   = cidrsubnet(var.cidr, 8, each.value.number)
  zone   = data.cloud_zones.here.names[each.value.number % length(data.cloud_zones.here.names)]
  access = each.value.access
  label  = each.value.label
}

resource "cloud_firewall" "this" {
  net  = cloud_net.this.id
  name = local.peered ? "peered-${cloud_net.this.tags_all["Name"]}" : var.name

  dynamic "ingress" {
    for_each = var.rules
    content {
      from = ingress.value.from
      to   = lookup(ingress.value, "to", ingress.value.from)
    }
  }

  egress {
    from = 0
    to   = 0
    note = "all"
  }

  dynamic "egress" {
    for_each = cloud_net.this.tags
    content {
      note = egress.value
    }
  }
}

resource "cloud_firewall" "bare" {
  count = var.name == "nobody" ? 0 : 2
  net   = cloud_net.this.id

  dynamic "ingress" {
    for_each = []
    content {
      from = ingress.value
    }
  }
}

output "id" {
  value = cloud_net.this.id
}

output "first_zone" {
  value = cloud_net.this.zones[0]
}

output "subnets" {
  value = { for key, subnet in module.subnets : key => subnet.id }
}

output "firewalls" {
  value = cloud_firewall.bare[*].id
}

output "route" {
  value = try(module.subnets["a"].routes["default"], null)
}
