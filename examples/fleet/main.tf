# A fleet of services in several regions: modules within modules, each repeated, with rules that must hold. Nothing real is made.

terraform {
  required_providers {
    null = {
      source = "hashicorp/null"
    }
    random = {
      source = "hashicorp/random"
    }
    time = {
      source = "hashicorp/time"
    }
  }
}

locals {
  # Which services run in which region: all of them, except where a service names its regions.
  placement = {
    for region in keys(var.regions) : region => {
      for name, service in var.services : name => service
      if length(service.regions) == 0 || contains(service.regions, region)
    }
  }
}

resource "random_id" "fleet" {
  byte_length = 4
}

# Secrets are replaced when this moves on.
resource "time_rotating" "secrets" {
  rotation_days = 30
}

module "region" {
  source   = "./modules/region"
  for_each = var.regions

  name     = each.key
  zones    = each.value.zones
  services = local.placement[each.key]
  fleet    = random_id.fleet.hex
  rotation = time_rotating.secrets.id
}

# A register of everything, in one place.
resource "terraform_data" "register" {
  input = {
    fleet     = random_id.fleet.hex
    endpoints = flatten([for region in module.region : region.endpoints])
  }

  lifecycle {
    precondition {
      condition     = length(module.region) > 0
      error_message = "A fleet needs at least one region."
    }

    postcondition {
      condition     = length(self.input.endpoints) >= length(module.region)
      error_message = "Every region must have an endpoint."
    }
  }
}

check "capacity" {
  assert {
    condition     = sum([for region in module.region : region.instances]) <= var.max_instances
    error_message = "The fleet has more than ${var.max_instances} instances."
  }
}
