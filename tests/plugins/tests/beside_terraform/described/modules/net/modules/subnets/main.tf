terraform {
  required_providers {
    cloud = {
      source  = "acme/cloud"
      version = "~> 3"
    }
  }
}

variable "net" {
  type = string
}

variable "cidr" {
  type = string
}

variable "zone" {
  type = string
}

variable "label" {
  type    = string
  default = null
}

variable "access" {
  type    = list(object({ port = number, from = optional(set(string)) }))
  default = []
}

resource "cloud_subnet" "this" {
  net    = var.net
  cidr   = var.cidr
  label  = var.label != null ? "${var.label}-${var.zone}" : null
  secret = sensitive("s3cret")

  dynamic "access" {
    for_each = var.access
    content {
      port = access.value.port
      from = access.value.from
    }
  }
}

data "cloud_net" "of" {
  filter {
    name   = "subnet"
    values = [cloud_subnet.this.id]
  }
}

output "id" {
  value = cloud_subnet.this.id
}

output "routes" {
  value = cloud_subnet.this.routes
}

output "tags" {
  value = data.cloud_net.of.tags
}
